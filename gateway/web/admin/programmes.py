"""Programmes of the pilots: streets, markets, fairs with their days, hours and blocks; made and changed by the city."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from starlette.responses import Response

from gateway.access import holds
from gateway.fields import Fields, fields_of
from gateway.guards import CurrentPage, page_routes
from gateway.page import Page
from gateway.web.admin.blocks import Block, after_press, blocks_of, sections_of, typed_blocks
from gateway.web.admin.frame import ROOT, Crumbs, programme_url, show
from gateway.web.merchant.stalls import hour_words, minute_of
from kit import clock
from kit.errors import Error
from xoai.pilots.v1 import stalls_service_pb2 as pb

routes = page_routes()
MANAGE: Final = holds("pilots.manage")
TAB: Final = "/chuong-trinh"
_KINDS: Final = {
    "street": pb.Programme.KIND_STREET,
    "market": pb.Programme.KIND_MARKET,
    "fair": pb.Programme.KIND_FAIR,
}
_FIELDS: Final = {
    "code": "code",
    "name": "name",
    "ward_code": "ward",
    "former_ward_code": "ward",
    "start_date": "start",
    "end_date": "end",
    "close_minute": "close",
    "cut_off_minute": "cut_off",
    "sale_seconds": "wait",
    "section.code": "sections",
    "section.name": "sections",
    "section.place": "sections",
    "sections": "sections",
}


def kind_words(page: Page) -> dict[int, str]:
    """The kinds of programmes in words."""
    _ = page.gettext
    return {
        pb.Programme.KIND_STREET: _("Tuyến phố"),
        pb.Programme.KIND_MARKET: _("Chợ"),
        pb.Programme.KIND_FAIR: _("Hội chợ"),
    }


async def programme_of(page: Page, code: str) -> pb.Programme:
    """The programme in an address. Raises the service's NotFound."""
    request = pb.GetProgrammeRequest(id=code)
    found: pb.Programme = await page.call(page.state.clients.stalls.GetProgramme, request)
    return found


def crumbs_of(page: Page, *way: tuple[str, str]) -> Crumbs:
    """The way to a page of a programme."""
    return [(page.gettext("Chương trình"), f"{ROOT}{TAB}"), *way]


@routes.get("/quan-tri/chuong-trinh", MANAGE, include_in_schema=False)
async def every(page: CurrentPage) -> Response:
    """All programmes, the latest first."""
    reply = await page.call(page.state.clients.stalls.ListProgrammes, pb.ListProgrammesRequest())
    programmes = sorted(reply.programmes, key=lambda row: (row.start_date, row.name), reverse=True)
    return show(
        page,
        "programmes",
        page.gettext("Chương trình"),
        tab=TAB,
        programmes=programmes,
        kinds=kind_words(page),
        today=clock.today().isoformat(),
    )


async def _form(
    page: Page,
    programme: pb.Programme | None,
    fields: Fields | None = None,
    blocks: list[Block] | None = None,
) -> Response:
    title = page.gettext("Sửa chương trình") if programme else page.gettext("Chương trình mới")
    present = programme or pb.Programme(
        kind=pb.Programme.KIND_STREET,
        open_minute=360,
        close_minute=1320,
        cut_off_minute=1380,
        sale_seconds=600,
        start_date=clock.today().isoformat(),
    )
    values = {
        "kind": next((name for name, value in _KINDS.items() if value == present.kind), "street"),
        "code": present.code,
        "name": present.name,
        "ward": f"{present.ward_code}/{present.former_ward_code}",
        "start": present.start_date,
        "end": present.end_date,
        "open": hour_words(present.open_minute),
        "close": hour_words(present.close_minute),
        "cut_off": hour_words(present.cut_off_minute),
        "wait": str(present.sale_seconds // 60),
    }
    wards = await page.call(page.state.clients.stalls.ListWards, pb.ListWardsRequest())
    way = [(programme.name, programme_url(programme.code))] if programme else []
    return show(
        page,
        "programme_form",
        title,
        tab=TAB,
        crumbs=crumbs_of(page, *way, (title, "")),
        errors=fields.errors if fields else None,
        values=values | (fields.values() if fields else {}),
        programme=programme,
        kinds=[(name, kind_words(page)[value]) for name, value in _KINDS.items()],
        wards=_ward_choices(page, wards.wards),
        blocks=blocks if blocks is not None else blocks_of(present.sections) or [Block()],
    )


def _ward_choices(page: Page, wards: Sequence[pb.Ward]) -> list[tuple[str, list[tuple[str, str]]]]:
    """The wards of today, each with those of 2023 in it: a place lies in one of these, or nobody knows in which."""
    _ = page.gettext
    return [
        (
            ward.name,
            [(f"{ward.code}/", _("%(ward)s, không rõ phường cũ", ward=ward.name))]
            + [(f"{ward.code}/{old.code}", _("%(old)s cũ (2023)", old=old.name)) for old in ward.former],
        )
        for ward in wards
    ]


def _wish(page: Page, fields: Fields, present: pb.Programme | None, blocks: list[Block]) -> pb.Programme:
    """The programme that was typed; what is wrong is in the fields' errors."""
    _ = page.gettext
    wish = pb.Programme()
    if present is not None:
        wish.CopyFrom(present)
    wish.kind = _KINDS.get(fields.text("kind"), pb.Programme.KIND_STREET)
    wish.code = fields.text("code", _("Ghi mã, như hung-vuong"))
    wish.name = fields.text("name", _("Ghi tên chương trình"))
    wish.ward_code, _slash, wish.former_ward_code = fields.text("ward", _("Chọn phường")).partition("/")
    wish.start_date = fields.day("start", _("Ghi ngày bắt đầu"))
    wish.end_date = fields.day("end")
    wish.open_minute = minute_of(fields, "open", page)
    wish.close_minute = minute_of(fields, "close", page)
    wish.cut_off_minute = minute_of(fields, "cut_off", page)
    minutes = fields.text("wait")
    if minutes.isdecimal() and 1 <= int(minutes) <= 60:
        wish.sale_seconds = int(minutes) * 60
    else:
        fields.errors["wait"] = _("Ghi từ 1 đến 60 phút")
    if not fields.errors.get("close") and wish.open_minute >= wish.close_minute:
        fields.errors.setdefault("close", _("Giờ đóng cửa phải sau giờ mở cửa"))
    sections = sections_of(blocks, fields, page)
    del wish.sections[:]
    wish.sections.extend(sections)
    return wish


async def _store(page: Page, present: pb.Programme | None) -> Response:
    fields = await fields_of(page)
    blocks = typed_blocks(fields)
    pressed = fields.text("act")
    if pressed:
        return await _form(page, present, fields, after_press(blocks, pressed))
    wish = _wish(page, fields, present, blocks)
    clients = page.state.clients
    if not fields.errors:
        try:
            if present is None:
                request = pb.CreateProgrammeRequest(request_id=fields.request_id, programme=wish)
                kept = await page.call(clients.stalls.CreateProgramme, request)
            else:
                # Of the version that the form showed: who changed it meanwhile is not written over.
                seen = fields.text("version")
                wish.version = int(seen) if seen.isdecimal() else 0
                change = pb.UpdateProgrammeRequest(request_id=fields.request_id, programme=wish)
                kept = await page.call(clients.stalls.UpdateProgramme, change)
        except Error as error:
            fields.refuse(error, _FIELDS, "code" if error.reason == "PROGRAMME_CODE_TAKEN" else "sections")
    if fields.errors:
        return await _form(page, present, fields, blocks)
    return page.redirect(f"{programme_url(kept.code)}?xong=ghi")


@routes.get("/quan-tri/chuong-trinh/moi", MANAGE, include_in_schema=False)
async def new(page: CurrentPage) -> Response:
    """The form of a new programme."""
    return await _form(page, None)


@routes.post("/quan-tri/chuong-trinh/moi", MANAGE, include_in_schema=False)
async def create(page: CurrentPage) -> Response:
    """Make a programme."""
    return await _store(page, None)


@routes.get("/quan-tri/chuong-trinh/{code}/sua", MANAGE, include_in_schema=False)
async def edit(page: CurrentPage, code: str) -> Response:
    """The form of a programme that there is."""
    return await _form(page, await programme_of(page, code))


@routes.post("/quan-tri/chuong-trinh/{code}/sua", MANAGE, include_in_schema=False)
async def change(page: CurrentPage, code: str) -> Response:
    """Change a programme."""
    return await _store(page, await programme_of(page, code))
