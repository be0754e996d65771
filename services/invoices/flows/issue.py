"""Issuing, changing and voiding invoices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from kit import audit, clock, ids
from kit.auth import Kind as SubjectKind
from kit.auth import Subject
from kit.references import Kind, new_references
from services.invoices import publish
from services.invoices.domain.bills import Keeper
from services.invoices.domain.drafts import (
    MOST_DRAFTS,
    Draft,
    Outcome,
    Result,
    checked_date,
    checked_draft,
    checked_lines,
    is_word,
)
from services.invoices.domain.errors import (
    BadRequestField,
    DraftRefused,
    InvoiceNotFound,
    NotYourSource,
    ReferencesUsedUp,
    TooManyDrafts,
)
from services.invoices.domain.invoices import Invoice, Line, checked_reason
from services.invoices.store import issue as store
from services.invoices.store import reads

# A fresh reference is taken already about once in 19^7 / invoices; five collisions in a row are a fault of ours.
_REFERENCE_TRIES: Final = 5


@dataclass(frozen=True, slots=True)
class Order:
    """What one call asks to be issued."""

    organisation_id: UUID
    source_service: str
    drafts: Sequence[Draft]


def issue_invoices(session: Session, subject: Subject, keeper: Keeper, order: Order) -> list[Outcome]:
    """Issue up to 500 drafts, each with an outcome of its own, in their order; a business key is billed once.

    Raises TooManyDrafts, NotYourSource, BadRequestField, ReferencesUsedUp.
    """
    _check_order(subject, order)
    now = clock.now()
    outcomes: dict[int, Outcome] = {}
    wanted: dict[str, Draft] = {}
    places: dict[int, str] = {}
    for place, raw in enumerate(order.drafts):
        try:
            draft = checked_draft(raw)
        except DraftRefused as error:
            outcomes[place] = Outcome(raw.source_id, Result.REFUSED, error=error)
        else:
            wanted.setdefault(draft.source_id, draft)
            places[place] = draft.source_id
    issued, known = _insert(session, keeper, order, wanted, now)
    store.insert_lines(session, issued)
    publish.payables_changed(session, issued)
    fresh = {invoice.source_id: invoice for invoice in issued}
    for place, source_id in places.items():
        # The second draft of one business key within a call finds the first one's invoice.
        invoice = fresh.pop(source_id, None)
        if invoice is not None:
            outcomes[place] = Outcome(source_id, Result.ISSUED, invoice.id, invoice.reference)
            known[source_id] = (invoice.id, invoice.reference)
        else:
            outcomes[place] = Outcome(source_id, Result.EXISTS, *known[source_id])
    if issued:
        audit.record(
            session,
            subject=subject.label,
            action="invoices.issue",
            object=f"{order.source_service}:{issued[0].batch_id}",
            organisation_id=order.organisation_id,
            detail={
                "count": len(issued),
                "amount_due": sum(invoice.amount_due for invoice in issued),
                "first": str(min(invoice.id for invoice in issued)),
                "last": str(max(invoice.id for invoice in issued)),
            },
        )
    return [outcomes[place] for place in range(len(order.drafts))]


def _check_order(subject: Subject, order: Order) -> None:
    if not 0 < len(order.drafts) <= MOST_DRAFTS:
        raise TooManyDrafts(count=len(order.drafts), most=MOST_DRAFTS)
    if not is_word(order.source_service):
        raise BadRequestField(field="source_service", value=order.source_service[:60])
    if subject.kind is SubjectKind.SERVICE:
        if subject.id != order.source_service:
            raise NotYourSource(caller=subject.id, source=order.source_service)
    else:
        subject.require("invoices.issue", order.organisation_id)


def _insert(
    session: Session, keeper: Keeper, order: Order, wanted: dict[str, Draft], now: datetime
) -> tuple[list[Invoice], dict[str, tuple[UUID, str]]]:
    """Insert what has no invoice yet, with references that are free; what was inserted, and what was there."""
    issued: list[Invoice] = []
    known: dict[str, tuple[UUID, str]] = {}
    left = dict(wanted)
    facts = keeper.seal_facts([draft.second_fact for draft in wanted.values()])
    sealed = dict(zip(wanted, facts, strict=True))
    for _ in range(_REFERENCE_TRIES):
        if not left:
            return issued, known
        invoices = [
            draft.invoice(ids.new(), reference, order.organisation_id, order.source_service, now)
            for draft, reference in zip(left.values(), new_references(Kind.INVOICE, len(left)), strict=True)
        ]
        inserted = store.insert_invoices(session, invoices, [sealed[each.source_id] for each in invoices])
        for invoice in invoices:
            if invoice.id in inserted:
                issued.append(invoice)
                del left[invoice.source_id]
        if left:
            # Refused by the business key: it has its invoice. Refused by the reference: another one is drawn.
            found = store.find_by_source(session, order.organisation_id, order.source_service, list(left))
            known.update(found)
            left = {source_id: draft for source_id, draft in left.items() if source_id not in found}
    if left:
        raise ReferencesUsedUp()
    return issued, known


def void_invoice(session: Session, subject: Subject, id: UUID, reason: str) -> Invoice:
    """Void an invoice at once; money that it has or gets is reconciliation's to move. Raises InvoiceNotFound, …"""
    invoice = _locked(session, subject, "invoices.void", id)
    voided = invoice.void(reason, clock.now())
    reads.save_changed(session, voided)
    publish.invoice_changed(session, voided)
    detail = {
        "reason": voided.void_reason,
        "reference": invoice.reference,
        "amount_paid": invoice.amount_paid,
    }
    _audit(session, subject, "invoices.void", voided, detail)
    return voided


def change_invoice(
    session: Session, subject: Subject, id: UUID, lines: tuple[Line, ...], due_date: str, reason: str
) -> Invoice:
    """Give an invoice without payments other lines or another due date; its reference stays.

    Raises InvoiceNotFound, InvoiceHasPayment, InvoiceVoidAlready, NothingToChange, ReasonMissing, DraftRefused.
    """
    reason = checked_reason(reason)
    day = checked_date(due_date)
    new_lines = checked_lines(lines) if lines else ()
    invoice = _locked(session, subject, "invoices.change", id)
    changed = invoice.change(new_lines, date.fromisoformat(day) if day else None, clock.now())
    reads.save_changed(session, changed)
    if new_lines:
        store.insert_lines(session, [changed])
    publish.invoice_changed(session, changed)
    detail = {
        "reason": reason,
        "reference": invoice.reference,
        "amount_before": invoice.amount_due,
        "amount_after": changed.amount_due,
        "due_date": day,
    }
    _audit(session, subject, "invoices.change", changed, detail)
    return changed


def _locked(session: Session, subject: Subject, permission: str, id: UUID) -> Invoice:
    invoice = reads.get_invoice(session, id=id, lock=True)
    if invoice is None:
        raise InvoiceNotFound()
    if subject.kind is not SubjectKind.SERVICE:
        subject.require(permission, invoice.organisation_id)
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
