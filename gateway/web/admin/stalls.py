"""A stall as the city keeps it: where it stands and what it is called, and its end."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.responses import Response

from gateway.fields import Fields, fields_of
from gateway.guards import CurrentPage, page_routes
from gateway.page import Page
from gateway.web.admin.frame import AdminPageNotFound, inside, programme_url, show, stall_url
from gateway.web.admin.programmes import MANAGE, TAB, crumbs_of, programme_of
from gateway.web.merchant.stalls import hour_words, minute_of
from kit.errors import Error
from xoai.pilots.v1 import stalls_service_pb2 as pb

routes = page_routes()


async def _found(page: Page, code: str, stl: str) -> tuple[pb.Programme, pb.Stall]:
    """The stall in an address. Raises AdminPageNotFound for another programme's."""
    request = pb.GetStallRequest(id=inside("stl", stl))
    programme, stall = await asyncio.gather(
        programme_of(page, code), page.call(page.state.clients.stalls.GetStall, request)
    )
    if stall.programme_id != programme.id:
        raise AdminPageNotFound()
    return programme, stall


def _page(
    page: Page,
    template: str,
    programme: pb.Programme,
    stall: pb.Stall,
    title: str,
    fields: Fields | None = None,
    **context: Any,
) -> Response:
    name = page.gettext("Quầy %(number)s", number=stall.number)
    way = [(programme.name, programme_url(programme.code)), (name, stall_url(programme.code, stall.id))]
    if template == "stall":
        way[-1] = (name, "")
    else:
        way.append((title, ""))
    return show(
        page,
        template,
        title,
        tab=TAB,
        crumbs=crumbs_of(page, *way),
        errors=fields.errors if fields else None,
        programme=programme,
        stall=stall,
        section=next((row.name for row in programme.sections if row.code == stall.section_code), ""),
        **context,
    )


@routes.get("/quan-tri/chuong-trinh/{code}/quay/{stl}", MANAGE, include_in_schema=False)
async def one(page: CurrentPage, code: str, stl: str) -> Response:
    """A stall: its holder, place, account and board, and what the city can do about it."""
    programme, stall = await _found(page, code, stl)
    title = page.gettext("Quầy %(number)s: %(name)s", number=stall.number, name=stall.name)
    hours = f"{hour_words(stall.open_minute)} – {hour_words(stall.close_minute)}"
    has_own_hours = (stall.open_minute, stall.close_minute) != (programme.open_minute, programme.close_minute)
    return _page(page, "stall", programme, stall, title, hours=hours, has_own_hours=has_own_hours)


def _form(page: Page, programme: pb.Programme, stall: pb.Stall, fields: Fields | None = None) -> Response:
    values = {
        "section": stall.section_code,
        "number": stall.number,
        "name": stall.name,
        "goods": stall.goods,
        "open": hour_words(stall.open_minute),
        "close": hour_words(stall.close_minute),
    }
    return _page(
        page,
        "stall_form",
        programme,
        stall,
        page.gettext("Sửa, chuyển chỗ"),
        fields,
        values=values | (fields.values() if fields else {}),
        sections=[(row.code, f"{row.code} – {row.name}") for row in programme.sections],
        programme_hours=f"{hour_words(programme.open_minute)} – {hour_words(programme.close_minute)}",
    )


@routes.get("/quan-tri/chuong-trinh/{code}/quay/{stl}/sua", MANAGE, include_in_schema=False)
async def edit(page: CurrentPage, code: str, stl: str) -> Response:
    """The form of a stall."""
    programme, stall = await _found(page, code, stl)
    if stall.state == pb.Stall.STATE_WITHDRAWN:
        return page.redirect(stall_url(programme.code, stall.id))
    return _form(page, programme, stall)


@routes.post("/quan-tri/chuong-trinh/{code}/quay/{stl}/sua", MANAGE, include_in_schema=False)
async def change(page: CurrentPage, code: str, stl: str) -> Response:
    """Another place, number, name, other goods or hours; code, account and what the merchant decides stay."""
    _ = page.gettext
    programme, stall = await _found(page, code, stl)
    fields = await fields_of(page)
    wish = pb.Stall()
    wish.CopyFrom(stall)
    # Of the version that the form showed: who changed it meanwhile is not written over.
    seen = fields.text("version")
    wish.version = int(seen) if seen.isdecimal() else 0
    wish.section_code = fields.text("section", _("Chọn đoạn hoặc dãy"))
    wish.number = fields.text("number", _("Ghi số quầy"))
    wish.name = fields.text("name", _("Ghi tên quầy"))
    wish.goods = fields.text("goods")
    wish.open_minute = minute_of(fields, "open", page)
    wish.close_minute = minute_of(fields, "close", page)
    if not fields.errors and wish.open_minute >= wish.close_minute:
        fields.errors["close"] = _("Giờ đóng cửa phải sau giờ mở cửa")
    if not fields.errors:
        request = pb.UpdateStallRequest(request_id=fields.request_id, stall=wish)
        places = {"close_minute": "close", "number": "number", "name": "name", "goods": "goods"}
        try:
            await page.call(page.state.clients.stalls.UpdateStall, request)
        except Error as error:
            at = {"STALL_NUMBER_TAKEN": "number", "SECTION_NOT_FOUND": "section"}.get(error.reason, "name")
            fields.refuse(error, places, at)
    if fields.errors:
        return _form(page, programme, stall, fields)
    return page.redirect(f"{stall_url(programme.code, stall.id)}?xong=sua")


def _ending(page: Page, programme: pb.Programme, stall: pb.Stall, fields: Fields | None = None) -> Response:
    return _page(
        page,
        "stall_end",
        programme,
        stall,
        page.gettext("Thu hồi quầy %(number)s", number=stall.number),
        fields,
        values=fields.values() if fields else {},
    )


@routes.get("/quan-tri/chuong-trinh/{code}/quay/{stl}/thu-hoi", MANAGE, include_in_schema=False)
async def before_end(page: CurrentPage, code: str, stl: str) -> Response:
    """What becomes of a stall's code, phones and sales when it is withdrawn, and the question why."""
    programme, stall = await _found(page, code, stl)
    if stall.state == pb.Stall.STATE_WITHDRAWN:
        return page.redirect(stall_url(programme.code, stall.id))
    return _ending(page, programme, stall)


@routes.post("/quan-tri/chuong-trinh/{code}/quay/{stl}/thu-hoi", MANAGE, include_in_schema=False)
async def end(page: CurrentPage, code: str, stl: str) -> Response:
    """Withdraw a stall, with a reason and a tick; sent twice it is done once."""
    programme, stall = await _found(page, code, stl)
    fields = await fields_of(page)
    reason = fields.text("reason", page.gettext("Ghi lý do thu hồi"))
    if not fields.several("sure"):
        fields.errors["sure"] = page.gettext("Đánh dấu rằng bạn đã đọc những điều ở trên")
    if not fields.errors:
        request = pb.WithdrawStallRequest(request_id=fields.request_id, id=stall.id, reason=reason)
        try:
            await page.call(page.state.clients.stalls.WithdrawStall, request)
        except Error as error:
            fields.refuse(error, {}, "reason")
    if fields.errors:
        return _ending(page, programme, stall, fields)
    return page.redirect(f"{stall_url(programme.code, stall.id)}?xong=thu-hoi")
