"""Reading one amount: whole đồng or a reason, never a guess."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Final

from kit.errors import InvalidArgument
from kit.money import AmountNotWhole, AmountOutOfRange, parse_vnd
from services.schools.roster.limits import AMOUNT_LIMIT
from services.schools.roster.sheets import ERROR_TEXTS, CellError, Value


@dataclass(frozen=True, slots=True)
class Bad:
    """A cell that is wrong: the reason, the values of its text, and a suggestion if one is sure enough to offer."""

    reason: str
    values: tuple[tuple[str, object], ...] = ()
    suggestion: str | None = None


_BLANKS: Final = re.compile(r"[\s\u00a0\u2000-\u200b\u202f\u2060\ufeff]+")
_SURE: Final = re.compile(r"[1-9][0-9]{0,2}(?:(\.)|(,))[0-9]{3}(?:[.,][0-9]{3})+")
_USED: Final = re.compile(r"[0-9]([.,])[0-9]")
_FRACTION: Final = re.compile(
    r"([1-9][0-9]{0,2}(?:\.[0-9]{3})+|[1-9][0-9]*),[0-9]{1,2}|([1-9][0-9]{0,2}(?:,[0-9]{3})+|[1-9][0-9]*)\.[0-9]{1,2}"
)
_CURRENCY: Final = re.compile(r"^(?:vnđ|vnd|₫|đ)\s*|\s*(?:vnđ|vnd|đồng|đ|₫|dong)\.?$", re.IGNORECASE)
_DASHES: Final = frozenset("-–—‒―−_")


def dotted(amount: int) -> str:
    """An amount with dots between thousands: 1.250.000."""
    return f"{amount:,}".replace(",", ".")


def thousands_mark(texts: Iterable[str]) -> str | None:
    """The mark between thousands that this file surely uses: `.` or `,`, None where nothing or both is sure.

    Only amounts of two groups or more are sure: 1.250.000 is; 28.000 could be 28 with a fraction elsewhere.
    """
    dots = commas = 0
    for text in set(texts):
        found = _SURE.search(text) if len(text) >= 9 else None
        if found is not None:
            dots += found[1] is not None
            commas += found[2] is not None
    if (dots > 0) == (commas > 0):
        return None
    return "." if dots else ","


def read_amount(value: Value, mark: str | None) -> int | Bad | None:
    """Whole đồng of a cell; None where there is no amount (blank or a dash). `mark` is the file's thousands mark."""
    if isinstance(value, str):
        if isinstance(value, CellError):
            return Bad("FORMULA_NOT_COMPUTED" if value.startswith("=") else "CELL_ERROR")
        return _from_text(value, mark)
    if isinstance(value, (bool, date, time, timedelta)):
        return Bad("AMOUNT_FORM")
    return _from_number(value)


def _from_number(value: int | float) -> int | Bad:
    # Excel itself keeps and shows 15 significant digits: 1263599.9999999998 of a formula is 1263600 there.
    number = Decimal(format(value, ".15g"))
    if number != number.to_integral_value():
        return Bad("AMOUNT_NOT_WHOLE", suggestion=dotted(int(number)) if number > 1 else None)
    return _checked(int(number))


def _checked(amount: int) -> int | Bad:
    if amount < 0:
        return Bad("AMOUNT_NEGATIVE")
    return amount if amount <= AMOUNT_LIMIT else _too_large()


def _too_large() -> Bad:
    return Bad("AMOUNT_TOO_LARGE", (("limit", dotted(AMOUNT_LIMIT)),))


@lru_cache(maxsize=8192)
def _from_text(value: str, mark: str | None) -> int | Bad | None:
    text = _BLANKS.sub(" ", unicodedata.normalize("NFC", value)).strip()
    if all(letter in _DASHES for letter in text):
        return None
    if text.startswith("="):
        return Bad("FORMULA_TEXT")
    if text.upper() in ERROR_TEXTS:
        return Bad("CELL_ERROR")
    bare = _CURRENCY.sub("", text).strip()
    try:
        amount = parse_vnd(bare)
    except AmountOutOfRange:
        return _too_large()
    except AmountNotWhole:
        return _not_whole(bare)
    used = _USED.search(bare)
    if mark is not None and used is not None and used[1] != mark:
        return Bad("AMOUNT_SEPARATOR", (("style", "1.250.000" if mark == "." else "1,250,000"),))
    return _checked(amount)


def _not_whole(text: str) -> Bad:
    """Why a text is no whole amount, as precisely as it can be told."""
    inner = text.strip("-−() ")
    if inner != text:
        try:
            parse_vnd(inner)
        except InvalidArgument:
            return Bad("AMOUNT_FORM")
        return Bad("AMOUNT_NEGATIVE")
    fraction = _FRACTION.fullmatch(text)
    if fraction is None:
        return Bad("AMOUNT_FORM")
    digits = (fraction[1] or fraction[2]).replace(".", "").replace(",", "")
    return Bad("AMOUNT_NOT_WHOLE", suggestion=dotted(int(digits)) if 3 < len(digits) <= 12 else None)
