"""A stall's business day: to which day money belongs, when the day may be closed, and in which sum each đồng stands.

The rule. Day D runs from its programme's cut-off on the day before (inclusive) to the cut-off on D (exclusive), on the
clock of the city. Money belongs to the day of the bank's time, which counts for no later than the money's arrival; where
the bank tells no time, the arrival counts. Every đồng of every taking is then in exactly one sum of exactly one day:

1. in none, once its payment was reversed;
2. else in `private`, while it is marked as no takings (family, a loan);
3. else in `late`, if it arrived at or after the cut-off of its day, or was recorded after its day had been closed;
4. else in `transfer`.

Late is decided once, when the money is recorded, and stays; private may be set and taken back, and a reversal may come,
also after the close: the sums follow, so that they are at all times what the list of takings says. Cash is apart, and
stands fast once its day is closed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from kit.clock import CITY_ZONE
from services.pilots.domain.errors_sales import DayNotOver, DayNotYet


@dataclass(frozen=True, slots=True)
class Hours:
    """Minutes of the day in the city: from when a day may be closed, and its cut-off."""

    close_minute: int
    cut_off_minute: int


class Sum(StrEnum):
    """The sums of a day in which money that came by transfer may stand."""

    TRANSFER = "transfer"
    PRIVATE = "private"
    LATE = "late"


@dataclass(frozen=True, slots=True)
class Day:
    """One stall's day with its sums (đồng) and counts."""

    transfer_count: int = 0
    transfer_sum: int = 0
    cash_count: int = 0
    cash_sum: int = 0
    private_count: int = 0
    private_sum: int = 0
    late_count: int = 0
    late_sum: int = 0
    close_time: datetime | None = None

    @property
    def is_closed(self) -> bool:
        """No cash is entered any more, and what still comes is late."""
        return self.close_time is not None

    def add(self, place: Sum, amount: int) -> Day:
        """The day with a transfer more in one of its sums; a negative amount takes one out again."""
        count = 1 if amount > 0 else -1
        match place:
            case Sum.TRANSFER:
                return replace(
                    self,
                    transfer_count=self.transfer_count + count,
                    transfer_sum=self.transfer_sum + amount,
                )
            case Sum.PRIVATE:
                return replace(
                    self, private_count=self.private_count + count, private_sum=self.private_sum + amount
                )
            case Sum.LATE:
                return replace(self, late_count=self.late_count + count, late_sum=self.late_sum + amount)

    def add_cash(self, amount: int) -> Day:
        """The day with a cash entry more; a negative amount takes one out again."""
        return replace(
            self,
            cash_count=self.cash_count + (1 if amount > 0 else -1),
            cash_sum=self.cash_sum + amount,
        )


def sum_of(*, is_private: bool, is_late: bool) -> Sum:
    """The one sum in which a taking that stands is counted."""
    if is_private:
        return Sum.PRIVATE
    return Sum.LATE if is_late else Sum.TRANSFER


def day_of(moment: datetime, hours: Hours) -> date:
    """The business day of a moment."""
    local = moment.astimezone(CITY_ZONE)
    is_after = local.hour * 60 + local.minute >= hours.cut_off_minute
    return local.date() + timedelta(days=1) if is_after else local.date()


def end_of(day: date, hours: Hours) -> datetime:
    """The cut-off that ends a business day."""
    return _at(day, hours.cut_off_minute)


def closes_from(day: date, hours: Hours) -> datetime:
    """The moment from which a business day may be closed: the closing hour, at the latest the cut-off."""
    return _at(day, min(hours.close_minute, hours.cut_off_minute))


def money_day(bank_time: datetime | None, arrive_time: datetime, hours: Hours) -> date:
    """The business day to which money belongs."""
    return day_of(min(bank_time or arrive_time, arrive_time), hours)


def is_late(day: date, arrive_time: datetime, hours: Hours, *, is_closed: bool) -> bool:
    """True if the day was over when its money came, or had been closed when it was recorded."""
    return is_closed or arrive_time >= end_of(day, hours)


def check_close(day: date, hours: Hours, now: datetime) -> None:
    """Raise DayNotYet for a day to come, DayNotOver before the closing hour."""
    if day > day_of(now, hours):
        raise DayNotYet(day=day.strftime("%d/%m/%Y"))
    begins = closes_from(day, hours)
    if now < begins:
        raise DayNotOver(day=day.strftime("%d/%m/%Y"), time=begins.astimezone(CITY_ZONE).strftime("%H:%M"))


def _at(day: date, minute: int) -> datetime:
    return (datetime.combine(day, time(), CITY_ZONE) + timedelta(minutes=minute)).astimezone(UTC)
