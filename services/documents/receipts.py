"""From the content of a receipt to the sheet that the template draws."""

from __future__ import annotations

from typing import Any

from services.documents import qr, wording
from services.documents.domain import ReceiptContent
from services.documents.leaves import text_height
from services.documents.receipt_file import ATTACHMENT

_PAGE_ROOM = 91.0
_ROW_WIDTH = 78.0
_FIXED_HEIGHT = 36.5
_INSETS = (2.4, 1.9, 1.4)


def receipt_sheet(receipt: ReceiptContent) -> dict[str, Any]:
    """The texts of the sheet, and the checking code: a page address, never a payment code."""
    day = wording.long_date(wording.city_day(receipt.issue_time))
    number = f"{receipt.number:08}"
    return {
        "title": f"{receipt.title} số {number} – {receipt.unit_name}",
        "author": receipt.unit_name,
        "heading": receipt.title,
        "unit": receipt.unit_name,
        "budget-code": f"Mã QHNS {receipt.budget_code}" if receipt.budget_code else "",
        "book": f"Quyển {receipt.book}",
        "number": number,
        "time": f"{day[0].upper()}{day[1:]}, {wording.city_time(receipt.issue_time, seconds=True)}",
        "row-inset": _row_inset(receipt),
        "rows": [[row.label, row.text] for row in receipt.rows],
        "code": qr.svg(receipt.check_address),
        "alt": f"Mã kiểm tra biên nhận {number}",
        "address": receipt.check_address.removeprefix("https://").removeprefix("http://"),
        "words": receipt.amount_words,
        "amount": wording.money(receipt.amount),
        "signed": f"Đã ký số, khoá {receipt.key_id[:8]}" if receipt.key_id else wording.UNSIGNED,
        "trial": wording.TRIAL if receipt.is_trial else "",
        "chain": _chain(receipt),
        "cancelled": f"Đã huỷ: {receipt.cancel_reason}" if receipt.cancel_reason else "",
        "attachment-name": ATTACHMENT,
    }


def _row_inset(receipt: ReceiptContent) -> float:
    """Half the air of a row in millimetres: 7 mm rows where they fit, 6 mm or less where names are long."""
    heights = [text_height(row.text, 9, _ROW_WIDTH) for row in receipt.rows]
    around = (
        text_height(receipt.unit_name, 10.5, 96) + text_height(receipt.amount_words, 9.5, 80) + _FIXED_HEIGHT
    )
    for inset in _INSETS:
        if around + sum(heights) + 2 * inset * len(heights) <= _PAGE_ROOM:
            return inset
    return _INSETS[-1]


def _chain(receipt: ReceiptContent) -> str:
    """The receipt's own mark, and the number that it follows in its book."""
    mark = f"Dấu {receipt.chain_mark}" if receipt.chain_mark else ""
    follows = "" if receipt.previous_number is None else f"nối sau số {receipt.previous_number:08}"
    joined = ", ".join(text for text in (mark, follows) if text)
    return joined[:1].upper() + joined[1:]
