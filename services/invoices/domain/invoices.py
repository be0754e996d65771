"""An invoice: its lines, the one account that receives, its states, and what a person may do to it.

Stored states are open, part_paid, paid and void; overdue and overpaid are derived. Amounts are whole đồng.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Final
from uuid import UUID

from kit.text import search_key
from services.invoices.domain.errors import (
    InvoiceHasPayment,
    InvoiceVoidAlready,
    NothingToChange,
    ReasonMissing,
)

MOST_REASON: Final = 500


class State(StrEnum):
    OPEN = "open"
    PART_PAID = "part_paid"
    PAID = "paid"
    VOID = "void"


# Payments move an invoice freely among the first three, in either direction; only a person voids, and for good.
TRANSITIONS: Final[Mapping[State, frozenset[State]]] = {
    State.OPEN: frozenset({State.PART_PAID, State.PAID, State.VOID}),
    State.PART_PAID: frozenset({State.OPEN, State.PAID, State.VOID}),
    State.PAID: frozenset({State.OPEN, State.PART_PAID, State.VOID}),
    State.VOID: frozenset(),
}


def state_after(state: State, amount_due: int, amount_paid: int) -> State:
    """The state with this much paid. Void stays void: a payment that it sees is recorded and handled elsewhere."""
    if state is State.VOID:
        return State.VOID
    if amount_paid <= 0:
        return State.OPEN
    return State.PAID if amount_paid >= amount_due else State.PART_PAID


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that is charged. Lower priority is paid first; quantity is in thousandths of the unit."""

    id: str
    title: str
    ledger_class: str
    amount: int
    priority: int = 0
    is_paused: bool = False
    unit_price: int = 0
    quantity_milli: int = 0
    unit: str = ""
    exempted: int = 0
    exemption_reason: str = ""
    fee_kind: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """The receiving account as it stood when the invoice was issued."""

    id: str
    bin: str
    number: str
    holder_name: str


@dataclass(frozen=True, slots=True)
class Invoice:
    """What one payer owes one organisation. `version` counts what is owed, `sequence` every change."""

    id: UUID
    organisation_id: UUID
    reference: str
    state: State
    title: str
    payer_id: str
    payer_name: str
    payer_codes: tuple[str, ...]
    group_name: str
    batch_id: str
    notice_id: str
    source_service: str
    source_id: str
    account: Account
    virtual_account: str
    is_oldest_first: bool
    amount_due: int
    amount_paid: int
    due_date: date | None
    version: int
    sequence: int
    applied_version: int
    issue_time: datetime
    change_time: datetime
    paid_time: datetime | None = None
    void_reason: str = ""
    lines: tuple[Line, ...] = ()

    @property
    def is_overpaid(self) -> bool:
        """More was applied than is due: the amount fell while money was on its way."""
        return self.amount_paid > self.amount_due

    def is_overdue(self, today: date) -> bool:
        """Something is still open after the due date."""
        is_waiting = self.state in (State.OPEN, State.PART_PAID)
        return is_waiting and self.due_date is not None and self.due_date < today

    @property
    def search_text(self) -> str:
        """Folded name and codes, by which staff find the invoice."""
        return search_text(self.payer_name, self.payer_codes)

    def void(self, reason: str, now: datetime) -> Invoice:
        """The invoice voided, in whatever state its payments are. Raises InvoiceVoidAlready, ReasonMissing."""
        if self.state is State.VOID:
            raise InvoiceVoidAlready(reference=self.reference)
        return replace(
            self,
            state=State.VOID,
            void_reason=checked_reason(reason),
            version=self.version + 1,
            sequence=self.sequence + 1,
            change_time=now,
        )

    def change(self, lines: tuple[Line, ...], due_date: date | None, now: datetime) -> Invoice:
        """The invoice with other lines or another due date (empty and None keep what is there), same reference.

        Raises InvoiceVoidAlready, InvoiceHasPayment, NothingToChange.
        """
        if self.state is State.VOID:
            raise InvoiceVoidAlready(reference=self.reference)
        if self.amount_paid != 0:
            raise InvoiceHasPayment(reference=self.reference, amount_paid=self.amount_paid)
        if not lines and due_date is None:
            raise NothingToChange()
        version = self.version + 1
        new_lines = numbered(lines, version) if lines else self.lines
        return replace(
            self,
            lines=new_lines,
            amount_due=sum(line.amount for line in new_lines),
            due_date=due_date or self.due_date,
            version=version,
            sequence=self.sequence + 1,
            change_time=now,
        )


# Asked for twice per invoice, by the table and by the announcement.
@lru_cache(maxsize=2048)
def search_text(payer_name: str, payer_codes: tuple[str, ...]) -> str:
    """Folded name and codes in one text."""
    return search_key(" ".join((payer_name, *payer_codes)))


@lru_cache(maxsize=4096)
def numbered(lines: tuple[Line, ...], version: int) -> tuple[Line, ...]:
    """Lines without an id get one that no other version of the invoice uses."""
    return tuple(
        line if line.id else replace(line, id=f"{version}.{position}")
        for position, line in enumerate(lines, 1)
    )


def lines_at(versions: Mapping[int, tuple[Line, ...]], version: int) -> tuple[Line, ...]:
    """The lines in force at a version: those of the newest version up to it that brought lines."""
    brought = [each for each in versions if each <= version]
    return versions[max(brought)] if brought else ()


def checked_reason(reason: str) -> str:
    """A reason that a person gave, trimmed. Raises ReasonMissing if it is empty or too long."""
    trimmed = " ".join(reason.split())
    if not 0 < len(trimmed) <= MOST_REASON:
        raise ReasonMissing(most=MOST_REASON)
    return trimmed
