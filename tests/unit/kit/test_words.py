"""Amounts in words, as Vietnamese accountants write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.money import AMOUNT_MOST, AmountOutOfRange
from kit.words import amount_in_words

KNOWN = {
    0: "Không",
    1: "Một",
    5: "Năm",
    10: "Mười",
    11: "Mười một",
    14: "Mười bốn",
    15: "Mười lăm",
    20: "Hai mươi",
    21: "Hai mươi mốt",
    24: "Hai mươi tư",
    25: "Hai mươi lăm",
    91: "Chín mươi mốt",
    100: "Một trăm",
    101: "Một trăm lẻ một",
    104: "Một trăm lẻ bốn",
    105: "Một trăm lẻ năm",
    110: "Một trăm mười",
    111: "Một trăm mười một",
    115: "Một trăm mười lăm",
    121: "Một trăm hai mươi mốt",
    1_000: "Một nghìn",
    1_001: "Một nghìn không trăm lẻ một",
    1_005: "Một nghìn không trăm lẻ năm",
    1_010: "Một nghìn không trăm mười",
    1_021: "Một nghìn không trăm hai mươi mốt",
    10_000: "Mười nghìn",
    21_000: "Hai mươi mốt nghìn",
    450_000: "Bốn trăm năm mươi nghìn",
    1_000_000: "Một triệu",
    1_000_005: "Một triệu không trăm lẻ năm",
    1_005_000: "Một triệu không trăm lẻ năm nghìn",
    1_250_000: "Một triệu hai trăm năm mươi nghìn",
    2_277_000: "Hai triệu hai trăm bảy mươi bảy nghìn",
    1_000_000_000: "Một tỷ",
    1_000_000_001: "Một tỷ không trăm lẻ một",
    1_000_001_000: "Một tỷ không trăm lẻ một nghìn",
    1_015_000_000: "Một tỷ không trăm mười lăm triệu",
    15_000_000_000: "Mười lăm tỷ",
    1_005_000_000_000: "Một nghìn không trăm lẻ năm tỷ",
    1_000_000_000_005: "Một nghìn tỷ không trăm lẻ năm",
    1_000_000_000_000_000: "Một triệu tỷ",
    999_999_999_999_999: (
        "Chín trăm chín mươi chín nghìn chín trăm chín mươi chín tỷ chín trăm chín mươi chín triệu "
        "chín trăm chín mươi chín nghìn chín trăm chín mươi chín"
    ),
}


@pytest.mark.parametrize(("amount", "words"), KNOWN.items())
def test_known_amounts(amount: int, words: str) -> None:
    """Mốt, lăm, tư, lẻ and the empty hundreds stand where they are said."""
    assert amount_in_words(amount) == f"{words} đồng"


DIGITS = {
    "không": 0, "một": 1, "mốt": 1, "hai": 2, "ba": 3, "bốn": 4, "tư": 4, "năm": 5, "lăm": 5, "sáu": 6, "bảy": 7,
    "tám": 8, "chín": 9,
}  # fmt: skip


def read_back(words: str) -> int:
    """The amount that the words say, by the rules of counting and not by those of writing."""
    total, scaled, group = 0, 0, 0
    for word in words.lower().removesuffix(" đồng").split():
        if word in DIGITS:
            group += DIGITS[word]
        elif word == "mười":
            group += 10
        elif word == "mươi":
            group = group // 100 * 100 + group % 100 * 10
        elif word == "trăm":
            group *= 100
        elif word in ("nghìn", "triệu"):
            scaled += group * {"nghìn": 10**3, "triệu": 10**6}[word]
            group = 0
        elif word == "tỷ":
            total, scaled, group = (scaled + group) * 10**9, 0, 0
        else:
            assert word == "lẻ"
    return total + scaled + group


@given(st.integers(0, AMOUNT_MOST) | st.integers(0, 15).map(lambda power: 10**power))
def test_words_say_the_amount(amount: int) -> None:
    """Counting the words gives the amount back."""
    assert read_back(amount_in_words(amount)) == amount


@given(st.integers(0, AMOUNT_MOST - 1))
def test_no_two_amounts_share_their_words(amount: int) -> None:
    """Neighbours differ in words."""
    assert amount_in_words(amount) != amount_in_words(amount + 1)


@pytest.mark.parametrize("amount", [-1, AMOUNT_MOST + 1, 10**30])
def test_out_of_range(amount: int) -> None:
    """Negative and huge amounts are no amounts on a notice."""
    with pytest.raises(AmountOutOfRange):
        amount_in_words(amount)


@pytest.mark.parametrize("amount", [True, 5.0, "5"])
def test_only_whole_numbers(amount: object) -> None:
    """A float or a text is refused."""
    with pytest.raises(TypeError):
        amount_in_words(amount)  # type: ignore[arg-type]
