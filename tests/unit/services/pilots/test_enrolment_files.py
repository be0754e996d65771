"""Enrolment lists as files: headings in any words and order, limits, refusals, and lists that are given back."""

from __future__ import annotations

import io
import zipfile

import pytest

from services.pilots.domain.enrolment_values import Line, Problem, Values
from services.pilots.lists import limited, limits, refusals
from services.pilots.lists.reading import read
from services.pilots.lists.tables import tables
from services.pilots.lists.writing import WrongRow, sheet
from tests.support.stall_lists import HEADINGS, stall_csv, stall_row, stall_xlsx, table, xlsx

OTHER_WORDS = {
    "account_number": "STK",
    "bank": "Ngân hàng (tên, mã hoặc BIN)",
    "account_holder": "TÊN CHỦ TÀI KHOẢN",
    "stall_number": "Số sạp *",
    "section_code": "Dãy",
    "unit_name": "Hộ kinh doanh",
    "holder_name": "Họ và tên chủ quầy",
    "phone": "SĐT",
    "goods": "Ngành hàng",
}


def rewritten(content: bytes, **parts: bytes) -> bytes:
    """A container with parts added or written over (`__` for `/`, `_dot_` for a dot)."""
    output = io.BytesIO()
    wanted = {name.replace("__", "/").replace("_dot_", "."): part for name, part in parts.items()}
    with (
        zipfile.ZipFile(io.BytesIO(content)) as source,
        zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            if name not in wanted:
                target.writestr(name, source.read(name))
        for name, part in wanted.items():
            target.writestr(name, part)
    return output.getvalue()


def values(lines: list[Line]) -> list[tuple[int, str, str]]:
    return [(line.row, line.values.stall_number, line.values.account_number) for line in lines]


def test_titles_above_blank_rows_and_notes_below_are_no_rows() -> None:
    """Row numbers are those of the sheet, so that people find the row."""
    head, *rows = table([stall_row(1), stall_row(2)])
    content = xlsx([["UBND phường"], ["Danh sách quầy"], [], head, rows[0], [], rows[1], ["Người lập: Lê A"]])
    assert values(read(content)) == [(5, "1", "0071000000001"), (7, "2", "0071000000002")]


def test_columns_stand_in_any_order_under_other_words() -> None:
    content = stall_xlsx([stall_row(1)], OTHER_WORDS)
    (line,) = read(content)
    assert (line.values.stall_number, line.values.account_number) == ("1", "0071000000001")
    assert (line.values.goods, line.values.relation) == ("Rau củ", "")


def test_a_hidden_sheet_and_columns_of_others_are_passed_over() -> None:
    headings = {"stt": "STT", **HEADINGS, "note": "Ghi chú"}
    content = stall_xlsx([stall_row(1, note="gửi sau", stt=1)], headings, hidden_first=True)
    assert values(read(content)) == [(2, "1", "0071000000001")]


def test_the_heading_again_on_the_next_page_is_no_row() -> None:
    head, *rows = table([stall_row(1), stall_row(2)])
    assert [line.row for line in read(xlsx([head, rows[0], head, rows[1]]))] == [2, 4]


def test_number_cells_are_told_from_text() -> None:
    (line,) = read(stall_xlsx([stall_row(1, phone=912345678, account_number=12345678, stall_number=5)]))
    assert line.numbers == {"phone", "account_number", "stall_number"}
    assert (line.values.phone, line.values.stall_number) == ("912345678", "5")


def test_a_number_beyond_excels_digits_shows_as_what_it_is() -> None:
    (line,) = read(stall_xlsx([stall_row(1, account_number=1234567890123456789)]))
    assert "E+" in line.values.account_number


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_csv_is_read_in_the_ways_that_offices_write_it(delimiter: str, encoding: str) -> None:
    content = stall_csv([stall_row(1, goods="Rau, củ; quả")], delimiter).encode(encoding)
    (line,) = read(content)
    assert (line.values.goods, line.values.account_number) == ("Rau, củ; quả", "0071000000001")
    assert not line.numbers


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (b"", refusals.EnrolmentEmpty),
        (b"   \n", refusals.EnrolmentEmpty),
        (b"%PDF-1.7", refusals.EnrolmentNotSpreadsheet),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", refusals.EnrolmentNotSpreadsheet),
        (b"\x89PNG\r\n", refusals.EnrolmentNotSpreadsheet),
        (b"<html><table></table></html>", refusals.EnrolmentNotSpreadsheet),
        (b"\x00\x01\x02", refusals.EnrolmentNotSpreadsheet),
        (b"a,b\n1,2\n", refusals.EnrolmentNoHeading),
        (b"PK\x03\x04 damaged", refusals.EnrolmentDamaged),
    ],
)
def test_other_files_are_refused_with_their_kind(content: bytes, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        read(content)


def test_a_list_with_a_heading_alone_is_empty() -> None:
    with pytest.raises(refusals.EnrolmentEmpty):
        read(stall_xlsx([]))


def test_missing_columns_are_named() -> None:
    headings = {name: text for name, text in HEADINGS.items() if name not in ("bank", "phone")}
    with pytest.raises(refusals.EnrolmentColumnsMissing) as caught:
        read(stall_xlsx([stall_row(1)], headings))
    assert "“Điện thoại”, “Ngân hàng”" in caught.value.text_vi


def test_two_columns_of_one_meaning_are_refused() -> None:
    with pytest.raises(refusals.EnrolmentColumnTwice):
        read(stall_xlsx([stall_row(1, again="2")], {**HEADINGS, "again": "STK"}))


@pytest.mark.parametrize(
    ("part", "refusal"),
    [
        ("xl__vbaProject_dot_bin", refusals.EnrolmentHasMacros),
        ("xl__externalLinks__externalLink1_dot_xml", refusals.EnrolmentHasLinks),
        ("xl__workbook_dot_bin", refusals.EnrolmentNotSpreadsheet),
    ],
)
def test_macros_and_links_are_refused(part: str, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        read(rewritten(stall_xlsx([stall_row(1)]), **{part: b"x"}))


def test_a_document_type_is_refused() -> None:
    bomb = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><sst/>'
    with pytest.raises(refusals.EnrolmentDamaged):
        read(rewritten(stall_xlsx([stall_row(1)]), xl__sharedStrings_dot_xml=bomb))


def test_what_unpacks_beyond_ten_times_the_limit_is_refused() -> None:
    heavy = b"<sst>" + b" " * (limits.UNPACKED_LIMIT + 1) + b"</sst>"
    content = rewritten(stall_xlsx([stall_row(1)]), xl__sharedStrings_dot_xml=heavy)
    assert len(content) < limits.UPLOAD_LIMIT
    with pytest.raises(refusals.EnrolmentUnpacksTooLarge):
        read(content)


def test_two_thousand_rows_are_read_and_one_more_is_refused() -> None:
    rows = [stall_row(number) for number in range(1, limits.ROW_LIMIT + 1)]
    assert len(read(stall_xlsx(rows))) == limits.ROW_LIMIT
    with pytest.raises(refusals.EnrolmentTooManyRows):
        read(stall_xlsx([*rows, stall_row(9_999)]))


def test_the_process_apart_reads_the_same_and_passes_refusals_on() -> None:
    content = stall_xlsx([stall_row(1)])
    assert limited.read_limited(content) == read(content)
    with pytest.raises(refusals.EnrolmentHasMacros):
        limited.read_limited(rewritten(content, xl__vbaProject_dot_bin=b"x"))
    with pytest.raises(refusals.EnrolmentTooLarge):
        limited.read_limited(b"x" * (limits.UPLOAD_LIMIT + 1))


def test_the_empty_list_has_every_column_and_offers_the_blocks() -> None:
    made = sheet("Danh sách quầy – Đường Lê Duẩn", {"LD-1": "Đoạn 1"}, ["Vietcombank"])
    (filled,) = tables(made)
    assert filled[0][0].text == "Danh sách quầy – Đường Lê Duẩn"
    with pytest.raises(refusals.EnrolmentEmpty):
        read(made)
    with zipfile.ZipFile(io.BytesIO(made)) as parts:
        assert b"LD-1" in parts.read("xl/sharedStrings.xml")


def test_rows_given_back_are_read_again_with_their_formulas_harmless() -> None:
    """The last column says what to correct; reading passes over it."""
    found = Values(
        stall_number="12", unit_name="=cmd()", phone="+84912345678", unit_kind="household", goods="-5"
    )
    problem = Problem("unit_name", "=cmd()", "chữ", "text")
    content = sheet("Cần sửa", {"A": "A"}, [], [WrongRow(found, [problem])])
    (filled,) = tables(content)
    assert filled[1][-1].text == "Cần sửa"
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        assert b"<f>" not in parts.read("xl/worksheets/sheet1.xml")
        assert b"<t>=cmd()</t>" not in parts.read("xl/sharedStrings.xml")
    (line,) = read(content)
    assert (line.values.unit_name, line.values.phone, line.values.goods) == ("=cmd()", "0912345678", "-5")
    assert line.values.unit_kind == "Hộ"
