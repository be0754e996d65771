"""Cells of a list: each form that people use is read, and whatever is not sure is wrong, never a guess."""

from __future__ import annotations

import unicodedata
from datetime import date, datetime

import pytest

from services.schools.roster.reading import read
from services.schools.roster.rows import Row
from tests.support.lists import HEAD, Formula, csv, xls, xlsx

TODAY = date(2026, 11, 27)
BLANK, WRONG = "blank", "wrong"
NOON, JUNE = datetime.fromisoformat("2015-09-05T12:00"), datetime.fromisoformat("2026-06-01")


def one(heading: str, value: object, *, born: object = "") -> Row:
    """The row of a list with one column more, read from an XLSX file."""
    rows = [["Họ và tên", "Lớp", "Ngày sinh", heading], ["Nguyễn Văn An", "3A", born, value]]
    if heading == "Ngày sinh":
        rows = [["Họ và tên", "Lớp", "Ngày sinh"], ["Nguyễn Văn An", "3A", value]]
    if heading == "Lớp":
        rows = [["Họ và tên", "Lớp", "Mã HS"], ["Nguyễn Văn An", value, "HS1"]]
    (row,) = read(xlsx(rows), today=TODAY).rows
    return row


def settled(row: Row, field: str) -> object:
    """What the field became; `wrong` where the row has a problem."""
    value = getattr(row.pupil, field)
    if row.outcome == "wrong":
        assert row.problems
        assert value is None
        assert all(problem.expected_vi and problem.expected_en for problem in row.problems)
        return WRONG
    return value


@pytest.mark.parametrize(
    ("value", "amount"),
    [
        (450_000, 450_000),
        (450_000.0, 450_000),
        (1263599.9999999998, 1_263_600),
        ("1.250.000", 1_250_000),
        ("1,250,000", 1_250_000),
        ("1 250 000", 1_250_000),
        ("1\u00a0250\u00a0000", 1_250_000),
        ("1250000", 1_250_000),
        ("450.000", 450_000),
        ("450,000", 450_000),
        ("450.000 đ", 450_000),
        ("450.000đồng", 450_000),
        ("450.000 VNĐ", 450_000),
        ("VND 450.000", 450_000),
        ("1.250.000\u00a0₫", 1_250_000),
        ("  450.000  ", 450_000),
        (0, 0),
        ("0 đ", 0),
        ("", BLANK),
        ("   ", BLANK),
        ("-", BLANK),
        (" – ", BLANK),
        (Formula("=1000*2", 2000), 2000),
        (Formula('="1.250."&"000"', "1.250.000"), 1_250_000),
        (Formula("=NA()", "#N/A"), WRONG),
        (Formula("=1/0", "#DIV/0!"), WRONG),
        (Formula("=A9", ""), WRONG),
        ("#N/A", WRONG),
        ("#VALUE!", WRONG),
        ("=1+1", WRONG),
        (-1, WRONG),
        ("-450.000", WRONG),
        ("(450.000)", WRONG),
        (450_000.5, WRONG),
        ("450000.0", WRONG),
        ("1.234,5", WRONG),
        ("1.23", WRONG),
        ("12,5", WRONG),
        ("1.250.000,00", WRONG),
        ("1.250.00", WRONG),
        ("1.250,000", WRONG),
        ("450.000.", WRONG),
        ("450k", WRONG),
        ("1tr2", WRONG),
        ("4,5E+5", WRONG),
        ("4.5E5", WRONG),
        ("miễn", WRONG),
        ("x", WRONG),
        ("nghỉ", WRONG),
        (True, WRONG),
        (date(2015, 1, 1), WRONG),
        (1e15, WRONG),
        ("9" * 30, WRONG),
        ("１２３０００", WRONG),
        ("٤٥٠", WRONG),
    ],
)
def test_amounts(value: object, amount: object) -> None:
    """Whole đồng in every form; a fraction, an error, a word or a sum too large makes the row wrong."""
    row = one("Tiền ăn", value)
    if amount == WRONG:
        assert (row.outcome, row.items) == ("wrong", {})
        assert row.problems[0].column == "Tiền ăn"
    else:
        assert row.outcome == "ok"
        assert row.items == ({} if amount == BLANK else {"Tiền ăn": amount})


def test_the_thousands_mark_is_settled_once_for_the_file() -> None:
    """Where the file surely writes commas, 28.500 is no twenty-eight thousand five hundred."""
    rows = [HEAD]
    rows += [
        [n, "Nguyễn Văn An", "", "", "3A", "", text]
        for n, text in enumerate(["1,250,000", "450,000", "28.500"], 1)
    ]
    first, second, third = read(xlsx(rows), today=TODAY).rows
    assert (first.items, second.items) == ({"Tiền ăn": 1_250_000}, {"Tiền ăn": 450_000})
    assert (third.outcome, third.problems[0].reason) == ("wrong", "AMOUNT_SEPARATOR")


@pytest.mark.parametrize(
    ("value", "phone"),
    [
        ("0912345678", "+84912345678"),
        ("912345678", "+84912345678"),
        (912345678, "+84912345678"),
        (84912345678, "+84912345678"),
        ("+84 912 345 678", "+84912345678"),
        ("0084912345678", "+84912345678"),
        ("0912.345.678", "+84912345678"),
        ("(0271) 3888888", "+842713888888"),
        (2713888888, "+842713888888"),
        ("0912345678 (mẹ)", "+84912345678"),
        ("0912345678/0987654321", "+84912345678"),
        ("'0912345678", "+84912345678"),
        ('="0912345678"', "+84912345678"),
        ("", None),
        ("-", None),
        ("9.12345678E+08", WRONG),
        ("9,12345678E+8", WRONG),
        ("091234567", WRONG),
        ("09123456789", WRONG),
        ("1234567890", WRONG),
        ("không có", WRONG),
        ("+1 650 253 0000", WRONG),
        ("#N/A", WRONG),
        (912345678.5, WRONG),
    ],
)
def test_phones(value: object, phone: object) -> None:
    """E.164, with the zero that Excel took away; never a number that is not one."""
    assert settled(one("SĐT", value), "phone") == phone


@pytest.mark.parametrize(
    ("value", "born", "number"),
    [
        ("070215001234", "", "070215001234"),
        ("070 215 001 234", "", "070215001234"),
        (70215001234, "", "070215001234"),
        ("70215001234", "05/09/2015", "070215001234"),
        (1215001234, "05/09/2015", "001215001234"),
        (1215001234, "", WRONG),
        (70215001234, "05/09/2014", WRONG),
        (70215000000, "", WRONG),
        ("7.0215E+10", "", WRONG),
        ("7,0215E+10", "", WRONG),
        ("0702150012345", "", WRONG),
        ("abc", "", WRONG),
        ("", "", None),
    ],
)
def test_personal_numbers(value: object, born: object, number: object) -> None:
    """Twelve digits; a lost zero is put back only where province and birth year bear it out."""
    assert settled(one("Số định danh cá nhân", value, born=born), "personal_number") == number


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("7012345678", "7012345678"),
        (7012345678, "7012345678"),
        ("701-234-5678", "7012345678"),
        ("701234567", WRONG),
        (701234567, WRONG),
        ("70123456789", WRONG),
        ("7.01E+9", WRONG),
        ("12345abcde", WRONG),
        ("", None),
    ],
)
def test_ministry_codes(value: object, code: object) -> None:
    """Ten digits, nothing else."""
    assert settled(one("Mã định danh Bộ GD&ĐT", value), "ministry_code") == code


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("HS-001", "HS-001"),
        ("001", "001"),
        (1, "1"),
        ("Đ01", "Đ01"),
        ("HS 01/A", "HS 01/A"),
        (1.5, WRONG),
        ("7.01E+10", WRONG),
        (1e20, WRONG),
        ("<b>", WRONG),
        ("=A1", WRONG),
        ("#REF!", WRONG),
        ("H" * 41, WRONG),
        ("—", None),
    ],
)
def test_pupil_codes(value: object, code: object) -> None:
    """As typed, zeros kept; what a spreadsheet made of it is wrong."""
    assert settled(one("Mã học sinh", value), "pupil_code") == code


@pytest.mark.parametrize(
    ("value", "born"),
    [
        (date(2015, 9, 5), date(2015, 9, 5)),
        (NOON, date(2015, 9, 5)),
        ("05/09/2015", date(2015, 9, 5)),
        ("5/9/2015", date(2015, 9, 5)),
        ("05-09-2015", date(2015, 9, 5)),
        ("05.09.2015", date(2015, 9, 5)),
        ("05 / 09 / 2015", date(2015, 9, 5)),
        ("2015-09-05", date(2015, 9, 5)),
        ("5/9/15", date(2015, 9, 5)),
        ("ngày 5 tháng 9 năm 2015", date(2015, 9, 5)),
        (42252, date(2015, 9, 5)),
        ("42252", date(2015, 9, 5)),
        ("29/02/2016", date(2016, 2, 29)),
        ("", None),
        ("-", None),
        ("29/02/2015", WRONG),
        ("31/04/2015", WRONG),
        ("09/13/2015", WRONG),
        ("05/09/2030", WRONG),
        ("05/09/1899", WRONG),
        ("2015", WRONG),
        ("05/2015", WRONG),
        ("abc", WRONG),
        (True, WRONG),
        ("#VALUE!", WRONG),
    ],
)
def test_birth_dates(value: object, born: object) -> None:
    """Day before month, always; a day that does not exist or lies ahead is wrong."""
    assert settled(one("Ngày sinh", value), "birth_date") == born


def test_dates_of_a_file_that_counts_from_1904() -> None:
    """Files of old Macs count days from another beginning."""
    content = xlsx([["Họ và tên", "Lớp", "Ngày sinh"], ["An Văn", "3A", date(2015, 9, 5)]], is_1904=True)
    assert read(content, today=TODAY).rows[0].pupil.birth_date == date(2015, 9, 5)


@pytest.mark.parametrize(
    ("value", "sex"),
    [
        ("Nam", "nam"),
        ("nam", "nam"),
        ("Nữ", "nữ"),
        ("NỮ", "nữ"),
        ("Nu", "nữ"),
        ("Nu\u031b\u0303", "nữ"),
        ("Trai", "nam"),
        ("Gái", "nữ"),
        ("", None),
        ("x", WRONG),
        (1, WRONG),
        ("khác", WRONG),
    ],
)
def test_sex(value: object, sex: object) -> None:
    """nam, nữ, or null; nothing is guessed."""
    assert settled(one("Giới tính", value), "sex") == sex


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("6A1", "6A1"),
        ("Lớp 6A1", "6A1"),
        ("lớp 6a1", "6A1"),
        ("6 A 1", "6A1"),
        ("12.6", "12.6"),
        (12.6, "12.6"),
        ("Lá 1", "Lá 1"),
        (6, "6"),
        ("", WRONG),
        (None, WRONG),
        (JUNE, WRONG),
        ("=A1", WRONG),
        ("#N/A", WRONG),
    ],
)
def test_classes(value: object, name: object) -> None:
    """Required; what Excel made a date of is wrong."""
    assert settled(one("Lớp", value), "class_name") == name


@pytest.mark.parametrize("name", ["", None, "  ", 123, "=A1", "#NAME?", "A" * 201, "…"])
def test_a_name_that_is_none(name: object) -> None:
    """Required, of letters, of a bearable length."""
    content = xlsx([["Họ và tên", "Lớp", "Mã HS"], [name, "3A", "HS1"]])
    (row,) = read(content, today=TODAY).rows
    assert (row.outcome, row.pupil.full_name, row.problems[0].column) == ("wrong", None, "Họ và tên")


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_composed_and_decomposed_letters_are_the_same(form: str) -> None:
    """Headings are found and texts stored in NFC, however the file writes its accents."""
    rows = [["Họ và tên", "Lớp", "Giới tính", "Tiền ăn"], ["Trần Thị Bình", "Lá 1", "Nữ", "1.250.000 đồng"]]
    reading = read(xlsx([[unicodedata.normalize(form, cell) for cell in row] for row in rows]), today=TODAY)
    assert reading.columns["full_name"] == "Họ và tên"
    (row,) = reading.rows
    assert (row.pupil.full_name, row.pupil.class_name, row.pupil.sex) == ("Trần Thị Bình", "Lá 1", "nữ")
    assert row.items == {"Tiền ăn": 1_250_000}


def test_invisible_characters_in_a_name_are_dropped() -> None:
    """Zero-width and direction marks would make two pupils of one."""
    (row,) = read(xlsx([["Họ và tên", "Lớp"], ["An\u200b\u202e  Văn\u00a0Bình", "3A"]]), today=TODAY).rows
    assert row.pupil.full_name == "An Văn Bình"


def test_the_later_row_of_a_repeated_code_is_wrong() -> None:
    """Also in another letter case or with blanks around it; the first row stays good."""
    rows = [["Họ và tên", "Lớp", "Mã HS"], ["A B", "3A", "HS1"], ["C D", "3A", " hs1 "], ["E F", "3A", "HS2"]]
    for content in (xlsx(rows), xls(rows), csv(rows)):
        found = read(content, today=TODAY).rows
        assert [row.outcome for row in found] == ["ok", "wrong", "ok"]
        assert "2" in found[1].problems[0].expected_vi
