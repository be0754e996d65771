"""Facts that reconciliation tells: a payment applied to an invoice, or one taken back, and what they leave behind.

A fact that happened is never refused, whatever the invoice's state. The payment id is the guard against a repeat; of
the totals only the newest counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from operator import attrgetter
from typing import Final
from uuid import UUID

from services.invoices.domain.invoices import State, state_after

# Book of receipts (quyển biên nhận): numbers run within organisation, series and year.
SERIES: Final = "BN"
MOST_NUMBER: Final = 99_999_999


@dataclass(frozen=True, slots=True)
class Split:
    """The part of a payment that pays one line."""

    line_id: str
    amount: int


@dataclass(frozen=True, slots=True)
class Applied:
    """An allocation of a fund to an invoice, posted. Amounts are đồng."""

    payment_id: UUID
    invoice_id: UUID
    credit_id: str
    fund_kind: str
    amount: int
    splits: tuple[Split, ...]
    total_applied: int
    applied_version: int
    payable_version: int
    rule: str
    bank_reference: str
    payer_account_last_four: str
    bank_time: datetime | None
    arrive_time: datetime | None
    post_time: datetime


@dataclass(frozen=True, slots=True)
class Reversed:
    """An allocation undone by an opposite entry."""

    payment_id: UUID
    invoice_id: UUID
    amount: int
    total_applied: int
    applied_version: int
    reason: str
    post_time: datetime


Fact = Applied | Reversed


@dataclass(frozen=True, slots=True)
class Standing:
    """The part of an invoice that payments change, and what announcing it needs."""

    invoice_id: UUID
    organisation_id: UUID
    reference: str
    batch_id: str
    group_name: str
    state: State
    amount_due: int
    amount_paid: int
    version: int
    sequence: int
    applied_version: int
    paid_time: datetime | None
    change_time: datetime

    def record(self, fact: Fact, now: datetime) -> Standing:
        """The invoice as reconciliation says it now stands. An older total than the known one changes no amount."""
        if fact.applied_version <= self.applied_version:
            return replace(self, sequence=self.sequence + 1, change_time=now)
        # Built anew below rather than by `replace`: this is the hot way.
        state = state_after(self.state, self.amount_due, fact.total_applied)
        paid_time = self.paid_time
        if state is not State.PAID:
            paid_time = None
        elif self.state is not State.PAID:
            paid_time = (fact.bank_time if isinstance(fact, Applied) else None) or fact.post_time
        return Standing(
            self.invoice_id,
            self.organisation_id,
            self.reference,
            self.batch_id,
            self.group_name,
            state,
            self.amount_due,
            fact.total_applied,
            self.version,
            self.sequence + 1,
            fact.applied_version,
            paid_time,
            now,
        )


@dataclass(frozen=True, slots=True)
class Step:
    """One fact recorded: the invoice as it stood after it. `number` is its receipt's, once drawn."""

    fact: Fact
    standing: Standing
    number: int = 0
    year: int = 0

    @property
    def last_change(self) -> LastChange:
        """What the announcement says about the fact."""
        if isinstance(self.fact, Reversed):
            return LastChange(self.fact.payment_id, -self.fact.amount, self.year, self.number)
        return LastChange(
            self.fact.payment_id,
            self.fact.amount,
            self.year,
            self.number,
            self.fact.bank_time,
            self.fact.arrive_time,
        )


@dataclass(frozen=True, slots=True)
class LastChange:
    """The payment (amount above zero) or reversal (below) that made an invoice's newest change."""

    payment_id: UUID
    amount: int
    year: int
    number: int
    bank_time: datetime | None = None
    arrive_time: datetime | None = None


@dataclass(slots=True)
class Recording:
    """What a batch of facts does, in the order told: to be stored in one transaction."""

    standings: dict[UUID, Standing]
    steps: list[Step] = field(default_factory=list)
    # Facts whose receipt is born cancelled, because its reversal is known: payment id → reversal.
    cancelled_at_birth: dict[UUID, Reversed] = field(default_factory=dict)
    # Reversals of payments recorded earlier: their receipts are cancelled.
    cancellations: list[Reversed] = field(default_factory=list)
    not_ours: int = 0

    @property
    def changed(self) -> list[Standing]:
        """The invoices as they stand at the end, those that changed, in the order of their ids."""
        touched = {step.standing.invoice_id for step in self.steps}
        # By number: the same order as the UUIDs' own, found much faster.
        return [self.standings[id] for id in sorted(touched, key=attrgetter("int"))]


@dataclass(frozen=True, slots=True)
class Known:
    """What is stored already about the facts of a batch, read after their invoices were locked."""

    standings: Mapping[UUID, Standing]
    # Payment ids with a receipt, and payment ids with a reversal.
    payments: frozenset[UUID]
    reversals: Mapping[UUID, Reversed]


def record(facts: Sequence[Fact], known: Known, now: datetime) -> Recording:
    """Apply a batch of facts in order. Repeats and payables of other services leave no trace."""
    result = Recording(standings=dict(known.standings))
    payments = set(known.payments)
    reversals = dict(known.reversals)
    in_batch: set[UUID] = set()
    for fact in facts:
        standing = result.standings.get(fact.invoice_id)
        if standing is None:
            # Stalls share the topic: what is not an invoice here is a sale there.
            result.not_ours += 1
            continue
        if fact.payment_id in (payments if isinstance(fact, Applied) else reversals):
            continue
        standing = standing.record(fact, now)
        result.standings[fact.invoice_id] = standing
        result.steps.append(Step(fact, standing))
        if isinstance(fact, Applied):
            payments.add(fact.payment_id)
            in_batch.add(fact.payment_id)
            if fact.payment_id in reversals:
                result.cancelled_at_birth[fact.payment_id] = reversals[fact.payment_id]
        else:
            reversals[fact.payment_id] = fact
            if fact.payment_id in in_batch:
                result.cancelled_at_birth[fact.payment_id] = fact
            elif fact.payment_id in payments:
                result.cancellations.append(fact)
    return result


@dataclass(frozen=True, slots=True)
class Receipt:
    """Proof of one payment for the payer, numbered within (organisation, series, year). Amounts are đồng."""

    payment_id: UUID
    organisation_id: UUID
    invoice_id: UUID
    series: str
    year: int
    number: int
    amount: int
    splits: tuple[Split, ...]
    payable_version: int
    bank_reference: str
    payer_account_last_four: str
    bank_time: datetime | None
    issue_time: datetime
    cancel_time: datetime | None
    cancel_reason: str

    @property
    def text_number(self) -> str:
        """The number as it is printed."""
        return receipt_number(self.number)


def receipt_number(number: int) -> str:
    """Eight digits, as a receipt shows them; empty for none."""
    return f"{number:08d}" if number else ""
