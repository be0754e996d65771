"""Work that comes round: how the banks' feeds do, which stalls fell silent, what may no longer be seen."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Final

from prometheus_client import Gauge

from kit import clock
from kit.db import Database
from services.pilots.flows import visits, watching
from services.pilots.store import alarms, feeds, risks

ALARMS_OPEN: Final = Gauge("xoai_alarms_open", "Alarms at stalls and banks that wait for a person", ["kind"])
FEED_MEDIAN: Final = Gauge(
    "xoai_bank_feed_median_seconds", "Median time that a bank takes to tell of money", ["bin"]
)
FEED_LATE: Final = Gauge("xoai_bank_feed_late", "1 while a bank tells of money late", ["bin"])
# The city's figures reach back a quarter; silence looks at seven days.
_MINUTES_DAYS: Final = 100
_HOURS_DAYS: Final = 9


def watch_feeds(database: Database) -> None:
    """Reckon each bank's feed, with its alarms and gauges."""
    for bin_code, health in database.run(watching.watch_feeds).items():
        FEED_MEDIAN.labels(bin_code).set(health.median_ms / 1_000)
        FEED_LATE.labels(bin_code).set(health.late_since is not None)


def watch_stalls(database: Database, quiet: timedelta) -> None:
    """Look for silent stalls and signs of fraud; wipe what volunteers may no longer see."""
    database.run(partial(watching.watch_stalls, quiet=quiet))
    database.run(watching.watch_risks)
    database.run(visits.wipe_over)
    with database.begin() as session:
        counts = alarms.open_by_kind(session)
    for kind, count in counts.items():
        ALARMS_OPEN.labels(kind.value).set(count)


def tidy_up(database: Database) -> None:
    """Forget minutes, hours and signs that nothing is reckoned from any more."""
    now = clock.now()
    with database.begin() as session:
        feeds.forget_old(
            session,
            minutes_before=now - timedelta(days=_MINUTES_DAYS),
            hours_before=now - timedelta(days=_HOURS_DAYS),
        )
        risks.forget_old(session, now - timedelta(days=_HOURS_DAYS))
