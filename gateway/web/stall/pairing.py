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


async def _show(page: Page, code: str, error: str = "") -> Response:
    """The page with its one button; it says so if the phone would leave another stall."""
    stall = None
    with contextlib.suppress(PhoneNotPaired, NotFound, Unavailable):
        phone = await page.state.viewers.phone(page.request)
        stall = await page.state.clients.call(
            page.state.clients.stalls.GetStall, pb.GetStallRequest(id=phone.stall_id), phone.token
        )
    return page.render(
        "stall/pairing.html", status=422 if error else 200, code=code, stall=stall, error=error
    )


@routes.get("/quay-hang/ghep/{code}", PUBLIC, include_in_schema=False)
async def ask(page: CurrentPage, code: str) -> Response:
    """What pairing does; nothing happens yet."""
    return await _show(page, code[:_CODE_MOST])


@routes.post("/quay-hang/ghep/{code}", PUBLIC, include_in_schema=False)
async def pair(page: CurrentPage, code: str) -> Response:
    """Spend the code; from now on this phone is one of the stall's."""
    device = page.viewer.device
    page.state.limits.check(page.address, device)
    request = pb.PairDeviceRequest(
        code=code[:_CODE_MOST], user_agent=page.request.headers.get("user-agent", "")[:_AGENT_MOST]
    )
    clients = page.state.clients
    try:
        paired = await clients.call(clients.stalls.PairDevice, request, clients.sign(auth.service("gateway")))
    except Error as error:
        if error.http_status >= 500:
            raise
        page.state.limits.miss(page.address, device)
        return await _show(page, code[:_CODE_MOST], page.error_text(error))
    response = page.redirect("/quay-hang")
    page.state.cookies.set(response, page.state.cookies.stall, paired.key, max_age=_COOKIE_SECONDS)
    return response
