"""Money of the merchant that no stall is known for: the owner says which."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from starlette.responses import Response

from gateway.fields import Fields, fields_of
from gateway.guards import CurrentPage, page_routes
from gateway.web.merchant.frame import READ, SELL, Merchant, inside, merchant_of, outside, stalls_of
from kit.errors import Error, Unavailable
from xoai.pilots.v1 import sales_service_pb2 as pb
from xoai.pilots.v1 import stalls_service_pb2 as stalls_pb

routes = page_routes()
# Decided apart, or proven by others: `held.py`.
_HELD: Final = frozenset({"POSSIBLE_DUPLICATE", "AWAITING_CONFIRMATION"})


async def show(merchant: Merchant, fields: Fields | None = None) -> Response:
    """The list, and what is held; with what was wrong in a form."""
    page = merchant.page
    just_done = page.request.query_params.get("khoan", "")
    request = pb.ListUnassignedRequest(organisation_id=merchant.id)
    reply, stalls, held = await asyncio.gather(
        page.call(page.state.clients.sales.ListUnassigned, request), stalls_of(merchant), _held(merchant)
    )
    return merchant.render(
        "unassigned",
        page.gettext("Tiền chưa rõ quầy"),
        tab="chua-ro",
        errors=fields.errors if fields else None,
        credits=[
            credit
            for credit in reply.credits
            # What was just put on a stall may be on the list for a moment, until its stall has heard.
            if credit.reason not in _HELD and outside("crd", credit.credit_id) != just_done
        ],
        held=held,
        stalls=[stall for stall in stalls if stall.state != stalls_pb.Stall.STATE_WITHDRAWN],
        numbers={stall.id: stall.number for stall in stalls},
    )


async def _held(merchant: Merchant) -> Sequence[pb.HeldMoney] | None:
    """Held money; None where reconciliation, which keeps it, does not answer."""
    page = merchant.page
    request = pb.ListHeldRequest(organisation_id=merchant.id)
    try:
        reply: pb.ListHeldResponse = await page.call(page.state.clients.sales.ListHeld, request)
    except Unavailable:
        return None
    return reply.held


@routes.get("/quay-hang/chu/chua-ro", READ, include_in_schema=False)
async def waiting(page: CurrentPage) -> Response:
    """What waits for the owner's word, oldest first."""
    return await show(merchant_of(page))


@routes.post("/quay-hang/chu/chua-ro/{crd}", SELL, include_in_schema=False)
async def assign(page: CurrentPage, crd: str) -> Response:
    """Put a credit on one of the merchant's stalls."""
    merchant = merchant_of(page)
    fields = await fields_of(page)
    stall = fields.text("stall", page.gettext("Chọn quầy"))
    request = pb.AssignToStallRequest(
        request_id=fields.request_id,
        credit_id=inside("crd", crd),
        stall_id=inside("stl", stall) if stall else "",
    )
    if not fields.errors:
        try:
            await page.call(page.state.clients.sales.AssignToStall, request, timeout=5.0)
        except Error as error:
            fields.refuse(error, {}, "stall")
    if fields.errors:
        return await show(merchant, fields)
    back = merchant.url("chua-ro")
    return page.redirect(f"{back}{'&' if '?' in back else '?'}xong=ghi&khoan={crd}")
