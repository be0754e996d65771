"""A list that was read: what is wrong with it, corrected in place; what is new; going on; the history of files."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from gateway.fields import Fields, fields_of
from gateway.formats import figure
from gateway.guards import CurrentPage, page_routes
from gateway.web.school.downloads import send_file
from gateway.web.school.frame import Crumbs, School, inside, school_of
from gateway.web.school.overview import READ
from gateway.web.school.pupils import MANAGE
from kit.errors import Error, NotFound
from xoai.schools.v1 import schools_service_pb2 as pb

routes = page_routes()
_ROWS: Final = 50
_PLACE: Final = re.compile(r"v-(\d{1,7})-(.{1,200})", re.DOTALL)
# Cells that may be empty; an empty amount would say that the pupil does not pay, so that is typed as 0.
_OPTIONAL: Final = ("birth_date", "sex", "phone", "pupil_code", "ministry_code", "personal_number")
_VIEWS: Final = {
    "sai": pb.ImportRow.OUTCOME_WRONG,
    "moi": pb.ImportRow.OUTCOME_NEW,
    "thay-doi": pb.ImportRow.OUTCOME_CHANGED,
    "giu-nguyen": pb.ImportRow.OUTCOME_UNCHANGED,
}


@dataclass(frozen=True, slots=True)
class ImportView:
    """An import with its round and the words of its heading."""

    read: pb.Import
    round: pb.Round | None

    @property
    def good(self) -> int:
        """Rows that are right."""
        return self.read.rows - self.read.rows_wrong

    @property
    def gone_on(self) -> int:
        """Rows that have gone on."""
        return self.good - self.read.rows_pending

    @property
    def is_open(self) -> bool:
        """Whether something is still to be corrected or to go on."""
        return bool(self.read.rows_wrong or self.read.rows_pending)

    @property
    def is_applied(self) -> bool:
        return self.read.state == pb.Import.STATE_APPLIED

    @property
    def is_nothing_new(self) -> bool:
        """Whether every row says what is known already."""
        return self.read.rows > 0 and self.read.rows_unchanged == self.read.rows

    @property
    def total(self) -> int:
        """The sum of the item columns over the good rows, đồng."""
        return sum(item.amount for item in self.read.item_totals)

    @property
    def fingerprint(self) -> str:
        """The file's hash, shortened for the eye."""
        text = self.read.sha256
        return f"{text[:4]} {text[4:8]} … {text[-4:]}"


async def _view(school: School, import_ref: str) -> ImportView:
    page = school.page
    request = pb.GetImportRequest(id=inside("imp", import_ref))
    read: pb.Import = await page.call(page.state.clients.schools.GetImport, request)
    school.own(read.organisation_id)
    round_ = None
    if read.round_id:
        wanted = pb.GetRoundRequest(id=read.round_id)
        try:
            round_ = await page.call(page.state.clients.schools.GetRound, wanted)
        except NotFound:
            round_ = None
    return ImportView(read, round_)


def _heading(school: School, view: ImportView) -> str:
    """The finding as a sentence."""
    page, read = school.page, view.read
    words = {"rows": figure(read.rows), "good": figure(view.good), "wrong": figure(read.rows_wrong)}
    if view.is_applied:
        words["good"] = figure(view.gone_on)
        if read.rows_wrong:
            return page.gettext("Đã nhập %(good)s dòng, còn %(wrong)s dòng cần sửa", **words)
        return page.gettext("Đã nhập %(good)s dòng", **words)
    if view.is_nothing_new:
        return page.gettext("%(rows)s dòng, không có gì thay đổi", **words)
    if read.rows_wrong:
        return page.gettext("%(rows)s dòng: %(good)s dùng được, %(wrong)s cần sửa", **words)
    return page.gettext("%(rows)s dòng, dòng nào cũng dùng được", **words)


def _crumbs(school: School, view: ImportView) -> Crumbs:
    page = school.page
    if view.round is None:
        return [(page.gettext("Tệp đã nhập"), school.url("tep")), (view.read.file_name, "")]
    return [
        (page.gettext("Đợt thu"), school.url("dot-thu")),
        (view.round.title, school.round_url(view.round.id)),
        (page.gettext("Nhập danh sách"), ""),
    ]


async def _show(
    school: School,
    view: ImportView,
    *,
    chosen: str = "",
    token: str = "",
    errors: dict[str, str] | None = None,
    fixed: int = 0,
    status: int = 200,
) -> Response:
    page = school.page
    chosen = chosen if chosen in _VIEWS else "sai" if view.read.rows_wrong else ""
    rows = pb.ListImportRowsResponse()
    if chosen:
        request = pb.ListImportRowsRequest(
            import_id=view.read.id, outcome=_VIEWS[chosen], page_size=_ROWS, page_token=token
        )
        rows = await page.call(page.state.clients.schools.ListImportRows, request)
    title = _heading(school, view)
    return school.render(
        "import",
        title,
        tab="dot-thu" if view.round else "tep",
        crumbs=_crumbs(school, view),
        view=view,
        read=view.read,
        chosen=chosen,
        optional=_OPTIONAL,
        rows=rows.rows,
        next=rows.next_page_token,
        errors=errors or {},
        fixed=fixed,
        status=status,
    )


@routes.get("/truong/{org}/tep", READ, include_in_schema=False)
async def history(page: CurrentPage, org: str, trang: str = "") -> Response:
    """Files that were brought in: when, by whom, with their hashes."""
    school = await school_of(page, org)
    request = pb.ListImportsRequest(organisation_id=school.id, page_token=trang, page_size=20)
    reply = await page.call(page.state.clients.schools.ListImports, request)
    views = [ImportView(read, None) for read in reply.imports]
    return school.render(
        "imports", page.gettext("Tệp đã nhập"), tab="tep", views=views, next=reply.next_page_token
    )


@routes.get("/truong/{org}/tep/{imp}", READ, include_in_schema=False)
async def one_import(
    page: CurrentPage, org: str, imp: str, xem: str = "", trang: str = "", da: int = 0
) -> Response:
    """One list: counts, wrong rows, sums to compare with paper."""
    school = await school_of(page, org)
    return await _show(school, await _view(school, imp), chosen=xem, token=trang, fixed=max(da, 0))


def _corrections(fields: Fields) -> dict[int, dict[str, str]]:
    """Typed values by row and field. A suggestion counts only if its button was pressed."""
    typed: dict[int, dict[str, str]] = {}
    values = fields.values()
    if emptied := _PLACE.fullmatch(values.get("empty", "")):
        return {int(emptied[1]): {emptied[2]: ""}}
    pressed = values.get("take", "")
    only = _PLACE.fullmatch(values.get("only", ""))
    for name, value in values.items():
        place = _PLACE.fullmatch(name)
        if place is None:
            continue
        taken = value.strip() or (values.get(f"s{name[1:]}", "") if name == pressed else "")
        if taken and (only is None or only[1] == place[1]):
            typed.setdefault(int(place[1]), {})[place[2]] = taken[:300]
    taken_place = _PLACE.fullmatch(pressed)
    if taken_place is None:
        return typed
    # “Nhận” is about one row: what was typed in others waits for “Kiểm lại”.
    row = int(taken_place[1])
    return {row: typed[row]} if row in typed else {}


@routes.post("/truong/{org}/tep/{imp}/sua", MANAGE, include_in_schema=False)
async def correct(page: CurrentPage, org: str, imp: str) -> Response:
    """Put other values into cells of wrong rows; each row is judged anew."""
    school = await school_of(page, org, "schools.manage")
    view, fields = await asyncio.gather(_view(school, imp), fields_of(page))
    corrections = _corrections(fields)
    if not corrections:
        errors = {"dong-sai": page.gettext("Ghi giá trị đúng vào ít nhất một ô, hoặc bấm Nhận")}
        return await _show(school, view, errors=errors, status=422)
    fixed = 0
    for row, values in corrections.items():
        request = pb.CorrectImportRowRequest(
            request_id=f"{fields.request_id}/{row}", import_id=view.read.id, row=row, values=values
        )
        try:
            judged = await page.call(page.state.clients.schools.CorrectImportRow, request, timeout=10.0)
        except Error as error:
            fields.refuse(error, {}, "dong-sai")
            return await _show(school, view, errors=fields.errors, status=422)
        fixed += judged.outcome != pb.ImportRow.OUTCOME_WRONG
    trang = fields.text("trang")
    query = f"?da={fixed}" + (f"&trang={trang}" if trang else "")
    return page.redirect(f"{school.import_url(view.read.id)}{query}#dong-sai")


@routes.post("/truong/{org}/tep/{imp}/di-tiep", MANAGE, include_in_schema=False)
async def apply(page: CurrentPage, org: str, imp: str) -> Response:
    """The good rows go on; the wrong ones wait."""
    school = await school_of(page, org, "schools.manage")
    view, fields = await asyncio.gather(_view(school, imp), fields_of(page))
    request = pb.ApplyImportRequest(request_id=fields.request_id, import_id=view.read.id)
    try:
        await page.call(page.state.clients.schools.ApplyImport, request, timeout=60.0)
    except Error as error:
        fields.refuse(error, {}, "dong-sai")
        return await _show(school, view, errors=fields.errors, status=409)
    if view.round is not None:
        return page.redirect(school.round_url(view.round.id, "xem-truoc"))
    return page.redirect(school.import_url(view.read.id))


@routes.get("/truong/{org}/tep/{imp}/dong-sai.xlsx", READ, include_in_schema=False)
async def wrong_rows(page: CurrentPage, org: str, imp: str) -> Response:
    """The wrong rows as a file in the layout of the list."""
    school = await school_of(page, org)
    view = await _view(school, imp)
    request = pb.DownloadWrongRowsRequest(import_id=view.read.id)
    return await send_file(page, page.state.clients.schools.DownloadWrongRows, request)
