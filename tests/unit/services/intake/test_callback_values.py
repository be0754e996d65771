"""Amounts and moments as providers write them."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.intake.domain import AmountNotWhole, iso_time, money_digest, parse_time, whole_dong


@pytest.mark.parametrize(
    ("found", "amount"),
    [
        ("50000", 50000),
        ("50000.0", 50000),
        ("50000.00", 50000),
        ("5e4", 50000),
        ("5E+4", 50000),
        ("500000e-1", 50000),
        ("0", 0),
        ("-0", 0),
        ("0.00", 0),
        ("1000000000000000", 10**15),
        ("1e15", 10**15),
        ("1234567890123456e-1", None),
    ],
)
@pytest.mark.parametrize("is_number", [True, False])
def test_amounts(found: str, amount: int | None, is_number: bool) -> None:
    """An amount is judged exactly, as a number and as a text."""
    if amount is None:
        with pytest.raises(AmountNotWhole):
            whole_dong(found, is_number=is_number)
    else:
        assert whole_dong(found, is_number=is_number) == amount


@pytest.mark.parametrize(
    "found",
    [
        None,
        True,
        False,
        [],
        {},
        "",
        " ",
        "50000 ",
        "50,000",
        "50.000.000",
        "50 000",
        "0x10",
        "1_000",
        "+5",
        "５００００",
        "٥",
        "NaN",
        "Infinity",
        "abc",
        "50000.5",
        "0.1",
        "1e-1",
        "-1",
        "-50000.0",
        "1000000000000001",
        "9" * 30,
        "1e16",
        "1e9999",
        "1e999999",
        "9223372036854775808",
        "1" + "0" * 200_000,
        "1e",
        ".5",
        "5.",
        "--5",
    ],
)
def test_what_is_no_amount(found: object) -> None:
    """Fractions, negatives, anything above 10^15 and anything that is no decimal number are refused, never rounded."""
    for is_number in (True, False):
        with pytest.raises(AmountNotWhole):
            whole_dong(found, is_number=is_number)


def test_a_point_before_three_digits() -> None:
    """The text "50.000" may be fifty thousand or fifty, so it is neither; a JSON number leaves no doubt."""
    for found in ("50.000", "1250.000"):
        with pytest.raises(AmountNotWhole):
            whole_dong(found, is_number=False)
    assert whole_dong("50.000", is_number=True) == 50


@settings(deadline=None)
@given(st.integers(-(10**16), 10**16), st.integers(-4, 4))
def test_amounts_agree_with_fractions(mantissa: int, exponent: int) -> None:
    """The judgement is that of exact arithmetic."""
    exact = Fraction(mantissa) * Fraction(10) ** exponent
    found = f"{mantissa}e{exponent}"
    if exact.denominator == 1 and 0 <= exact <= 10**15:
        assert whole_dong(found, is_number=True) == exact
    else:
        with pytest.raises(AmountNotWhole):
            whole_dong(found, is_number=True)


@pytest.mark.parametrize(
    ("found", "moment"),
    [
        ("2025-11-22 14:02:37", "2025-11-22T07:02:37Z"),
        ("2025-11-22T14:02:37", "2025-11-22T07:02:37Z"),
        ("2025-11-22T07:02:37Z", "2025-11-22T07:02:37Z"),
        ("2025-11-22T14:02:37+07:00", "2025-11-22T07:02:37Z"),
        (" 2025-11-22 00:30:00.500 ", "2025-11-21T17:30:00.500000Z"),
        ("22/11/2025 14:02:37", "2025-11-22T07:02:37Z"),
        ("22/11/2025", "2025-11-21T17:00:00Z"),
        ("2025-11-22", "2025-11-21T17:00:00Z"),
        ("1763800000", "2025-11-22T08:26:40Z"),
        ("1763800000250", "2025-11-22T08:26:40.250000Z"),
    ],
)
def test_times(found: str, moment: str) -> None:
    """Local times are at UTC+7; a zone that is said is used; times since 1970 are read."""
    parsed = parse_time(found)
    assert parsed is not None
    assert iso_time(parsed) == moment
    assert parsed.tzinfo is UTC


@pytest.mark.parametrize(
    "found",
    [
        "",
        "hôm qua",
        "2025-13-01 00:00:00",
        "31/02/2025",
        "0001-01-01 00:00:00",
        "12",
        "202511",
        "2025-11-22 25:00",
    ],
)
def test_what_is_no_time(found: str) -> None:
    """What cannot be understood is no time, and no error."""
    assert parse_time(found) is None


@settings(deadline=None)
@given(st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)))  # noqa: DTZ001
def test_local_times_are_seven_hours_ahead(local: datetime) -> None:
    """Every local time lies seven hours ahead of UTC."""
    parsed = parse_time(local.isoformat(sep=" "))
    assert parsed is not None
    assert (local - parsed.replace(tzinfo=None)).total_seconds() == 7 * 3600


def test_digest_tells_money_fields_apart() -> None:
    """Any other account, direction, amount or currency has another digest."""
    fields = ("0123", "in", "50000", "VND")
    others = [
        ("0124", "in", "50000", "VND"),
        ("0123", "out", "50000", "VND"),
        ("0123", "in", "50001", "VND"),
        ("0123", "in", "50000", "USD"),
        (None, "in", "50000", "VND"),
    ]
    digests = {money_digest(*one) for one in [fields, *others]}
    assert len(digests) == 6
    assert money_digest(*fields) == money_digest(*fields)
