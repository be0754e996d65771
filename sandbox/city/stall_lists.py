"""Lists of stalls as market boards keep them: each programme its own layout and words."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Final

import xlsxwriter

from sandbox.city.schools import SANDBOX_BIN
from sandbox.city.stalls import MadeUpProgramme, MadeUpStall

_PLAIN: Final = (
    "Tên đơn vị", "Loại (hộ/doanh nghiệp)", "Chủ quầy", "Điện thoại", "Số quầy", "Tên quầy", "Mặt hàng", "Đoạn",
    "Ngân hàng", "Số tài khoản", "Chủ tài khoản", "Quan hệ với chủ quầy", "Đồng ý của chủ tài khoản",
)  # fmt: skip
_OTHER_WORDS: Final = (
    "Số sạp", "Dãy", "Hộ kinh doanh", "Loại hình", "Tiểu thương", "SĐT", "Bảng hiệu", "Ngành hàng", "STK",
    "Tại ngân hàng", "Tên chủ tài khoản", "Quan hệ", "Đồng ý",
)  # fmt: skip
# Names of the two banks that exist in the demo alone, and their numbers, as people write them.
_BANKS: Final = {"plain": ("Ngân hàng Thử Xoài", "Ngân hàng Thử Chậm"), "other_words": ("970499", "970498")}


def stall_list(programme: MadeUpProgramme) -> bytes:
    """The programme's list as an XLSX file; that of one street has two rows that somebody has to correct."""
    output = io.BytesIO()
    book = xlsxwriter.Workbook(output, {"in_memory": True, "strings_to_formulas": False})
    sheet = book.add_worksheet("Danh sách")
    top = 0
    if programme.style != "plain":
        sheet.write_string(0, 0, f"BAN QUẢN LÝ {programme.name.upper()}", book.add_format({"bold": True}))
        sheet.write_string(1, 0, "DANH SÁCH QUẦY ĐĂNG KÝ QR")
        top = 3
    has_other_words = programme.style == "other_words"
    headings = _OTHER_WORDS if has_other_words else _PLAIN
    rows = [_cells(stall, has_other_words=has_other_words) for stall in programme.stalls]
    if has_other_words:
        rows += [_spoilt(rows[3], 0, rows[0][0]), _spoilt(rows[4], 5, "0900 123")]
    for column, heading in enumerate(headings):
        sheet.write_string(top, column, heading, book.add_format({"bold": True}))
    for number, row in enumerate(rows, top + 1):
        for column, value in enumerate(row):
            sheet.write_string(number, column, value)
    book.close()
    return output.getvalue()


def wrong_rows(programme: MadeUpProgramme) -> int:
    """How many rows of its list are wrong."""
    return 2 if programme.style == "other_words" else 0


def _spoilt(row: Sequence[str], column: int, value: str) -> list[str]:
    """A row of somebody new that has a slip in it."""
    changed = list(row)
    changed[0], changed[2], changed[8] = f"{row[0]}B", f"{row[2]} (mới)", f"{row[8]}9"
    changed[column] = value
    return changed


def _cells(stall: MadeUpStall, *, has_other_words: bool) -> list[str]:
    trader = stall.trader
    names = _BANKS["other_words" if has_other_words else "plain"]
    bank = names[0] if trader.bin == SANDBOX_BIN else names[1]
    if has_other_words:
        return [
            stall.number, stall.section.lower(), trader.name, trader.kind.capitalize(), trader.holder,
            f"{trader.phone[:4]} {trader.phone[4:7]} {trader.phone[7:]}", stall.name, stall.goods, trader.account, bank,
            trader.account_holder, trader.relation, trader.consent,
        ]  # fmt: skip
    return [
        trader.name, trader.kind, trader.holder, trader.phone, stall.number, stall.name, stall.goods, stall.section, bank,
        trader.account, trader.account_holder, trader.relation, trader.consent,
    ]  # fmt: skip
