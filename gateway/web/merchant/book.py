"""The day book of a household business: takings by day, how near the year is to the threshold, the file."""

from __future__ import annotations

from starlette.responses import Response

from gateway.guards import CurrentPage, page_routes
from gateway.web.merchant.frame import READ, merchant_of
from gateway.web.school.downloads import disposition
from kit import clock
from xoai.pilots.v1 import sales_service_pb2 as pb

routes = page_routes()
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_FIRST_YEAR = 2026


def _year(text: str) -> int:
    """The year that was asked for, this one where it is none that has a book."""
    present = clock.today().year
    return int(text) if text.isdecimal() and _FIRST_YEAR <= int(text) <= present else present


@routes.get("/quay-hang/chu/so", READ, include_in_schema=False)
async def day_book(page: CurrentPage, nam: str = "") -> Response:
    """The days of a year, newest first."""
    merchant = merchant_of(page)
    year = _year(nam)
    request = pb.GetDayBookRequest(organisation_id=merchant.id, year=year)
    book = await page.call(page.state.clients.sales.GetDayBook, request, timeout=5.0)
    days = sorted(book.days, key=lambda day: (day.book_date, day.stall_number), reverse=True)
    return merchant.render(
        "book",
        page.gettext("Sổ bán hàng năm %(year)s", year=year),
        tab="so",
        book=book,
        days=days,
        years=range(clock.today().year, _FIRST_YEAR - 1, -1),
    )


@routes.get("/quay-hang/chu/so.xlsx", READ, include_in_schema=False)
async def day_book_file(page: CurrentPage, nam: str = "") -> Response:
    """The book as a spreadsheet."""
    merchant = merchant_of(page)
    request = pb.ExportDayBookRequest(organisation_id=merchant.id, year=_year(nam))
    book = await page.call(page.state.clients.sales.ExportDayBook, request, timeout=10.0)
    headers = {"Content-Disposition": disposition(book.file_name)}
    return Response(book.content, media_type=_XLSX, headers=headers)
