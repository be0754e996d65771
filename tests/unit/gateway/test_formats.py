"""How amounts, days and codes are written, and how forgiving their reading is."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st

from gateway import formats
from kit.references.code import Kind, check, new_reference


@pytest.mark.parametrize(
    ("amount", "shown"),
    [(0, "0 ₫"), (936_000, "936.000 ₫"), (-56_000, "−56.000 ₫"), (4_812_604_000, "4.812.604.000 ₫")],
)
def test_money(amount: int, shown: str) -> None:
    """Dots between thousands, a no-break space before the sign, the real minus."""
    assert formats.money(amount) == shown.replace(" ", "\u00a0")
    assert formats.figure(amount) == shown.removesuffix(" ₫")


@pytest.mark.parametrize(
    ("part", "whole", "vi", "en"),
    [
        (804, 1000, "80,4\u00a0%", "80.4%"),
        (1, 1, "100\u00a0%", "100%"),
        (9_999, 10_000, "99,9\u00a0%", "99.9%"),
        (1, 0, "", ""),
    ],
)
def test_percent_never_rounds_up_to_all(part: int, whole: int, vi: str, en: str) -> None:
    """A hundred per cent is said only of all."""
    assert formats.percent(part, whole) == vi
    assert formats.percent(part, whole, english=True) == en


def test_times_are_the_citys() -> None:
    """A UTC time is shown as it is in Viet Nam, also across midnight; none shows as nothing."""
    stamp = Timestamp()
    stamp.FromDatetime(datetime(2026, 11, 21, 18, 30, 5, tzinfo=UTC))
    assert (formats.clock_time(stamp), formats.day(stamp)) == ("01:30:05", "22/11/2026")
    assert (formats.clock_time(Timestamp()), formats.day(Timestamp()), formats.day("")) == ("", "", "")
    assert formats.day("2026-11-30") == "30/11/2026"


@pytest.mark.parametrize("account", ["9021000011187", "123", "12345678", "1234567890", "19012345678901"])
def test_groups_keep_every_digit(account: str) -> None:
    """Grouping changes nothing but blanks, and leaves no lone digit at the end."""
    shown = formats.grouped(account)
    assert shown.replace(" ", "") == account
    assert len(shown.rpartition(" ")[2]) >= min(len(account), 3)


@pytest.mark.parametrize(
    "typed", ["27/3/2018", "27.03.2018", "27-3-2018", "27 3 2018", "27032018", " 27/03/2018 ", "2018-03-27"]
)
def test_birth_dates_as_parents_type_them(typed: str) -> None:
    """Every usual way of writing a day is the same day."""
    assert formats.birth_date(typed) == "2018-03-27"


@pytest.mark.parametrize("typed", ["31/02/2018", "abc", "", "4417", "99999999"])
def test_other_facts_stay_as_typed(typed: str) -> None:
    """What is no day is left alone: it may be four digits of a telephone, or simply wrong."""
    assert formats.birth_date(typed) == typed


@given(st.lists(st.sampled_from([" ", ".", "-", " . "]), min_size=13, max_size=13), st.booleans())
def test_references_are_read_however_they_are_typed(gaps: list[str], lower: bool) -> None:
    """Blanks, dots, dashes and small letters do not matter."""
    reference = new_reference(Kind.INVOICE)
    typed = "".join(character + gap for character, gap in zip(reference, gaps, strict=True))
    assert formats.tidy_code(typed.lower() if lower else typed) == reference
    assert check(formats.tidy_code(typed))


@pytest.mark.parametrize(
    ("milli", "shown"), [(21_000, "21"), (1_500, "1,5"), (250, "0,25"), (1_250_000, "1.250")]
)
def test_quantities(milli: int, shown: str) -> None:
    """Thousandths as people write them."""
    assert formats.quantity(milli) == shown
