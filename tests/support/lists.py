"""Lists as schools really hand them in, made for tests: XLSX with merged cells and formulas, XLS, CSV."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import xlsxwriter
import xlwt

HEAD = ["STT", "Họ và tên", "Ngày sinh", "Giới tính", "Lớp", "Mã học sinh", "Tiền ăn"]


class Formula(str):
    """A cell with this formula; its computed value is `value`."""

    value: object

    def __new__(cls, formula: str, value: object = 0) -> Formula:
        made = super().__new__(cls, formula)
        made.value = value
        return made


def xlsx(
    rows: Sequence[Sequence[Any]],
    *,
    name: str = "Danh sách",
    merges: Sequence[str | tuple[str, object]] = (),
    hidden: Sequence[str] = (),
    is_1904: bool = False,
    more: Sequence[tuple[str, Sequence[Sequence[Any]]]] = (),
) -> bytes:
    """An XLSX file. A merge is an area, whose value is the cell's of its corner, or (area, value)."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False})
    if is_1904:
        book.use_1904_dates = True
        book.date_1904 = True
    day = book.add_format({"num_format": "dd/mm/yyyy"})
    for title, lines in ((name, rows), *more):
        sheet = book.add_worksheet(title)
        if title in hidden:
            sheet.hide()
        for number, row in enumerate(lines):
            for column, value in enumerate(row):
                _write(sheet, number, column, value, day)
        for merge in merges if title == name else ():
            area, value = merge if isinstance(merge, tuple) else (merge, None)
            sheet.merge_range(area, "" if value is None else value)
            if value is None:
                top, left = xlsxwriter.utility.xl_cell_to_rowcol(area.partition(":")[0])
                _write(sheet, top, left, lines[top][left], day)
    if name in hidden and more:
        book.get_worksheet_by_name(more[0][0]).activate()
        book.get_worksheet_by_name(more[0][0]).set_first_sheet()
    book.close()
    return out.getvalue()


def _write(sheet: Any, row: int, column: int, value: Any, day: Any) -> None:
    if value is None:
        return
    if isinstance(value, Formula):
        sheet.write_formula(row, column, str(value), None, value.value)
    elif isinstance(value, datetime | date):
        sheet.write_datetime(row, column, value, day)
    elif isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    elif isinstance(value, str):
        sheet.write_string(row, column, value)
    else:
        sheet.write_number(row, column, value)


def xls(
    rows: Sequence[Sequence[Any]], *, name: str = "Danh sách", merges: Sequence[tuple[int, ...]] = ()
) -> bytes:
    """An XLS file (Excel 97). A merge is (top, bottom, left, right), from 0."""
    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet(name)
    day = xlwt.easyxf(num_format_str="DD/MM/YYYY")
    inside = {
        (r, c)
        for first, last, left, right in merges
        for r in range(first, last + 1)
        for c in range(left, right + 1)
    }
    for top, bottom, left, right in merges:
        sheet.write_merge(top, bottom, left, right, rows[top][left])
    for number, row in enumerate(rows):
        for column, value in enumerate(row):
            if value is None or (number, column) in inside:
                continue
            if isinstance(value, date):
                sheet.write(number, column, value, day)
            else:
                sheet.write(number, column, value)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def csv(
    rows: Sequence[Sequence[object]], separator: str = ",", encoding: str = "utf-8", end: str = "\r\n"
) -> bytes:
    """A CSV file; cells with a separator, a quote or a line end are quoted."""

    def cell(value: object) -> str:
        text = str(value)
        quoted = any(mark in text for mark in (separator, '"', "\n", "\r"))
        return '"' + text.replace('"', '""') + '"' if quoted else text

    return "".join(separator.join(map(cell, row)) + end for row in rows).encode(encoding)
