"""Where the heading stands, what the columns are, and which rows are pupils."""

from __future__ import annotations

import unicodedata
from datetime import date
from typing import Any

import pytest
import xlwt

from services.schools.roster import source
from services.schools.roster.reading import read
from services.schools.roster.refusals import RosterNoHeading, RosterSheetUnknown, RosterTooManyRows
from services.schools.roster.rows import Reading
from services.schools.roster.writing import wrong_rows
from tests.support.lists import HEAD, Formula, csv, xls, xlsx

TODAY = date(2026, 11, 27)


def pupil(number: int, name: str = "Nguyễn Văn An", amount: object = 450_000) -> list[Any]:
    return [number, name, "05/09/2015", "Nam", "3A", f"HS{number}", amount]


def lines(reading: Reading) -> list[tuple[int, str | None]]:
    return [(row.row, row.pupil.full_name) for row in reading.rows]


def test_columns_in_any_order_by_any_of_their_headings() -> None:
    """Accents, case, blanks, line breaks and order do not count; the heading is given back as found."""
    rows = [
        ["TIEN AN", "ĐT phụ huynh", "LOP", "Phái", "Ngày tháng\nnăm sinh", "HO VA  TEN", "mshs"],
        [1000, "0912345678", "3A", "Nữ", "05/09/2015", "Trần Bình", "7"],
    ]
    reading = read(xlsx(rows), today=TODAY)
    assert reading.columns == {
        "phone": "ĐT phụ huynh",
        "class_name": "LOP",
        "sex": "Phái",
        "birth_date": "Ngày tháng năm sinh",
        "full_name": "HO VA TEN",
        "pupil_code": "mshs",
    }
    assert reading.rows[0].items == {"TIEN AN": 1000}
    assert reading.totals.ok == 1


def test_rows_are_counted_as_in_the_sheet() -> None:
    """Blank rows and columns before, between and behind count and are no rows."""
    rows = [[], [], [None, *HEAD], [], [None, *pupil(1)], [], [None, *pupil(2, "Trần Bình")], [], []]
    for content in (xlsx(rows), xls(rows)):
        reading = read(content, today=TODAY)
        assert reading.header_row == 3
        assert lines(reading) == [(5, "Nguyễn Văn An"), (7, "Trần Bình")]


def test_titles_totals_and_signatures_are_no_rows() -> None:
    """Nothing that a printed list has around its pupils becomes one."""
    rows = [
        ["TRƯỜNG TIỂU HỌC HOA MAI"],
        ["DANH SÁCH THU TIỀN THÁNG 9"],
        [],
        [*HEAD, "Bảo hiểm", "Tổng cộng"],
        ["(1)", "(2)", "(3)", "(4)", "(5)", "(6)", "(7)", "(8)", "(9)=(7)+(8)"],
        [*pupil(1), 5, 450_005],
        [*pupil(2, "Trần Bình"), 7, 450_007],
        HEAD,
        ["", "Cộng trang 1", "", "", "", "", 900_000],
        [*pupil(3, "Lê Chi"), 7, 450_007],
        ["", "Tổng cộng", "", "", "", "", 1_350_000, 19, 1_350_019],
        ["Tổng cộng", "", "", "", "", "", 1_350_000],
        ["", "Tổng số học sinh: 3"],
        [None, None, None, None, None, None, 1_350_000, 19],
        ["Bằng chữ: một triệu ba trăm năm mươi nghìn đồng"],
        ["Đồng Xoài, ngày 5 tháng 9 năm 2026"],
        ["", "Người lập bảng", "", "", "", "Hiệu trưởng"],
        [],
        ["", "Nguyễn Thị Hoa", "", "", "", "Trần Văn Bảy"],
    ]
    for content in (xlsx(rows), xls(rows), csv([["" if c is None else c for c in row] for row in rows])):
        reading = read(content, today=TODAY)
        assert reading.header_row == 4
        assert [number for number, _ in lines(reading)] == [6, 7, 10]
        assert reading.totals.ok == 3
        assert reading.item_headings == ("Tiền ăn", "Bảo hiểm")


@pytest.mark.parametrize(
    "name",
    [
        "Tống Cộng Hoà",
        "Tổng Văn An",
        "Cộng Thị Hoa",
        "Trường Giang",
        "Ngày Mai",
        "Kế Toán",
        "Lớp",
        "TONG TIEN DUNG",
    ],
)
def test_a_pupil_whose_name_sounds_like_a_total_stays_a_pupil(name: str) -> None:
    """No pupil may vanish silently."""
    assert lines(read(xlsx([HEAD, pupil(1, name)]), today=TODAY)) == [(2, name)]


def test_merged_headings_of_two_and_three_rows() -> None:
    """`header_row` is the last row of the heading; the lower text of a column is its heading."""
    two = xlsx(
        [
            ["DANH SÁCH"],
            ["STT", "Họ và tên", "Lớp", "Các khoản thu", None, None],
            [None, None, None, "Tiền ăn", "Bảo hiểm", "Tổng cộng"],
            [1, "An Văn", "3A", 100, 200, 300],
        ],
        merges=["A1:F1", "A2:A3", "B2:B3", "C2:C3", "D2:F2"],
    )
    three = xlsx(
        [
            ["STT", "Họ và tên", "Lớp", "Các khoản", None, None, None],
            [None, None, None, "Bắt buộc", None, "Tự nguyện", None],
            [None, None, None, "Nước uống", "Tiền ăn", "CLB", "Sách"],
            [1, "An Văn", "3A", 1, 2, 3, 4],
        ],
        merges=["A1:A3", "B1:B3", "C1:C3", "D1:G1", "D2:E2", "F2:G2"],
    )
    first, second = read(two, today=TODAY), read(three, today=TODAY)
    assert (first.header_row, first.rows[0].row, first.rows[0].items) == (
        3,
        4,
        {"Tiền ăn": 100, "Bảo hiểm": 200},
    )
    assert second.header_row == 3
    assert second.rows[0].items == {"Nước uống": 1, "Tiền ăn": 2, "CLB": 3, "Sách": 4}
    old = read(
        xls([["Lớp 3A", None, None], ["STT", "Họ và tên", "Tiền ăn"], [1, "A B", 5]], merges=[(0, 0, 0, 2)]),
        today=TODAY,
    )
    assert (old.header_row, old.rows[0].pupil.class_name) == (2, "3A")


@pytest.mark.parametrize(
    ("heading", "merges", "name"),
    [
        (["STT", "Họ đệm", "Tên", "Lớp"], [], "Họ đệm Tên"),
        (["STT", "Họ và tên đệm", "Tên", "Lớp"], [], "Họ và tên đệm Tên"),
        (["STT", "Họ và tên", None, "Lớp"], ["B1:C1"], "Họ và tên"),
        (["STT", "Họ và tên", "", "Lớp"], [], "Họ và tên"),
    ],
)
def test_a_name_in_two_columns_is_joined(heading: list[Any], merges: list[str], name: str) -> None:
    """Under two headings, one merged over both, or one with none beside it."""
    rows = [heading, [1, "Nguyễn Văn", "An", "3A"], [2, "Trần", "Bình", "3A"]]
    reading = read(xlsx(rows, merges=merges), today=TODAY)
    assert reading.columns["full_name"] == name
    assert [name for _, name in lines(reading)] == ["Nguyễn Văn An", "Trần Bình"]


def test_the_class_from_a_column_a_title_a_section_or_the_sheet() -> None:
    """A column first; else what the list says above; else the sheet's name; else the row is wrong."""
    head, row = ["STT", "Họ và tên", "Ngày sinh"], [1, "An Văn", "05/09/2015"]

    def classes(content: bytes) -> list[str | None]:
        return [found.pupil.class_name for found in read(content, today=TODAY).rows]

    assert classes(xlsx([["DANH SÁCH LỚP 3A"], head, row])) == ["3A"]
    assert classes(xlsx([head, row], name="Lớp 6A10")) == ["6A10"]
    assert classes(xlsx([head, ["Lớp 3A"], row, ["Lớp 3B"], [2, "B C", "06/09/2015"]])) == ["3A", "3B"]
    assert classes(xlsx([head, row])) == [None]
    assert read(xlsx([head, row]), today=TODAY).rows[0].outcome == "wrong"
    merged = xlsx([HEAD, pupil(1), [*pupil(2)[:4], None, "HS2", 1]], merges=["E2:E3"])
    assert classes(merged) == ["3A", "3A"]


def test_sums_are_no_items_and_fees_are() -> None:
    """Tổng cộng, Cộng, Thành tiền and a column that only sums up; notes and counts are no fees either."""
    heading = [
        "Họ và tên",
        "Lớp",
        "Tiền ăn",
        "Nước uống",
        "Cộng",
        "Bảo hiểm",
        "Thành tiền",
        "Tổng cộng",
        "TỔNG TIỀN",
    ]
    heading += ["Tổng số tiền", "Số tiền phải nộp", "Ghi chú", "Số buổi", "Hoạt động X"]
    row = ["A B", "3A", 1000, 2000, 3000, 5000, 8000, 8000, 8000, 8000, 8000, "nộp sau 50000", 20, 700]
    reading = read(xlsx([heading, [*row[:-4], 8700, *row[-3:]]]), today=TODAY)
    assert reading.rows[0].items == {"Tiền ăn": 1000, "Nước uống": 2000, "Bảo hiểm": 5000, "Hoạt động X": 700}


def test_two_fees_under_one_heading_are_told_apart() -> None:
    """Neither hides the other."""
    reading = read(xlsx([["Họ và tên", "Lớp", "Tiền ăn", "Tiền ăn"], ["A B", "3A", 1, 2]]), today=TODAY)
    assert sorted(reading.rows[0].items.values()) == [1, 2]


def test_an_amount_merged_over_pupils_is_wrong_for_each() -> None:
    """It is not said for whom it is."""
    content = xlsx([HEAD, pupil(1), pupil(2, "B C", None)], merges=["G2:G3"])
    assert [row.outcome for row in read(content, today=TODAY).rows] == ["wrong", "wrong"]


def test_an_error_cell_never_reads_as_blank() -> None:
    """The library gives an empty text for it; the row is wrong all the same, in new files and old."""
    new = xlsx([HEAD, [*pupil(1)[:6], Formula("=NA()", "#N/A")], pupil(2, "B C")])
    reading = read(new, today=TODAY)
    assert [row.outcome for row in reading.rows] == ["wrong", "ok"]
    assert (reading.rows[0].problems[0].column, reading.rows[0].problems[0].found) == ("Tiền ăn", "#N/A")


def test_sheets() -> None:
    """The first visible sheet with a heading is read, hidden ones only when named, the rest is listed."""
    more = [("Bìa", [["Trường Hoa Mai"]]), ("3A", [HEAD, pupil(1)]), ("3B", [HEAD, pupil(2, "B C")])]
    content = xlsx([HEAD, pupil(9)], name="Cũ", hidden=["Cũ"], more=more)
    reading = read(content, today=TODAY)
    assert (reading.sheet, reading.sheets) == ("3A", ("3B",))
    assert read(content, sheet="3B", today=TODAY).sheets == ("3A",)
    assert lines(read(content, sheet="Cũ", today=TODAY)) == [(2, "Nguyễn Văn An")]
    assert read(content, sheet=unicodedata.normalize("NFD", "Cũ"), today=TODAY).sheet == "Cũ"
    with pytest.raises(RosterSheetUnknown) as refused:
        read(content, sheet="3C", today=TODAY)
    assert "3A" in refused.value.text_vi
    with pytest.raises(RosterNoHeading):
        read(content, sheet="Bìa", today=TODAY)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1258"])
def test_csv_in_every_encoding_and_with_every_separator(encoding: str, separator: str) -> None:
    """Quoted separators, blank records, amounts with the separator in them."""
    rows = [
        ["Họ và tên", "Lớp", "Tiền ăn"],
        ["Trần Thị Bình", "3A", "1,250,000"],
        ["", "", ""],
        ["Lê Văn, Tí; Tèo | Tủn", "3A", "-"],
    ]
    text = csv(rows, separator).decode()
    content = _windows_1258(text) if encoding == "cp1258" else text.encode(encoding)
    reading = read(content, today=TODAY, file_name="C:\\Truong\\lop-3a.csv")
    assert (reading.sheet, reading.header_row) == ("lop-3a", 1)
    assert lines(reading) == [(2, "Trần Thị Bình"), (4, "Lê Văn, Tí; Tèo | Tủn")]
    assert [row.items for row in reading.rows] == [{"Tiền ăn": 1_250_000}, {}]


def _windows_1258(text: str) -> bytes:
    """As old Windows writes Vietnamese: letters with their shape, tones behind them."""
    tones = "\u0300\u0301\u0303\u0309\u0323"
    parts = []
    for letter in text:
        marks = unicodedata.normalize("NFD", letter)
        shape = unicodedata.normalize("NFC", "".join(mark for mark in marks if mark not in tones))
        parts.append(shape + "".join(mark for mark in marks if mark in tones))
    return "".join(parts).encode("cp1258")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_csv_records_are_counted_not_lines(end: str) -> None:
    """A line break inside quotes does not count; every kind of line end does."""
    text = f'"Họ và{end}tên",Lớp,Tiền ăn{end}"An{end}Văn",3A,"1,250,000"{end}{end}Bình Lê,3B,0{end}'
    reading = read(text.encode(), today=TODAY)
    assert lines(reading) == [(2, "An Văn"), (4, "Bình Lê")]
    assert reading.columns["full_name"] == "Họ và tên"


def test_fonts_of_before_unicode() -> None:
    """TCVN3 on Western codes becomes Unicode, in every kind of file."""
    rows = [["STT", "Hä vµ tªn", "Líp", "Giíi tÝnh", "TiÒn ¨n"], [1, "NguyÔn ThÞ §iÖp", "3A", "N÷", "1.000"]]
    for content in (xlsx(rows), xls(rows), csv(rows, ";", "cp1252")):
        reading = read(content, today=TODAY)
        assert reading.columns["class_name"] == "Lớp"
        (row,) = reading.rows
        assert (row.pupil.full_name, row.pupil.sex, row.items) == ("Nguyễn Thị Điệp", "nữ", {"Tiền ăn": 1000})


def test_sex_by_marks_and_birth_dates_in_three_columns() -> None:
    """A column “Nữ” with crosses; day, month and year apart."""
    marks = xlsx([["Họ và tên", "Nữ", "Lớp"], ["A B", "x", "3A"], ["C D", "", "3A"]])
    assert [row.pupil.sex for row in read(marks, today=TODAY).rows] == ["nữ", "nam"]
    parts = xlsx(
        [
            ["Họ và tên", "Ngày sinh", None, None, "Lớp"],
            [None, "Ngày", "Tháng", "Năm", None],
            ["A B", 5, 9, 2015, "3A"],
        ],
        merges=["A1:A2", "B1:D1", "E1:E2"],
    )
    assert read(parts, today=TODAY).rows[0].pupil.birth_date == date(2015, 9, 5)


def test_more_than_fifty_thousand_pupils_are_refused_with_the_limit_named() -> None:
    """50,000 are read, one more is not."""
    line = "An Văn;3A;1.000\n"
    assert read(("Họ và tên;Lớp;Tiền ăn\n" + line * 50_000).encode(), today=TODAY).totals.ok == 50_000
    with pytest.raises(RosterTooManyRows) as refused:
        read(("Họ và tên;Lớp;Tiền ăn\n" + line * 50_001).encode(), today=TODAY)
    assert "50000" in refused.value.text_vi
    assert "50000" in refused.value.text_en


def test_what_is_given_back_reads_the_same() -> None:
    """Wrong rows, returned in their own layout, have the same problems when they come in again."""
    rows = [["DANH SÁCH LỚP 3A"], HEAD, pupil(1), pupil(2, "B C", "12,5"), pupil(3, "=cmd|' /C calc'!A0")]
    content = xlsx(rows)
    problems = {row.row: ["sai"] for row in read(content, today=TODAY).rows if row.outcome == "wrong"}
    again = read(wrong_rows(content, "Danh sách", "ds.xlsx", problems), today=TODAY)
    assert [(row.row, row.problems[0].reason) for row in again.rows] == [
        (3, "AMOUNT_NOT_WHOLE"),
        (4, "FORMULA_TEXT"),
    ]


def test_nothing_given_back_begins_like_a_formula() -> None:
    """Whatever stood in a list: `=`, `+`, `-`, `@` in front are made harmless, and read as they were."""
    rows = [["Họ và tên", "Lớp", "SĐT", "Mã HS", "Ghi chú"]]
    rows += [["=HYPERLINK(A1)", "3A", "+84912345678", "@HS1", "-1+1"], ["+An Văn", "", "-", "'x", "\tx"]]
    content = xlsx(rows)
    made = wrong_rows(content, "Danh sách", "ds.xlsx", {2: ["sai"], 3: ["sai"]})
    again = read(made, today=TODAY)
    cells = [value for row in source.find_source(made, None, "").sheet.rows for value in row]
    assert not [
        value for value in cells if isinstance(value, str) and len(value) > 1 and value[0] in "=+-@\t\r"
    ]
    before = read(content, today=TODAY)
    assert [row.pupil for row in again.rows] == [row.pupil for row in before.rows]
    assert before.rows[0].pupil.phone == "+84912345678"


def test_a_formula_that_nobody_computed_is_wrong_in_every_kind_of_file() -> None:
    """Programs that cannot compute write 0, or an empty text: no fee may become that. A computed blank is one."""
    head = ["Họ và tên", "Lớp", "Tiền ăn", "Tổng cộng"]
    new = xlsx([head, ["An Văn", "3A", Formula("=1000*2"), Formula("=C2")], ["B C", "3A", 0, Formula("=C3")]])
    first, second = read(new, today=TODAY).rows
    assert (first.outcome, first.problems[0].reason) == ("wrong", "FORMULA_NOT_COMPUTED")
    assert (second.outcome, second.items) == ("ok", {"Tiền ăn": 0})
    old = xls(
        [
            head,
            ["An Văn", "3A", xlwt.Formula("1000*2"), 0],
            ["B C", "3A", xlwt.Formula('IF(D3>9,D3,"")'), 0],
        ]
    )
    first, second = read(old, today=TODAY).rows
    assert (first.outcome, first.problems[0].reason) == ("wrong", "FORMULA_NOT_COMPUTED")
    assert (second.outcome, second.items) == ("ok", {})


def test_a_second_telephone_stands_in_for_the_first() -> None:
    """Father's number, else mother's; a wrong one is wrong under its own heading."""
    rows = [["Họ và tên", "Lớp", "SĐT cha", "SĐT mẹ"], ["A B", "3A", "0987654321", "0912345678"]]
    rows += [["C D", "3A", "", "0912345678"], ["E F", "3A", "-", "12"], ["G H", "3A", "", ""]]
    reading = read(xlsx(rows), today=TODAY)
    assert [row.pupil.phone for row in reading.rows] == ["+84987654321", "+84912345678", None, None]
    assert [problem.column for row in reading.rows for problem in row.problems] == ["SĐT mẹ"]
    assert reading.columns["phone"] == "SĐT cha"
