"""What reconciliation tells of payments, as domain facts; a whole batch in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from kit import metrics
from kit.events import Event
from kit.inbox import BatchHandler
from kit.messages import moment_if_set
from services.invoices.domain.payments import Applied, Fact, Reversed, Split
from services.invoices.flows.payments import record_payments
from xoai.reconciliation.v1 import reconciliation_events_pb2 as pb

# The name under which inbox and dead letters keep what was done: never change it.
NAME: Final = "invoices.payments"
TOPIC: Final = "reconciliation.payments"


def on_payments(session: Session, events: Sequence[Event]) -> None:
    """Record payments and reversals in the order told; what is of no invoice of ours leaves no trace."""
    recording = record_payments(session, [_fact(event) for event in events])
    if recording.not_ours:
        metrics.EVENTS_HANDLED.labels(NAME, "not_ours").inc(recording.not_ours)


BATCH_HANDLERS: Final[dict[str, BatchHandler]] = {
    "PaymentApplied": on_payments,
    "PaymentReversed": on_payments,
}
# A kind of fund that this release does not know yet is kept by its number.
_FUND_KINDS: Final = {number: name.removeprefix("FUND_KIND_").lower() for name, number in pb.FundKind.items()}


def _fact(event: Event) -> Fact:
    if event.event_type == "PaymentReversed":
        reversed_ = pb.PaymentReversed.FromString(event.payload)
        return Reversed(
            payment_id=UUID(reversed_.payment_id),
            invoice_id=UUID(reversed_.payable_id),
            amount=reversed_.amount,
            total_applied=reversed_.total_applied,
            applied_version=reversed_.applied_version,
            reason=reversed_.reason,
            post_time=moment_if_set(reversed_.post_time) or event.occur_time,
        )
    applied = pb.PaymentApplied.FromString(event.payload)
    return Applied(
        payment_id=UUID(applied.payment_id),
        invoice_id=UUID(applied.payable_id),
        credit_id=applied.credit_id,
        fund_kind=_FUND_KINDS.get(applied.fund_kind, str(applied.fund_kind)),
        amount=applied.amount,
        splits=tuple(Split(split.line_id, split.amount) for split in applied.splits),
        total_applied=applied.total_applied,
        applied_version=applied.applied_version,
        payable_version=applied.payable_version,
        rule=applied.rule,
        bank_reference=applied.bank_reference,
        payer_account_last_four=applied.payer_account_last_four,
        bank_time=moment_if_set(applied.bank_time),
        arrive_time=moment_if_set(applied.arrive_time),
        post_time=moment_if_set(applied.post_time) or event.occur_time,
    )
