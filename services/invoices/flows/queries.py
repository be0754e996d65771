"""Pages and sums for staff and for the city."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from kit import references
from services.invoices.domain.errors import InvoiceNotFound, ReceiptNotFound
from services.invoices.domain.invoices import Invoice
from services.invoices.store import keys, reads, receipts
from services.invoices.store.keys import StoredKey
from services.invoices.store.reads import InvoiceFilter, Listed, Sums
from services.invoices.store.receipts import PrintedReceipt


def get_invoice(session: Session, *, id: UUID | None = None, reference: str = "") -> Invoice:
    """The invoice by its id or by its reference as typed. Raises InvoiceNotFound."""
    invoice = reads.get_invoice(session, id=id, reference=references.normalise(reference))
    if invoice is None:
        raise InvoiceNotFound()
    return invoice


def list_invoices(
    session: Session, filter: InvoiceFilter, after: Sequence[Any] | None, limit: int, *, with_lines: bool
) -> list[Listed]:
    """A page in natural class order, then by given name."""
    page = reads.list_invoices(session, filter, after, limit)
    if not with_lines:
        return page
    invoices = reads.with_lines(session, [listed.invoice for listed in page])
    return [replace(listed, invoice=invoice) for listed, invoice in zip(page, invoices, strict=True)]


def summarise_batch(
    session: Session, organisation_id: UUID, batch_id: str
) -> tuple[list[tuple[str, Sums]], Sums]:
    """Counts and amounts of a batch by class, and over all."""
    return reads.summarise_batch(session, organisation_id, batch_id)


def summarise_city(session: Session) -> tuple[Sums, int, int]:
    """Counts and amounts of all that the caller may see; receipts issued, and of them cancelled."""
    return reads.summarise_city(session)


def get_receipt(session: Session, reference: str, number: str) -> PrintedReceipt:
    """The receipt with this printed number of the bill with this reference. Raises ReceiptNotFound."""
    digits = number.strip()
    printed = None
    if digits.isascii() and digits.isdigit() and len(digits) <= 8:
        printed = receipts.find_receipt(session, references.normalise(reference), int(digits))
    if printed is None:
        raise ReceiptNotFound()
    return printed


def list_receipts(
    session: Session, organisation_id: UUID, invoice_id: UUID | None, after: Sequence[Any] | None, limit: int
) -> list[PrintedReceipt]:
    """A page of receipts in the order of their numbers."""
    return receipts.list_receipts(session, organisation_id, invoice_id, after, limit)


def receipt_keys(session: Session) -> list[StoredKey]:
    """The keys that sign receipts, newest first."""
    return keys.every(session)
