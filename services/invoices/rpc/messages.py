"""Messages to domain values and back; nothing is decided here."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache, partial
from typing import Final

from kit import messages
from kit.messages import timestamp
from kit.text import mask_name
from services.invoices.domain.drafts import Draft, Outcome, Result
from services.invoices.domain.errors import BadRequestField
from services.invoices.domain.invoices import Account, Invoice, Line, State
from services.invoices.flows.bills import Bill
from services.invoices.store.keys import StoredKey
from services.invoices.store.reads import Sums
from services.invoices.store.receipts import PrintedReceipt
from xoai.invoices.v1 import invoices_service_pb2 as pb

# The id in a field of a request, or BadRequestField.
uuid_in: Final = partial(messages.uuid_in, BadRequestField)

STATES: Final = {
    State.OPEN: pb.Invoice.STATE_OPEN,
    State.PART_PAID: pb.Invoice.STATE_PART_PAID,
    State.PAID: pb.Invoice.STATE_PAID,
    State.VOID: pb.Invoice.STATE_VOID,
}
STATE_OF: Final = {number: state for state, number in STATES.items()}
_RESULTS: Final = {
    Result.ISSUED: pb.IssueOutcome.OUTCOME_ISSUED,
    Result.EXISTS: pb.IssueOutcome.OUTCOME_EXISTS,
    Result.REFUSED: pb.IssueOutcome.OUTCOME_REFUSED,
}


def lines_from(messages: Iterable[pb.InvoiceLine]) -> tuple[Line, ...]:
    # Families of one class owe the same: reading a line's bytes once is a tenth of the work.
    return tuple([_line_from(message.SerializeToString(deterministic=True)) for message in messages])


@lru_cache(maxsize=4096)
def _line_from(content: bytes) -> Line:
    message = pb.InvoiceLine.FromString(content)
    return Line(
        id=message.id,
        title=message.title,
        ledger_class=message.ledger_class,
        amount=message.amount,
        priority=message.priority,
        is_paused=message.paused,
        unit_price=message.unit_price,
        quantity_milli=message.quantity_milli,
        unit=message.unit,
        exempted=message.exempted,
        exemption_reason=message.exemption_reason,
        fee_kind=message.fee_kind,
    )


def line_to(line: Line) -> pb.InvoiceLine:
    return pb.InvoiceLine(
        id=line.id,
        title=line.title,
        ledger_class=line.ledger_class,
        amount=line.amount,
        priority=line.priority,
        paused=line.is_paused,
        unit_price=line.unit_price,
        quantity_milli=line.quantity_milli,
        unit=line.unit,
        exempted=line.exempted,
        exemption_reason=line.exemption_reason,
        fee_kind=line.fee_kind,
    )


def draft_from(message: pb.InvoiceDraft) -> Draft:
    return Draft(
        source_id=message.source_id,
        account=Account(message.account_id, message.bin, message.account_number, message.holder_name),
        title=message.title,
        payer_id=message.payer_id,
        payer_name=message.payer_name,
        lines=lines_from(message.lines),
        payer_codes=tuple(message.payer_codes),
        group_name=message.group_name,
        batch_id=message.batch_id,
        notice_id=message.notice_id,
        due_date=message.due_date,
        virtual_account=message.virtual_account,
        second_fact=message.second_fact,
        is_oldest_first=message.oldest_first,
    )


def outcome_to(outcome: Outcome) -> pb.IssueOutcome:
    message = pb.IssueOutcome(source_id=outcome.source_id, outcome=_RESULTS[outcome.result])
    if outcome.invoice_id is not None:
        message.invoice_id = str(outcome.invoice_id)
        message.reference = outcome.reference
    if outcome.error is not None:
        message.reason = outcome.error.reason
        message.detail_vi = outcome.error.text_vi
        message.detail_en = outcome.error.text_en
    return message


def invoice_to(invoice: Invoice) -> pb.Invoice:
    return pb.Invoice(
        id=str(invoice.id),
        organisation_id=str(invoice.organisation_id),
        reference=invoice.reference,
        state=STATES[invoice.state],
        title=invoice.title,
        payer_id=invoice.payer_id,
        payer_name=invoice.payer_name,
        payer_codes=invoice.payer_codes,
        group_name=invoice.group_name,
        batch_id=invoice.batch_id,
        notice_id=invoice.notice_id,
        source_service=invoice.source_service,
        source_id=invoice.source_id,
        account_id=invoice.account.id,
        bin=invoice.account.bin,
        account_number=invoice.account.number,
        holder_name=invoice.account.holder_name,
        virtual_account=invoice.virtual_account,
        amount_due=invoice.amount_due,
        amount_paid=invoice.amount_paid,
        due_date=invoice.due_date.isoformat() if invoice.due_date else "",
        lines=[line_to(line) for line in invoice.lines],
        version=invoice.version,
        sequence=invoice.sequence,
        issue_time=timestamp(invoice.issue_time),
        paid_time=timestamp(invoice.paid_time),
        void_reason=invoice.void_reason,
    )


def summary_to(group_name: str, sums: Sums) -> pb.GroupSummary:
    return pb.GroupSummary(
        group_name=group_name,
        invoices=sums.invoices,
        paid=sums.paid,
        part_paid=sums.part_paid,
        open=sums.open,
        void=sums.void,
        amount_due=sums.amount_due,
        amount_paid=sums.amount_paid,
        payers=sums.payers,
    )


def public_bill_to(bill: Bill) -> pb.PublicBill:
    """What anybody may see who has the reference: a masked name, no lines, no class."""
    invoice = bill.invoice
    return pb.PublicBill(
        reference=invoice.reference,
        organisation_id=str(invoice.organisation_id),
        title=invoice.title,
        payer_masked_name=mask_name(invoice.payer_name),
        state=STATES[invoice.state],
        amount_due=invoice.amount_due,
        amount_paid=invoice.amount_paid,
        due_date=invoice.due_date.isoformat() if invoice.due_date else "",
        bin=invoice.account.bin,
        account_number=invoice.account.number,
        holder_name=invoice.account.holder_name,
        sequence=invoice.sequence,
        paid_time=timestamp(invoice.paid_time),
        change_time=timestamp(invoice.change_time),
        overpaid=invoice.is_overpaid,
        payments=[
            pb.PublicPayment(
                amount=printed.receipt.amount,
                bank_time=timestamp(printed.receipt.bank_time),
                payer_account_last_four=printed.receipt.payer_account_last_four,
                bank_reference=printed.receipt.bank_reference,
                receipt_number=printed.receipt.text_number,
            )
            for printed in bill.receipts
            if printed.receipt.cancel_time is None
        ],
    )


def opened_bill_to(bill: Bill) -> pb.OpenedBill:
    """What the payer's own family sees: lines and receipts as well, the name still as initials."""
    return pb.OpenedBill(
        bill=public_bill_to(bill),
        lines=[line_to(line) for line in bill.invoice.lines],
        group_name=bill.invoice.group_name,
        receipts=[receipt_to(printed, is_masked=True) for printed in bill.receipts],
    )


def receipt_to(printed: PrintedReceipt, *, is_masked: bool = False) -> pb.Receipt:
    receipt = printed.receipt
    return pb.Receipt(
        id=str(receipt.payment_id),
        organisation_id=str(receipt.organisation_id),
        invoice_id=str(receipt.invoice_id),
        reference=printed.reference,
        series=receipt.series,
        year=receipt.year,
        number=receipt.text_number,
        amount=receipt.amount,
        payment_id=str(receipt.payment_id),
        title=printed.title,
        payer_name=mask_name(printed.payer_name) if is_masked else printed.payer_name,
        group_name=printed.group_name,
        bank_time=timestamp(receipt.bank_time),
        issue_time=timestamp(receipt.issue_time),
        cancel_time=timestamp(receipt.cancel_time),
        cancel_reason=receipt.cancel_reason,
        payer_account_last_four=receipt.payer_account_last_four,
        bank_reference=receipt.bank_reference,
        lines=[line_to(line) for line in printed.lines],
    )


def receipt_key_to(key: StoredKey) -> pb.ReceiptKey:
    return pb.ReceiptKey(
        id=key.id,
        public_key=key.raw,
        create_time=timestamp(key.create_time),
        revoke_time=timestamp(key.revoke_time),
    )
