"""One day of a stall: its sums, and each taking and cash entry behind them; the owner keeps private transfers apart."""

from __future__ import annotations

from datetime import date

from starlette.responses import Response

from gateway import formats
from gateway.fields import Fields, fields_of
from gateway.guards import CurrentPage, page_routes
from gateway.web.merchant.frame import (
    READ,
    SELL,
    Merchant,
    MerchantPageNotFound,
    crumbs_of,
    inside,
    stall_of,
    stall_url,
)
from kit.errors import Error
from xoai.pilots.v1 import sales_service_pb2 as pb
from xoai.pilots.v1 import stalls_service_pb2 as stalls_pb

routes = page_routes()


async def _show(
    merchant: Merchant, stall: stalls_pb.Stall, day: str, token: str = "", fields: Fields | None = None
) -> Response:
    page = merchant.page
    request = pb.GetDayRequest(stall_id=stall.id, book_date=day, page_token=token, page_size=100)
    found: pb.Day = await page.call(page.state.clients.sales.GetDay, request)
    title = page.gettext("Ngày %(day)s", day=formats.day(found.book_date))
    return merchant.render(
        "day",
        title,
        crumbs=crumbs_of(merchant, stall, title),
        errors=fields.errors if fields else None,
        stall=stall,
        day=found,
        revenue=found.transfer_sum + found.cash_sum + found.late_sum,
        here=stall_url(stall.id, "ngay", found.book_date),
    )


def _checked(day: str) -> str:
    """A day in an address. Raises MerchantPageNotFound for what is none."""
    try:
        return date.fromisoformat(day).isoformat()
    except ValueError as error:
        raise MerchantPageNotFound() from error


@routes.get("/quay-hang/chu/{stl}/ngay/{day}", READ, include_in_schema=False)
async def one(page: CurrentPage, stl: str, day: str, trang: str = "") -> Response:
    """The day's list, newest first, a hundred a page."""
    merchant, stall = await stall_of(page, stl)
    return await _show(merchant, stall, _checked(day), trang)


@routes.post("/quay-hang/chu/{stl}/ngay/{day}/{tkg}", SELL, include_in_schema=False)
async def mark(page: CurrentPage, stl: str, day: str, tkg: str) -> Response:
    """A transfer is private, or takings after all."""
    merchant, stall = await stall_of(page, stl)
    fields = await fields_of(page)
    is_private = fields.text("private") == "1"
    request = pb.MarkPrivateRequest(
        request_id=fields.request_id, payment_id=inside("pay", tkg), private=is_private
    )
    try:
        await page.call(page.state.clients.sales.MarkPrivate, request)
    except Error as error:
        fields.refuse(error, {}, "takings")
    if fields.errors:
        return await _show(merchant, stall, _checked(day), fields=fields)
    return page.redirect(
        f"{stall_url(stall.id, 'ngay', _checked(day))}?xong={'rieng' if is_private else 'tinh'}"
    )
