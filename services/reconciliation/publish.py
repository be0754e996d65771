"""Facts of reconciliation as events: payments and reversals by payable, credits that wait by credit.

Payments of stalls have a topic of their own: a fair's busy hour costs the bills nothing, nor do school fees the stalls.
Event ids come from the fact itself, so that announcing everything again changes nothing for who knows it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from kit import ids
from kit.events import Event
from kit.messages import stamp, timestamp
from services.reconciliation.domain.credit import Credit, FundKind, Payment, Reversal
from services.reconciliation.domain.payable import Kind
from services.reconciliation.domain.work import BY_RULE, Changes, Fact
from xoai.reconciliation.v1 import reconciliation_events_pb2 as pb

PAYMENTS: Final = "reconciliation.payments"
STALL_PAYMENTS: Final = "reconciliation.stall-payments"
CREDITS: Final = "reconciliation.credits"
_FUNDS: Final = {
    FundKind.BANK_CREDIT: pb.FUND_KIND_BANK_CREDIT,
    FundKind.PAYER_CREDIT: pb.FUND_KIND_PAYER_CREDIT,
}


def events_of(changes: Changes, now: datetime) -> list[Event]:
    """All that a transaction has to announce, facts of payables in their order, then the credits."""
    events = events_of_facts(changes.facts)
    events.extend(
        credit_changed(credit, now)
        for credit in changes.new_credits.values()
        if credit.amount_applied != credit.amount
    )
    events.extend(credit_changed(changes.credits[id], now) for id in sorted(changes.news))
    return events


def applied(payment: Payment, credit: Credit | None, kind: Kind) -> Event:
    """A payment of a payable of a kind; `credit` is where its money came from, none for a payer's credit."""
    post_time = payment.post_time
    message = pb.PaymentApplied(
        payment_id=payment.id,
        payable_id=payment.payable_id,
        organisation_id=payment.organisation_id,
        credit_id=payment.credit_id,
        fund_kind=_FUNDS[payment.fund_kind],
        amount=payment.amount,
        total_applied=payment.total_applied,
        applied_version=payment.applied_version,
        payable_version=payment.payable_version,
        rule=payment.rule,
        rule_detail=payment.rule_detail,
    )
    stamp(message.post_time, post_time)
    for line_id, _, amount in payment.splits:
        message.splits.add(line_id=line_id, amount=amount)
    if credit is not None:
        message.bank_reference = credit.bank_reference
        message.payer_account_last_four = credit.payer_account[-4:]
        stamp(message.bank_time, credit.bank_time)
        stamp(message.arrive_time, credit.arrive_time)
        message.bin = credit.bin
    return Event(
        ids.event_id("payment:" + payment.id, 1, "PaymentApplied"),
        _topic(kind),
        payment.payable_id,
        payment.payable_id,
        "PaymentApplied",
        payment.applied_version,
        post_time,
        message.SerializeToString(),
    )


def reversed_(reversal: Reversal, kind: Kind) -> Event:
    """A payment undone."""
    message = pb.PaymentReversed(
        payment_id=reversal.payment_id,
        payable_id=reversal.payable_id,
        organisation_id=reversal.organisation_id,
        credit_id=reversal.credit_id,
        amount=reversal.amount,
        total_applied=reversal.total_applied,
        applied_version=reversal.applied_version,
        reason=reversal.reason,
        post_time=timestamp(reversal.post_time),
        by_person=reversal.subject != BY_RULE,
    )
    return Event(
        event_id=ids.event_id("payment:" + reversal.payment_id, 2, "PaymentReversed"),
        topic=_topic(kind),
        key=reversal.payable_id,
        ordering_id=reversal.payable_id,
        event_type="PaymentReversed",
        version=reversal.applied_version,
        occur_time=reversal.post_time,
        payload=message.SerializeToString(),
    )


def credit_changed(credit: Credit, now: datetime) -> Event:
    """Where the money of a credit is, as a snapshot."""
    message = pb.CreditChanged(
        credit_id=credit.id,
        version=credit.version,
        organisation_id=credit.organisation_id,
        amount=credit.amount,
        amount_applied=credit.amount_applied,
        amount_payer_credit=credit.amount_payer_credit,
        amount_suspense=credit.amount_suspense,
        amount_refundable=credit.amount_refundable,
        suspense_reason=credit.reason.value,
        change_time=timestamp(now),
        asked_payable_id=credit.asked_payable_id,
        payer_account_last_four=credit.payer_account[-4:],
        bank_time=timestamp(credit.bank_time),
        arrive_time=timestamp(credit.arrive_time),
        bin=credit.bin,
        account_number=credit.account_number,
        merchant=credit.is_merchant,
    )
    return Event(
        event_id=ids.event_id("credit:" + credit.id, credit.version, "CreditChanged"),
        topic=CREDITS,
        key=credit.id,
        ordering_id=credit.id,
        event_type="CreditChanged",
        version=credit.version,
        occur_time=now,
        payload=message.SerializeToString(),
    )


def events_of_facts(facts: Iterable[Fact]) -> list[Event]:
    """Events of facts, in their order; the same whenever they are announced."""
    return [
        applied(fact, credit, kind) if isinstance(fact, Payment) else reversed_(fact, kind)
        for fact, credit, kind in facts
    ]


def _topic(kind: Kind) -> str:
    return PAYMENTS if kind is Kind.INVOICE else STALL_PAYMENTS
