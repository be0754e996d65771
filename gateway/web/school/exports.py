"""Lists as files for spreadsheets. A text that begins like a formula is never one (ASVS 1.2.10)."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Final

import xlsxwriter
from starlette.responses import Response

from gateway import formats
from gateway.page import Page
from gateway.web.school.downloads import disposition
from kit.text import clean_display
from xoai.invoices.v1 import invoices_service_pb2 as invoices_pb

_XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_WIDTHS: Final = (8, 30, 16, 36, 14, 14, 14, 16, 14)
_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
_STATES = invoices_pb.Invoice


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula: an apostrophe in front of what begins like one."""
    shown = clean_display(text)
    return f"'{shown}" if text.lstrip(" \u00a0").startswith(_STARTS) or shown.startswith(_STARTS) else shown


def _head(page: Page) -> list[str]:
    _ = page.gettext
    return [
        _("Lớp"),
        _("Học sinh"),
        _("Mã thanh toán"),
        _("Khoản"),
        _("Phải nộp"),
        _("Đã nhận"),
        _("Còn lại"),
        _("Tình trạng"),
        _("Ngày nộp đủ"),
    ]


def state_words(page: Page) -> dict[int, str]:
    """The states of invoices in words."""
    _ = page.gettext
    return {
        _STATES.STATE_OPEN: _("Chưa nộp"),
        _STATES.STATE_PART_PAID: _("Còn thiếu"),
        _STATES.STATE_PAID: _("Đã nhận đủ"),
        _STATES.STATE_VOID: _("Đã huỷ"),
    }


def _row(words: dict[int, str], invoice: invoices_pb.Invoice) -> list[str | int]:
    is_void = invoice.state == _STATES.STATE_VOID
    return [
        invoice.group_name,
        invoice.payer_name,
        invoice.reference,
        invoice.title,
        invoice.amount_due,
        invoice.amount_paid,
        0 if is_void else max(invoice.amount_due - invoice.amount_paid, 0),
        words.get(invoice.state, ""),
        formats.day(invoice.paid_time),
    ]


def csv_file(page: Page, name: str, invoices: Sequence[invoices_pb.Invoice]) -> Response:
    """Invoices as CSV in UTF-8 with a mark, so that spreadsheets read the Vietnamese letters."""
    words = state_words(page)
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(_head(page))
    for invoice in invoices:
        cells = _row(words, invoice)
        writer.writerow([harmless(cell) if isinstance(cell, str) else cell for cell in cells])
    body = text.getvalue().encode("utf-8-sig")
    headers = {"Content-Disposition": disposition(name)}
    return Response(body, media_type="text/csv; charset=utf-8", headers=headers)


def xlsx_file(page: Page, name: str, invoices: Sequence[invoices_pb.Invoice]) -> Response:
    """Invoices as a workbook with texts as texts, amounts as numbers, and sums under them."""
    words = state_words(page)
    content = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(content, options) as book:
        sheet = book.add_worksheet(page.gettext("Danh sách"))
        strong = book.add_format({"bold": True, "bottom": 1})
        money = book.add_format({"num_format": "#,##0"})
        total = book.add_format({"num_format": "#,##0", "bold": True, "top": 1})
        for column, (title, width) in enumerate(zip(_head(page), _WIDTHS, strict=True)):
            sheet.set_column(column, column, width)
            sheet.write_string(0, column, title, strong)
        for line, invoice in enumerate(invoices, start=1):
            for column, cell in enumerate(_row(words, invoice)):
                if isinstance(cell, int):
                    sheet.write_number(line, column, cell, money)
                else:
                    sheet.write_string(line, column, harmless(cell))
        counted = [_row(words, item) for item in invoices if item.state != _STATES.STATE_VOID]
        last = len(invoices) + 1
        sheet.write_string(last, 0, page.gettext("Cộng"), total)
        for column in (4, 5, 6):
            sheet.write_number(last, column, sum(int(row[column]) for row in counted), total)
        sheet.freeze_panes(1, 0)
    headers = {"Content-Disposition": disposition(name)}
    return Response(content.getvalue(), media_type=_XLSX, headers=headers)
