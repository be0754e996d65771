"""The day book as a workbook: texts as texts, amounts as numbers, never a formula."""

from __future__ import annotations

import io
from typing import Final

import xlsxwriter

from kit.money import format_vnd
from kit.text import clean_display
from services.pilots.domain.daybook import BookDay, DayBook

_HEAD: Final = (
    ("Ngày", 12),
    ("Quầy", 28),
    ("Chương trình", 24),
    ("Chuyển khoản", 16),
    ("Tiền mặt", 16),
    ("Đến muộn", 16),
    ("Doanh thu", 16),
    ("Khoản riêng (không tính)", 24),
    ("Đã chốt", 10),
)
_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
_OPTIONS: Final = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}


def file_name(book: DayBook) -> str:
    """Such as `so-ban-hang-2026.xlsx`."""
    return f"so-ban-hang-{book.year}.xlsx"


def write(book: DayBook) -> bytes:
    """The book of a year: a line a day and stall, sums under them, and what the law says of so much."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, _OPTIONS) as workbook:
        sheet = workbook.add_worksheet(f"Sổ {book.year}")
        title = workbook.add_format({"bold": True, "font_size": 14})
        strong = workbook.add_format({"bold": True, "bottom": 1, "text_wrap": True})
        money = workbook.add_format({"num_format": "#,##0"})
        day = workbook.add_format({"num_format": "dd/mm/yyyy"})
        total = workbook.add_format({"num_format": "#,##0", "bold": True, "top": 1})
        sheet.write_string(0, 0, harmless(f"Sổ bán hàng năm {book.year} – {book.unit_name}"), title)
        for column, (heading, width) in enumerate(_HEAD):
            sheet.set_column(column, column, width)
            sheet.write_string(2, column, heading, strong)
        for line, each in enumerate(book.days, start=3):
            sheet.write_datetime(line, 0, each.book_date, day)
            sheet.write_string(line, 1, harmless(f"{each.stall_number}, {each.stall_name}"))
            sheet.write_string(line, 2, harmless(each.programme_name))
            for column, amount in enumerate(_amounts(each), start=3):
                sheet.write_number(line, column, amount, money)
            sheet.write_string(line, 8, "có" if each.is_closed else "chưa")
        last = len(book.days) + 3
        sheet.write_string(last, 0, "Cộng", total)
        sheet.write_blank(last, 1, None, total)
        sheet.write_blank(last, 2, None, total)
        sums = [sum(column) for column in zip(*map(_amounts, book.days), strict=True)] or [0] * 5
        for column, amount in enumerate(sums, start=3):
            sheet.write_number(last, column, amount, total)
        for offset, words in enumerate(_notes(book), start=2):
            sheet.write_string(last + offset, 0, words)
        sheet.freeze_panes(3, 0)
    return content.getvalue()


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula, wherever it is copied to."""
    shown = clean_display(text)
    return f"'{shown}" if shown.startswith(_STARTS) else shown


def _amounts(day: BookDay) -> tuple[int, ...]:
    return day.transfer_sum, day.cash_sum, day.late_sum, day.revenue, day.private_sum


def _notes(book: DayBook) -> list[str]:
    notes = ["Sổ này không tính thuế. Khoản riêng để ngoài doanh thu."]
    if book.threshold is None:
        return notes
    source = book.threshold.legal
    if not book.threshold.is_confirmed:
        source += " – chưa đối chiếu lại văn bản"
    notes.append(f"{book.threshold.vi} ({source})")
    if book.is_above:
        notes.append(f"Doanh thu đã vượt {format_vnd(book.threshold.amount)}.")
    elif book.is_near:
        notes.append(f"Doanh thu đã đạt 80 % của {format_vnd(book.threshold.amount)} trở lên.")
    return notes
