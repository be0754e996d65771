"""What stands on the paper of a receipt, in Vietnamese whatever language the page has."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from kit import clock
from kit.money import format_vnd
from kit.text import clean_display, mask_name
from services.invoices.domain.invoices import Line
from services.invoices.domain.payments import Receipt
from services.invoices.domain.seals import Seal, mark

# Lines of a bill that are named one by one; a bill has rarely more.
MOST_LINES: Final = 5


@dataclass(frozen=True, slots=True)
class Biller:
    """What only the asker knows about the paper: the biller's name, the page that shows the bill, whether it is a trial."""

    unit_name: str
    is_school: bool
    check_address: str
    is_trial: bool


@dataclass(frozen=True, slots=True)
class Paper:
    """All that a receipt's page shows; `key_id` and `attachment` are empty without a signature."""

    biller: Biller
    book: str
    number: int
    issue_time: datetime
    payer: str
    rows: tuple[tuple[str, str], ...]
    amount: int
    cancel_reason: str
    mark: str
    key_id: str
    attachment: bytes = b""

    def with_attachment(self, attachment: bytes) -> Paper:
        """The same page with a signed statement in the file."""
        return replace(self, attachment=attachment)


@dataclass(frozen=True, slots=True)
class Bill:
    """What a receipt's paper says about the bill that was paid; a line's amount is the part that was paid."""

    reference: str
    title: str
    payer_name: str
    group_name: str
    lines: tuple[Line, ...]


def paper(receipt: Receipt, bill: Bill, seal: Seal, biller: Biller, *, is_masked: bool, key_id: str) -> Paper:
    """The paper of a sealed receipt; masked for the family's own page, which shows initials."""
    payer = mask_name(bill.payer_name) if is_masked else bill.payer_name
    if bill.group_name and biller.is_school:
        payer = f"{payer}, lớp {bill.group_name}"
    title = f"{bill.title}, mã {bill.reference}"
    rows = [("Học sinh" if biller.is_school else "Người nộp", payer), ("Khoản thu", title)]
    # In one row that wraps: a row each would not fit on the sheet.
    parts = [f"{line.title} {_money(line.amount)}" for line in bill.lines[:MOST_LINES]]
    if len(bill.lines) > MOST_LINES:
        rest = bill.lines[MOST_LINES:]
        parts.append(f"{len(rest)} khoản khác {_money(sum(line.amount for line in rest))}")
    if len(parts) > 1:
        rows.append(("Gồm", "; ".join(parts)))
    tail = f", từ tài khoản đuôi {receipt.payer_account_last_four}" if receipt.payer_account_last_four else ""
    if receipt.bank_time is not None:
        rows.append(("Ghi có lúc", f"{_at(receipt.bank_time)}{tail}"))
    elif tail:
        rows.append(("Trả từ", tail.removeprefix(", từ ").capitalize()))
    if receipt.bank_reference:
        rows.append(("Giao dịch", clean_display(receipt.bank_reference)))
    return Paper(
        biller=biller,
        book=f"{receipt.series}/{receipt.year}",
        number=receipt.number,
        issue_time=receipt.issue_time,
        payer=payer,
        rows=tuple(rows),
        amount=receipt.amount,
        cancel_reason=receipt.cancel_reason,
        mark=mark(seal.hash),
        key_id=key_id,
    )


def _money(amount: int) -> str:
    return format_vnd(amount).replace("-", "−")


def _at(moment: datetime) -> str:
    local = moment.astimezone(clock.CITY_ZONE)
    return f"{local:%H:%M:%S} ngày {local:%d/%m/%Y}"
