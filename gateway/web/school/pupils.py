"""Pupils: by class, one by one; one who comes late, moves, or leaves."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from gateway.access import holds
from gateway.fields import Fields, fields_of
from gateway.guards import CurrentPage, page_routes
from gateway.web.school.frame import School, current_school_year, pupil_of, school_of
from gateway.web.school.overview import READ
from kit.errors import Error
from xoai.invoices.v1 import invoices_service_pb2 as invoices_pb
from xoai.schools.v1 import schools_service_pb2 as pb

routes = page_routes()
MANAGE = holds("schools.manage")
_CODES = ("pupil_code", "ministry_code", "personal_number")


@routes.get("/truong/{org}/hoc-sinh", READ, include_in_schema=False)
async def list_pupils(page: CurrentPage, org: str, lop: str = "", tim: str = "", trang: str = "") -> Response:
    """Pupils by class and name; a search needs no accents."""
    school = await school_of(page, org)
    request = pb.ListPupilsRequest(
        organisation_id=school.id, class_name=lop, search=tim.strip()[:100], page_token=trang, page_size=50
    )
    reply = await page.call(page.state.clients.schools.ListPupils, request)
    return school.render(
        "pupils",
        page.gettext("Học sinh"),
        tab="hoc-sinh",
        pupils=reply.pupils,
        chosen=lop,
        sought=tim.strip(),
        next=reply.next_page_token,
        is_first=not trang,
    )


@routes.get("/truong/{org}/hoc-sinh/moi", MANAGE, include_in_schema=False)
async def new_pupil(page: CurrentPage, org: str) -> Response:
    """The form for one who comes late."""
    school = await school_of(page, org, "schools.manage")
    return _pupil_form(school, {}, {})


def _pupil_form(school: School, values: dict[str, str], errors: dict[str, str]) -> Response:
    page = school.page
    title = page.gettext("Thêm học sinh vào muộn")
    crumbs = [(page.gettext("Học sinh"), school.url("hoc-sinh")), (title, "")]
    return school.render(
        "pupil_new",
        title,
        tab="hoc-sinh",
        crumbs=crumbs,
        values=values,
        errors=errors,
        status=422 if errors else 200,
    )


@routes.post("/truong/{org}/hoc-sinh/moi", MANAGE, include_in_schema=False)
async def add_pupil(page: CurrentPage, org: str) -> Response:
    """A pupil by hand."""
    school = await school_of(page, org, "schools.manage")
    fields = await fields_of(page)
    pupil = pb.PupilFields(
        full_name=fields.text("full_name", page.gettext("Ghi họ và tên học sinh")),
        birth_date=fields.day("birth_date"),
        sex=fields.text("sex"),
        class_name=fields.text("class_name", page.gettext("Ghi tên lớp, như 3A")),
        phone=fields.text("phone"),
        **{name: fields.text(name) for name in _CODES},
    )
    if not fields.errors:
        request = pb.CreatePupilRequest(
            request_id=fields.request_id,
            organisation_id=school.id,
            school_year=school.year or current_school_year(),
            pupil=pupil,
        )
        try:
            created = await page.call(page.state.clients.schools.CreatePupil, request)
            return page.redirect(f"{school.pupil_url(created.id)}?da=them")
        except Error as error:
            names = ("full_name", "birth_date", "class_name", "sex", "phone", *_CODES)
            fields.refuse(error, {name: name for name in names}, "full_name")
    return _pupil_form(school, fields.values(), fields.errors)


@routes.get("/truong/{org}/hoc-sinh/{pup}", READ, include_in_schema=False)
async def one_pupil(page: CurrentPage, org: str, pup: str, da: str = "") -> Response:
    """One pupil with codes and invoices."""
    school = await school_of(page, org)
    return await _show(school, await pupil_of(school, pup), done=da)


async def _show(
    school: School, pupil: pb.Pupil, *, fields: Fields | None = None, open_form: str = "", done: str = ""
) -> Response:
    page = school.page
    invoices: list[Any] = []
    if school.may("invoices.read"):
        request = invoices_pb.ListInvoicesRequest(organisation_id=school.id, payer_id=pupil.id, page_size=100)
        invoices = list((await page.call(page.state.clients.invoices.ListInvoices, request)).invoices)
    errors = fields.errors if fields else {}
    return school.render(
        "pupil",
        pupil.full_name,
        tab="hoc-sinh",
        crumbs=[(page.gettext("Học sinh"), school.url("hoc-sinh")), (pupil.full_name, "")],
        pupil=pupil,
        invoices=sorted(invoices, key=lambda row: row.issue_time.seconds, reverse=True),
        values=fields.values() if fields else {},
        errors=errors,
        open_form=open_form,
        done=done,
        status=422 if errors else 200,
    )


@routes.post("/truong/{org}/hoc-sinh/{pup}/chuyen-lop", MANAGE, include_in_schema=False)
async def move(page: CurrentPage, org: str, pup: str) -> Response:
    """Another class from a day on."""
    school = await school_of(page, org, "schools.manage")
    pupil = await pupil_of(school, pup)
    fields = await fields_of(page)
    class_name = fields.text("new_class", page.gettext("Chọn lớp mới"))
    day = fields.day("move_date", page.gettext("Ghi ngày chuyển"))
    if not fields.errors:
        request = pb.MovePupilRequest(
            request_id=fields.request_id, id=pupil.id, class_name=class_name, date=day
        )
        try:
            await page.call(page.state.clients.schools.MovePupil, request)
            return page.redirect(f"{school.pupil_url(pupil.id)}?da=chuyen")
        except Error as error:
            fields.refuse(error, {"class_name": "new_class", "date": "move_date"}, "new_class")
    return await _show(school, pupil, fields=fields, open_form="move")


@routes.post("/truong/{org}/hoc-sinh/{pup}/thoi-hoc", MANAGE, include_in_schema=False)
async def withdraw(page: CurrentPage, org: str, pup: str) -> Response:
    """A pupil leaves: open invoices are voided with the reason."""
    school = await school_of(page, org, "schools.manage")
    pupil = await pupil_of(school, pup)
    fields = await fields_of(page)
    day = fields.day("withdraw_date", page.gettext("Ghi ngày thôi học"))
    reason = fields.text("reason", page.gettext("Ghi lý do thôi học"))
    if not fields.errors:
        request = pb.WithdrawPupilRequest(request_id=fields.request_id, id=pupil.id, date=day, reason=reason)
        try:
            await page.call(page.state.clients.schools.WithdrawPupil, request, timeout=10.0)
            return page.redirect(f"{school.pupil_url(pupil.id)}?da=thoi")
        except Error as error:
            fields.refuse(error, {"date": "withdraw_date", "reason": "reason"}, "withdraw_date")
    return await _show(school, pupil, fields=fields, open_form="withdraw")
