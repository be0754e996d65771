"""Business days of a programme, and wards by dated lists."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.pilots.domain.programmes import book_date, cut_off, next_cut_off
from services.pilots.domain.wards import ward_at, ward_now, wards

# Five years of seconds.
MOMENTS = st.integers(0, 5 * 365 * 86_400).map(
    lambda seconds: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
CUT_OFFS = st.integers(1, 1_440)


def test_money_after_the_cut_off_is_tomorrows() -> None:
    """At 22:00 in the city, to the second."""
    before = datetime(2026, 9, 15, 14, 59, 59, tzinfo=UTC)
    assert book_date(before, 22 * 60) == date(2026, 9, 15)
    assert book_date(before + timedelta(seconds=1), 22 * 60) == date(2026, 9, 16)


def test_a_cut_off_at_midnight_keeps_calendar_days() -> None:
    """A night market that sells past midnight has its day until then."""
    last = datetime(2026, 9, 15, 16, 59, 59, tzinfo=UTC)
    assert book_date(last, 1_440) == date(2026, 9, 15)
    assert next_cut_off(last, 1_440) == last + timedelta(seconds=1)


@given(MOMENTS, CUT_OFFS)
def test_every_moment_lies_in_its_business_day(moment: datetime, minute: int) -> None:
    """Behind the cut-off of the day before, before its own."""
    day = book_date(moment, minute)
    assert cut_off(day - timedelta(days=1), minute) <= moment < cut_off(day, minute)
    assert next_cut_off(moment, minute) - moment <= timedelta(days=1)


def test_a_ward_code_alone_names_no_ward() -> None:
    """25195 was Tân Phú and is Bình Phước since July 2025."""
    was, now = ward_at("25195", date(2025, 6, 30)), ward_at("25195", date(2025, 7, 1))
    assert was is not None
    assert now is not None
    assert (was.name, was.ward_set, now.name, now.ward_set) == (
        "Phường Tân Phú",
        "2023",
        "Phường Bình Phước",
        "2025",
    )
    assert ward_now("25195") == now
    assert ward_now("25198") is None
    assert ward_at("99999", date(2026, 1, 1)) is None


def test_every_older_ward_lies_in_one_of_todays() -> None:
    """Eight names of 2023, two of 2025, on no day two of one code."""
    old = [ward for ward in wards() if ward.ward_set == "2023"]
    assert len(old) == 8
    assert {ward.now_code for ward in old} == {ward.code for ward in wards() if ward.ward_set == "2025"}
    assert len({(ward.code, ward.valid_from) for ward in wards()}) == len(wards())
