"""Class lists as schools really keep them: each school its own layout, headings, dates and money."""

from __future__ import annotations

import io
import random

import xlsxwriter

from sandbox.city.people import MadeUpPupil
from sandbox.city.schools import MadeUpItem, MadeUpSchool


def roster(school: MadeUpSchool, seed: int) -> bytes:
    """The school's list of all pupils with the amounts that differ from pupil to pupil, as an XLSX file."""
    chance = random.Random(f"{seed}/{school.code}")
    output = io.BytesIO()
    book = xlsxwriter.Workbook(output, {"in_memory": True})
    sheet = book.add_worksheet("Danh sách")
    bold = book.add_format({"bold": True})
    day = book.add_format({"num_format": "dd/mm/yyyy"})
    row = 0
    if school.style == "titled":
        sheet.merge_range(0, 0, 0, 6, school.name.upper(), bold)
        sheet.merge_range(1, 0, 1, 6, "DANH SÁCH HỌC SINH VÀ KHOẢN THU", bold)
        row = 3
    items = [item for item in school.items if item.per_pupil_prices]
    headings = _headings(school.style) + [item.title for item in items]
    for column, heading in enumerate(headings):
        sheet.write_string(row, column, heading, bold)
    number = 0
    for entry in school.classes:
        for pupil in entry.pupils:
            row += 1
            number += 1
            for column, value in enumerate(_cells(school.style, number, pupil, entry.name)):
                if column == _date_column(school.style):
                    sheet.write_datetime(row, column, pupil.birth_date, day)
                else:
                    sheet.write(row, column, value)
            for place, item in enumerate(items):
                _write_amount(
                    sheet, row, len(_headings(school.style)) + place, _amount(item, chance), school.style
                )
    book.close()
    return output.getvalue()


def _headings(style: str) -> list[str]:
    if style == "split_names":
        return ["TT", "Mã HS", "Họ và tên đệm", "Tên", "Ngày, tháng, năm sinh", "Nữ", "Lớp", "ĐT phụ huynh"]
    if style == "titled":
        return ["STT", "Họ và tên", "Ngày sinh", "Giới tính", "Lớp", "Mã học sinh", "Mã định danh Bộ GD&ĐT"]
    return ["STT", "Mã học sinh", "Họ và tên", "Ngày sinh", "Giới tính", "Lớp", "Số điện thoại"]


def _cells(style: str, number: int, pupil: MadeUpPupil, class_name: str) -> list[str | int]:
    text = pupil.birth_date.strftime("%d/%m/%Y")
    if style == "split_names":
        family, _, given = pupil.full_name.rpartition(" ")
        mark = "x" if pupil.sex == "Nữ" else ""
        return [number, pupil.code, family, given, text, mark, class_name, pupil.phone]
    if style == "titled":
        return [number, pupil.full_name, text, pupil.sex, class_name, pupil.code, pupil.ministry_code]
    return [number, pupil.code, pupil.full_name, text, pupil.sex, class_name, pupil.phone]


def _date_column(style: str) -> int:
    """The column that holds a real date, or -1 where dates are text."""
    return 2 if style == "titled" else -1


def _amount(item: MadeUpItem, chance: random.Random) -> int:
    return chance.choice(item.per_pupil_prices)


def _write_amount(sheet: object, row: int, column: int, amount: int, style: str) -> None:
    write = sheet.write  # type: ignore[attr-defined]
    if amount == 0:
        write(row, column, "-")
    elif style == "text_money":
        write(row, column, f"{amount:,}".replace(",", "."))
    else:
        write(row, column, amount)
