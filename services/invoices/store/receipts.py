"""Reading receipts, with what stands on them: the bill, the payer and the lines that the payment paid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from kit.arrays import uuids
from services.invoices.domain.invoices import Line, lines_at
from services.invoices.domain.payments import LastChange, Receipt, Split
from services.invoices.store.reads import Versions, line_versions

_SELECT: Final = """
    SELECT r.payment_id, r.organisation_id, r.invoice_id, r.series, r.year, r.number, r.amount, r.splits,
           r.payable_version, r.bank_reference, r.payer_account_last_four, r.bank_time, r.issue_time,
           r.cancel_time, r.cancel_reason, i.reference, i.title, i.payer_name, i.group_name
    FROM receipt r JOIN invoice i ON i.id = r.invoice_id"""
_LAST_CHANGES: Final = text(
    """
    SELECT r.invoice_id, r.sequence, r.payment_id, r.amount, r.year, r.number, r.bank_time, r.arrive_time
    FROM receipt r JOIN invoice i ON i.id = r.invoice_id AND i.sequence = r.sequence
    WHERE i.id = ANY(CAST(:ids AS uuid[]))
    UNION ALL
    SELECT v.invoice_id, v.sequence, v.payment_id, -v.amount, r.year, r.number, NULL, NULL
    FROM payment_reversal v JOIN invoice i ON i.id = v.invoice_id AND i.sequence = v.sequence
    LEFT JOIN receipt r ON r.payment_id = v.payment_id
    WHERE i.id = ANY(CAST(:ids AS uuid[]))
    """
)


@dataclass(frozen=True, slots=True)
class PrintedReceipt:
    """A receipt with what stands on it; a line's amount is the part of it that this payment paid."""

    receipt: Receipt
    reference: str
    title: str
    payer_name: str
    group_name: str
    lines: tuple[Line, ...]


def receipts_of_invoice(session: Session, invoice_id: UUID) -> list[PrintedReceipt]:
    """All receipts of an invoice, oldest first, cancelled ones included."""
    rows = session.execute(
        text(f"{_SELECT} WHERE r.invoice_id = :id ORDER BY r.sequence"), {"id": invoice_id}
    )
    return _printed(session, rows.all())


def find_receipt(session: Session, reference: str, number: int) -> PrintedReceipt | None:
    """The newest receipt with this number of the bill with this reference."""
    rows = session.execute(
        text(f"{_SELECT} WHERE i.reference = :reference AND r.number = :number ORDER BY r.year DESC LIMIT 1"),
        {"reference": reference, "number": number},
    )
    printed = _printed(session, rows.all())
    return printed[0] if printed else None


def get_receipt(session: Session, id: UUID) -> PrintedReceipt | None:
    """The receipt of a payment."""
    rows = session.execute(text(f"{_SELECT} WHERE r.payment_id = :id"), {"id": id})
    printed = _printed(session, rows.all())
    return printed[0] if printed else None


def list_receipts(
    session: Session,
    organisation_id: UUID,
    invoice_id: UUID | None,
    after: Sequence[Any] | None,
    limit: int,
) -> list[PrintedReceipt]:
    """Receipts of an organisation in the order of their numbers, cancelled ones included."""
    where = ["r.organisation_id = :organisation_id"]
    values: dict[str, object] = {"organisation_id": organisation_id, "limit": limit}
    if invoice_id is not None:
        where.append("r.invoice_id = :invoice_id")
        values["invoice_id"] = invoice_id
    if after is not None:
        where.append("(r.series, r.year, r.number) > (:series, :year, :number)")
        values["series"], values["year"], values["number"] = after
    rows = session.execute(
        text(f"{_SELECT} WHERE {' AND '.join(where)} ORDER BY r.series, r.year, r.number LIMIT :limit"),
        values,
    )
    return _printed(session, rows.all())


def last_changes(session: Session, invoice_ids: Sequence[UUID]) -> dict[UUID, LastChange]:
    """Of invoices whose newest change was a payment or a reversal: which one, as it was announced."""
    rows = session.execute(_LAST_CHANGES, {"ids": uuids(invoice_ids)}) if invoice_ids else ()
    return {
        row.invoice_id: LastChange(
            payment_id=row.payment_id,
            amount=row.amount,
            year=row.year or 0,
            number=row.number or 0,
            bank_time=row.bank_time,
            arrive_time=row.arrive_time,
        )
        for row in rows
    }


def _printed(session: Session, rows: Sequence[Row[Any]]) -> list[PrintedReceipt]:
    versions = line_versions(session, sorted({row.invoice_id for row in rows}))
    result = []
    for row in rows:
        splits = tuple(Split(line_id, amount) for line_id, amount in row.splits)
        receipt = Receipt(
            payment_id=row.payment_id,
            organisation_id=row.organisation_id,
            invoice_id=row.invoice_id,
            series=row.series,
            year=row.year,
            number=row.number,
            amount=row.amount,
            splits=splits,
            payable_version=row.payable_version,
            bank_reference=row.bank_reference,
            payer_account_last_four=row.payer_account_last_four,
            bank_time=row.bank_time,
            issue_time=row.issue_time,
            cancel_time=row.cancel_time,
            cancel_reason=row.cancel_reason,
        )
        lines = _paid_lines(versions.get(row.invoice_id, {}), row.payable_version, splits)
        result.append(
            PrintedReceipt(receipt, row.reference, row.title, row.payer_name, row.group_name, lines)
        )
    return result


def _paid_lines(versions: Versions, payable_version: int, splits: Sequence[Split]) -> tuple[Line, ...]:
    """The lines as they stood when reconciliation split the payment, with the amounts paid."""
    by_id = {line.id: line for line in lines_at(versions, payable_version)}
    return tuple(
        replace(by_id[split.line_id], amount=split.amount) for split in splits if split.line_id in by_id
    )
