"""Is this stall's code genuine? Anybody may ask; the page never shows money that came."""

from __future__ import annotations

from starlette.responses import Response

from gateway.access import PUBLIC
from gateway.bills import reference_of
from gateway.guards import CurrentPage, page_routes
from gateway.page import Page
from gateway.stalls import StallCodeUnknown
from kit.errors import InvalidArgument, ResourceExhausted
from xoai.pilots.v1 import stalls_service_pb2 as pb
from xoai.pilots.v1 import trust_service_pb2 as trust_pb

routes = page_routes()
Standing = pb.PublicStall.Standing
_TEXT_MOST = 500


async def find(page: Page, code: str) -> pb.PublicStall:
    """The stall of a code, within the visitor's limits. Raises StallCodeUnknown, TooManyLookups."""
    device = page.viewer.device
    page.state.limits.check(page.address, device)
    try:
        return await page.state.stalls.stall(code)
    except StallCodeUnknown:
        page.state.limits.miss(page.address, device)
        raise


async def _in_force(page: Page, code: str) -> pb.PublicStall:
    """A stall that may be paid now. Raises StallCodeUnknown."""
    stall = await find(page, code)
    if stall.standing != Standing.STANDING_GENUINE or not stall.payload:
        raise StallCodeUnknown()
    return stall


def _show_unknown(page: Page, code: str) -> Response:
    return page.render("stall/quay_unknown.html", status=404, code=code[:40])


@routes.get("/quay", PUBLIC, include_in_schema=False)
async def ask(page: CurrentPage, ma: str = "") -> Response:
    """Leads from a typed code to its page; without one asks for it."""
    code = reference_of(ma)
    return page.redirect(f"/quay/{code}") if code else page.render("stall/quay_ask.html")


@routes.get("/quay/{code}", PUBLIC, include_in_schema=False)
async def stall_page(page: CurrentPage, code: str, bao: str = "") -> Response:
    """Genuine, withdrawn, waiting, or unknown. `bao` says that a report was taken."""
    tidy = reference_of(code)
    if tidy != code:
        return page.redirect(f"/quay/{tidy}")
    try:
        stall = await find(page, code)
    except StallCodeUnknown:
        return _show_unknown(page, code)
    if stall.code != code:
        # A code of the stall's pack: there is one page of a stall.
        return page.redirect(f"/quay/{stall.code}")
    return page.render("stall/quay.html", stall=stall, reported=bao == "1")


@routes.get("/quay/{code}/tra", PUBLIC, include_in_schema=False)
async def pay(page: CurrentPage, code: str) -> Response:
    """The stall's standing code, to be scanned or kept: any amount."""
    stall = await _in_force(page, code)
    drawn = await page.state.bills.drawn(stall.payload)
    return page.render("stall/quay_pay.html", stall=stall, code=drawn)


@routes.get("/quay/{code}/qr.png", PUBLIC, include_in_schema=False)
async def picture(page: CurrentPage, code: str) -> Response:
    """The standing code as a picture for a phone's album."""
    stall = await _in_force(page, code)
    image = await page.state.bills.picture_of(stall.payload)
    headers = {"Content-Disposition": f'attachment; filename="{stall.code}.png"'}
    return Response(image, media_type="image/png", headers=headers)


@routes.get("/quay/{code}/bao", PUBLIC, include_in_schema=False)
async def report_form(page: CurrentPage, code: str) -> Response:
    """Asks what looks wrong; also about a code that nobody knows."""
    return page.render("stall/quay_report.html", code=reference_of(code), text="", errors={})


@routes.post("/quay/{code}/bao", PUBLIC, include_in_schema=False)
async def report(page: CurrentPage, code: str) -> Response:
    """Hands the word on to the market board."""
    text = (await page.field("text"))[:_TEXT_MOST]
    tidy = reference_of(code)
    request = trust_pb.ReportStandRequest(code=tidy, text=text)
    # A report counts like a look-up that found nothing: the same few a minute and a day.
    page.state.limits.check(page.address, page.viewer.device)
    page.state.limits.miss(page.address, page.viewer.device)
    try:
        await page.call(page.state.clients.trust.ReportStand, request)
    except (InvalidArgument, ResourceExhausted) as error:
        errors = {"text": page.error_text(error)}
        return page.render("stall/quay_report.html", status=422, code=tidy, text=text, errors=errors)
    return page.redirect(f"/quay/{tidy}?bao=1")
