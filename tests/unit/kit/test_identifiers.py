"""Numbers that the state and suppliers give."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.identifiers import (
    check_electricity_customer,
    check_personal_number,
    check_phone,
    check_tax_code,
    e164,
    provinces,
)

DAY = date(2026, 11, 27)


def tax_code(nine: str) -> str:
    """Nine digits with their check digit, reckoned here by the rule itself."""
    total = sum(
        weight * int(digit) for weight, digit in zip((31, 29, 23, 19, 17, 13, 7, 5, 3), nine, strict=True)
    )
    return nine + str(10 - total % 11)


def test_tax_codes() -> None:
    """Published codes of ten and thirteen digits, in any way of writing; one digit changed is caught."""
    assert check_tax_code("0100233488", DAY).told == {"type": "enterprise"}
    branch = check_tax_code(" 0314409058-002 ", DAY)
    assert (branch.is_valid, branch.normalised, branch.told) == (True, "0314409058-002", {"type": "branch"})
    assert check_tax_code("0314409058002", DAY).normalised == "0314409058-002"
    for wrong in (
        "0100233480",
        "0100233489",
        "010023348",
        "01002334881",
        "0314409058-000",
        "1200000000",
        "",
        "mst",
    ):
        assert not check_tax_code(wrong, DAY).is_valid


@given(st.text("0123456789", min_size=9, max_size=9).filter(lambda nine: nine[2:] != "0000000"), st.data())
def test_a_wrong_digit_of_a_tax_code_is_caught(nine: str, data: st.DataObject) -> None:
    """Every weight is prime to 11, so no single change keeps the sum; a check of 10 is unclear and only warned of."""
    code = tax_code(nine)
    if len(code) == 11:
        assert check_tax_code(nine + "0", DAY).warnings == ("CHECK_DIGIT_UNCLEAR",)
        return
    assert check_tax_code(code, DAY).is_valid
    place = data.draw(st.integers(0, 9))
    digit = data.draw(st.sampled_from([d for d in "0123456789" if d != code[place]]))
    changed = check_tax_code(code[:place] + digit + code[place + 1 :], DAY)
    assert not changed.is_valid or "CHECK_DIGIT_UNCLEAR" in changed.warnings


def test_a_personal_number_is_a_tax_code_since_july_2025() -> None:
    """Before that day it was none."""
    found = check_tax_code("070215001234", DAY)
    assert (found.is_valid, found.told["type"], found.told["birth_year"]) == (True, "personal_number", 2015)
    assert not check_tax_code("070215001234", date(2025, 6, 30)).is_valid
    assert check_tax_code("070215001234", date(2025, 7, 1)).is_valid


@pytest.mark.parametrize(
    ("number", "told"),
    [
        ("070215001234", ("Bình Phước", "nam", 2015)),
        ("075315001234", ("Đồng Nai", "nữ", 2015)),
        ("001085001234", ("Hà Nội", "nam", 1985)),
        ("079199 001234", ("Hồ Chí Minh", "nữ", 1999)),
    ],
)
def test_what_a_personal_number_tells(number: str, told: tuple[str, str, int]) -> None:
    """Province, sex and birth year."""
    found = check_personal_number(number, DAY)
    assert found.is_valid
    assert str(found.told["province"]).removeprefix("Thành phố ").removeprefix("TP. ") == told[0]
    assert (found.told["sex"], found.told["birth_year"]) == told[1:]
    assert found.warnings == ()


def test_personal_numbers_that_are_odd_or_none() -> None:
    """Unknown provinces are warned of, numbers of the future and of other lengths are none."""
    assert len(provinces()) == 63
    assert check_personal_number("999215001234", DAY).warnings == ("UNKNOWN_PROVINCE",)
    differs = check_personal_number("070215001234", DAY, birth_date=date(2014, 1, 1), sex="nữ")
    assert (differs.is_valid, differs.warnings) == (True, ("BIRTH_YEAR_DIFFERS", "SEX_DIFFERS"))
    assert not check_personal_number("070290001234", DAY).is_valid
    assert check_personal_number("70215001234", DAY).warnings == ("LEADING_ZERO_LOST",)
    for wrong in ("285123456", "0702150012345", "07021500123a", "０７０２１５００１２３４", ""):
        assert not check_personal_number(wrong, DAY).is_valid


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0912345678", "+84912345678"),
        ("+84 (0) 912 345 678", "+84912345678"),
        ("0084-912-345-678", "+84912345678"),
        ("912345678", "+84912345678"),
        ("(0271) 388 8888", "+842713888888"),
        ("0912 345 67", None),
        ("0112345678", None),
        ("+1 650 253 0000", None),
        ("٠٩١٢٣٤٥٦٧٨", None),
        ("", None),
    ],
)
def test_phones(text: str, number: str | None) -> None:
    """E.164 or none."""
    assert e164(text) == number
    found = check_phone(text)
    assert (found.is_valid, found.normalised) == (number is not None, number)


@given(st.text(max_size=20))
def test_any_text_is_an_answer(text: str) -> None:
    """No text is a fault."""
    for found in (
        check_phone(text),
        check_tax_code(text, DAY),
        check_personal_number(text, DAY),
        check_electricity_customer(text),
    ):
        assert found.is_valid is (found.normalised is not None)


def test_electricity_customers() -> None:
    """Thirteen characters, blanks between them or not; the branch is in front."""
    found = check_electricity_customer(" pb01 0100 12345 ")
    assert (found.is_valid, found.normalised) == (True, "PB01010012345")
    assert found.told == {"unit": "PB0101", "unit_name": "Điện lực Đồng Xoài"}
    assert check_electricity_customer("PE01000012345").told == {"unit": "PE0100"}
    for wrong in ("PB0101001234", "PB010100123456", "PZ01010012345", "0B01010012345", "PBĐ1010012345", ""):
        assert not check_electricity_customer(wrong).is_valid
