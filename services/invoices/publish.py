"""Facts of the invoices as events: payables for reconciliation, invoices for live screens and billers' systems.

Event ids follow from the fact, so announcing again repeats them and consumers drop what they know.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from sqlalchemy.orm import Session

from kit import ids, outbox
from kit.events import Event
from kit.messages import stamp
from services.invoices.domain.invoices import Invoice, Line, State
from services.invoices.domain.payments import LastChange, Standing, Step, receipt_number
from xoai.invoices.v1 import invoices_events_pb2 as pb
from xoai.payables.v1 import payables_events_pb2 as payables_pb

PAYABLES: Final = "invoices.payables"
INVOICES: Final = "invoices.invoices"

_STATES: Final = {
    State.OPEN: pb.InvoiceChanged.STATE_OPEN,
    State.PART_PAID: pb.InvoiceChanged.STATE_PART_PAID,
    State.PAID: pb.InvoiceChanged.STATE_PAID,
    State.VOID: pb.InvoiceChanged.STATE_VOID,
}


def payables_changed(session: Session, invoices: Sequence[Invoice]) -> None:
    """Announce what is owed, as it now stands with its lines."""
    outbox.add(session, [_payable(invoice) for invoice in invoices])


def invoice_changed(session: Session, invoice: Invoice) -> None:
    """Announce a change that a person made, to reconciliation and to screens."""
    outbox.add(session, [_payable(invoice), _changed(standing_of(invoice), None)])


def payments_recorded(session: Session, steps: Sequence[Step]) -> None:
    """Announce each invoice as it stood after each payment or reversal, in the order recorded."""
    outbox.add(session, [_changed(step.standing, step.last_change) for step in steps])


def invoices_again(session: Session, invoices: Sequence[tuple[Invoice, LastChange | None]]) -> None:
    """Announce the newest change of invoices once more."""
    outbox.add(session, [_changed(standing_of(invoice), change) for invoice, change in invoices])


def standing_of(invoice: Invoice) -> Standing:
    """The part of an invoice that is announced."""
    return Standing(
        invoice_id=invoice.id,
        organisation_id=invoice.organisation_id,
        reference=invoice.reference,
        batch_id=invoice.batch_id,
        group_name=invoice.group_name,
        state=invoice.state,
        amount_due=invoice.amount_due,
        amount_paid=invoice.amount_paid,
        version=invoice.version,
        sequence=invoice.sequence,
        applied_version=invoice.applied_version,
        paid_time=invoice.paid_time,
        change_time=invoice.change_time,
    )


def _payable(invoice: Invoice) -> Event:
    key = str(invoice.id)
    snapshot = payables_pb.PayableChanged(
        payable_id=key,
        version=invoice.version,
        kind=payables_pb.PayableChanged.KIND_INVOICE,
        state=payables_pb.PayableChanged.STATE_VOID
        if invoice.state is State.VOID
        else payables_pb.PayableChanged.STATE_OPEN,
        reference=invoice.reference,
        organisation_id=str(invoice.organisation_id),
        account_id=invoice.account.id,
        bin=invoice.account.bin,
        account_number=invoice.account.number,
        amount_due=invoice.amount_due,
        virtual_account=invoice.virtual_account,
        payer_id=invoice.payer_id,
        search_text=invoice.search_text,
        title=invoice.title,
        payer_name=invoice.payer_name,
        group_name=invoice.group_name,
        due_date=invoice.due_date.isoformat() if invoice.due_date else "",
        oldest_first=invoice.is_oldest_first,
    )
    return Event(
        event_id=ids.event_id(f"payable:{key}", invoice.version, "PayableChanged"),
        topic=PAYABLES,
        key=key,
        ordering_id=key,
        event_type="PayableChanged",
        version=invoice.version,
        occur_time=invoice.change_time,
        # Two messages of a type, one behind the other, read as one that has the fields of both.
        payload=snapshot.SerializeToString() + _payable_lines(invoice.lines),
    )


@lru_cache(maxsize=4096)
def _payable_lines(lines: tuple[Line, ...]) -> bytes:
    """The lines of a payable in wire form; the families of a class share them."""
    return payables_pb.PayableChanged(
        lines=[
            payables_pb.PayableLine(
                line_id=line.id,
                ledger_class=line.ledger_class,
                amount=line.amount,
                priority=line.priority,
                paused=line.is_paused,
            )
            for line in lines
        ]
    ).SerializeToString()


def _changed(standing: Standing, change: LastChange | None) -> Event:
    key = str(standing.invoice_id)
    snapshot = pb.InvoiceChanged(
        invoice_id=key,
        version=standing.version,
        sequence=standing.sequence,
        organisation_id=str(standing.organisation_id),
        reference=standing.reference,
        batch_id=standing.batch_id,
        group_name=standing.group_name,
        state=_STATES[standing.state],
        amount_due=standing.amount_due,
        amount_paid=standing.amount_paid,
    )
    stamp(snapshot.change_time, standing.change_time)
    if change is not None:
        snapshot.payment_id = str(change.payment_id)
        snapshot.payment_amount = change.amount
        snapshot.receipt_number = receipt_number(change.number)
        if change.bank_time is not None:
            stamp(snapshot.bank_time, change.bank_time)
        if change.arrive_time is not None:
            stamp(snapshot.arrive_time, change.arrive_time)
    return Event(
        event_id=ids.event_id(f"invoice:{key}", standing.sequence, "InvoiceChanged"),
        topic=INVOICES,
        key=key,
        ordering_id=key,
        event_type="InvoiceChanged",
        version=standing.sequence,
        occur_time=standing.change_time,
        payload=snapshot.SerializeToString(),
    )
