"""Lists of stalls as market boards hand them in, made for tests."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

import xlsxwriter

HEADINGS: Mapping[str, str] = {
    "unit_name": "Tên đơn vị",
    "unit_kind": "Loại",
    "holder_name": "Chủ quầy",
    "phone": "Điện thoại",
    "stall_number": "Số quầy",
    "stall_name": "Tên quầy",
    "goods": "Mặt hàng",
    "section_code": "Đoạn",
    "bank": "Ngân hàng",
    "account_number": "Số tài khoản",
    "account_holder": "Chủ tài khoản",
    "relation": "Quan hệ",
    "consent": "Đồng ý",
}
Cells = Mapping[str, object]


def stall_row(number: int = 1, **cells: object) -> dict[str, object]:
    """The row of a household of its own with its own account; `cells` are written over it."""
    row: dict[str, object] = {
        "unit_name": f"Hộ Nguyễn Thị Số {number}",
        "unit_kind": "Hộ",
        "holder_name": f"Nguyễn Thị Số {_words(number)}",
        "phone": f"09{number:08}",
        "stall_number": str(number),
        "stall_name": f"Quầy {number}",
        "goods": "Rau củ",
        "section_code": "A",
        "bank": "Vietcombank",
        "account_number": f"0071{number:09}",
        "account_holder": f"NGUYEN THI SO {_ascii_words(number)}",
        "relation": "bản thân",
        "consent": "",
    }
    return row | cells


def unit_rows(number: int, *stalls: str, **cells: object) -> list[dict[str, object]]:
    """The rows of one household that holds several stalls."""
    return [stall_row(number, stall_number=stall, stall_name=f"Quầy {stall}", **cells) for stall in stalls]


def table(rows: Sequence[Cells], headings: Mapping[str, str] = HEADINGS) -> list[list[object]]:
    """Rows under their headings, in the headings' order."""
    return [list(headings.values()), *([row.get(name, "") for name in headings] for row in rows)]


def stall_xlsx(rows: Sequence[Cells], headings: Mapping[str, str] = HEADINGS, **options: object) -> bytes:
    """An XLSX list."""
    return xlsx(table(rows, headings), **options)


def xlsx(lines: Sequence[Sequence[object]], *, title: str = "Danh sách", hidden_first: bool = False) -> bytes:
    """An XLSX file of these cells."""
    output = io.BytesIO()
    book = xlsxwriter.Workbook(output, {"in_memory": True, "strings_to_formulas": False})
    if hidden_first:
        book.add_worksheet("Nháp").hide()
    page = book.add_worksheet(title)
    for number, line in enumerate(lines):
        for column, value in enumerate(line):
            if isinstance(value, int | float):
                page.write_number(number, column, value)
            elif value != "":
                page.write_string(number, column, str(value))
    if hidden_first:
        page.activate()
        page.set_first_sheet()
    book.close()
    return output.getvalue()


def stall_csv(rows: Sequence[Cells], delimiter: str = ",", headings: Mapping[str, str] = HEADINGS) -> str:
    """A CSV list as text."""
    output = io.StringIO()
    csv.writer(output, delimiter=delimiter).writerows(table(rows, headings))
    return output.getvalue()


_ONES = ("Không", "Một", "Hai", "Ba", "Bốn", "Năm", "Sáu", "Bảy", "Tám", "Chín")
_ASCII_ONES = ("KHONG", "MOT", "HAI", "BA", "BON", "NAM", "SAU", "BAY", "TAM", "CHIN")


def _words(number: int) -> str:
    return " ".join(_ONES[int(digit)] for digit in str(number))


def _ascii_words(number: int) -> str:
    return " ".join(_ASCII_ONES[int(digit)] for digit in str(number))
