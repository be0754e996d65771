"""The page of a sale for its payer: the code, then the money with the three digits that the stall's phone shows too."""

from __future__ import annotations

from datetime import datetime

from starlette.responses import Response

from gateway import formats
from gateway.page import Page
from gateway.stalls import SaleNotFound, SaleState, SaleView, StallCodeUnknown
from kit.errors import Unavailable
from xoai.pilots.v1 import sales_service_pb2 as pb

_WITH_CODE = (SaleState.WAITING, SaleState.SHORT)


async def find(page: Page, reference: str) -> pb.PublicSale:
    """The sale of a reference, within the visitor's limits. Raises SaleNotFound, TooManyLookups."""
    device = page.viewer.device
    page.state.limits.check(page.address, device)
    try:
        return await page.state.stalls.sale(reference)
    except SaleNotFound:
        page.state.limits.miss(page.address, device)
        raise


async def view_of(page: Page, sale: pb.PublicSale) -> SaleView:
    """The sale with its code while money is waited for, and whether its bank is late."""
    view = SaleView(sale, None, None)
    if view.state not in _WITH_CODE or view.was_closed:
        return view
    late = await _late(page, sale.bin)
    code = await page.state.bills.code_for(sale.bin, sale.account_number, view.rest, sale.reference)
    return SaleView(sale, code, late)


async def _late(page: Page, bin_: str) -> tuple[str, datetime] | None:
    """The bank's name and since when, if it tells of money late now."""
    try:
        feed = next((feed for feed in await page.state.feeds.late() if feed.bin == bin_), None)
    except Unavailable:
        # The page is worth more than the remark.
        return None
    since = formats.moment(feed.late_since) if feed is not None else None
    return (feed.bank_name, since) if feed is not None and since is not None else None


def _said(page: Page, view: SaleView) -> str:
    """What a screen reader is told when the page has changed by itself."""
    sale = view.sale
    match view.state:
        case SaleState.PAID | SaleState.OVER | SaleState.AGAIN:
            return page.gettext("Đã nhận đủ %(amount)s", amount=formats.money(sale.amount))
        case SaleState.SHORT:
            return page.gettext(
                "Đã nhận %(paid)s, còn thiếu %(rest)s",
                paid=formats.money(sale.amount_paid),
                rest=formats.money(view.rest),
            )
        case SaleState.SETTLED:
            return page.gettext("Đã nhận %(paid)s", paid=formats.money(sale.amount_paid))
        case SaleState.CANCELLED:
            return page.gettext("Người bán đã huỷ lần bán này")
        case SaleState.EXPIRED:
            return page.gettext("Mã này đã hết giờ chờ")
        case SaleState.WAITING:
            return page.gettext("Cần trả %(amount)s", amount=formats.money(sale.amount))


async def show(page: Page, reference: str, *, fragment: bool) -> Response:
    """The page of a sale; a printed code, of a board or a pack, leads to the stall's own page, which knows no credit."""
    page.state.limits.check(page.address, page.viewer.device)
    try:
        sale = await page.state.stalls.sale(reference)
    except SaleNotFound:
        return await _lead_to_stall(page, reference)
    view = await view_of(page, sale)
    said = _said(page, view)
    template = "stall/sale_main.html" if fragment else "stall/sale.html"
    return page.render(template, view=view, said=said, title=f"{said} – {view.sale.stall_name}")


async def _lead_to_stall(page: Page, reference: str) -> Response:
    try:
        stall = await page.state.stalls.stall(reference)
    except StallCodeUnknown:
        page.state.limits.miss(page.address, page.viewer.device)
        raise SaleNotFound() from None
    return page.redirect(f"/quay/{stall.code}")


async def picture(page: Page, reference: str) -> Response:
    """The sale's code as a picture for a phone's album. None once money came or nobody waits."""
    view = await view_of(page, await find(page, reference))
    if view.code is None:
        raise SaleNotFound()
    image = await page.state.bills.picture_of(view.code.payload)
    headers = {"Content-Disposition": f'attachment; filename="{reference}.png"'}
    return Response(image, media_type="image/png", headers=headers)
