"""What stands at a stall: boards to print, a new issue of one, and the pack of codes for a stall without signal."""

from __future__ import annotations

import asyncio
from typing import Final

from starlette.responses import Response

from gateway.fields import Fields, fields_of
from gateway.guards import CurrentPage, page_routes
from gateway.papers import printed, stand_of
from gateway.web.merchant.frame import (
    MANAGE,
    Merchant,
    MerchantPageNotFound,
    crumbs_of,
    merchant_of,
    stall_of,
    stall_url,
    stalls_of,
)
from gateway.web.school.downloads import answer
from kit.errors import Error
from kit.money import parse_vnd
from xoai.documents.v1 import documents_service_pb2 as documents_pb
from xoai.pilots.v1 import stalls_service_pb2 as pb

routes = page_routes()
PACK_AMOUNTS: Final = (
    5_000, 10_000, 15_000, 20_000, 25_000, 30_000, 40_000, 50_000, 60_000, 100_000, 200_000, 500_000,
)  # fmt: skip
_PAPERS: Final = {
    "a6": documents_pb.RenderStandsRequest.PAPER_A6,
    "a5": documents_pb.RenderStandsRequest.PAPER_A5,
}


async def _print(merchant: Merchant, stalls: list[pb.Stall], size: str, *, outline: bool) -> Response:
    page = merchant.page
    request = documents_pb.RenderStandsRequest(
        paper=_PAPERS.get(size, documents_pb.RenderStandsRequest.PAPER_A6),
        stands=[stand_of(page, stall) for stall in stalls],
        trial=page.settings.is_sandbox,
        outline=outline,
    )
    return await answer(printed(page, page.state.clients.documents.RenderStands, request))


@routes.get("/quay-hang/chu/bang-ma.pdf", MANAGE, include_in_schema=False)
async def all_boards(page: CurrentPage, co: str = "a6", vien: str = "") -> Response:
    """The boards of all stalls that may be paid, one a page."""
    merchant = merchant_of(page)
    stalls = [stall for stall in await stalls_of(merchant) if stall.stand.payload]
    if not stalls:
        raise MerchantPageNotFound()
    return await _print(merchant, stalls, co, outline=vien == "1")


@routes.get("/quay-hang/chu/{stl}/bang-ma.pdf", MANAGE, include_in_schema=False)
async def board(page: CurrentPage, stl: str, co: str = "a6", vien: str = "") -> Response:
    """The stall's board."""
    merchant, stall = await stall_of(page, stl)
    return await _print(merchant, [stall], co, outline=vien == "1")


async def _show(merchant: Merchant, stall: pb.Stall, fields: Fields | None = None) -> Response:
    page, clients = merchant.page, merchant.page.state.clients
    stands, pack = await asyncio.gather(
        page.call(clients.stalls.ListStands, pb.ListStandsRequest(stall_id=stall.id)),
        page.call(clients.stalls.GetPack, pb.GetPackRequest(stall_id=stall.id)),
    )
    title = page.gettext("Bảng mã và gói mã")
    return merchant.render(
        "boards",
        title,
        crumbs=crumbs_of(merchant, stall, title),
        errors=fields.errors if fields else None,
        values=fields.values() if fields else {},
        stall=stall,
        earlier=[row for row in stands.stands if row.issue_number != stall.stand.issue_number],
        pack=pack.codes,
        amounts=PACK_AMOUNTS,
        chosen=fields.several("amounts") if fields else [str(code.amount) for code in pack.codes],
    )


@routes.get("/quay-hang/chu/{stl}/bang-ma", MANAGE, include_in_schema=False)
async def boards(page: CurrentPage, stl: str) -> Response:
    """The board in use, earlier ones, and the pack."""
    return await _show(*await stall_of(page, stl))


@routes.post("/quay-hang/chu/{stl}/bang-ma", MANAGE, include_in_schema=False)
async def issue(page: CurrentPage, stl: str) -> Response:
    """A new issue; the board before it is to be taken away."""
    merchant, stall = await stall_of(page, stl)
    fields = await fields_of(page)
    request = pb.IssueStandRequest(
        request_id=fields.request_id,
        stall_id=stall.id,
        reason=fields.text("reason", page.gettext("Ghi lý do, như “bảng cũ bị rách”")),
    )
    if not fields.errors:
        try:
            await page.call(page.state.clients.stalls.IssueStand, request, timeout=5.0)
        except Error as error:
            fields.refuse(error, {}, "reason")
    if fields.errors:
        return await _show(merchant, stall, fields)
    return page.redirect(f"{stall_url(stall.id, 'bang-ma')}?xong=cap")


@routes.post("/quay-hang/chu/{stl}/goi-ma", MANAGE, include_in_schema=False)
async def make_pack(page: CurrentPage, stl: str) -> Response:
    """Codes for the chosen amounts; what was issued stays."""
    merchant, stall = await stall_of(page, stl)
    fields = await fields_of(page)
    amounts = [parse_vnd(text) for text in fields.several("amounts") if text.isdecimal()]
    other = fields.amount("other")
    if other:
        amounts.append(other)
    if not amounts and not fields.errors:
        fields.errors["amounts"] = page.gettext("Chọn ít nhất một số tiền")
    if not fields.errors:
        request = pb.IssuePackRequest(request_id=fields.request_id, stall_id=stall.id, amounts=amounts)
        try:
            await page.call(page.state.clients.stalls.IssuePack, request, timeout=5.0)
        except Error as error:
            fields.refuse(error, {}, "amounts")
    if fields.errors:
        return await _show(merchant, stall, fields)
    return page.redirect(f"{stall_url(stall.id, 'bang-ma')}?xong=goi")


@routes.get("/quay-hang/chu/{stl}/goi-ma.pdf", MANAGE, include_in_schema=False)
async def pack(page: CurrentPage, stl: str) -> Response:
    """The sheet of codes."""
    _, stall = await stall_of(page, stl)
    clients = page.state.clients
    found = await page.call(clients.stalls.GetPack, pb.GetPackRequest(stall_id=stall.id))
    request = documents_pb.RenderPackRequest(
        stand=stand_of(page, stall),
        entries=[
            documents_pb.PackEntry(amount=code.amount, payload=code.payload, reference=code.reference)
            for code in found.codes
            if code.payload
        ],
        trial=page.settings.is_sandbox,
    )
    return await answer(printed(page, clients.documents.RenderPack, request))
