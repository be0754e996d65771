"""Facts that reconciliation tells: money on a sale, a standing code or a pack code, or taken back; what they leave behind.

A fact that happened is never refused. The payment id is the guard against a repeat; of a sale's totals only the newest
counts. In which day and sum money stands is the rule of `domain.days`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from services.pilots.domain.days import Day, Hours, Sum, is_late, money_day, sum_of
from services.pilots.domain.sales import Sale, state_after


class Kind(StrEnum):
    SALE = "sale"
    STANDING = "standing"
    PACK = "pack"


@dataclass(frozen=True, slots=True)
class Applied:
    """An allocation to one of our payables, posted. Amounts are đồng."""

    payment_id: UUID
    payable_id: UUID
    credit_id: str
    amount: int
    total_applied: int
    applied_version: int
    payer_account_last_four: str
    bin: str
    bank_time: datetime | None
    arrive_time: datetime
    post_time: datetime


@dataclass(frozen=True, slots=True)
class Reversed:
    """An allocation undone by an opposite entry; by a person, or without anybody's will."""

    payment_id: UUID
    payable_id: UUID
    credit_id: str
    amount: int
    total_applied: int
    applied_version: int
    reason: str
    post_time: datetime
    is_by_person: bool = False


Fact = Applied | Reversed


@dataclass(frozen=True, slots=True)
class Place:
    """The stall that a payment reached: whose it is, and where its days are counted."""

    stall_id: UUID
    organisation_id: UUID
    programme_id: UUID
    section_id: UUID
    hours: Hours


@dataclass(frozen=True, slots=True)
class Target:
    """What a payable of ours is, and the stall that it belongs to."""

    kind: Kind
    stall_id: UUID
    # Of a pack code: the amount in its QR.
    pack_amount: int = 0


@dataclass(frozen=True, slots=True)
class Taking:
    """A payment as it stands in the stall's list."""

    payment_id: UUID
    organisation_id: UUID
    stall_id: UUID
    kind: Kind
    payable_id: UUID
    credit_id: str
    amount: int
    sale_amount: int | None
    payer_account_last_four: str
    bin: str
    bank_time: datetime
    arrive_time: datetime
    post_time: datetime
    book_date: date
    is_late: bool
    is_private: bool = False
    reverse_time: datetime | None = None
    reverse_reason: str = ""
    # The stall's sequence that it made.
    sequence: int = 0

    @property
    def place(self) -> Sum:
        """The sum in which it is counted while it stands."""
        return sum_of(is_private=self.is_private, is_late=self.is_late)

    @property
    def is_reversed(self) -> bool:
        """Taken back: in no sum."""
        return self.reverse_time is not None


DayKey = tuple[UUID, date]


class Change(StrEnum):
    """What a recorded fact is for the stall's phones."""

    PAID = "paid"
    REVERSED = "reversed"
    # Totals of a sale moved without money that the stall ever heard of.
    SALE_ONLY = "sale_only"


@dataclass(frozen=True, slots=True)
class Step:
    """One fact recorded: what it made, the sale and the day as they stood after it."""

    change: Change
    fact: Fact
    place: Place
    target: Target
    book_date: date | None
    # Transfers that count as takings, after the step.
    day: Day
    taking: Taking | None
    sale: Sale | None
    # The sale waited no longer when this money came.
    is_sale_over: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """What is stored about the facts of a batch, read after their stalls were locked."""

    targets: Mapping[UUID, Target]
    places: Mapping[UUID, Place]
    sales: Mapping[UUID, Sale]
    takings: Mapping[UUID, Taking]
    # Reversals told before their payments.
    early: Mapping[UUID, Reversed]
    days: Mapping[DayKey, Day]


@dataclass(slots=True)
class Recording:
    """What a batch of facts does, in the order told: to be stored in one transaction."""

    sales: dict[UUID, Sale]
    days: dict[DayKey, Day]
    steps: list[Step] = field(default_factory=list)
    new_takings: dict[UUID, Taking] = field(default_factory=dict)
    # Reversals of takings recorded earlier, and those that came before their payment.
    reversals: dict[UUID, Reversed] = field(default_factory=dict)
    early: dict[UUID, Reversed] = field(default_factory=dict)
    changed_sales: set[UUID] = field(default_factory=set)
    changed_days: set[DayKey] = field(default_factory=set)
    not_ours: int = 0


def record(facts: Sequence[Fact], known: Known, now: datetime, draw_proof: Callable[[], str]) -> Recording:
    """Apply a batch of facts in order. Repeats and payables of other services leave no trace."""
    result = Recording(sales=dict(known.sales), days=dict(known.days))
    takings = dict(known.takings)
    early = dict(known.early)
    for fact in facts:
        target = known.targets.get(fact.payable_id)
        if target is None:
            result.not_ours += 1
            continue
        place = known.places[target.stall_id]
        taking = takings.get(fact.payment_id)
        if isinstance(fact, Applied):
            if taking is None:
                step = _apply(result, fact, place, target, early.get(fact.payment_id), now, draw_proof)
                assert step.taking is not None
                takings[fact.payment_id] = step.taking
        elif taking is None:
            if fact.payment_id not in early:
                early[fact.payment_id] = result.early[fact.payment_id] = fact
                _note_early(result, fact, place, target, now)
        elif not taking.is_reversed:
            takings[fact.payment_id] = _reverse(result, fact, place, target, taking, now)
    return result


def _apply(
    result: Recording,
    fact: Applied,
    place: Place,
    target: Target,
    reversal: Reversed | None,
    now: datetime,
    draw_proof: Callable[[], str],
) -> Step:
    book_date = money_day(fact.bank_time, fact.arrive_time, place.hours)
    key = (place.stall_id, book_date)
    day = result.days.get(key, Day())
    sale, was_over = result.sales.get(fact.payable_id), False
    if sale is not None:
        was_over = sale.is_over(fact.arrive_time)
        sale = _paid(sale, fact, now, draw_proof, is_standing=reversal is None)
        _keep(result, sale)
    taking = Taking(
        payment_id=fact.payment_id,
        organisation_id=place.organisation_id,
        stall_id=place.stall_id,
        kind=target.kind,
        payable_id=fact.payable_id,
        credit_id=fact.credit_id,
        amount=fact.amount,
        sale_amount=sale.amount if sale is not None else None,
        payer_account_last_four=fact.payer_account_last_four,
        bin=fact.bin,
        bank_time=fact.bank_time or fact.arrive_time,
        arrive_time=fact.arrive_time,
        post_time=fact.post_time,
        book_date=book_date,
        is_late=is_late(book_date, fact.arrive_time, place.hours, is_closed=day.is_closed),
        reverse_time=reversal.post_time if reversal else None,
        reverse_reason=reversal.reason if reversal else "",
    )
    if reversal is None:
        day = _count(result, key, day.add(taking.place, fact.amount))
    change = Change.PAID if reversal is None else Change.REVERSED
    result.new_takings[fact.payment_id] = taking
    step = Step(change, fact, place, target, book_date, day, taking, sale, was_over)
    result.steps.append(step)
    return step


def _reverse(
    result: Recording, fact: Reversed, place: Place, target: Target, taking: Taking, now: datetime
) -> Taking:
    key = (place.stall_id, taking.book_date)
    day = _count(result, key, result.days.get(key, Day()).add(taking.place, -taking.amount))
    sale = result.sales.get(fact.payable_id)
    if sale is not None:
        sale = _unpaid(sale, fact, now, payments=-1)
        _keep(result, sale)
    taking = replace(taking, reverse_time=fact.post_time, reverse_reason=fact.reason)
    if fact.payment_id in result.new_takings:
        result.new_takings[fact.payment_id] = taking
    else:
        result.reversals[fact.payment_id] = fact
    result.steps.append(Step(Change.REVERSED, fact, place, target, taking.book_date, day, taking, sale))
    return taking


def _note_early(result: Recording, fact: Reversed, place: Place, target: Target, now: datetime) -> None:
    """A reversal before its payment moves a sale's totals; else there is nothing yet that it takes back."""
    sale = result.sales.get(fact.payable_id)
    if sale is None:
        return
    sale = _unpaid(sale, fact, now, payments=0)
    _keep(result, sale)
    result.steps.append(Step(Change.SALE_ONLY, fact, place, target, None, Day(), None, sale))


def _paid(
    sale: Sale, fact: Applied, now: datetime, draw_proof: Callable[[], str], *, is_standing: bool
) -> Sale:
    """The sale as reconciliation says it stands. An older total than the known one changes no amount."""
    proof = sale.proof or (draw_proof() if is_standing else "")
    payments = sale.payments + (1 if is_standing else 0)
    return _moved(sale, fact, now, fact.bank_time or fact.arrive_time, proof=proof, payments=payments)


def _unpaid(sale: Sale, fact: Reversed, now: datetime, *, payments: int) -> Sale:
    return _moved(sale, fact, now, fact.post_time, proof=sale.proof, payments=sale.payments + payments)


def _moved(sale: Sale, fact: Fact, now: datetime, moment: datetime, *, proof: str, payments: int) -> Sale:
    """The sale after a fact; `moment` is when it was paid if it is whole now and was not before."""
    is_newer = fact.applied_version > sale.applied_version
    total = fact.total_applied if is_newer else sale.amount_paid
    paid_time = sale.paid_time
    if is_newer:
        paid_time = (paid_time or moment) if total >= sale.amount else None
    # One copy, whatever changed: this is the hot way.
    return replace(
        sale,
        state=state_after(sale.state, sale.amount, total),
        amount_paid=total,
        applied_version=max(fact.applied_version, sale.applied_version),
        paid_time=paid_time,
        proof=proof,
        payments=payments,
        sequence=sale.sequence + 1,
        change_time=now,
    )


def _keep(result: Recording, sale: Sale) -> None:
    result.sales[sale.id] = sale
    result.changed_sales.add(sale.id)


def _count(result: Recording, key: DayKey, day: Day) -> Day:
    result.days[key] = day
    result.changed_days.add(key)
    return day
