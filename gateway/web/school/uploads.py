"""Bringing in a list: the form, the template to fill in, and the file itself, at most 10 MB."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from gateway.access import Routes
from gateway.guards import CurrentPage
from gateway.uploads import too_large, upload_guard, upload_of
from gateway.web.school.downloads import send_file
from gateway.web.school.frame import School, current_school_year, round_of, school_of
from gateway.web.school.overview import READ
from gateway.web.school.pupils import MANAGE
from kit.errors import Error
from xoai.schools.v1 import schools_service_pb2 as pb

routes = Routes(guard=upload_guard)


def _form(
    school: School,
    round_: pb.Round | None,
    *,
    errors: dict[str, str] | None = None,
    sheet: str = "",
    year: str = "",
    status: int = 200,
) -> Response:
    page = school.page
    title = page.gettext("Nhập danh sách")
    if round_:
        crumbs = [
            (page.gettext("Đợt thu"), school.url("dot-thu")),
            (round_.title, school.round_url(round_.id)),
            (title, ""),
        ]
    else:
        crumbs = [(page.gettext("Tệp đã nhập"), school.url("tep")), (title, "")]
    return school.render(
        "upload",
        title,
        tab="dot-thu" if round_ else "tep",
        crumbs=crumbs,
        round=round_,
        base=school.round_url(round_.id, "nhap") if round_ else school.url("nhap"),
        sheet=sheet,
        year=year or school.year or current_school_year(),
        errors=errors or {},
        status=status,
    )


async def _receive(school: School, round_: pb.Round | None) -> Response:
    """Read the file and keep its rows, or show the form again with what is wrong."""
    page = school.page
    if page.request.state.is_too_large:
        return _form(school, round_, errors=too_large(page), status=413)
    upload = await upload_of(page)
    fields = upload.fields
    sheet, year = fields.text("sheet"), fields.text("school_year")
    if not fields.errors:
        request = pb.CreateImportRequest(
            request_id=fields.request_id,
            organisation_id=school.id,
            school_year=round_.school_year if round_ else year,
            round_id=round_.id if round_ else "",
            file_name=upload.name,
            content=upload.content,
            sheet=sheet,
        )
        try:
            read = await page.call(page.state.clients.schools.CreateImport, request, timeout=60.0)
            return page.redirect(school.import_url(read.id))
        except Error as error:
            fields.refuse(error, {"school_year": "school_year"}, "tep")
    return _form(school, round_, errors=fields.errors, sheet=sheet, year=year, status=422)


@routes.get("/truong/{org}/nhap", MANAGE, include_in_schema=False)
async def pupils_form(page: CurrentPage, org: str) -> Response:
    """The form for a list of pupils only."""
    return _form(await school_of(page, org, "schools.manage"), None)


@routes.post("/truong/{org}/nhap", MANAGE, include_in_schema=False)
async def receive_pupils(page: CurrentPage, org: str) -> Response:
    """A list of pupils only."""
    return await _receive(await school_of(page, org, "schools.manage"), None)


@routes.get("/truong/{org}/dot-thu/{rnd}/nhap", MANAGE, include_in_schema=False)
async def round_form(page: CurrentPage, org: str, rnd: str) -> Response:
    """The form for a round's list."""
    school = await school_of(page, org, "schools.manage")
    return _form(school, await round_of(school, rnd))


@routes.post("/truong/{org}/dot-thu/{rnd}/nhap", MANAGE, include_in_schema=False)
async def receive_round(page: CurrentPage, org: str, rnd: str) -> Response:
    """A round's list: pupils and amounts."""
    school = await school_of(page, org, "schools.manage")
    return await _receive(school, await round_of(school, rnd))


async def _template(school: School, **which: Any) -> Response:
    request = pb.DownloadTemplateRequest(organisation_id=school.id, **which)
    return await send_file(school.page, school.page.state.clients.schools.DownloadTemplate, request)


@routes.get("/truong/{org}/nhap/mau.xlsx", READ, include_in_schema=False)
async def pupils_template(page: CurrentPage, org: str) -> Response:
    """A template with this school's classes."""
    return await _template(await school_of(page, org))


@routes.get("/truong/{org}/dot-thu/{rnd}/nhap/mau.xlsx", READ, include_in_schema=False)
async def round_template(page: CurrentPage, org: str, rnd: str) -> Response:
    """A template with this school's classes and the round's items."""
    school = await school_of(page, org)
    return await _template(school, round_id=(await round_of(school, rnd)).id)
