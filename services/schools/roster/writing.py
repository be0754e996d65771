"""Lists given to schools as XLSX: an empty one to fill in, and the wrong rows of theirs in their own layout.

Every cell is written as text or number, never as a formula, whatever the list held.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from services.schools.roster.headings import shown
from services.schools.roster.sheets import CellError, Value
from services.schools.roster.source import find_source

TEMPLATE_HEADINGS = (
    "STT",
    "Mã học sinh",
    "Họ và tên",
    "Ngày sinh",
    "Giới tính",
    "Lớp",
    "Mã định danh Bộ GD&ĐT",
    "Số định danh cá nhân",
    "Số điện thoại",
)
# Reading a list passes over a column of this name.
_TO_CORRECT = "Cần sửa"
_ROWS_READY = 2_000


def template(items: Sequence[str], classes: Sequence[str] = ()) -> bytes:
    """An empty list with a column for each item, whose cells keep leading zeros and day/month/year as typed.

    The class column offers the school's classes; another one may be typed all the same.
    """
    output = io.BytesIO()
    book = xlsxwriter.Workbook(output, {"in_memory": True, "strings_to_formulas": False})
    sheet = book.add_worksheet("Danh sách")
    bold = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
    as_text = book.add_format({"num_format": "@"})
    money = book.add_format({"num_format": "#,##0"})
    for column, heading in enumerate((*TEMPLATE_HEADINGS, *items)):
        sheet.write_string(0, column, heading, bold)
        is_item = column >= len(TEMPLATE_HEADINGS)
        sheet.set_column(column, column, max(12, len(heading) + 2), money if is_item else as_text)
    sex = TEMPLATE_HEADINGS.index("Giới tính")
    sheet.data_validation(1, sex, _ROWS_READY, sex, {"validate": "list", "source": ["Nam", "Nữ"]})
    if classes:
        offered = book.add_worksheet("Lớp")
        offered.write_column(0, 0, classes)
        offered.hide()
        place = TEMPLATE_HEADINGS.index("Lớp")
        choice = {
            "validate": "list",
            "source": f"='Lớp'!$A$1:$A${len(classes)}",
            "error_type": "warning",
            "error_title": "Lớp mới?",
            "error_message": "Lớp này chưa có trong danh sách của trường.",
        }
        sheet.data_validation(1, place, _ROWS_READY, place, choice)
    sheet.freeze_panes(1, 0)
    book.close()
    return output.getvalue()


def wrong_rows(
    content: bytes, sheet_name: str, file_name: str, problems: Mapping[int, Sequence[str]]
) -> bytes:
    """The heading of a list and its wrong rows as they stand there, with a last column that says what to correct.

    `problems` are texts by row, counted from 1 as in the sheet.
    """
    source = find_source(content, sheet_name, file_name)
    rows, bottom = source.sheet.rows, source.layout.bottom
    width = max((len(row) for row in rows), default=0)
    output = io.BytesIO()
    book = xlsxwriter.Workbook(output, {"in_memory": True, "strings_to_formulas": False})
    sheet = book.add_worksheet()
    days = book.add_format({"num_format": "dd/mm/yyyy"})
    bold = book.add_format({"bold": True})
    for number, row in enumerate(rows[: bottom + 1]):
        _write_row(sheet, number, row, days)
    sheet.write_string(bottom, width, _TO_CORRECT, bold)
    for offset, number in enumerate(sorted(problems), start=1):
        _write_row(sheet, bottom + offset, rows[number - 1], days)
        sheet.write_string(bottom + offset, width, "; ".join(problems[number])[:30_000])
    sheet.set_column(width, width, 60)
    book.close()
    return output.getvalue()


def _harmless(text: str) -> str:
    """Text that no spreadsheet takes for a formula, wherever it is copied to; reading takes the apostrophe off."""
    return "'" + text if len(text) > 1 and text[0] in "=+-@\t\r" else text


def _write_row(sheet: Worksheet, number: int, row: Sequence[Value], days: Format) -> None:
    for column, value in enumerate(row):
        if value == "":
            continue
        if isinstance(value, CellError | str):
            sheet.write_string(number, column, _harmless(str(value))[:30_000])
        elif isinstance(value, bool):
            sheet.write_boolean(number, column, value)
        elif isinstance(value, datetime | date) and not isinstance(value, time):
            sheet.write_datetime(number, column, value, days)
        elif isinstance(value, time | timedelta):
            sheet.write_string(number, column, shown(value))
        else:
            sheet.write_number(number, column, value)
