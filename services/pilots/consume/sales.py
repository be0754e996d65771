"""What reconciliation tells of payments and of money on no stall, as domain facts; a whole batch in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from kit import metrics
from kit.events import Event
from kit.inbox import BatchHandler
from kit.messages import moment_if_set
from services.pilots.domain.takings import Applied, Fact, Reversed
from services.pilots.domain.unassigned import Credit
from services.pilots.flows.credits import follow_credits
from services.pilots.flows.payments import record_payments
from xoai.reconciliation.v1 import reconciliation_events_pb2 as pb

# The names under which inbox and dead letters keep what was done: never change them.
PAYMENTS: Final = "pilots.payments"
PAYMENTS_TOPIC: Final = "reconciliation.stall-payments"
CREDITS: Final = "pilots.credits"
CREDITS_TOPIC: Final = "reconciliation.credits"


def on_payments(session: Session, events: Sequence[Event]) -> None:
    """Record payments and reversals in the order told; what is of no stall of ours leaves no trace."""
    recording = record_payments(session, [_fact(event) for event in events])
    if recording.not_ours:
        metrics.EVENTS_HANDLED.labels(PAYMENTS, "not_ours").inc(recording.not_ours)


def on_credits(session: Session, events: Sequence[Event]) -> None:
    """Follow the credits of merchants; those of billers are not ours and leave no trace."""
    not_ours = follow_credits(session, [_credit(event) for event in events])
    if not_ours:
        metrics.EVENTS_HANDLED.labels(CREDITS, "not_ours").inc(not_ours)


PAYMENTS_HANDLERS: Final[dict[str, BatchHandler]] = {
    "PaymentApplied": on_payments,
    "PaymentReversed": on_payments,
}
CREDITS_HANDLERS: Final[dict[str, BatchHandler]] = {"CreditChanged": on_credits}


def _fact(event: Event) -> Fact:
    if event.event_type == "PaymentReversed":
        reversed_ = pb.PaymentReversed.FromString(event.payload)
        return Reversed(
            payment_id=UUID(reversed_.payment_id),
            payable_id=UUID(reversed_.payable_id),
            credit_id=reversed_.credit_id,
            amount=reversed_.amount,
            total_applied=reversed_.total_applied,
            applied_version=reversed_.applied_version,
            reason=reversed_.reason,
            post_time=moment_if_set(reversed_.post_time) or event.occur_time,
            is_by_person=reversed_.by_person,
        )
    applied = pb.PaymentApplied.FromString(event.payload)
    post_time = moment_if_set(applied.post_time) or event.occur_time
    return Applied(
        payment_id=UUID(applied.payment_id),
        payable_id=UUID(applied.payable_id),
        credit_id=applied.credit_id,
        amount=applied.amount,
        total_applied=applied.total_applied,
        applied_version=applied.applied_version,
        payer_account_last_four=applied.payer_account_last_four,
        bin=applied.bin,
        bank_time=moment_if_set(applied.bank_time),
        arrive_time=moment_if_set(applied.arrive_time) or post_time,
        post_time=post_time,
    )


def _credit(event: Event) -> Credit:
    changed = pb.CreditChanged.FromString(event.payload)
    return Credit(
        credit_id=UUID(changed.credit_id),
        organisation_id=UUID(changed.organisation_id),
        version=changed.version,
        amount=changed.amount_suspense,
        reason=changed.suspense_reason,
        asked_sale_id=UUID(changed.asked_payable_id) if changed.asked_payable_id else None,
        payer_account_last_four=changed.payer_account_last_four,
        bin=changed.bin,
        account_number=changed.account_number,
        bank_time=moment_if_set(changed.bank_time),
        arrive_time=moment_if_set(changed.arrive_time),
    )
