"""The second factor: enrolling an authenticator app at the first login, and giving its code at each later one."""

from __future__ import annotations

from starlette.responses import Response

from gateway import qr
from gateway.access import BEFORE_PROOF
from gateway.guards import CurrentPage, page_routes
from gateway.page import Page
from gateway.web.people import home_of, notices_url, safe_target
from kit.errors import Error, Unauthenticated
from xoai.directory.v1 import directory_service_pb2 as pb

routes = page_routes()


async def _show(page: Page, target: str, error: str = "") -> Response:
    """The page to enrol, or the one that asks for a code."""
    session = page.viewer.session
    if session is None:
        raise Unauthenticated()
    errors = {"code": error} if error else {}
    if session.second_factor == pb.Session.SECOND_FACTOR_NOT_NEEDED:
        return page.redirect(target or home_of(session.person))
    secret, drawing = "", None
    if session.second_factor == pb.Session.SECOND_FACTOR_TO_ENROL:
        request = pb.StartSecondFactorRequest(session_token=page.viewer.session_token)
        found = await page.call(page.state.clients.directory.StartSecondFactor, request)
        secret, drawing = found.secret, qr.draw(found.uri)
    return page.render(
        "second_factor.html",
        status=422 if error else 200,
        next=target,
        secret=secret,
        drawing=drawing,
        sample=await page.sample_code(),
        errors=errors,
    )


@routes.get("/xac-minh", BEFORE_PROOF, include_in_schema=False)
async def ask(page: CurrentPage, next: str = "") -> Response:
    """Asks for the code, after showing what the app needs if none is enrolled."""
    return await _show(page, safe_target(next))


@routes.post("/xac-minh", BEFORE_PROOF, include_in_schema=False)
async def prove(page: CurrentPage) -> Response:
    """Take the code and go on with a full session."""
    target = safe_target(await page.field("next"))
    try:
        await page.prove(await page.field("code"))
    except Error as error:
        if error.http_status not in (400, 429):
            raise
        return await _show(page, target, page.error_text(error))
    person = page.viewer.person
    if person is None:
        raise Unauthenticated()
    way = target or home_of(person)
    return page.redirect(notices_url(way) if page.viewer.unread_notices else way)
