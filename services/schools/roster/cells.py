"""Reading one cell: names, classes, dates, sex, telephones and identifiers. None is blank, `Bad` is wrong."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Final, Literal

from kit.identifiers import e164
from kit.text import clean_display
from services.schools.roster.amounts import Bad
from services.schools.roster.headings import is_blank, key_of, shown
from services.schools.roster.limits import AGE_LIMIT, CLASS_LIMIT, CODE_LIMIT, NAME_LIMIT, PHONE_LIMIT
from services.schools.roster.sheets import ERROR_TEXTS, CellError, Value

_SCIENTIFIC: Final = re.compile(r"[+-]?[0-9](?:[.,][0-9]*)?[eE]\+?[0-9]{1,3}")
_DATE: Final = re.compile(
    r"([0-9]{1,2})\s*[/.\-\s]\s*([0-9]{1,2})\s*[/.\-\s]\s*([0-9]{4}|[0-9]{2})(?:[ T]+00?:00(?::00)?)?"
)
_ISO: Final = re.compile(
    r"([0-9]{4})\s*[/.\-]\s*([0-9]{1,2})\s*[/.\-]\s*([0-9]{1,2})(?:[ T]00:00(?::00(?:\.0+)?)?Z?)?"
)
_WORDED: Final = re.compile(r"(?:ngày )?([0-9]{1,2}) tháng ([0-9]{1,2}) năm ([0-9]{4})")
_GRADE_CLASS: Final = re.compile(r"([0-9]{1,2})\s*([A-Za-zĐđ])\s*([0-9]{0,2})")
_CLASS_WORD: Final = re.compile(r"^(?:lớp|lop)\s*:?\s+(?=\S)|^(?:lớp|lop)\s*:?\s*(?=[0-9])", re.IGNORECASE)
_PHONE_PART: Final = re.compile(r"\+?[0-9][0-9 .\-()]{6,}[0-9]")
_CODE: Final = re.compile(r"[0-9A-Za-zĐđ][0-9A-Za-zĐđ ._/\-]*")
_QUOTED_FORMULA: Final = re.compile(r'="([^"]*)"')
_EXCEL_EPOCH: Final = date(1899, 12, 30)
_FEMALE: Final = frozenset(("nu", "gai", "female", "f", "be gai"))
_MALE: Final = frozenset(("nam", "trai", "male", "m", "be trai"))


def joined(parts: Sequence[Value]) -> Value:
    """The texts of several columns as one; a cell in error stays one."""
    for part in parts:
        if isinstance(part, CellError):
            return part
    filled = [part for part in parts if not is_blank(part)]
    if len(filled) == 1:
        return filled[0]
    return " ".join(shown(part, NAME_LIMIT * 2) for part in filled)


def broken(value: Value) -> Bad | None:
    """The problem of a cell that holds no value at all but an error or a formula."""
    if isinstance(value, CellError):
        return Bad("FORMULA_NOT_COMPUTED" if value.startswith("=") else "CELL_ERROR")
    if isinstance(value, str) and value.startswith("#") and value.strip().upper() in ERROR_TEXTS:
        return Bad("CELL_ERROR")
    return None


def plain(value: str) -> str:
    """Text as typed: `="0912"` and the apostrophe before `+`, `=`, `-`, `@` (ours, in files given back) taken off."""
    quoted = _QUOTED_FORMULA.fullmatch(value.strip())
    if quoted is not None:
        return quoted[1]
    return value[1:] if len(value) > 1 and value[0] == "'" and value[1] in "=+-@\t\r" else value


def read_name(value: Value) -> str | Bad | None:
    """A full name as typed, in NFC with single blanks."""
    if is_blank(value):
        return None
    if not isinstance(value, str):
        return Bad("NAME_NOT_TEXT")
    name = clean_display(value[: NAME_LIMIT * 4])
    if len(name) > NAME_LIMIT:
        return Bad("NAME_TOO_LONG", (("limit", NAME_LIMIT),))
    if name[:1] == "=" or not any(letter.isalpha() for letter in name):
        return Bad("FORMULA_TEXT" if name[:1] == "=" else "NAME_NOT_TEXT")
    return name


@lru_cache(maxsize=1024, typed=True)
def read_class(value: Value) -> str | Bad | None:
    """A class without the word “Lớp”; the form grade-letter-number is written as 6A1."""
    if is_blank(value):
        return None
    if isinstance(value, (bool, date, time, timedelta)):
        return Bad("CLASS_NOT_TEXT")
    name = _CLASS_WORD.sub("", shown(value, 400))
    if len(name) > CLASS_LIMIT:
        return Bad("CLASS_TOO_LONG", (("limit", CLASS_LIMIT),))
    if name.startswith("=") or not any(letter.isalnum() for letter in name):
        return Bad("FORMULA_TEXT" if name.startswith("=") else "CLASS_NOT_TEXT")
    graded = _GRADE_CLASS.fullmatch(name)
    return f"{int(graded[1])}{graded[2].upper()}{graded[3]}" if graded else name


def read_birth_date(value: Value, today: date) -> date | Bad | None:
    """A birth date of a real date cell, dd/mm/yyyy, d/m/yy, yyyy-mm-dd or Excel's serial number."""
    if is_blank(value):
        return None
    if isinstance(value, datetime):
        return _plausible(value.date(), today)
    if isinstance(value, date):
        return _plausible(value, today)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _from_serial(float(value), today)
    if not isinstance(value, str):
        return Bad("DATE_FORM")
    text = clean_display(plain(value)).casefold()
    worded = _WORDED.fullmatch(text) or _DATE.fullmatch(text)
    if worded is not None:
        return _from_parts(int(worded[1]), int(worded[2]), worded[3], today)
    iso = _ISO.fullmatch(text)
    if iso is not None:
        return _from_parts(int(iso[3]), int(iso[2]), iso[1], today)
    if len(text) == 5 and text.isascii() and text.isdigit():
        return _from_serial(float(text), today)
    return Bad("DATE_FORM")


def _from_serial(number: float, today: date) -> date | Bad:
    if not 0 < number < 2_900_000 or number < 3000:
        return Bad("DATE_FORM")
    return _plausible(_EXCEL_EPOCH + timedelta(days=int(number)), today)


def _from_parts(day: int, month: int, year_text: str, today: date) -> date | Bad:
    year = int(year_text)
    if len(year_text) == 2:
        year += 2000 if year <= today.year % 100 else 1900
    try:
        return _plausible(date(year, month, day), today)
    except ValueError:
        return Bad("DATE_NOT_REAL", suggestion=_last_day(day, month, year))


def _last_day(day: int, month: int, year: int) -> str | None:
    """The last day of the month where only the day runs over it."""
    if not (1 <= month <= 12 and 29 <= day <= 31 and 1 <= year <= 9998):
        return None
    first_of_next = date(year + month // 12, month % 12 + 1, 1)
    return (first_of_next - timedelta(days=1)).strftime("%d/%m/%Y")


def _plausible(day: date, today: date) -> date | Bad:
    if day > today:
        return Bad("DATE_FUTURE", (("today", today.strftime("%d/%m/%Y")),))
    if day.year < today.year - AGE_LIMIT:
        return Bad("DATE_TOO_OLD", (("year", today.year - AGE_LIMIT),))
    return day


def is_dash(value: str) -> bool:
    """Whether a cell holds dashes alone."""
    return 0 < len(value) <= 8 and all(letter in "-–— " for letter in value) and not value.isspace()


def is_mark(value: Value) -> bool:
    """Whether a cell of a column Nam or Nữ is ticked."""
    if isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        return value == 1
    if not isinstance(value, str):
        return False
    text = value.strip().casefold()
    return (
        text in ("x", "v", "1", "*", "+", "✓", "✔", "√", "☑", "true", "có", "co")
        or key_of(text) in _FEMALE | _MALE
    )


@lru_cache(maxsize=256, typed=True)
def read_sex(value: Value) -> Literal["nam", "nữ"] | Bad | None:
    """Nam or nữ by word, accents or not."""
    if is_blank(value):
        return None
    key = key_of(value) if isinstance(value, str) and len(value) <= 40 else ""
    if key in _MALE:
        return "nam"
    return "nữ" if key in _FEMALE else Bad("SEX_UNKNOWN")


def _digits(value: Value) -> str | Bad:
    """The characters of an identifier: numbers without a fraction as their digits, text without blanks and dots."""
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return value
    if isinstance(value, (bool, date, time, timedelta)):
        return Bad("CODE_FORM", (("limit", CODE_LIMIT),))
    if isinstance(value, (int, float)):
        if value < 0 or value != int(value):
            return Bad("CODE_FORM", (("limit", CODE_LIMIT),))
        if value >= 1e15:
            return Bad("TEXT_SCIENTIFIC")
        return str(int(value))
    text = unicodedata.normalize("NFKC", plain(value)).strip()
    if _SCIENTIFIC.fullmatch(text):
        return Bad("TEXT_SCIENTIFIC")
    return re.sub(r"[\s.\-'\u00a0]+", "", text)


def read_phone(value: Value) -> str | Bad | None:
    """A Vietnamese telephone number in E.164; of several good ones in a cell the first. A lost zero is put back."""
    if is_blank(value):
        return None
    if not isinstance(value, str) or (value.isascii() and value.isdigit()):
        digits = _digits(value)
        return _e164(digits) if isinstance(digits, str) else digits
    text = unicodedata.normalize("NFKC", plain(value[:PHONE_LIMIT])).strip()
    if len(value) > PHONE_LIMIT:
        return Bad("PHONE_FORM")
    if _SCIENTIFIC.fullmatch(text):
        return Bad("TEXT_SCIENTIFIC")
    pieces = [
        piece
        for piece in re.split(r"[/;,&\n]|\s-\s|\bhoặc\b|\bvà\b", text)
        if any(c.isdigit() for c in piece)
    ]
    numbers: list[str] = []
    for piece in pieces:
        parts = _PHONE_PART.findall(piece)
        if len(parts) != 1 or any(c.isdigit() for c in piece.replace(parts[0], "", 1)):
            return Bad("PHONE_FORM")
        number = _e164(re.sub(r"[^0-9+]", "", parts[0]))
        if isinstance(number, Bad):
            return number
        numbers.append(number)
    return numbers[0] if numbers else Bad("PHONE_FORM")


def _e164(digits: str) -> str | Bad:
    return e164(digits) or Bad("PHONE_FORM")


def read_code(value: Value) -> str | Bad | None:
    """A school's own pupil code, as typed."""
    if is_blank(value):
        return None
    if not isinstance(value, str):
        return _digits(value)
    text = clean_display(plain(value))
    if _SCIENTIFIC.fullmatch(text) and not text.isalnum():
        return Bad("TEXT_SCIENTIFIC")
    if text.startswith("="):
        return Bad("FORMULA_TEXT")
    return (
        text
        if _CODE.fullmatch(text) and len(text) <= CODE_LIMIT
        else Bad("CODE_FORM", (("limit", CODE_LIMIT),))
    )


def read_ministry_code(value: Value) -> str | Bad | None:
    """The ministry's pupil code: ten digits."""
    if is_blank(value):
        return None
    digits = _digits(value)
    if isinstance(digits, Bad):
        return digits
    return digits if len(digits) == 10 and _is_number(digits) else _count(digits, 10)


def read_personal_number(value: Value, birth_date: date | None) -> str | Bad | None:
    """The personal number: twelve digits (Circular 07/2016/TT-BCA).

    Where a number cell lost zeros in front they are put back, if the number then names a province (001 to 096) and
    the birth year does not speak against it; where it seems to have lost digits behind, it is wrong.
    """
    if is_blank(value):
        return None
    digits = _digits(value)
    if isinstance(digits, Bad):
        return digits
    if not _is_number(digits):
        return _count(digits, 12)
    if len(digits) == 12 and (isinstance(value, str) or not digits.endswith("00000")):
        return digits
    if not isinstance(value, str) and digits.endswith("00000"):
        return Bad("DIGITS_LOST", (("digits", 12),))
    restored = digits.zfill(12)
    if 10 <= len(digits) < 12 and _fits(restored, birth_date):
        return restored
    return _count(digits, 12)


def _fits(number: str, birth_date: date | None) -> bool:
    if not 1 <= int(number[:3]) <= 96:
        return False
    year = 1900 + int(number[3]) // 2 * 100 + int(number[4:6])
    # Without a birth date one zero may be missing, not two: 001 and 008 would be too easily invented.
    return number[1] != "0" if birth_date is None else birth_date.year == year


def _is_number(digits: str) -> bool:
    return digits.isascii() and digits.isdigit()


def _count(digits: str, count: int) -> Bad:
    if _is_number(digits) and len(digits) != count:
        return Bad("DIGITS_COUNT", (("digits", count), ("found", len(digits))))
    return Bad("DIGITS_ONLY", (("digits", count),))
