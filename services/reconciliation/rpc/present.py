"""Reconciliation's values as protobuf messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from kit.messages import timestamp
from services.reconciliation.domain.credit import Credit, FundKind, Payment, Report, Reversal
from services.reconciliation.domain.ledger import Entry
from services.reconciliation.domain.suggesting import Suggestion
from services.reconciliation.flows.detail import Card, Detail
from services.reconciliation.flows.summary import Summary
from services.reconciliation.store.held import Held, Twin
from services.reconciliation.store.queue import Queue
from xoai.reconciliation.v1 import reconciliation_events_pb2 as events
from xoai.reconciliation.v1 import reconciliation_service_pb2 as pb

_FUNDS: Final = {
    FundKind.BANK_CREDIT: events.FUND_KIND_BANK_CREDIT,
    FundKind.PAYER_CREDIT: events.FUND_KIND_PAYER_CREDIT,
}


def credit(value: Credit, *, hides_payer: bool = False) -> pb.Credit:
    """A credit; of a trader's, `hides_payer` leaves out what its payer wrote."""
    is_bare = hides_payer and value.is_merchant
    return pb.Credit(
        id=value.id,
        organisation_id=value.organisation_id,
        account_id=value.account_id,
        bin=value.bin,
        account_number=value.account_number,
        virtual_account=value.virtual_account,
        amount=value.amount,
        amount_applied=value.amount_applied,
        amount_payer_credit=value.amount_payer_credit,
        amount_suspense=value.amount_suspense,
        amount_refundable=value.amount_refundable,
        memo="" if is_bare else value.memo,
        bank_reference=value.bank_reference,
        payer_name="" if is_bare else value.payer_name,
        payer_account="" if is_bare else value.payer_account,
        suspense_reason=value.reason.value,
        park_reason=value.park_reason,
        bank_time=timestamp(value.bank_time),
        arrive_time=timestamp(value.arrive_time),
        post_time=timestamp(value.post_time),
        version=value.version,
        exceptions=value.exceptions,
        report_count=value.report_count,
        merged_into_credit_id=value.merged_into,
        payer_id=value.payer,
        currency_code=value.currency,
        asked_payable_id="" if is_bare else value.asked_payable_id,
        handed_over=is_bare,
    )


def detail(value: Detail, *, hides_payer: bool = False) -> pb.CreditDetail:
    """A credit with all that belongs to it; of a trader's, `hides_payer` leaves the credit and the decisions."""
    told = pb.CreditDetail(
        credit=credit(value.credit, hides_payer=hides_payer),
        events=[
            pb.CreditEvent(
                event_time=timestamp(each.time),
                action=each.action,
                person_name=each.person_name,
                reason=each.reason,
                amount=each.amount,
            )
            for each in value.decisions
        ],
    )
    if hides_payer and value.credit.is_merchant:
        return told
    told.reports.extend([_report(each) for each in value.reports])
    told.payments.extend([payment(each, reversal, value.cards) for each, reversal in value.payments])
    told.entries.extend([_entry(each, post_time) for each, post_time in value.entries])
    told.possible_duplicates.extend([credit(each) for each in value.possible_duplicates])
    return told


def held(value: Held, twins: Sequence[Twin]) -> pb.HeldCredit:
    """A trader's held money, without what its payer wrote."""
    money = value.credit
    return pb.HeldCredit(
        credit_id=money.id,
        version=money.version,
        amount=money.amount_suspense,
        suspense_reason=money.reason.value,
        bank_time=timestamp(money.bank_time),
        arrive_time=timestamp(money.arrive_time),
        bank_reference=money.bank_reference,
        payer_account_last_four=money.payer_account[-4:],
        account_last_four=money.account_number[-4:],
        hand_over_time=timestamp(value.hand_over_time) if value.hand_over_time else None,
        answer=money.park_reason,
        twins=[
            pb.HeldTwin(
                credit_id=each.id,
                amount=each.amount,
                bank_time=timestamp(each.bank_time),
                arrive_time=timestamp(each.arrive_time),
                bank_reference=each.bank_reference,
                payer_account_last_four=each.payer_account[-4:],
                paid=paid,
            )
            for each, paid in twins
        ],
    )


def queue(value: Queue) -> pb.QueueSummary:
    """What waits."""
    return pb.QueueSummary(
        reasons=[
            pb.ReasonCount(reason=reason, count=count, amount=amount)
            for reason, count, amount in value.reasons
        ],
        parked=value.parked,
        old=value.old,
        short_open=value.short_open,
        over_open=value.over_open,
        twice_open=value.twice_open,
        today=value.today,
        today_settled=value.today_settled,
    )


def payment(value: Payment, reversal: Reversal | None, cards: Mapping[str, Card]) -> pb.Payment:
    """A payment, and how it was undone if it was."""
    reference, title, payer_name, group_name = cards.get(value.payable_id, ("", "", "", ""))
    return pb.Payment(
        id=value.id,
        payable_id=value.payable_id,
        credit_id=value.credit_id,
        reference=reference,
        payable_title=title,
        payer_name=payer_name,
        group_name=group_name,
        amount=value.amount,
        rule=value.rule,
        rule_detail=value.rule_detail,
        post_time=timestamp(value.post_time),
        reverse_time=timestamp(reversal.post_time) if reversal else None,
        reverse_reason=reversal.reason if reversal else "",
        person_id=value.subject if value.rule in ("person", "payer_credit") else "",
        fund_kind=_FUNDS[value.fund_kind],
        splits=[events.Split(line_id=line_id, amount=amount) for line_id, _, amount in value.splits],
    )


def suggestion(value: Suggestion) -> pb.Suggestion:
    """A payable that a credit may be for."""
    definition = value.payable.definition
    return pb.Suggestion(
        payable_id=value.payable.id,
        reference=definition.reference,
        title=value.title,
        payer_name=value.payer_name,
        group_name=value.group_name,
        amount_due=definition.amount_due or 0,
        amount_open=value.payable.open,
        due_date=definition.due_date,
        score=value.score,
        reasons=[
            pb.SuggestionReason(code=why.code, fits=why.fits, detail=why.detail) for why in value.reasons
        ],
        memo_part=value.memo_part,
        organisation_id=value.payable.organisation_id,
        payer_id=value.payable.payer,
        is_void=definition.is_void,
    )


def summary(value: Summary, outbox_rows: int, dead_letters: int) -> pb.CreditsSummary:
    """The sums."""
    return pb.CreditsSummary(
        credits_received=value.credits_received,
        credits_applied=value.credits_applied,
        credits_suspense=value.credits_suspense,
        amount_received=value.amount_received,
        amount_applied=value.amount_applied,
        amount_payer_credit=value.amount_payer_credit,
        amount_suspense=value.amount_suspense,
        amount_refundable=value.amount_refundable,
        ledger_debits=value.ledger_debits,
        ledger_credits=value.ledger_credits,
        callback_only_credits=value.callback_only_credits,
        reports_joined=value.reports_joined,
        outbox_rows=outbox_rows,
        dead_letters_open=dead_letters,
    )


def _report(value: Report) -> pb.Report:
    return pb.Report(
        id=value.id,
        channel=value.channel.value,
        provider=value.provider,
        source_id=value.source_id,
        bank_reference=value.bank_reference,
        memo=value.memo,
        occur_time=timestamp(value.occur_time) if value.occur_time else None,
        arrive_time=timestamp(value.arrive_time),
        provider_transaction_id=value.provider_transaction_id,
    )


def _entry(value: Entry, post_time: datetime) -> pb.JournalEntry:
    return pb.JournalEntry(
        id=value.id,
        kind=value.kind.value,
        post_time=timestamp(post_time),
        book_date=value.book_date.isoformat(),
        bank_date=value.bank_date.isoformat(),
        postings=[
            pb.Posting(ledger_account=account, amount=amount) for account, amount in value.amounts.items()
        ],
        reason=value.reason,
    )
