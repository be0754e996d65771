"""The business day of a stall: where a moment belongs, when money is late, and that each đồng stands in one sum."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.clock import CITY_ZONE
from services.pilots.domain.days import (
    Day,
    Hours,
    Sum,
    check_close,
    closes_from,
    day_of,
    end_of,
    is_late,
    money_day,
    sum_of,
)
from services.pilots.domain.errors_sales import DayNotOver, DayNotYet

HOURS = Hours(close_minute=20 * 60, cut_off_minute=22 * 60)
DAY = date(2026, 9, 15)
moments = st.integers(0, 3 * 365 * 86_400).map(
    lambda s: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=s)
)
hours = st.builds(Hours, st.integers(0, 1440), st.integers(1, 1440))


def city(hour: int, minute: int = 0, day: int = 15) -> datetime:
    return datetime(2026, 9, day, hour, minute, tzinfo=CITY_ZONE)


@given(moments, hours)
def test_every_moment_is_in_exactly_one_day(moment: datetime, hours: Hours) -> None:
    """It lies before the end of its own day and not before the end of the day before."""
    day = day_of(moment, hours)
    assert end_of(day - timedelta(days=1), hours) <= moment < end_of(day, hours)


@given(st.dates(date(2025, 1, 1), date(2027, 12, 31)), hours)
def test_days_join_without_gap(day: date, hours: Hours) -> None:
    """A day ends where the next begins, and it can be closed no later than it ends."""
    end = end_of(day, hours)
    assert day_of(end, hours) == day + timedelta(days=1)
    assert day_of(end - timedelta(microseconds=1), hours) == day
    assert closes_from(day, hours) <= end


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (city(0, 0), DAY),
        (city(21, 59), DAY),
        (city(22, 0), date(2026, 9, 16)),
        (city(23, 59), date(2026, 9, 16)),
        (city(22, 0, day=14), DAY),
    ],
)
def test_money_after_the_cut_off_belongs_to_the_next_day(moment: datetime, expected: date) -> None:
    """The cut-off itself is the next day's first moment; a statement line without a time counts from midnight."""
    assert day_of(moment, HOURS) == expected


def test_a_banks_clock_that_runs_ahead_moves_no_money_into_a_day_to_come() -> None:
    """The bank's time counts for no later than the arrival; without one the arrival counts."""
    arrival = city(10)
    assert money_day(city(23), arrival, HOURS) == DAY
    assert money_day(None, arrival, HOURS) == DAY
    assert money_day(city(21), city(8, day=16), HOURS) == DAY


@given(moments, st.timedeltas(timedelta(), timedelta(days=3)), hours, st.booleans())
def test_late_is_what_came_after_its_day_or_its_close(
    bank_time: datetime, delay: timedelta, hours: Hours, is_closed: bool
) -> None:
    """Money that arrives within its own day is late only if the day was closed before."""
    arrive_time = bank_time + delay
    day = money_day(bank_time, arrive_time, hours)
    came_after = day_of(arrive_time, hours) > day
    assert is_late(day, arrive_time, hours, is_closed=is_closed) == (is_closed or came_after)


changes = st.lists(
    st.tuples(st.integers(1, 10**9), st.booleans(), st.booleans(), st.booleans(), st.booleans()), max_size=30
)


@given(changes)
def test_each_dong_stands_in_one_sum(
    takings: list[tuple[int, bool, bool, bool, bool]],
) -> None:
    """However money is marked, marked back and taken back, the sums together are what stands."""
    day, standing = Day(), 0
    for amount, late, private, marked, reversed_ in takings:
        place = sum_of(is_private=private, is_late=late)
        day = day.add(place, amount)
        standing += amount
        if marked:
            moved = sum_of(is_private=not private, is_late=late)
            assert moved != place
            day = day.add(place, -amount).add(moved, amount)
            place = moved
        if reversed_:
            day = day.add(place, -amount)
            standing -= amount
    assert day.transfer_sum + day.private_sum + day.late_sum == standing
    kept = sum(1 for taking in takings if not taking[4])
    assert day.transfer_count + day.private_count + day.late_count == kept


def test_private_goes_before_late() -> None:
    """A late transfer of the family's is among the private ones."""
    assert sum_of(is_private=True, is_late=True) is Sum.PRIVATE
    assert sum_of(is_private=False, is_late=True) is Sum.LATE
    assert sum_of(is_private=False, is_late=False) is Sum.TRANSFER


def test_a_day_is_closed_from_its_closing_hour_on() -> None:
    """Not before, and no day to come; a day of last week can still be closed."""
    with pytest.raises(DayNotOver, match="20:00"):
        check_close(DAY, HOURS, city(19, 59))
    check_close(DAY, HOURS, city(20))
    check_close(DAY - timedelta(days=7), HOURS, city(6))
    with pytest.raises(DayNotYet):
        check_close(DAY + timedelta(days=1), HOURS, city(21))
