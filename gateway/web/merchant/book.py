"""The day book of a household business: takings by day and month, how near the year is to the threshold, the file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from starlette.responses import Response

from gateway.guards import CurrentPage, page_routes
from gateway.web.merchant.frame import READ, Merchant, merchant_of
from gateway.web.school.downloads import disposition
from kit import clock
from xoai.pilots.v1 import sales_service_pb2 as pb

routes = page_routes()
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_FIRST_YEAR = 2026


@dataclass(frozen=True, slots=True)
class Month:
    """The days of a month, newest first."""

    name: str
    days: Sequence[pb.BookDay]

    def total(self, name: str) -> int:
        """Đồng of a sum of all its days."""
        return sum(getattr(day, name) for day in self.days)

    @property
    def revenue(self) -> int:
        return sum(revenue_of(day) for day in self.days)


def revenue_of(day: pb.BookDay) -> int:
    """What counts as takings: late money as well, private transfers not."""
    return int(day.transfer_sum + day.cash_sum + day.late_sum)


async def book_of(merchant: Merchant, year: int) -> pb.DayBook:
    """The merchant's book of a year."""
    page = merchant.page
    request = pb.GetDayBookRequest(organisation_id=merchant.id, year=year)
    book: pb.DayBook = await page.call(page.state.clients.sales.GetDayBook, request, timeout=5.0)
    return book


def _year(text: str) -> int:
    """The year that was asked for, this one where it is none that has a book."""
    present = clock.today().year
    return int(text) if text.isdecimal() and _FIRST_YEAR <= int(text) <= present else present


def _months(book: pb.DayBook) -> list[Month]:
    days = sorted(
        book.days, key=lambda day: (day.book_date, day.programme_name, day.stall_number), reverse=True
    )
    return [
        Month(f"{month[5:]}/{month[:4]}", list(group))
        for month, group in groupby(days, key=lambda day: day.book_date[:7])
    ]


@routes.get("/quay-hang/chu/so", READ, include_in_schema=False)
async def day_book(page: CurrentPage, nam: str = "") -> Response:
    """The days of a year, newest first, by month."""
    merchant = merchant_of(page)
    book = await book_of(merchant, _year(nam))
    return merchant.render(
        "book",
        page.gettext("Sổ bán hàng năm %(year)s", year=book.year),
        tab="so",
        book=book,
        months=_months(book),
        revenue_of=revenue_of,
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
