"""The only place that reads the time of day.

Stored times are UTC and aware, read once per transaction. Calendar days are reckoned in Asia/Ho_Chi_Minh (UTC+7, no
summer time) by `business_date`. In demo and tests the clock can be moved by one offset, which the directory keeps and
every process follows (`kit.rpc.clock_feed`); `set_offset` refuses that in production mode, so a running city can never be
sent to another day.
"""

from __future__ import annotations

import os
import time
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

CITY_ZONE = ZoneInfo("Asia/Ho_Chi_Minh")

# How often a process asks for the platform's offset, in demo and tests.
FOLLOW_SECONDS = 0.5

_offset = timedelta()


def now() -> datetime:
    """The present moment, aware, in UTC, moved by the test offset if there is one."""
    return datetime.now(UTC) + _offset


def business_date(moment: datetime) -> date:
    """The calendar day in the city on which `moment` (aware) falls."""
    if moment.tzinfo is None:
        raise ValueError("a time without a zone has no business date")
    return moment.astimezone(CITY_ZONE).date()


def today() -> date:
    """The calendar day in the city."""
    return business_date(now())


def monotonic() -> float:
    """Seconds for measuring durations; unrelated to the time of day."""
    return time.monotonic()


def set_offset(offset: timedelta) -> None:
    """Move the clock of this process; refused with PermissionError in production mode."""
    global _offset
    if os.environ.get("XOAI_MODE", "production") == "production":
        raise PermissionError("the clock cannot be moved in production mode")
    _offset = offset


class Follower:
    """What a process last heard of the platform's offset; its clock is moved only when that changes.

    So an offset that a test set in its own process stays.
    """

    def __init__(self) -> None:
        self._heard = 0

    def hear(self, offset_seconds: int) -> None:
        """Move this process's clock if the platform's has moved."""
        if offset_seconds != self._heard:
            set_offset(timedelta(seconds=offset_seconds))
            self._heard = offset_seconds
