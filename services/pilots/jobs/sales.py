"""Work that comes round: closing days that nobody closed, forgetting what no phone asks for any more.

Expiry of sales is derived, so nothing waits for a clock; a sale itself is kept: money may come for it at any time.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Final

from kit import clock
from kit.db import Database
from services.pilots.flows import stall_days
from services.pilots.store import unassigned

# A phone that was away for longer loads its day anew.
EVENT_DAYS: Final = 30
# Money that found its stall stays readable for questions this long.
ASSIGNED_DAYS: Final = 90


def close_days(database: Database) -> int:
    """Close all days that are a day past their cut-off, a chunk a transaction; how many there were."""
    closed = 0
    while count := database.run(stall_days.close_forgotten_days):
        closed += count
    return closed


def tidy_up(database: Database) -> None:
    """Delete old events, and credits that found their stall, in short transactions."""
    while database.run(partial(stall_days.forget_events, kept_days=EVENT_DAYS)):
        pass
    with database.begin() as session:
        unassigned.forget_assigned(session, clock.now() - timedelta(days=ASSIGNED_DAYS))
