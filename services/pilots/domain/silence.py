"""A stall that usually takes money at this hour and has taken none for a while, though its neighbours have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from kit.clock import CITY_ZONE

# At this hour a stall usually sells if it took at least so many payments on so many of the last days.
DAYS: Final = 7
USUAL_DAYS: Final = 3
USUAL_PAYMENTS: Final = 5
NEIGHBOURS: Final = 3


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """When a stall is open: minutes of the day in the city, first and last day of its programme."""

    open_minute: int
    close_minute: int
    start_date: date
    end_date: date | None

    def covers(self, since: datetime, until: datetime) -> bool:
        """True if it was open all the time between two moments."""
        first, last = since.astimezone(CITY_ZONE), until.astimezone(CITY_ZONE)
        if first.date() != last.date() or first.date() < self.start_date:
            return False
        if self.end_date is not None and first.date() > self.end_date:
            return False
        return self.open_minute <= _minute(first) and _minute(last) <= self.close_minute


@dataclass(frozen=True, slots=True)
class Trade:
    """What is known of a stall's trade. `usual_days`: of the last seven, those with enough payments at these hours."""

    stall_id: UUID
    section_id: UUID
    programme_id: UUID
    usual_days: int
    last_time: datetime | None
    hours: OpeningHours


@dataclass(frozen=True, slots=True)
class Silence:
    """A silent stall: since when (at the latest since it opened), and how many around it take money."""

    stall_id: UUID
    programme_id: UUID
    since: datetime
    neighbours: int


def _minute(moment: datetime) -> int:
    return moment.hour * 60 + moment.minute


def hours_of(since: datetime, now: datetime) -> list[tuple[datetime, datetime]]:
    """The whole hours that a time of silence touches, as they were on each of the last seven days."""
    first = since.replace(minute=0, second=0, microsecond=0)
    after_last = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return [(first - timedelta(days=ago), after_last - timedelta(days=ago)) for ago in range(1, DAYS + 1)]


def silent_stalls(trades: Sequence[Trade], quiet: timedelta, now: datetime) -> list[Silence]:
    """The stalls that are silent now, of those that were open all the time."""
    since = now - quiet
    inside = [trade for trade in trades if trade.hours.covers(since, now)]
    sizes = Counter(trade.section_id for trade in inside)
    taking = [trade for trade in inside if _takes(trade, since)]
    in_section = Counter(trade.section_id for trade in taking)
    in_programme = Counter(trade.programme_id for trade in taking)
    found = []
    for trade in inside:
        if trade.usual_days < USUAL_DAYS or _takes(trade, since):
            continue
        # A section of a few stalls says nothing by itself: then the whole street is asked.
        has_neighbours = sizes[trade.section_id] > NEIGHBOURS
        takers = in_section[trade.section_id] if has_neighbours else in_programme[trade.programme_id]
        if takers >= NEIGHBOURS:
            opening = _opening(trade.hours, now)
            begins = opening if trade.last_time is None else max(trade.last_time, opening)
            found.append(Silence(trade.stall_id, trade.programme_id, begins, takers))
    return found


def _takes(trade: Trade, since: datetime) -> bool:
    return trade.last_time is not None and trade.last_time > since


def _opening(hours: OpeningHours, now: datetime) -> datetime:
    midnight = now.astimezone(CITY_ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + timedelta(minutes=hours.open_minute)
