"""Money: whole units of one currency, split without loss, written and read as people here do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.money import (
    AMOUNT_MOST,
    AmountNotWhole,
    AmountOutOfRange,
    Currency,
    CurrencyMismatch,
    Money,
    Rounding,
    allocate,
    dong,
    format_vnd,
    parse_vnd,
    total,
)

amounts = st.integers(-AMOUNT_MOST, AMOUNT_MOST)


def test_sums_and_differences_stay_in_one_currency() -> None:
    """Amounts of one currency add up; two currencies are refused by every operation."""
    assert dong(450_000) + dong(1_000) - dong(500) == dong(450_500)
    assert -dong(5) == dong(-5)
    assert 3 * dong(7) == dong(7) * 3 == dong(21)
    assert total(Currency.VND, [dong(1), dong(2), dong(3)]) == dong(6)
    assert total(Currency.VND, []) == dong(0)
    dollar = Money(Currency.USD, 100)
    for operation in (
        lambda: dong(1) + dollar,
        lambda: dong(1) - dollar,
        lambda: dong(1) < dollar,
        lambda: dong(1) <= dollar,
        lambda: dong(1) > dollar,
        lambda: dong(1) >= dollar,
    ):
        with pytest.raises(CurrencyMismatch):
            operation()
    assert dong(100) != dollar


def test_order() -> None:
    """Amounts of one currency compare by size."""
    assert dong(1) < dong(2) <= dong(2) < dong(3) > dong(2) >= dong(2)


@pytest.mark.parametrize("wrong", [True, 1.0, "1", None])
def test_only_an_int_is_an_amount(wrong: object) -> None:
    """A bool, a float and a text are refused: each of them has once become a wrong amount somewhere."""
    with pytest.raises(TypeError):
        Money(Currency.VND, wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", [True, 1.5, "2", dong(1)])
def test_only_an_int_multiplies(wrong: object) -> None:
    """Money times a fraction needs a named rounding, so only a count multiplies."""
    with pytest.raises(TypeError):
        dong(10) * wrong


def test_plain_numbers_do_not_mix_with_money() -> None:
    """A bare number has no currency."""
    with pytest.raises(TypeError):
        dong(1) + 1
    with pytest.raises(TypeError):
        dong(1) - 1
    with pytest.raises(TypeError):
        Money("VND", 1)  # type: ignore[arg-type]


def test_money_is_neither_true_nor_false() -> None:
    """`if money:` hides the question whether 0 đồng counts."""
    with pytest.raises(TypeError):
        bool(dong(0))


def test_range() -> None:
    """Amounts beyond 10^15 would not pass through JSON unharmed."""
    assert dong(AMOUNT_MOST).amount_minor == AMOUNT_MOST
    with pytest.raises(AmountOutOfRange):
        dong(AMOUNT_MOST + 1)
    with pytest.raises(AmountOutOfRange):
        dong(AMOUNT_MOST) + dong(1)


@given(amounts, st.lists(st.integers(0, 10**9), min_size=1, max_size=30).filter(any))
def test_allocation_loses_nothing(amount: int, weights: list[int]) -> None:
    """Parts sum to the whole, keep its sign, and differ from the exact share by less than one unit."""
    parts = allocate(amount, weights)
    assert sum(parts) == amount
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part * sum(weights) - amount * weight) < sum(weights)
        assert part * amount >= 0
        if weight == 0:
            assert part == 0


def test_allocation_is_settled_by_order() -> None:
    """What is left over goes to the largest fraction, the earlier weight first."""
    assert dong(100).allocate([1, 1, 1]) == (dong(34), dong(33), dong(33))
    assert dong(-100).allocate([1, 1, 1]) == (dong(-34), dong(-33), dong(-33))
    assert allocate(10, [1, 0, 5]) == [2, 0, 8]


@pytest.mark.parametrize("weights", [[], [0, 0], [1, -1, 3]])
def test_allocation_needs_weights(weights: list[int]) -> None:
    """Nothing can be split in proportion to nothing, or to less than nothing."""
    with pytest.raises(ValueError):
        allocate(5, weights)


@pytest.mark.parametrize(
    ("amount", "rounding", "expected"),
    [
        (5, Rounding.HALF_UP, 1), (4, Rounding.HALF_UP, 0), (5, Rounding.DOWN, 0), (1, Rounding.UP, 1),
        (-5, Rounding.HALF_UP, -1), (-4, Rounding.HALF_UP, 0), (-9, Rounding.DOWN, 0), (-1, Rounding.UP, -1),
        (30, Rounding.UP, 3),
    ],
)  # fmt: skip
def test_a_share_is_rounded_as_named(amount: int, rounding: Rounding, expected: int) -> None:
    """A tenth of an amount under each rounding, on both sides of zero."""
    assert dong(amount).share(1, 10, rounding) == dong(expected)


def test_a_share_of_nothing() -> None:
    """A denominator must be positive."""
    with pytest.raises(ValueError):
        dong(1).share(1, 0, Rounding.DOWN)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1250000", 1250000), ("1.250.000", 1250000), ("1,250,000", 1250000), ("1 250 000", 1250000),
        ("1\u00a0250\u00a0000", 1250000), ("1\u202f250\u202f000 ₫", 1250000), ("1.250.000 ₫", 1250000),
        ("1.250.000\u00a0₫", 1250000), ("1.250.000đ", 1250000), ("1.250.000 Đ", 1250000), ("1250000 VND", 1250000),
        ("1250000vnđ", 1250000), ("1.250.000 đồng", 1250000), ("1.250.000 đồ\u0300ng".replace("ồ\u0300", "ô\u0300"), 1250000),
        ("1.250.000 dong", 1250000), (" 450.000 ", 450000), ("0", 0), ("0 đ", 0), ("999", 999), ("1.000", 1000),
        ("1,000", 1000), ("1000000000000000", 10**15),
    ],
)  # fmt: skip
def test_amounts_as_people_write_them(text: str, amount: int) -> None:
    """Full groups of three with one kind of separator, or none, with or without the đồng."""
    assert parse_vnd(text) == amount


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "đ", "VND", "abc", "1.234,5", "1.23", "1,5", "1.2345", "12.34.567", "1.250,000", "1,250.000",
        "1.250 000", "1250.000", "1..250", ".250", "250.", "5.", "0.500", "0500", "00", "01.000", "-5", "−5", "+5",
        "1e6", "1_000", "１２５", "١٢٣", "1.250.000 $", "1.250.000 đđ", "VND 1.000", "1.250.000\u200b", "½", "1\t250",
        "50000.0", "1.250.000,00", "9" * 50, "NaN",
    ],
)  # fmt: skip
def test_what_is_no_whole_number_of_dong(text: str) -> None:
    """Anything that could be read in two ways, or not at all, is refused."""
    with pytest.raises(AmountNotWhole):
        parse_vnd(text)


def test_amounts_too_large() -> None:
    """Beyond 10^15 an amount is out of range, not misread."""
    for text in ("1000000000000001", "1.000.000.000.000.001", "9" * 40):
        with pytest.raises(AmountOutOfRange):
            parse_vnd(text)


@given(amounts)
def test_writing_and_reading_agree(amount: int) -> None:
    """What was written reads back as the same amount, also with other separators."""
    text = format_vnd(amount)
    assert parse_vnd(text, signed=True) == amount
    assert parse_vnd(text.replace(".", ","), signed=True) == amount


def test_form() -> None:
    """Points between thousands, a no-break space before the sign."""
    assert format_vnd(1_250_000) == "1.250.000\u00a0₫"
    assert format_vnd(0) == "0\u00a0₫"
    assert format_vnd(-999) == "-999\u00a0₫"


@pytest.mark.parametrize("wrong", [True, 1.0, "1"])
def test_only_an_int_is_written(wrong: object) -> None:
    """A float does not become an amount by being printed."""
    with pytest.raises(TypeError):
        format_vnd(wrong)  # type: ignore[arg-type]


def test_too_large_to_write() -> None:
    """The range holds for writing as well."""
    with pytest.raises(AmountOutOfRange):
        format_vnd(AMOUNT_MOST + 1)
