"""Weeks, and what besides suppression decides what a week's tables say."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

import pytest

from services.pilots.domain.definitions import BY_NAME, DEFINITIONS
from services.pilots.domain.figures import Published, Raw, publish
from services.pilots.domain.holidays import holidays
from services.pilots.domain.indicators import indicators_of
from services.pilots.domain.weeks import Week, due_weeks, week_of
from tests.support.pilot_city import MadeUpCity, make_city

WEEK = Week(date(2026, 11, 16))
NOON = datetime.fromisoformat("2026-11-23T12:00:00+07:00")


@pytest.fixture(scope="module")
def city() -> MadeUpCity:
    return make_city(1, [WEEK])


def tables(city: MadeUpCity, raw: Raw) -> Published:
    return publish(WEEK, "2025", city.places, raw)


def test_a_week_is_published_on_monday_noon_or_waits_until_wednesday() -> None:
    """Both on the city's clock."""
    assert week_of(date(2026, 11, 22)) == WEEK == week_of(date(2026, 11, 16))
    assert not WEEK.is_due(NOON.replace(hour=11))
    assert WEEK.is_due(NOON)
    assert not WEEK.waits_no_longer(NOON.replace(day=25, hour=11))
    assert WEEK.waits_no_longer(NOON.replace(day=25))
    assert list(due_weeks(date(2026, 11, 4), NOON)) == [WEEK.before.before, WEEK.before, WEEK]


def test_weeks_share_no_day() -> None:
    """So no figure can be taken from another over time."""
    weeks = list(due_weeks(date(2026, 1, 1), NOON))
    days = [day for week in weeks for day in week.days]
    assert len(days) == len(set(days))


def test_a_share_needs_half_of_the_owners_to_enter_cash(city: MadeUpCity) -> None:
    """Where only some keep a cash book, takings and share are hidden; transfers are not."""
    raw = city.raw(WEEK)
    everybody = {
        block: {owner: (50_000,) for owner, values in shares.items() if values[0]}
        for block, shares in raw.transfers.items()
    }
    total = tables(city, replace(raw, cash=everybody)).rows[-1].cells
    assert total.takings is not None
    assert total.share_permille is not None
    assert total.transfers is not None
    few = {
        block: dict.fromkeys(list(shares)[: len(shares) // 3], (50000,))
        for block, shares in everybody.items()
    }
    hidden = tables(city, replace(raw, cash=few)).rows[-1].cells
    assert (hidden.takings, hidden.share_permille) == (None, None)
    assert hidden.transfers == total.transfers


def test_city_and_days_are_shown_together_or_not_at_all(city: MadeUpCity) -> None:
    """Seven days that add up to a hidden week would tell of it."""
    raw = city.raw(WEEK)
    one = next(iter(raw.days[WEEK.monday]))
    great = {day: {**shares, one: (10**12,)} for day, shares in raw.days.items()}
    found = tables(city, replace(raw, days=great))
    assert found.rows[-1].cells.transfers is None
    assert {cell.transfers for cell in found.days} == {None}
    assert found.service.median_ms is None


@pytest.mark.parametrize(("visits", "shown"), [(0, 0), (1, None), (4, None), (5, 5)])
def test_few_visits_are_hidden(city: MadeUpCity, visits: int, shown: int | None) -> None:
    """One to four visits are few people; none is nobody."""
    assert tables(city, replace(city.raw(WEEK), visits=visits)).service.visits == shown


def test_special_days_are_named(city: MadeUpCity) -> None:
    """A holiday by the list, else a short fair on its days; a market that lasts is nothing special."""
    fair = replace(city.places[-1], start_date=date(2026, 11, 21), end_date=date(2026, 11, 24))
    week = Week(date(2026, 11, 23))
    later = make_city(1, [week])
    found = publish(week, "2025", [*later.places[:-1], fair], later.raw(week))
    assert [cell.note for cell in found.days[:3]] == [fair.name, "Ngày Văn hóa Việt Nam", ""]
    assert found.days[1].note_en == "Viet Nam Culture Day"
    assert {cell.note for cell in tables(city, city.raw(WEEK)).days} == {""}


def test_holidays_say_whether_they_are_confirmed() -> None:
    """The list is dated data: next year's days are not confirmed yet."""
    assert holidays()[date(2026, 9, 2)].is_confirmed
    assert not holidays()[date(2027, 2, 6)].is_confirmed
    assert all(day.vi and day.en for day in holidays().values())


def test_every_indicator_is_defined_and_every_definition_used(city: MadeUpCity) -> None:
    """Names and units come from the one table; a hidden figure has no value."""
    published = tables(city, city.raw(WEEK))
    found = indicators_of(published, NOON, is_complete=True)
    assert {each.name for each in found} == set(BY_NAME)
    assert len(BY_NAME) == len(DEFINITIONS)
    assert all(each.unit == BY_NAME[each.name].unit for each in found)
    keys = [(each.name, each.place, each.period_from) for each in found]
    assert len(keys) == len(set(keys))
    total = published.rows[-1].cells
    shown = next(each for each in found if (each.name, each.place) == ("transfers", "city"))
    assert shown.value == total.transfers
