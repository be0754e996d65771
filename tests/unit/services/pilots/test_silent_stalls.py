"""Which stalls are said to be silent, and which are only closed, new, or on a quiet street."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.pilots.domain.silence import NEIGHBOURS, OpeningHours, Trade, hours_of, silent_stalls

# 10:30 in the city, a Monday.
NOW = datetime(2026, 11, 23, 3, 30, tzinfo=UTC)
QUIET = timedelta(minutes=60)
STREET = UUID(int=1)
HOURS = OpeningHours(5 * 60, 12 * 60, date(2026, 9, 1), None)


def trade(
    number: int,
    minutes_ago: int | None,
    *,
    usual_days: int = 5,
    section: int = 100,
    hours: OpeningHours = HOURS,
) -> Trade:
    """A stall that took money so many minutes ago; None: not today."""
    last = None if minutes_ago is None else NOW - timedelta(minutes=minutes_ago)
    return Trade(UUID(int=number), UUID(int=section), STREET, usual_days, last, hours)


NEIGHBOUR_TRADES = [trade(2, 5), trade(3, 20), trade(4, 50)]


def silent(*trades: Trade, now: datetime = NOW) -> list[int]:
    return [each.stall_id.int for each in silent_stalls(trades, QUIET, now)]


def test_a_stall_that_stands_still_among_busy_neighbours() -> None:
    """It usually sells at this hour, took its last money before the hour, and three neighbours took some since."""
    found = silent_stalls([trade(1, 95), *NEIGHBOUR_TRADES], QUIET, NOW)
    assert [(each.stall_id.int, each.neighbours) for each in found] == [(1, 3)]
    assert found[0].since == NOW - timedelta(minutes=95)


def test_a_stall_without_any_money_today_is_silent_since_it_opened() -> None:
    """Nobody sold anything before the market opened."""
    found = silent_stalls([trade(1, None), *NEIGHBOUR_TRADES], QUIET, NOW)
    assert found[0].since == datetime(2026, 11, 22, 22, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "trades",
    [
        pytest.param([trade(1, 10), *NEIGHBOUR_TRADES], id="took money a moment ago"),
        pytest.param([trade(1, 95, usual_days=2), *NEIGHBOUR_TRADES], id="seldom sells at this hour"),
        pytest.param([trade(1, 95), trade(2, 5), trade(3, 20), trade(4, 80)], id="a quiet morning for all"),
        pytest.param([trade(1, 95)], id="nobody around it"),
    ],
)
def test_who_is_not_silent(trades: list[Trade]) -> None:
    """Silence is only said of a stall that stands out."""
    assert 1 not in silent(*trades)


def test_neighbours_of_a_small_section_are_the_whole_street() -> None:
    """A corner of two stalls is measured by its street; a full section by itself, however busy the rest is."""
    elsewhere = [replace(each, section_id=UUID(int=200)) for each in NEIGHBOUR_TRADES]
    assert 1 in silent(trade(1, 95), trade(5, 90), *elsewhere)
    full = [trade(5, 90), trade(6, 90), trade(7, 90)]
    assert 1 not in silent(trade(1, 95), *full, *elsewhere)


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        (datetime(2026, 11, 22, 22, 30, tzinfo=UTC), False),
        (datetime(2026, 11, 22, 23, 1, tzinfo=UTC), True),
        (datetime(2026, 11, 23, 4, 59, tzinfo=UTC), True),
        (datetime(2026, 11, 23, 5, 1, tzinfo=UTC), False),
    ],
)
def test_only_within_opening_hours(moment: datetime, is_open: bool) -> None:
    """The whole quiet hour has to lie within the opening hours: before, nobody has to sell; later, nobody is there."""
    assert HOURS.covers(moment - QUIET, moment) is is_open


def test_a_stall_with_hours_of_its_own_is_asked_by_these() -> None:
    """Opened at ten, it is not silent at half past; opened early, it is silent since then. Closed neighbours say nothing."""
    late = OpeningHours(10 * 60, 12 * 60, date(2026, 9, 1), None)
    assert 1 not in silent(trade(1, None, hours=late), *NEIGHBOUR_TRADES)
    early = OpeningHours(4 * 60, 12 * 60, date(2026, 9, 1), None)
    (found,) = silent_stalls([trade(1, None, hours=early), *NEIGHBOUR_TRADES], QUIET, NOW)
    assert found.since == datetime(2026, 11, 22, 21, 0, tzinfo=UTC)
    closed = [replace(each, hours=late) for each in NEIGHBOUR_TRADES]
    assert 1 not in silent(trade(1, 95), *closed)


def test_only_while_the_fair_is_on() -> None:
    """Before its first and after its last day a fair is closed, and no hour reaches over midnight."""
    fair = OpeningHours(0, 1_440, date(2026, 11, 23), date(2026, 11, 23))
    assert fair.covers(NOW - QUIET, NOW)
    assert not fair.covers(NOW - timedelta(days=1, minutes=60), NOW - timedelta(days=1))
    assert not fair.covers(NOW + timedelta(days=1), NOW + timedelta(days=1))
    midnight = datetime(2026, 11, 23, 17, 5, tzinfo=UTC)
    assert not fair.covers(midnight - QUIET, midnight)


def test_the_same_hours_of_seven_days() -> None:
    """From 09:30 to 10:30 touches the hours from nine to eleven, on each of the seven days before."""
    hours = hours_of(NOW - QUIET, NOW)
    assert len(hours) == 7
    assert hours[0] == (datetime(2026, 11, 22, 2, tzinfo=UTC), datetime(2026, 11, 22, 4, tzinfo=UTC))
    assert hours[6][0] == datetime(2026, 11, 16, 2, tzinfo=UTC)


_TRADES = st.lists(
    st.builds(
        lambda ago, days, section: (ago, days, section),
        st.one_of(st.none(), st.integers(0, 300)),
        st.integers(0, 7),
        st.integers(100, 102),
    ),
    max_size=25,
)


@given(_TRADES)
def test_nobody_is_silent_who_takes_money(drawn: list[tuple[int | None, int, int]]) -> None:
    """Whatever the street looks like: a silent stall took none for an hour, and enough of the street did."""
    trades = [
        trade(number, ago, usual_days=days, section=section)
        for number, (ago, days, section) in enumerate(drawn, start=1)
    ]
    takers = sum(1 for ago, _, _ in drawn if ago is not None and ago < 60)
    for each in silent_stalls(trades, QUIET, NOW):
        ago = drawn[each.stall_id.int - 1][0]
        assert ago is None or ago >= 60
        assert NEIGHBOURS <= each.neighbours <= takers
        assert each.since <= NOW - QUIET
