"""Numbers that the state and suppliers give to people, firms and connections: is one possible, and what does it tell.

A number that is merely wrong is an answer (`is_valid` false), no error. Warnings are stable words for what is unusual
but no reason to refuse: rules change, and a number that the state has given is right whatever a program thinks.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Final

from stdnum.vn import mst

# Thông tư 86/2024/TT-BTC: households and people pay tax under their personal number from this day on.
PERSONAL_TAX_CODES_FROM: Final = date(2025, 7, 1)
# Mobile ranges of ten digits and fixed lines 02x: Thông tư 22/2014/TT-BTTTT and the changes of 2017-2018.
_MOBILE: Final = re.compile(r"0(?:3[2-9]|5[25689]|7[06-9]|8[1-9]|9[0-9])[0-9]{7}")
_FIXED: Final = re.compile(r"02[0-9]{8,9}")
_COUNTRY: Final = re.compile(r"^(?:\+|00)?840?(?=[2-9][0-9]{8,9}$)")
_LOST_ZERO: Final = re.compile(r"[35789][0-9]{8}|2[0-9]{9}")
_MARKS: Final = re.compile(r"[\s.\-()\u00a0\u200b]+")
_ELECTRICITY: Final = re.compile(r"(P[A-Z])([0-9]{4})[0-9A-Z]{7}")
_ELECTRICITY_REGIONS: Final = frozenset(["PA", "PH", "PM", "PN", "PC", "PP", "PQ", "PD", "PE", "PB", "PK"])
_ELECTRICITY_UNITS: Final = {"PB0101": "Điện lực Đồng Xoài", "PB0109": "Điện lực Đồng Phú"}


@dataclass(frozen=True, slots=True)
class Checked:
    """What a number is: its one way of writing (None if it is not valid), what it tells, and warnings."""

    is_valid: bool
    normalised: str | None = None
    told: dict[str, str | int] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def e164(text: str) -> str | None:
    """A Vietnamese telephone number as +84…, with a leading zero that was lost put back; None if it is none."""
    digits = text if text.isascii() and text.isdigit() else _MARKS.sub("", text)
    national = _COUNTRY.sub("0", digits)
    if _LOST_ZERO.fullmatch(national):
        national = "0" + national
    if _MOBILE.fullmatch(national) or _FIXED.fullmatch(national):
        return "+84" + national[1:]
    return None


def check_phone(text: str) -> Checked:
    """A telephone number; tells `type`: mobile or landline."""
    number = e164(text)
    if number is None:
        return Checked(False)
    is_mobile = number[3] != "2"
    lost = text.strip()[:1] not in ("0", "+") and not text.strip().startswith("84")
    return Checked(
        True,
        number,
        {"type": "mobile" if is_mobile else "landline"},
        ("LEADING_ZERO_RESTORED",) if lost else (),
    )


def check_tax_code(text: str, as_of: date) -> Checked:
    """A tax code (MST) as it could be on a day; tells `type`: enterprise, branch or personal_number."""
    digits = _MARKS.sub("", text)
    if re.fullmatch("[0-9]{12}", digits):
        person = check_personal_number(text, as_of)
        if as_of < PERSONAL_TAX_CODES_FROM:
            return Checked(False, None, {"type": "personal_number"}, ("NOT_YET_A_TAX_CODE",))
        return Checked(
            person.is_valid, person.normalised, {**person.told, "type": "personal_number"}, person.warnings
        )
    if not re.fullmatch("[0-9]{10}(?:[0-9]{3})?", digits) or digits[2:9] == "0000000" or digits[10:] == "000":
        return Checked(False)
    expected = mst.calc_check_digit(digits)
    # A sum that leaves nothing gives 10, which is no digit: sources differ on what is written then.
    is_unclear = expected == "10"
    if not is_unclear and digits[9] != expected:
        return Checked(False, warnings=("CHECK_DIGIT",))
    told: dict[str, str | int] = {"type": "branch" if len(digits) == 13 else "enterprise"}
    return Checked(True, mst.format(digits), told, ("CHECK_DIGIT_UNCLEAR",) if is_unclear else ())


def check_personal_number(
    text: str, as_of: date, *, birth_date: date | None = None, sex: str | None = None
) -> Checked:
    """A personal number (số định danh cá nhân, CCCD); tells province, sex (nam, nữ) and birth year.

    Three digits of the province, one of century and sex, two of the birth year, six at random, no check digit
    (Nghị định 137/2015/NĐ-CP, điều 13; Thông tư 07/2016/TT-BCA, điều 7). `birth_date` and `sex` are compared.
    """
    digits = _MARKS.sub("", text)
    if not re.fullmatch("[0-9]{12}", digits):
        is_short = re.fullmatch("[0-9]{10,11}", digits) is not None
        return Checked(False, warnings=("LEADING_ZERO_LOST",) if is_short else ())
    year = 1900 + int(digits[3]) // 2 * 100 + int(digits[4:6])
    is_male = int(digits[3]) % 2 == 0
    told: dict[str, str | int] = {"sex": "nam" if is_male else "nữ", "birth_year": year}
    if year > as_of.year:
        return Checked(False, None, told, ("BORN_IN_THE_FUTURE",))
    warnings = []
    province = provinces().get(digits[:3])
    if province is None:
        warnings.append("UNKNOWN_PROVINCE")
    else:
        told = {"province": province, "province_code": digits[:3], **told}
    if birth_date is not None and birth_date.year != year:
        warnings.append("BIRTH_YEAR_DIFFERS")
    if sex is not None and sex != told["sex"]:
        warnings.append("SEX_DIFFERS")
    if as_of.year - year > 120:
        warnings.append("VERY_OLD")
    return Checked(True, digits, told, tuple(warnings))


def check_electricity_customer(text: str) -> Checked:
    """A customer code of the electricity suppliers, 13 characters; tells `unit`, the branch that serves it."""
    code = _MARKS.sub("", text).upper()
    match = _ELECTRICITY.fullmatch(code) if code.isascii() else None
    if match is None or match[1] not in _ELECTRICITY_REGIONS:
        return Checked(False)
    unit = match[1] + match[2]
    told: dict[str, str | int] = {"unit": unit}
    if unit in _ELECTRICITY_UNITS:
        told["unit_name"] = _ELECTRICITY_UNITS[unit]
    return Checked(True, code, told, () if code[2:].isdigit() else ("LETTERS_IN_NUMBER",))


@cache
def provinces() -> dict[str, str]:
    """Name of the province by the first three digits of a personal number."""
    path = Path(__file__).parent / "data" / "personal_number_provinces.json"
    codes: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))["codes"]
    return codes
