"""The declared periods: weeks from Monday to Sunday, each published once.

Weeks share no day, so no figure can be taken from another over time. Months would: a month less its weeks leaves single
days. So there are none; who wants a month adds days or weeks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from kit.clock import CITY_ZONE

DAYS: Final = 7
# A week is published on Monday at noon if it is complete, on Wednesday at noon as it then is.
_DUE: Final = timedelta(days=1, hours=12)
_LAST: Final = timedelta(days=3, hours=12)
ACTIVE_DAYS: Final = 30


@dataclass(frozen=True, slots=True)
class Week:
    """A week by its Monday."""

    monday: date

    @property
    def sunday(self) -> date:
        """The last day."""
        return self.monday + timedelta(days=DAYS - 1)

    @property
    def before(self) -> Week:
        """The week before."""
        return Week(self.monday - timedelta(days=DAYS))

    @property
    def days(self) -> list[date]:
        """Its seven days."""
        return [self.monday + timedelta(days=number) for number in range(DAYS)]

    @property
    def begins(self) -> datetime:
        """The first moment of Monday."""
        return _midnight(self.monday)

    @property
    def ends(self) -> datetime:
        """The first moment behind Sunday."""
        return _midnight(self.sunday + timedelta(days=1))

    def is_due(self, now: datetime) -> bool:
        """True once it may be published if it is complete."""
        return now >= _midnight(self.sunday) + _DUE

    def waits_no_longer(self, now: datetime) -> bool:
        """True once it is published whether complete or not."""
        return now >= _midnight(self.sunday) + _LAST


def week_of(day: date) -> Week:
    """The week in which a day lies."""
    return Week(day - timedelta(days=day.weekday()))


def due_weeks(first: date, now: datetime) -> Iterator[Week]:
    """The weeks from that of the first day on that may be published by now, oldest first."""
    week = week_of(first)
    while week.is_due(now):
        yield week
        week = Week(week.monday + timedelta(days=DAYS))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), CITY_ZONE).astimezone(UTC)
