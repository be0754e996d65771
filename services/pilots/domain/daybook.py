"""The day book of a household business: its days in a year, its revenue, and what the law says of so much, out of dated data.

No tax is reckoned. Private transfers are shown apart and are no revenue; money that came late is.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from kit.money import format_vnd
from services.pilots.domain.errors_sales import BadSaleField

_FILE: Final = Path(__file__).parent.parent / "data" / "household_business_tax.json"
# Near the threshold from this share on, in per cent.
_NEAR_PERCENT: Final = 80
_YEARS: Final = range(2000, 2100)


@dataclass(frozen=True, slots=True)
class Threshold:
    """The year's revenue up to which a household business owes no tax, with its source. Unconfirmed is shown as such."""

    valid_from: date
    valid_to: date | None
    amount: int
    vi: str
    en: str
    legal: str
    legal_en: str
    is_confirmed: bool


@dataclass(frozen=True, slots=True)
class BookDay:
    """One stall's day in the book. Sums are đồng; each đồng is in one of them."""

    book_date: date
    stall_number: str
    transfer_sum: int
    cash_sum: int
    late_sum: int
    private_sum: int
    is_closed: bool
    stall_id: UUID
    stall_name: str
    programme_name: str
    # The stall's business day that runs now.
    is_current: bool

    @property
    def revenue(self) -> int:
        """What counts as takings."""
        return self.transfer_sum + self.cash_sum + self.late_sum


@dataclass(frozen=True, slots=True)
class DayBook:
    """A unit's year. `threshold` is None for firms, and for years of which nothing is known."""

    organisation_id: UUID
    unit_name: str
    year: int
    days: Sequence[BookDay]
    threshold: Threshold | None

    @property
    def revenue(self) -> int:
        """The year's takings so far, in đồng."""
        return sum(day.revenue for day in self.days)

    @property
    def is_above(self) -> bool:
        """More than the threshold."""
        return self.threshold is not None and self.revenue > self.threshold.amount

    @property
    def is_near(self) -> bool:
        """At 80 % of the threshold, or more."""
        return self.threshold is not None and self.revenue * 100 >= self.threshold.amount * _NEAR_PERCENT


def checked_year(year: int) -> int:
    """A calendar year. Raises BadSaleField."""
    if year not in _YEARS:
        raise BadSaleField(field="year", value=year)
    return year


def threshold_for(year: int, unit_kind: str) -> Threshold | None:
    """The threshold in force at the end of a year; None for firms and where the data say nothing."""
    if unit_kind != "household":
        return None
    last = date(year, 12, 31)
    for each in thresholds():
        if each.valid_from <= last and (each.valid_to is None or last <= each.valid_to):
            return each
    return None


@cache
def thresholds() -> tuple[Threshold, ...]:
    """All thresholds of the data file, oldest first."""
    return tuple(_threshold(each) for each in json.loads(_FILE.read_text(encoding="utf-8"))["regimes"])


def _threshold(regime: dict[str, Any]) -> Threshold:
    amount = int(regime["no_tax_if_revenue_at_most"])
    vi = f"Hộ kinh doanh có doanh thu cả năm từ {format_vnd(amount)} trở xuống không phải nộp thuế GTGT và TNCN"
    en = f"A household business with a year's revenue of up to {format_vnd(amount)} owes no VAT and no income tax"
    if "below_threshold_duty" in regime:
        vi += f"; vẫn phải {regime['below_threshold_duty_vi']}"
        en += f"; it still has to {regime['below_threshold_duty']}"
    return Threshold(
        valid_from=date.fromisoformat(regime["valid_from"]),
        valid_to=date.fromisoformat(regime["valid_to"]) if regime["valid_to"] else None,
        amount=amount,
        vi=f"{vi}.",
        en=f"{en}.",
        legal=regime.get("legal_vi", regime["legal"]),
        legal_en=regime["legal"],
        is_confirmed=regime["confirmed"] and regime.get("valid_from_confirmed", True),
    )
