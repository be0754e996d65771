"""Signs that somebody tries a stall: money told and taken back, and amounts that only look like what was asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

WINDOW: Final = timedelta(hours=24)
# One payment taken back may be a slip; a second one, or a third amount that is nearly right, is a sign.
REVERSED_LEAST: Final = 2
NEAR_MISSES_LEAST: Final = 3


@dataclass(frozen=True, slots=True)
class Signs:
    """What was counted at a stall in the last day."""

    stall_id: UUID
    programme_id: UUID
    reversed: int
    near_misses: int

    @property
    def is_risk(self) -> bool:
        return self.reversed >= REVERSED_LEAST or self.near_misses >= NEAR_MISSES_LEAST


def is_near_miss(asked: int, paid: int) -> bool:
    """True for an amount that is short and easily taken for the one asked: a nought lost, or short by a tenth at most."""
    if not 0 < paid < asked:
        return False
    return paid * 10 == asked or paid * 100 == asked or (asked - paid) * 10 <= asked
