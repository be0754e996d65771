"""Enrolment of stalls by list: a file is read, wrong rows are corrected in place, the good ones go on."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from gateway.access import Routes
from gateway.fields import Fields, fields_of
from gateway.formats import figure
from gateway.guards import CurrentPage
from gateway.page import Page
from gateway.uploads import too_large, upload_guard, upload_of
from gateway.web.admin.frame import AdminPageNotFound, enrolment_url, inside, programme_url, show
from gateway.web.admin.programmes import MANAGE, TAB, crumbs_of, kind_words, programme_of
from gateway.web.school.downloads import disposition
from kit.errors import Error
from xoai.pilots.v1 import stalls_service_pb2 as pb

routes = Routes(guard=upload_guard)
_XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_PLACE: Final = re.compile(r"v-(\d{1,6})-([a-z_]{1,30})")
# Of each, on one page.
_ROWS: Final = 50
_STALLS: Final = 50
_Outcome = pb.EnrolmentRow.Outcome


@dataclass(frozen=True, slots=True)
class EnrolmentView:
    """A list with what is still to be done about it; of the wrong rows, one page, counted from 1."""

    read: pb.Enrolment
    number: int = 1

    @property
    def good(self) -> int:
        """Rows that are right, gone on or not."""
        return self.read.rows - self.read.wrong

    @property
    def pending(self) -> int:
        """Good rows that change something and have not gone on."""
        return self.read.new + self.read.changed

    @property
    def pages(self) -> int:
        """How many pages the wrong rows fill."""
        return max(-(-self.read.wrong // _ROWS), 1)

    @property
    def page(self) -> int:
        """The page that is shown: the last one where the list has become shorter."""
        return min(max(self.number, 1), self.pages)

    @property
    def wrong_rows(self) -> list[pb.EnrolmentRow]:
        """The wrong rows of the page."""
        wrong = [row for row in self.read.enrolment_rows if row.outcome == _Outcome.OUTCOME_WRONG]
        return wrong[(self.page - 1) * _ROWS : self.page * _ROWS]

    @property
    def suggestions(self) -> int:
        """Cells on this page for which something is offered."""
        return sum(bool(problem.suggestion) for row in self.wrong_rows for problem in row.problems)

    @property
    def notices(self) -> list[tuple[pb.EnrolmentNotice, list[pb.EnrolmentRow]]]:
        """What people have to know of good rows, each once with its rows."""
        found: dict[str, tuple[pb.EnrolmentNotice, list[pb.EnrolmentRow]]] = {}
        for row in self.read.enrolment_rows:
            for notice in row.notices:
                found.setdefault(notice.text, (notice, []))[1].append(row)
        return list(found.values())

    @property
    def waiting(self) -> list[pb.EnrolmentRow]:
        """Rows whose account waits for a second person."""
        return [row for row in self.read.enrolment_rows if row.account_waits]

    @property
    def fingerprint(self) -> str:
        """The file's hash, shortened for the eye."""
        return f"{self.read.sha256[:4]} {self.read.sha256[4:8]} … {self.read.sha256[-4:]}"


def _heading(page: Page, view: EnrolmentView) -> str:
    """The finding as a sentence."""
    read = view.read
    words = {"rows": figure(read.rows), "good": figure(view.good), "wrong": figure(read.wrong)}
    if read.wrong:
        return page.gettext("%(rows)s dòng: %(good)s dùng được, %(wrong)s cần sửa", **words)
    if not view.pending and not read.done:
        return page.gettext("%(rows)s dòng, không có gì thay đổi", **words)
    return page.gettext("%(rows)s dòng, dòng nào cũng dùng được", **words)


async def _found(page: Page, code: str, enr: str, number: int = 1) -> tuple[pb.Programme, EnrolmentView]:
    """The list in an address. Raises AdminPageNotFound for another programme's."""
    request = pb.GetEnrolmentRequest(id=inside("enr", enr))
    programme, read = await asyncio.gather(
        programme_of(page, code),
        page.call(page.state.clients.stalls.GetEnrolment, request, timeout=10.0),
    )
    if read.programme_id != programme.id:
        raise AdminPageNotFound()
    return programme, EnrolmentView(read, number)


async def _programme(
    page: Page,
    programme: pb.Programme,
    errors: dict[str, str] | None = None,
    *,
    query: str = "",
    token: str = "",
) -> Response:
    clients = page.state.clients
    request = pb.ListStallsRequest(
        programme_id=programme.id, query=query[:100], page_token=token, page_size=_STALLS
    )
    listed, stalls = await asyncio.gather(
        page.call(clients.stalls.ListEnrolments, pb.ListEnrolmentsRequest(programme_id=programme.id)),
        page.call(clients.stalls.ListStalls, request),
    )
    return show(
        page,
        "programme",
        programme.name,
        tab=TAB,
        crumbs=crumbs_of(page, (programme.name, "")),
        errors=errors,
        programme=programme,
        kinds=kind_words(page),
        views=[EnrolmentView(read) for read in listed.enrolments],
        stalls=stalls.stalls,
        next=stalls.next_page_token,
        first=not token,
        searched_stall=query,
    )


@routes.get("/quan-tri/chuong-trinh/{code}", MANAGE, include_in_schema=False)
async def programme_page(page: CurrentPage, code: str, tim: str = "", trang: str = "") -> Response:
    """A programme with its blocks, stalls and lists, and the field for one more list."""
    programme = await programme_of(page, code)
    return await _programme(page, programme, query=tim.strip(), token=trang)


@routes.get("/quan-tri/chuong-trinh/{code}/mau.xlsx", MANAGE, include_in_schema=False)
async def template(page: CurrentPage, code: str) -> Response:
    """The empty list with the programme's blocks."""
    programme = await programme_of(page, code)
    return await _sheet(page, pb.WriteEnrolmentSheetRequest(programme_id=programme.id))


async def _sheet(page: Page, request: pb.WriteEnrolmentSheetRequest) -> Response:
    sheet = await page.call(page.state.clients.stalls.WriteEnrolmentSheet, request, timeout=10.0)
    headers = {"Content-Disposition": disposition(sheet.file_name)}
    return Response(sheet.content, media_type=_XLSX, headers=headers)


@routes.post("/quan-tri/chuong-trinh/{code}/danh-sach", MANAGE, include_in_schema=False)
async def receive(page: CurrentPage, code: str) -> Response:
    """Read a list; nothing is made yet."""
    programme = await programme_of(page, code)
    if page.request.state.is_too_large:
        return await _programme(page, programme, too_large(page))
    upload = await upload_of(page)
    fields = upload.fields
    if not fields.errors:
        request = pb.ReadEnrolmentRequest(
            request_id=fields.request_id,
            programme_id=programme.id,
            file_name=upload.name,
            content=upload.content,
        )
        try:
            read = await page.call(page.state.clients.stalls.ReadEnrolment, request, timeout=60.0)
            return page.redirect(enrolment_url(programme.code, read.id))
        except Error as error:
            fields.refuse(error, {}, "tep")
    return await _programme(page, programme, fields.errors)


def _show(
    page: Page,
    programme: pb.Programme,
    view: EnrolmentView,
    *,
    errors: dict[str, str] | None = None,
    values: dict[str, str] | None = None,
    fixed: int = 0,
) -> Response:
    return show(
        page,
        "enrolment",
        _heading(page, view),
        tab=TAB,
        crumbs=crumbs_of(page, (programme.name, programme_url(programme.code)), (view.read.file_name, "")),
        errors=errors,
        values=values or {},
        programme=programme,
        view=view,
        read=view.read,
        fixed=fixed,
    )


@routes.get("/quan-tri/chuong-trinh/{code}/danh-sach/{enr}", MANAGE, include_in_schema=False)
async def one(page: CurrentPage, code: str, enr: str, da: int = 0, trang: int = 1) -> Response:
    """One list: counts, a page of the wrong rows, what waits. `da` says how many rows were just put right."""
    programme, view = await _found(page, code, enr, trang)
    return _show(page, programme, view, fixed=max(da, 0))


def _corrections(fields: Fields) -> dict[int, dict[str, str]]:
    """Typed values by row and field. A suggestion counts only if its button was pressed, or the one for all."""
    values, typed = fields.values(), dict[int, dict[str, str]]()
    pressed = values.get("take", "")
    taken_place = _PLACE.fullmatch(pressed)
    for name, value in values.items():
        place = _PLACE.fullmatch(name)
        # “Nhận” is about one row: what was typed in others waits for “Kiểm lại”.
        if place is None or (taken_place is not None and taken_place[1] != place[1]):
            continue
        offered = values.get(f"s{name[1:]}", "") if pressed in (name, "all") else ""
        taken = value.strip() or offered
        if taken:
            typed.setdefault(int(place[1]), {})[place[2]] = taken[:300]
    return typed


@routes.post("/quan-tri/chuong-trinh/{code}/danh-sach/{enr}/sua", MANAGE, include_in_schema=False)
async def correct(page: CurrentPage, code: str, enr: str) -> Response:
    """Put other values into wrong rows; each row is judged anew."""
    fields = await fields_of(page)
    shown = fields.text("trang")
    programme, view = await _found(page, code, enr, int(shown) if shown.isdecimal() else 1)
    known = {field.name for field in pb.EnrolmentValues.DESCRIPTOR.fields}
    corrections = _corrections(fields)
    wrong = {row.row: row for row in view.read.enrolment_rows if row.outcome == _Outcome.OUTCOME_WRONG}
    if not corrections:
        errors = {"dong-sai": page.gettext("Ghi giá trị đúng vào ít nhất một ô, hoặc bấm Nhận")}
        return _show(page, programme, view, errors=errors)
    fixed = 0
    for number, typed in corrections.items():
        if number not in wrong:
            continue
        values = pb.EnrolmentValues()
        values.CopyFrom(wrong[number].values)
        for name, value in typed.items():
            if name in known:
                setattr(values, name, value)
        request = pb.CorrectEnrolmentRowRequest(
            request_id=f"{fields.request_id}/{number}", enrolment_id=view.read.id, row=number, values=values
        )
        try:
            judged = await page.call(page.state.clients.stalls.CorrectEnrolmentRow, request, timeout=10.0)
        except Error as error:
            fields.refuse(error, {}, "dong-sai")
            return _show(page, programme, view, errors=fields.errors, values=fields.values())
        fixed += judged.outcome != _Outcome.OUTCOME_WRONG
    query = f"?da={fixed}" + (f"&trang={view.page}" if view.page > 1 else "")
    return page.redirect(f"{enrolment_url(programme.code, view.read.id)}{query}#dong-sai")


@routes.post("/quan-tri/chuong-trinh/{code}/danh-sach/{enr}/di-tiep", MANAGE, include_in_schema=False)
async def apply(page: CurrentPage, code: str, enr: str) -> Response:
    """The good rows go on: units, proposed accounts, stalls. The wrong ones wait."""
    programme, view = await _found(page, code, enr)
    fields = await fields_of(page)
    request = pb.ApplyEnrolmentRequest(request_id=fields.request_id, id=view.read.id)
    try:
        await page.call(page.state.clients.stalls.ApplyEnrolment, request, timeout=60.0)
    except Error as error:
        fields.refuse(error, {}, "dong-sai")
        return _show(page, programme, view, errors=fields.errors)
    return page.redirect(f"{enrolment_url(programme.code, view.read.id)}?xong=dua-vao")


@routes.get("/quan-tri/chuong-trinh/{code}/danh-sach/{enr}/can-sua.xlsx", MANAGE, include_in_schema=False)
async def wrong_rows(page: CurrentPage, code: str, enr: str) -> Response:
    """The wrong rows as a file in the layout of the list, with what was found."""
    programme, view = await _found(page, code, enr)
    return await _sheet(
        page, pb.WriteEnrolmentSheetRequest(programme_id=programme.id, enrolment_id=view.read.id)
    )
