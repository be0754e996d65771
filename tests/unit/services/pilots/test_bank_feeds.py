"""When a bank is said to be late, since when, and what is its usual delay."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from statistics import median_low

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.pilots.domain.feeds import (
    BOUNDS,
    LATE_MS,
    LOOK_BACK,
    Arrival,
    Minute,
    bucket_of,
    delay_ms,
    median_ms,
    reckon,
    says_something,
)

NOW = datetime(2026, 11, 22, 3, 42, 30, tzinfo=UTC)
_SECONDS = st.integers(min_value=0, max_value=7_200)


def minutes_of(*credits: tuple[int, int]) -> list[Minute]:
    """Minutes out of credits given as (seconds before NOW at which it arrived, delay in milliseconds)."""
    made = []
    for ago, delay in credits:
        arrive = NOW - timedelta(seconds=ago)
        bank = arrive - timedelta(milliseconds=delay)
        made.append(Minute(arrive.replace(second=0, microsecond=0), bucket_of(delay), 1, bank, arrive))
    return made


def test_a_bank_whose_median_is_above_a_minute_is_late_since_its_first_late_credit() -> None:
    """Three late credits make a bank late, dated by the bank's own time of the first."""
    health = reckon(minutes_of((400, 500), (200, 190_000), (100, 240_000), (20, 200_000)), None, NOW)
    assert health is not None
    assert health.late_since == NOW - timedelta(seconds=200 + 190)
    assert health.median_ms > LATE_MS


def test_two_late_credits_are_no_run() -> None:
    """Fewer than three credits say nothing about a bank."""
    health = reckon(minutes_of((90, 300_000), (30, 300_000)), None, NOW)
    assert health is not None
    assert health.late_since is None


def test_late_ends_with_three_credits_in_time() -> None:
    """After two good credits a late bank is still late, after the third no longer, whatever the median says."""
    since = NOW - timedelta(minutes=30)
    late = [(300 + step, 400_000) for step in range(10)]
    two = reckon(minutes_of(*late, (100, 800), (40, 900)), since, NOW)
    three = reckon(minutes_of(*late, (100, 800), (40, 900), (5, 700)), since, NOW)
    assert two is not None
    assert two.late_since == since
    assert three is not None
    assert three.late_since is None
    assert three.median_ms > LATE_MS


def test_a_late_bank_that_went_quiet_stays_late_until_nothing_is_known() -> None:
    """No news is no good news: only after hours without any credit the bank is said to be unknown."""
    since = NOW - timedelta(hours=2)
    assert reckon(minutes_of((3_600, 400_000)), since, NOW).late_since == since  # type: ignore[union-attr]
    old = int(LOOK_BACK.total_seconds()) + 120
    assert reckon(minutes_of((old, 400_000)), since, NOW) is None


def test_an_earlier_run_does_not_date_a_new_one() -> None:
    """Three credits in time between two bursts of late ones begin the count anew."""
    health = reckon(
        minutes_of(
            (5_000, 300_000),
            (4_000, 500),
            (3_900, 500),
            (3_800, 500),
            (300, 200_000),
            (200, 200_000),
            (100, 200_000),
        ),
        None,
        NOW,
    )
    assert health is not None
    assert health.late_since == NOW - timedelta(seconds=500)


def test_an_old_burst_is_not_late_again_once_it_is_over() -> None:
    """With few credits the window reaches back over an old burst; three in time since then outweigh it."""
    burst = [(7_000 + step, 600_000) for step in range(17)]
    health = reckon(minutes_of(*burst, (3_000, 400), (2_000, 400), (1_000, 400)), None, NOW)
    assert health is not None
    assert health.late_since is None


@given(st.lists(st.tuples(_SECONDS, st.integers(0, 3_000_000)), min_size=1, max_size=60))
def test_late_only_says_what_it_says(credits: list[tuple[int, int]]) -> None:
    """A bank is never late without a late credit, nor since a moment that none of its late credits has."""
    health = reckon(minutes_of(*credits), None, NOW)
    assert health is not None
    late = [
        NOW - timedelta(seconds=ago) - timedelta(milliseconds=delay)
        for ago, delay in credits
        if delay > LATE_MS
    ]
    assert health.late_since is None or health.late_since in late
    newest = sorted(credits)[:3]
    if len(newest) == 3 and len({ago // 60 for ago, _ in credits}) == len(credits):
        # Each in a minute of its own: then the last three are known exactly.
        assert health.late_since is None or any(delay > LATE_MS for _, delay in newest)


@given(st.integers(0, 10**9))
def test_a_delay_lies_in_its_bucket(delay: int) -> None:
    """Buckets hold what is above the bound before them, up to their own bound; the last one has no end."""
    bucket = bucket_of(delay)
    assert bucket == 0 or delay > BOUNDS[bucket - 1]
    assert delay <= BOUNDS[bucket] or bucket == len(BOUNDS) - 1


@given(st.lists(st.integers(10, 10**8), min_size=1))
def test_the_median_is_within_its_bucket(delays: list[int]) -> None:
    """The median out of the histogram is off by no more than one bucket, a quarter of its value."""
    exact = median_low(delays)
    bucket = bucket_of(exact)
    found = median_ms(Counter(map(bucket_of, delays)))
    assert (BOUNDS[bucket - 1] if bucket else 0) <= found <= BOUNDS[bucket]


def test_sixty_seconds_are_in_time() -> None:
    """The bound of a minute is one of the buckets' own: a millisecond more is late."""
    arrive = NOW
    in_time, late = (
        Minute(NOW, bucket_of(delay_ms(arrive - timedelta(milliseconds=delay), arrive)), 1, NOW, NOW)
        for delay in (60_000, 60_001)
    )
    assert not in_time.is_late
    assert late.is_late


def test_nothing_has_no_median() -> None:
    """An empty histogram has the median nought, and a bank's clock that is ahead of ours counts as no delay."""
    assert median_ms({}) == 0
    assert delay_ms(NOW + timedelta(seconds=3), NOW) == 0


@pytest.mark.parametrize(
    ("bin_code", "hours", "tells"), [("970436", 1, True), ("", 1, False), ("970436", 7, False)]
)
def test_statements_tell_nothing_of_a_feed(bin_code: str, hours: int, tells: bool) -> None:
    """A credit that came to us with a statement hours later is left out, and one without its bank."""
    arrival = Arrival(bin_code, NOW - timedelta(hours=hours), NOW)
    assert says_something(arrival) is tells
