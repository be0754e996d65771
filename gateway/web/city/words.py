"""How figures of the city are written: short amounts, shares, changes; a hidden one is said to be hidden."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from gateway import formats
from gateway.page import Page
from kit import clock
from xoai.pilots.v1 import city_service_pb2 as pb

_MILLION: Final = 1_000_000
_NO_BREAK: Final = "\u00a0"


def is_shown(cell: pb.Cell) -> bool:
    """True for a figure that has a value."""
    return cell.HasField("value")


class Words:
    """Figures in the page's language."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._english = page.locale == "en"

    def hidden(self, cell: pb.Cell | None = None) -> str:
        """What stands where no figure does: hidden, or nothing to reckon with."""
        return self._page.gettext("ẩn") if cell is None or cell.suppressed else "–"

    def count(self, cell: pb.Cell) -> str:
        """`1.250`."""
        return formats.figure(cell.value) if is_shown(cell) else self.hidden(cell)

    def share(self, cell: pb.Cell) -> str:
        """`38 %` of thousandths, rounded down."""
        return self.whole_percent(cell.value) if is_shown(cell) else self.hidden(cell)

    def whole_percent(self, permille: int) -> str:
        return f"{permille // 10}%" if self._english else f"{permille // 10}{_NO_BREAK}%"

    def money(self, cell: pb.Cell) -> str:
        """`3,95 tỷ ₫` or `640 triệu ₫`, rounded down; below a million in full."""
        if not is_shown(cell):
            return self.hidden(cell)
        if cell.value < _MILLION:
            return formats.money(cell.value)
        gettext = self._page.gettext
        if cell.value >= 1000 * _MILLION:
            number = self._decimal(cell.value // (10 * _MILLION), 2)
            return gettext("%(number)s tỷ ₫", number=number).replace(" ", _NO_BREAK)
        number = formats.figure(cell.value // _MILLION)
        return gettext("%(number)s triệu ₫", number=number).replace(" ", _NO_BREAK)

    def millions(self, cell: pb.Cell) -> str:
        """Whole millions of đồng, rounded down."""
        return formats.figure(cell.value // _MILLION) if is_shown(cell) else self.hidden(cell)

    def change(self, cell: pb.Cell) -> str:
        """Whole millions with their sign: `+131`, `−3`."""
        return self._signed(_whole(cell.value, _MILLION)) if is_shown(cell) else self.hidden(cell)

    def grown(self, now: pb.Cell, before: pb.Cell) -> str:
        """`+8,0 %` against a figure before; empty where one of both is hidden or there was nothing."""
        if not (is_shown(now) and is_shown(before)) or before.value <= 0:
            return ""
        tenths = _whole((now.value - before.value) * 1000, before.value)
        sign = "+" if tenths >= 0 else formats.MINUS
        text = f"{sign}{self._decimal(abs(tenths), 1)}"
        return f"{text}%" if self._english else f"{text}{_NO_BREAK}%"

    def told(self, thousandths: int) -> str:
        """`99,97 %` of thousandths of a per cent."""
        text = self._decimal(thousandths // 10, 2)
        return f"{text}%" if self._english else f"{text}{_NO_BREAK}%"

    def seconds(self, milliseconds: int) -> str:
        """`2,4 giây`; from ten seconds on without a decimal."""
        tenths = milliseconds // 100
        number = str(tenths // 10) if tenths >= 100 else self._decimal(tenths, 1)
        return self._page.gettext("%(number)s giây", number=number).replace(" ", _NO_BREAK)

    def weekday(self, day: str) -> str:
        """`T2 16/11`, `CN 22/11`."""
        gettext = self._page.gettext
        names = [
            gettext("T2"),
            gettext("T3"),
            gettext("T4"),
            gettext("T5"),
            gettext("T6"),
            gettext("T7"),
            gettext("CN"),
        ]
        return f"{names[date.fromisoformat(day).weekday()]} {formats.short_day(day)}"

    def period(self, first: str, last: str) -> str:
        """`16/11 đến 22/11/2026`."""
        return self._page.gettext(
            "%(first)s đến %(last)s", first=formats.short_day(first), last=formats.day(last)
        )

    def as_of(self, view: pb.CityView) -> str:
        """When the figures were made, whether they are complete, and by which definition."""
        at = datetime.fromisoformat(view.as_of)
        text = self._page.gettext("Số liệu đến %(time)s ngày %(day)s, đầy đủ, định nghĩa bản %(version)s")
        if not view.complete:
            text = self._page.gettext(
                "Số liệu đến %(time)s ngày %(day)s, chưa đầy đủ, định nghĩa bản %(version)s"
            )
        return text % {
            "time": formats.hour_minute(at),
            "day": formats.day(at),
            "version": view.definition_version,
        }

    def late_since(self, moment: str) -> str:
        """`Chậm từ 10:42`, with the day where it was not today."""
        at = datetime.fromisoformat(moment)
        time = formats.hour_minute(at)
        if clock.business_date(at) == clock.today():
            return self._page.gettext("Chậm từ %(time)s", time=time)
        return self._page.gettext("Chậm từ %(time)s, %(day)s", time=time, day=formats.day(at)[:5])

    def name(self, row: pb.PlaceRow) -> str:
        """A place as it is said; a ward that is not known has a name of its own."""
        if row.kind == "total":
            return self._page.gettext("Tất cả")
        return row.name or self._page.gettext("Chưa rõ phường, xã")

    def _decimal(self, value: int, digits: int) -> str:
        whole, rest = divmod(value, 10**digits)
        point = "." if self._english else ","
        return f"{formats.figure(whole)}{point}{rest:0{digits}d}"

    @staticmethod
    def _signed(value: int) -> str:
        return f"+{formats.figure(value)}" if value >= 0 else formats.figure(value)


def _whole(value: int, unit: int) -> int:
    """A quotient rounded towards nothing, so that the same fall and rise read the same."""
    return value // unit if value >= 0 else -(-value // unit)
