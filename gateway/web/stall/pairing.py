"""How a phone becomes one of a stall's: the owner's one-time code leads here, says what will happen, and is spent."""

from __future__ import annotations

import contextlib
from typing import Final

from starlette.responses import Response

from gateway.access import PUBLIC, PhoneNotPaired
from gateway.guards import CurrentPage, page_routes
from gateway.page import Page
from kit import auth
from kit.errors import Error, NotFound, Unavailable
from xoai.pilots.v1 import stalls_service_pb2 as pb

routes = page_routes()
# As long as the stalls keep a pairing; the key itself ends there too.
_COOKIE_SECONDS: Final = 90 * 86_400
_CODE_MOST: Final = 100
_AGENT_MOST: Final = 300
_KEY_MOST: Final = 200


async def _offer(page: Page, code: str) -> pb.PairingOffer:
    """What the code leads to; nothing is spent. Raises errors of ours."""
    clients = page.state.clients
    request = pb.GetPairingRequest(code=code[:_CODE_MOST])
    offer: pb.PairingOffer = await clients.call(
        clients.stalls.GetPairing, request, clients.sign(auth.service("gateway"))
    )
    return offer


async def _left_behind(page: Page) -> pb.Stall | None:
    """The stall that this phone is one of now."""
    clients = page.state.clients
    with contextlib.suppress(PhoneNotPaired, NotFound, Unavailable):
        phone = await page.state.viewers.phone(page.request)
        stall: pb.Stall = await clients.call(
            clients.stalls.GetStall, pb.GetStallRequest(id=phone.stall_id), phone.token
        )
        return stall
    return None


def _refuse(page: Page, error: Error) -> Response:
    """Why this code makes no phone of a stall; a code that is none counts as a try."""
    if error.http_status >= 500:
        raise error
    if isinstance(error, NotFound):
        page.state.limits.miss(page.address, page.viewer.device)
    response = page.render("stall/pairing.html", status=422, offer=None, error=page.error_text(error))
    page.state.cookies.remember_device(response, page.viewer)
    return response


@routes.get("/quay-hang/ghep/{code}", PUBLIC, include_in_schema=False)
async def ask(page: CurrentPage, code: str) -> Response:
    """Which stall the phone would be one of, and what it may do there; nothing happens yet."""
    page.state.limits.check(page.address, page.viewer.device)
    try:
        offer = await _offer(page, code)
    except Error as error:
        return _refuse(page, error)
    return page.render(
        "stall/pairing.html",
        code=code[:_CODE_MOST],
        offer=offer,
        is_seller=offer.role == pb.Device.ROLE_SELLER,
        left_behind=await _left_behind(page),
        error="",
    )


@routes.post("/quay-hang/ghep/{code}", PUBLIC, include_in_schema=False)
async def pair(page: CurrentPage, code: str) -> Response:
    """Spend the code; from now on this phone is one of the stall's."""
    page.state.limits.check(page.address, page.viewer.device)
    cookies = page.state.cookies
    request = pb.PairDeviceRequest(
        code=code[:_CODE_MOST],
        user_agent=page.request.headers.get("user-agent", "")[:_AGENT_MOST],
        former_key=page.request.cookies.get(cookies.stall, "")[:_KEY_MOST],
    )
    clients = page.state.clients
    try:
        paired = await clients.call(clients.stalls.PairDevice, request, clients.sign(auth.service("gateway")))
    except Error as error:
        return _refuse(page, error)
    response = page.redirect("/quay-hang")
    cookies.set(response, cookies.stall, paired.key, max_age=_COOKIE_SECONDS)
    return response
