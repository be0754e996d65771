"""What a market board works from: programmes and stalls with their boards and alarms. No takings are in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final
from uuid import UUID

from kit.clock import business_date

# A withdrawn stall is shown so long after, while a board of it may still stand.
WITHDRAWN_DAYS: Final = 30


@dataclass(frozen=True, slots=True)
class Summary:
    """A programme in numbers."""

    programme_id: UUID
    code: str
    name: str
    kind: str
    stalls: int
    with_stand: int
    checked_today: int
    flagged: int
    open_alarms: int


@dataclass(frozen=True, slots=True)
class BoardStall:
    """A stall with its boards. `flagged`: issue number and reason of each that is to be taken away."""

    id: UUID
    number: str
    number_key: str
    name: str
    goods: str
    section_name: str
    reference: str
    state: str
    issue_number: int
    check_time: datetime | None
    open_alarms: int
    flagged: tuple[tuple[int, str], ...] = field(default=())

    def is_checked_on(self, day: date) -> bool:
        """True if its board was found to be right on a day in the city."""
        return self.check_time is not None and business_date(self.check_time) == day
