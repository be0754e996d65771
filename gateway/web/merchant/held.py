"""Money of the merchant's that is held: two equal tellings are the owner's to tell apart, unproven money is the bank's."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from gateway.fields import fields_of
from gateway.guards import CurrentPage, page_routes
from gateway.web.merchant.frame import MANAGE, inside, merchant_of
from gateway.web.merchant.unassigned import show
from kit.errors import Error
from xoai.pilots.v1 import sales_service_pb2 as pb

routes = page_routes()
_OWN: Final = "rieng"
_CITY: Final = "nho"


@routes.post("/quay-hang/chu/chua-ro/{crd}/giu", MANAGE, include_in_schema=False)
async def decide(page: CurrentPage, crd: str) -> Response:
    """Money of its own, the same as another telling, or for the city's desk to have proven."""
    merchant = merchant_of(page)
    fields = await fields_of(page)
    said = fields.text("decision")
    if not said:
        fields.errors["held"] = page.gettext("Chọn một cách")
    version = fields.text("version")
    request = pb.DecideHeldRequest(
        request_id=fields.request_id,
        credit_id=inside("crd", crd),
        version=int(version) if version.isdecimal() and len(version) < 16 else 0,
    )
    if said == _OWN:
        request.decision = pb.DecideHeldRequest.DECISION_OWN_MONEY
    elif said == _CITY:
        request.decision = pb.DecideHeldRequest.DECISION_HAND_OVER
    elif said:
        request.decision = pb.DecideHeldRequest.DECISION_SAME_MONEY
        request.same_as_credit_id = inside("crd", said)
    if not fields.errors:
        try:
            await page.call(page.state.clients.sales.DecideHeld, request, timeout=5.0)
        except Error as error:
            fields.refuse(error, {}, "held")
    if fields.errors:
        return await show(merchant, fields)
    done = said if said in (_OWN, _CITY) else "mot"
    back = merchant.url("chua-ro")
    return page.redirect(f"{back}{'&' if '?' in back else '?'}xong={done}")
