"""From the content of a stall's board or pack to what the templates draw."""

from __future__ import annotations

from typing import Any

from kit import references
from services.documents import qr, wording
from services.documents.domain import PackContent, StandContent

# A board stands in sun and rain and gets scratched: a quarter of its code may be lost.
BOARD_LEVEL = "Q"


def board(stand: StandContent) -> dict[str, str]:
    """The texts of one board and its code."""
    return {
        "holder": stand.account_holder,
        "place": _place(stand),
        "last-four": stand.account_last_four,
        "bank": stand.bank_name,
        "code": qr.svg(stand.payload, BOARD_LEVEL),
        "alt": f"Mã VietQR của {stand.account_holder}, quầy {stand.stall_number}",
        "address": _without_scheme(stand.check_address),
        "issue": f"{stand.issue_number:02}",
        "issued": f", cấp {wording.short_date(stand.issue_date)}",
        "check-code": _pairs(stand.check_code),
    }


def pack_sheet(pack: PackContent) -> dict[str, Any]:
    """The texts of a pack's sheet and its codes, smallest amount first."""
    stand = pack.stand
    cells = [
        {
            "amount": wording.money(entry.amount),
            "code": qr.svg(entry.payload),
            "alt": f"Mã VietQR {wording.money(entry.amount)}, quầy {stand.stall_number}",
            "reference": references.group(entry.reference),
        }
        for entry in sorted(pack.entries, key=lambda entry: entry.amount)
    ]
    return {
        "title": f"Mã theo số tiền – quầy {stand.stall_number}",
        "author": stand.programme_name,
        "board": board(stand),
        "cells": cells,
        "trial": wording.TRIAL if pack.is_trial else "",
    }


def _place(stand: StandContent) -> str:
    """Name, number and programme: Trái cây Cô Mận, quầy A12, Hùng Vương."""
    parts = [stand.stall_name, f"quầy {stand.stall_number}", stand.programme_name]
    text = ", ".join(part for part in parts if part)
    return text[0].upper() + text[1:]


def _pairs(code: str) -> str:
    return " ".join(code[start : start + 2] for start in range(0, len(code), 2))


def _without_scheme(address: str) -> str:
    return address.removeprefix("https://").removeprefix("http://")
