"""Amounts of đồng in Vietnamese words, as they stand on notices and receipts."""

from __future__ import annotations

from typing import Final

from kit.money import AMOUNT_MOST, AmountOutOfRange

_DIGITS: Final = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")
_BILLION: Final = 10**9


def amount_in_words(amount: int) -> str:
    """`1005000` as "Một triệu không trăm lẻ năm nghìn đồng", up to 10^15. Raises AmountOutOfRange."""
    if type(amount) is not int:
        raise TypeError("an amount in words is a whole number of đồng")
    if not 0 <= amount <= AMOUNT_MOST:
        raise AmountOutOfRange(most=AMOUNT_MOST)
    billions, rest = divmod(amount, _BILLION)
    words = _below_billion(billions, inner=False)
    if billions:
        words.append("tỷ")
    words += _below_billion(rest, inner=billions > 0)
    if not words:
        words = [_DIGITS[0]]
    sentence = " ".join([*words, "đồng"])
    return sentence[0].upper() + sentence[1:]


def _below_billion(number: int, *, inner: bool) -> list[str]:
    """The groups of a number below 10^9; with something in front of it (`inner`) empty hundreds are said."""
    words: list[str] = []
    for scale, name in ((10**6, ["triệu"]), (10**3, ["nghìn"]), (1, [])):
        group = number // scale % 1000
        if group:
            words += _group(group, full=inner or bool(words)) + name
    return words


def _group(number: int, *, full: bool) -> list[str]:
    """One group of three digits, not zero; `full` says "không trăm" where the hundreds are empty."""
    hundreds, tens, units = number // 100, number // 10 % 10, number % 10
    words = [_DIGITS[hundreds], "trăm"] if hundreds or full else []
    if tens == 0:
        if units:
            words += ["lẻ", _DIGITS[units]] if words else [_DIGITS[units]]
        return words
    words += ["mười"] if tens == 1 else [_DIGITS[tens], "mươi"]
    if units == 1 and tens > 1:
        words.append("mốt")
    elif units == 4 and tens > 1:
        words.append("tư")
    elif units == 5:
        words.append("lăm")
    elif units:
        words.append(_DIGITS[units])
    return words
