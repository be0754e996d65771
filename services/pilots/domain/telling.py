"""What a stall's phones are told of money, sales and questions, and what they say aloud: always what is true, both numbers.

Nothing is said of money that no phone had heard of before it was taken back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Final
from uuid import UUID

from kit import speech
from kit.speech import SPOKEN_MOST, Speech
from services.pilots.domain.sales import Sale, State
from services.pilots.domain.stall_events import StallEvent, StallEventType
from services.pilots.domain.takings import Applied, Change, Kind, Step
from services.pilots.domain.unassigned import Change as CreditChange
from services.pilots.domain.unassigned import Step as CreditStep
from services.pilots.domain.unassigned import Unassigned

_SILENT: Final = Speech((), "")
# The same round amounts come again and again; spelling one takes as long as recording it.
_received: Final = lru_cache(maxsize=4_096)(speech.received)


def of_payment(step: Step, now: datetime) -> StallEvent:
    """The event of a recorded payment or reversal."""
    fact, taking, sale = step.fact, step.taking, step.sale
    if step.change is Change.SALE_ONLY:
        assert sale is not None
        return of_sale(sale, now)
    assert taking is not None
    is_paid = step.change is Change.PAID
    if not is_paid:
        kind = StallEventType.REVERSED
    elif step.target.kind is Kind.SALE:
        kind = StallEventType.SALE_PAID
    else:
        kind = StallEventType.STANDING_PAID
    said = _speech(step) if fact.amount <= SPOKEN_MOST else _SILENT
    return StallEvent(
        stall_id=step.place.stall_id,
        organisation_id=step.place.organisation_id,
        type=kind,
        change_time=now,
        book_date=step.book_date,
        amount=taking.amount,
        payment_id=str(taking.payment_id),
        credit_id=taking.credit_id,
        payer_account_last_four=taking.payer_account_last_four,
        bank_time=taking.bank_time,
        arrive_time=taking.arrive_time,
        sale_id=str(sale.id) if sale else "",
        sale_reference=sale.reference if sale else "",
        sale_state=sale.state.value if sale else "",
        sale_amount=sale.amount if sale else 0,
        sale_paid=sale.amount_paid if sale else 0,
        late=step.is_sale_over,
        proof=sale.proof if sale and is_paid else "",
        sale_sequence=sale.sequence if sale else 0,
        pack_amount=step.target.pack_amount,
        day_count=step.day.transfer_count,
        day_sum=step.day.transfer_sum,
        clips=said.clips,
        spoken=said.text,
    )


def of_sale(sale: Sale, now: datetime) -> StallEvent:
    """The event of a sale that was opened, ended by its seller, or whose totals moved."""
    return StallEvent(
        stall_id=sale.stall_id,
        organisation_id=sale.organisation_id,
        type=StallEventType.SALE_CHANGED,
        change_time=now,
        sale_id=str(sale.id),
        sale_reference=sale.reference,
        sale_state=sale.state.value,
        sale_amount=sale.amount,
        sale_paid=sale.amount_paid,
        sale_sequence=sale.sequence,
    )


def of_stall(stall_id: UUID, organisation_id: UUID, now: datetime, day: date | None = None) -> StallEvent:
    """The event after which screens load anew."""
    return StallEvent(stall_id, organisation_id, StallEventType.STALL_CHANGED, now, book_date=day)


def of_credit(
    step: CreditStep, sale: Sale | None, active_stalls: Iterable[UUID], now: datetime
) -> Sequence[StallEvent]:
    """The events of a credit's step: for the stall that is asked, or for each of the merchant's active ones."""
    credit = step.credit
    match step.change:
        case CreditChange.ASKED:
            said = speech.asked(credit.amount) if credit.amount <= SPOKEN_MOST else _SILENT
            return [_of_question(StallEventType.QUESTION, step, sale, now, said)]
        case CreditChange.ANSWERED:
            return [_of_question(StallEventType.QUESTION_CLOSED, step, sale, now, _SILENT)]
        case CreditChange.LISTED:
            return [_of_listed(StallEventType.UNASSIGNED, credit, stall, now) for stall in active_stalls]
        case CreditChange.UNLISTED:
            return [_of_listed(StallEventType.STALL_CHANGED, credit, stall, now) for stall in active_stalls]


def _speech(step: Step) -> Speech:
    amount, sale = step.fact.amount, step.sale
    if step.change is Change.REVERSED:
        # Born reversed: nobody heard that it came.
        return _SILENT if isinstance(step.fact, Applied) else speech.undone(amount)
    if sale is None:
        return _received(amount)
    if step.is_sale_over:
        return speech.late(amount)
    if sale.amount_paid - amount >= sale.amount:
        return speech.again(amount)
    if sale.is_paid_again:
        return speech.over(amount, sale.amount_paid - sale.amount)
    if sale.state is State.PART_PAID:
        return speech.short(amount, sale.missing)
    return _received(amount)


def _of_question(
    kind: StallEventType, step: CreditStep, sale: Sale | None, now: datetime, said: Speech
) -> StallEvent:
    credit = step.credit
    assert step.stall_id is not None
    return StallEvent(
        stall_id=step.stall_id,
        organisation_id=credit.organisation_id,
        type=kind,
        change_time=now,
        amount=credit.amount,
        credit_id=str(credit.credit_id),
        payer_account_last_four=credit.payer_account_last_four,
        bank_time=credit.bank_time,
        arrive_time=credit.arrive_time,
        sale_id=str(step.sale_id),
        sale_state=sale.state.value if sale else "",
        sale_amount=sale.amount if sale else 0,
        sale_paid=sale.amount_paid if sale else 0,
        clips=said.clips,
        spoken=said.text,
    )


def _of_listed(kind: StallEventType, credit: Unassigned, stall_id: UUID, now: datetime) -> StallEvent:
    return StallEvent(
        stall_id=stall_id,
        organisation_id=credit.organisation_id,
        type=kind,
        change_time=now,
        amount=credit.amount,
        credit_id=str(credit.credit_id),
        payer_account_last_four=credit.payer_account_last_four,
        bank_time=credit.bank_time,
        arrive_time=credit.arrive_time,
    )
