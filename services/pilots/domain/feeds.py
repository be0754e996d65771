"""How long banks take to tell of money, kept as a histogram by minute; and when a bank is late.

A credit is late if its bank took longer than a minute. A bank becomes late when the median of its newest credits is, and
stays so until three credits in a row came in time. Credits that a statement told, hours after the money came, say nothing
about the feed and are left out.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

# Upper bounds of the buckets in milliseconds: ten to each power of ten, from 6 ms to 5 days; 60,000 is one of them.
_STEPS: Final = (1000, 1259, 1585, 1995, 2512, 3162, 3981, 5012, 6310, 7943)
BOUNDS: Final[tuple[int, ...]] = tuple(6 * step * 10**power // 1000 for power in range(8) for step in _STEPS)
LATE_MS: Final = 60_000
# Buckets above this one hold late credits.
LAST_IN_TIME: Final = BOUNDS.index(LATE_MS)
LEAST: Final = 3
WINDOW: Final = timedelta(minutes=10)
WINDOW_CREDITS: Final = 20
# What is older says nothing about now; what took longer was told by a statement.
LOOK_BACK: Final = timedelta(hours=6)
# No programme's: money that is on no stall.
NO_PROGRAMME: Final = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Arrival:
    """One payment out of a bank credit, as reconciliation told it. `stall_id` None: it is on no stall.

    `amount` and `sale_amount` (đồng): what was paid, and what a sale was still asking; `payment_id` names the payment.
    """

    bin: str
    bank_time: datetime
    arrive_time: datetime
    programme_id: UUID = NO_PROGRAMME
    stall_id: UUID | None = None
    payment_id: UUID | None = None
    amount: int = 0
    sale_amount: int = 0


@dataclass(frozen=True, slots=True)
class Minute:
    """Credits of a bank in one minute of arrival and one bucket."""

    minute: datetime
    bucket: int
    credits: int
    first_bank_time: datetime
    last_arrive_time: datetime

    @property
    def is_late(self) -> bool:
        return self.bucket > LAST_IN_TIME


@dataclass(frozen=True, slots=True)
class Health:
    """A bank's feed now. `late_since` is the bank's time of the first credit of the run; None while it is in time."""

    median_ms: int
    last_arrive_time: datetime
    late_since: datetime | None


def delay_ms(bank_time: datetime, arrive_time: datetime) -> int:
    """How long the bank took; 0 where its clock is ahead of ours."""
    return max((arrive_time - bank_time) // timedelta(milliseconds=1), 0)


def bucket_of(milliseconds: int) -> int:
    """The place of a delay in the histogram; the last bucket has no end."""
    return min(bisect_left(BOUNDS, milliseconds), len(BOUNDS) - 1)


def says_something(arrival: Arrival) -> bool:
    """True for a credit that tells how its bank's feed does."""
    return bool(arrival.bin) and arrival.arrive_time - arrival.bank_time <= LOOK_BACK


def median_ms(credits_by_bucket: Mapping[int, int]) -> int:
    """The median of a histogram in milliseconds, in proportion within its bucket; 0 for an empty one."""
    total = sum(credits_by_bucket.values())
    middle = (total + 1) // 2
    before = 0
    for bucket in sorted(credits_by_bucket):
        inside = credits_by_bucket[bucket]
        if before + inside >= middle and inside:
            low = BOUNDS[bucket - 1] if bucket else 0
            return low + (BOUNDS[bucket] - low) * (middle - before) // inside
        before += inside
    return 0


def reckon(minutes: Iterable[Minute], late_since: datetime | None, now: datetime) -> Health | None:
    """How a bank's feed does, out of its minutes of the last hours and whether it was late until now.

    None if nothing came in that time: nothing is known then, so nothing is said.
    """
    newest = sorted(
        (each for each in minutes if each.credits and each.minute > now - LOOK_BACK),
        key=lambda each: (each.minute, each.last_arrive_time),
        reverse=True,
    )
    if not newest:
        return None
    window = _window(newest, now)
    is_slow = sum(window.values()) >= LEAST and median_ms(window) > LATE_MS
    last = max(each.last_arrive_time for each in newest)
    since = None
    if (late_since is not None or is_slow) and _in_time_since_late(newest) < LEAST:
        since = late_since or _run_begins(newest)
    return Health(median_ms(window), last, since)


def _window(newest: Sequence[Minute], now: datetime) -> dict[int, int]:
    """Credits by bucket of the last ten minutes, or where those are too few of the last twenty credits."""
    recent = [each for each in newest if each.minute > now - WINDOW]
    if sum(each.credits for each in recent) < LEAST:
        recent, count = [], 0
        for each in newest:
            recent.append(each)
            count += each.credits
            if count >= WINDOW_CREDITS:
                break
    window: dict[int, int] = {}
    for each in recent:
        window[each.bucket] = window.get(each.bucket, 0) + each.credits
    return window


def _in_time_since_late(newest: Sequence[Minute]) -> int:
    """Credits in time that came after the last late one; where none was late, all of them."""
    late = [each for each in newest if each.is_late]
    if not late:
        return sum(each.credits for each in newest)
    last_late = max(each.last_arrive_time for each in late)
    last_minute = max(each.minute for each in late)
    # Of a bucket in the very minute of the last late credit only the newest credit is known to be later.
    return sum(
        each.credits if each.minute > last_minute else 1
        for each in newest
        if not each.is_late and each.last_arrive_time > last_late
    )


def _run_begins(newest: Sequence[Minute]) -> datetime:
    """The bank's time of the first late credit of the newest run: three in time between two late ones end a run."""
    begins, in_time = None, 0
    for each in newest:
        if each.is_late:
            begins = min(begins, each.first_bank_time) if begins else each.first_bank_time
            in_time = 0
        elif begins is not None:
            in_time += each.credits
            if in_time >= LEAST:
                break
    return begins or newest[0].first_bank_time
