"""The Vietnamese words and number forms of notices and receipts; what the templates print, and nothing about how."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal

from kit.clock import CITY_ZONE
from services.documents.domain import Basis, ItemKind, NoticeLine

SAFETY = "Nhà trường không gọi điện hỏi mật khẩu, OTP và không gửi đường liên kết."
NO_PHONE = "Không có điện thoại thông minh: nhờ người nhà quét tờ này"
NO_VOLUNTARY = "Tờ này không có khoản tự nguyện."
UNCONFIRMED = "chưa xác nhận"
TRIAL = "Bản thử – không có tiền thật"
UNSIGNED = "Bản chưa ký"
PREVIEW = "Bản xem trước, chưa phát hành. Mã QR và nội dung chuyển khoản có trên bản phát hành."
NOTHING_DUE = "Không phải nộp khoản nào trong đợt này."
_NO_BREAK = "\u00a0"


def digits(amount: int) -> str:
    """Whole đồng with dots between thousands and a true minus: −56.000."""
    return f"{amount:,}".replace(",", ".").replace("-", "\u2212")


def money(amount: int, sign: str = "₫") -> str:
    """An amount with its sign after a no-break space: 936.000 ₫."""
    return f"{digits(amount)}{_NO_BREAK}{sign}"


def quantity(line: NoticeLine) -> str:
    """How much of a unit: "20 ngày", "2,5 giờ"; blank when the line has none."""
    if line.quantity is None:
        return ""
    number = Decimal(line.quantity)
    whole = number == number.to_integral_value()
    shown = digits(int(number)) if whole else format(number.normalize(), "f").replace(".", ",")
    return f"{shown}{_NO_BREAK}{line.unit}".rstrip()


def short_date(day: date) -> str:
    """05/9/2026: two digits for the day and for months 1, 2, 10 to 12 (the form of NĐ 30/2020, Phụ lục I)."""
    return f"{day.day:02}/{_month(day)}/{day.year}"


def long_date(day: date) -> str:
    """ngày 05 tháng 9 năm 2026, as official papers write it."""
    return f"ngày {day.day:02} tháng {_month(day)} năm {day.year}"


def city_time(moment: datetime, *, seconds: bool = False) -> str:
    """The time of day in the city, 08:15 or 08:15:02."""
    return moment.astimezone(CITY_ZONE).strftime("%H:%M:%S" if seconds else "%H:%M")


def city_day(moment: datetime) -> date:
    """The calendar day in the city."""
    return moment.astimezone(CITY_ZONE).date()


def grouped_account(account: str) -> str:
    """Groups of four to be read and typed, never a last group of one: 9021 0000 11187."""
    groups = re.findall(".{1,4}", account)
    if len(groups) > 1 and len(groups[-1]) == 1:
        groups[-2:] = [groups[-2] + groups[-1]]
    return " ".join(groups)


def basis_note(basis: Basis) -> str:
    """One footnote: the legal kind, its ceiling or agreement, the source, and whether somebody has confirmed it."""
    said = _KIND_NOTES[basis.kind](basis)
    source = f" theo {basis.source}" if basis.source else ""
    doubt = "" if basis.is_confirmed else f" ({UNCONFIRMED})"
    return f"{said}{source}{doubt}."


def footnotes(lines: Iterable[NoticeLine]) -> tuple[list[str], dict[str, int]]:
    """The notes in order of first use, and the number of each; tuition at no price needs none."""
    numbers: dict[str, int] = {}
    for line in lines:
        note = line_note(line)
        if note:
            numbers.setdefault(note, len(numbers) + 1)
    return list(numbers), numbers


def line_note(line: NoticeLine) -> str:
    """The footnote of a line, blank where nothing is collected or the line is no item."""
    if line.basis is None or (line.basis.kind is ItemKind.TUITION and line.amount == 0):
        return ""
    return basis_note(line.basis)


def _month(day: date) -> str:
    return f"{day.month:02}" if day.month < 3 else str(day.month)


def _tuition_note(basis: Basis) -> str:
    return "Học phí" + _ceiling(basis)


def _service_note(basis: Basis) -> str:
    return "Dịch vụ hỗ trợ giáo dục" + _ceiling(basis)


def _agreed_note(basis: Basis) -> str:
    if basis.agreed_date is None:
        return "Thoả thuận với phụ huynh"
    return f"Thoả thuận bằng văn bản với phụ huynh ngày {short_date(basis.agreed_date)}"


def _pass_through_note(basis: Basis) -> str:
    return "Thu hộ, chi hộ" + (f", nhà trường chuyển hết cho {basis.recipient}" if basis.recipient else "")


def _ceiling(basis: Basis) -> str:
    if basis.ceiling is None:
        return ""
    return f", mức trần {money(basis.ceiling, 'đ')} một {basis.ceiling_unit}"


_KIND_NOTES = {
    ItemKind.TUITION: _tuition_note,
    ItemKind.SERVICE: _service_note,
    ItemKind.AGREED: _agreed_note,
    ItemKind.PASS_THROUGH: _pass_through_note,
}
