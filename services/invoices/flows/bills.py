"""A bill as its payer sees it: by the bare reference little, with a second fact or a link all of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from kit import audit, clock, ids, references
from kit.auth import Kind as SubjectKind
from kit.auth import Subject
from services.invoices.domain.bills import LINK_DAYS, MOST_MISSES, Keeper, token_hash
from services.invoices.domain.errors import BillLooksUsedUp, BillNotFound, BillNotOpened, InvoiceNotFound
from services.invoices.domain.invoices import Invoice
from services.invoices.store import bills as store
from services.invoices.store import reads
from services.invoices.store.receipts import PrintedReceipt, receipts_of_invoice


@dataclass(frozen=True, slots=True)
class Bill:
    """An invoice with its receipts, oldest first, cancelled ones included."""

    invoice: Invoice
    receipts: list[PrintedReceipt]


def get_bill(session: Session, reference: str) -> Bill:
    """The bill with this reference, however it was typed. Raises BillNotFound."""
    normalised = references.normalise(reference)
    invoice = None
    if references.check(normalised):
        invoice = reads.get_invoice(session, reference=normalised)
    if invoice is None:
        raise BillNotFound()
    return Bill(invoice, receipts_of_invoice(session, invoice.id))


def open_by_fact(
    session: Session, keeper: Keeper, reference: str, fact: str
) -> Bill | BillNotOpened | BillLooksUsedUp:
    """The bill if the fact is its own, else an error to raise after the commit: the miss must be kept.

    The work, and so the time, is the same whether the bill or only the fact is unknown.
    """
    normalised = references.normalise(reference)
    if not references.check(normalised):
        return BillNotOpened()
    today = clock.today()
    if store.claim_misses(session, normalised, today) >= MOST_MISSES:
        return BillLooksUsedUp(most=MOST_MISSES)
    id, sealed = store.sealed_fact(session, normalised)
    if not keeper.fits(fact, sealed) or id is None:
        store.count_miss(session, normalised, today)
        return BillNotOpened()
    return get_bill(session, normalised)


def open_by_link(session: Session, reference: str, token: str) -> Bill | BillNotOpened:
    """The bill that a link in force leads to. A token of 128 bits needs no count of misses per bill."""
    normalised = references.normalise(reference)
    if not references.check(normalised):
        return BillNotOpened()
    id = store.linked_invoice(session, normalised, token_hash(token), clock.now())
    return BillNotOpened() if id is None else get_bill(session, normalised)


@dataclass(frozen=True, slots=True)
class NewLink:
    """A link just made; its token follows from its id."""

    id: UUID
    reference: str
    expire_time: datetime


def create_link(session: Session, subject: Subject, keeper: Keeper, invoice_id: UUID) -> NewLink:
    """Make an unguessable link to a bill, for the biller's own channel. Raises InvoiceNotFound."""
    invoice = _invoice(session, subject, invoice_id)
    now = clock.now()
    link = NewLink(ids.new(), invoice.reference, now + timedelta(days=LINK_DAYS))
    store.add_link(
        session,
        store.PayLink(
            id=link.id,
            organisation_id=invoice.organisation_id,
            invoice_id=invoice.id,
            token_hash=token_hash(keeper.link_token(link.id)),
            create_time=now,
            expire_time=link.expire_time,
        ),
    )
    _audit(session, subject, "invoices.link", invoice, {"link_id": str(link.id)})
    return link


def revoke_links(session: Session, subject: Subject, invoice_id: UUID) -> int:
    """Revoke every link of a bill; how many there were. Raises InvoiceNotFound."""
    invoice = _invoice(session, subject, invoice_id)
    revoked = store.revoke_links(session, invoice.id, clock.now())
    _audit(session, subject, "invoices.revoke_links", invoice, {"revoked": revoked})
    return revoked


def _invoice(session: Session, subject: Subject, id: UUID) -> Invoice:
    invoice = reads.get_invoice(session, id=id)
    if invoice is None:
        raise InvoiceNotFound()
    if subject.kind is not SubjectKind.SERVICE:
        subject.require("invoices.link", invoice.organisation_id)
    return invoice


def _audit(
    session: Session, subject: Subject, action: str, invoice: Invoice, detail: dict[str, object]
) -> None:
    audit.record(
        session,
        subject=subject.label,
        action=action,
        object=f"invoice:{invoice.id}",
        organisation_id=invoice.organisation_id,
        detail=detail,
    )
