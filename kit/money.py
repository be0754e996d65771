"""Money as whole minor units of one currency; for đồng the minor unit is the đồng itself. Never a float.

Amounts are at most 10^15, so that they pass through JSON numbers unharmed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from kit.errors import InvalidArgument

AMOUNT_MOST: Final = 10**15
NO_BREAK_SPACE: Final = "\u00a0"


class Currency(StrEnum):
    """ISO 4217 codes that banks here report; the city's books are in VND alone."""

    VND = "VND"
    USD = "USD"
    EUR = "EUR"
    JPY = "JPY"


# Decimal digits of the minor unit (ISO 4217).
EXPONENT: Final = {Currency.VND: 0, Currency.USD: 2, Currency.EUR: 2, Currency.JPY: 0}


class Rounding(StrEnum):
    """How a share that is no whole minor unit becomes one; always named by the caller."""

    HALF_UP = "half_up"
    DOWN = "down"
    UP = "up"


class AmountOutOfRange(InvalidArgument):
    reason = "AMOUNT_OUT_OF_RANGE"
    vi = "Số tiền vượt quá {most} đồng."
    en = "The amount is out of range; the most is {most}."


class AmountNotWhole(InvalidArgument):
    reason = "AMOUNT_NOT_WHOLE"
    vi = "“{text}” không phải số đồng nguyên. Xin ghi như 1250000 hoặc 1.250.000."
    en = "“{text}” is not a whole number of đồng. Write 1250000 or 1.250.000."


class CurrencyMismatch(InvalidArgument):
    reason = "CURRENCY_MISMATCH"
    vi = "Không thể tính chung {one} với {other}."
    en = "{one} and {other} cannot be reckoned together."


@dataclass(frozen=True, slots=True)
class Money:
    """An amount of one currency in minor units."""

    currency: Currency
    amount_minor: int

    def __post_init__(self) -> None:
        if not isinstance(self.currency, Currency):
            raise TypeError("currency must be a Currency")
        if type(self.amount_minor) is not int:
            raise TypeError("amount_minor must be an int")
        if abs(self.amount_minor) > AMOUNT_MOST:
            raise AmountOutOfRange(most=AMOUNT_MOST)

    def __bool__(self) -> bool:
        raise TypeError("ask amount_minor: whether money is “true” is no question")

    def _same(self, other: Money) -> int:
        if other.currency is not self.currency:
            raise CurrencyMismatch(one=self.currency, other=other.currency)
        return other.amount_minor

    def __add__(self, other: object) -> Money:
        if not isinstance(other, Money):
            return NotImplemented
        return Money(self.currency, self.amount_minor + self._same(other))

    def __sub__(self, other: object) -> Money:
        if not isinstance(other, Money):
            return NotImplemented
        return Money(self.currency, self.amount_minor - self._same(other))

    def __neg__(self) -> Money:
        return Money(self.currency, -self.amount_minor)

    def __mul__(self, count: object) -> Money:
        if type(count) is not int:
            return NotImplemented
        return Money(self.currency, self.amount_minor * count)

    __rmul__ = __mul__

    def __lt__(self, other: Money) -> bool:
        return self.amount_minor < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.amount_minor <= self._same(other)

    def __gt__(self, other: Money) -> bool:
        return self.amount_minor > self._same(other)

    def __ge__(self, other: Money) -> bool:
        return self.amount_minor >= self._same(other)

    def share(self, numerator: int, denominator: int, rounding: Rounding) -> Money:
        """`numerator / denominator` of the amount, rounded away from or towards zero as named."""
        if denominator <= 0:
            raise ValueError("denominator must be positive")
        product = self.amount_minor * numerator
        whole, rest = divmod(abs(product), denominator)
        if rest and (rounding is Rounding.UP or (rounding is Rounding.HALF_UP and 2 * rest >= denominator)):
            whole += 1
        return Money(self.currency, whole if product >= 0 else -whole)

    def allocate(self, weights: Sequence[int]) -> tuple[Money, ...]:
        """Split in proportion to `weights` (≥ 0, not all 0) without loss.

        Units left over go to the largest fractions, the earlier weight first; a weight of 0 gets nothing.
        """
        return tuple(Money(self.currency, part) for part in allocate(self.amount_minor, weights))


def allocate(amount: int, weights: Sequence[int]) -> list[int]:
    """Split minor units in proportion to whole `weights` ≥ 0; the parts sum to the amount exactly."""
    total = sum(weights)
    if total <= 0 or min(weights) < 0:
        raise ValueError("weights must be at least 0 and not all 0")
    sign = 1 if amount >= 0 else -1
    shares = [divmod(abs(amount) * weight, total) for weight in weights]
    parts = [whole for whole, _ in shares]
    left = abs(amount) - sum(parts)
    for place in sorted(range(len(shares)), key=lambda place: -shares[place][1])[:left]:
        parts[place] += 1
    return [sign * part for part in parts]


def dong(amount: int) -> Money:
    """An amount of đồng."""
    return Money(Currency.VND, amount)


def total(currency: Currency, amounts: Iterable[Money]) -> Money:
    """The sum of amounts of one currency; zero of it for none."""
    result = Money(currency, 0)
    for amount in amounts:
        result += amount
    return result


def format_vnd(amount: int) -> str:
    """`1250000` as `1.250.000 ₫`, with a no-break space."""
    if type(amount) is not int:
        raise TypeError("an amount is a whole number of đồng")
    if abs(amount) > AMOUNT_MOST:
        raise AmountOutOfRange(most=AMOUNT_MOST)
    return f"{amount:,}".replace(",", ".") + NO_BREAK_SPACE + "₫"


# One kind of separator between full groups of three, or none at all; the đồng under the names people give it.
_AMOUNT: Final = re.compile(
    r"(?P<sign>[-−]?)(?P<digits>0|[1-9][0-9]{0,39}"
    r"|[1-9][0-9]{0,2}(?:(?P<mark>[., \u00a0\u202f\u2009])[0-9]{3})(?:(?P=mark)[0-9]{3}){0,12})\s*(?:đ|₫|đồng|dong|vnđ|vnd)?",
    re.IGNORECASE,
)


def parse_vnd(text: str, *, signed: bool = False) -> int:
    """The whole đồng that a person wrote: 1250000, 1.250.000, 1,250,000, 1 250 000, bare or with đ, ₫, VND, đồng.

    Raises AmountNotWhole for anything else: 1.234,5 and 1.23, mixed or short groups, leading zeros, and a minus
    sign unless `signed`; AmountOutOfRange above 10^15.
    """
    match = _AMOUNT.fullmatch(unicodedata.normalize("NFC", text.strip()))
    if match is None or (match["sign"] and not signed):
        raise AmountNotWhole(text=text[:60])
    amount = int(re.sub(r"[^0-9]", "", match["digits"]))
    if amount > AMOUNT_MOST:
        raise AmountOutOfRange(most=AMOUNT_MOST)
    return -amount if match["sign"] else amount
