"""A payable as reconciliation knows it: what is due, over which lines, and what was applied here.

The values are named tuples: a batch makes thousands of them, at a third of the price of frozen dataclasses.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

from kit.money import allocate

# The ledger class of money for a payable that names no line.
UNCLASSIFIED: Final = "unclassified"


class Kind(StrEnum):
    """What waits for money. A sale's excess belongs to the merchant; a standing code has no amount due."""

    INVOICE = "invoice"
    SALE = "sale"
    STANDING = "standing"


class Line(NamedTuple):
    """One line of a payable; amounts in đồng; lower priority is paid first."""

    line_id: str
    ledger_class: str
    amount: int
    priority: int
    is_paused: bool
    applied: int


class Split(NamedTuple):
    """The part of a payment that pays one line."""

    line_id: str
    ledger_class: str
    amount: int


class Definition(NamedTuple):
    """What the owner of a payable says about it, in one snapshot.

    `ask_until`: of a sale, until then money without a code that equals it is asked about. `open_minute` and
    `close_minute`: of a standing code, the minutes of the day between which money without a code is its own.
    """

    version: int
    kind: Kind
    is_void: bool
    reference: str
    organisation_id: str
    account_id: str
    virtual_account: str
    payer_id: str
    amount_due: int | None
    due_date: str
    is_oldest_first: bool
    ask_until: datetime | None = None
    open_minute: int | None = None
    close_minute: int | None = None


class Payable(NamedTuple):
    """The owner's definition with what reconciliation applied. `applied_version` rises with each payment or reversal."""

    id: str
    definition: Definition
    lines: tuple[Line, ...]
    applied: int
    applied_version: int

    @property
    def organisation_id(self) -> str:
        return self.definition.organisation_id

    @property
    def payer(self) -> str:
        """The payer whose credit holds what is over; a payable without a payer's id is its own."""
        return self.definition.payer_id or f"payable:{self.id}"

    @property
    def open(self) -> int:
        """Due less applied; 0 for a void payable and for a standing code, which waits for no certain amount."""
        definition = self.definition
        if definition.is_void or definition.amount_due is None:
            return 0
        return max(0, definition.amount_due - self.applied)

    def takes(self, amount: int) -> int:
        """How much of `amount` the payable takes: at most its open part; a stall takes all that comes."""
        definition = self.definition
        if definition.is_void:
            return 0
        if definition.amount_due is None or definition.kind is Kind.SALE:
            return amount
        return min(amount, max(0, definition.amount_due - self.applied))

    def apply(self, amount: int) -> tuple[Payable, tuple[Split, ...]]:
        """The payable after a payment, and how the payment is split over its lines without rest."""
        parts = split(self.lines, amount)
        splits: tuple[Split, ...]
        if not parts:
            splits = (Split("", UNCLASSIFIED, amount),)
            lines = self.lines
        elif len(parts) == 1:
            line = self.lines[0]
            splits = (Split(line.line_id, line.ledger_class, amount),)
            lines = (_with_applied(line, line.applied + amount),)
        else:
            splits = tuple(
                Split(line.line_id, line.ledger_class, part)
                for line, part in zip(self.lines, parts, strict=True)
                if part
            )
            lines = tuple(
                _with_applied(line, line.applied + part) if part else line
                for line, part in zip(self.lines, parts, strict=True)
            )
        return (
            Payable(self.id, self.definition, lines, self.applied + amount, self.applied_version + 1),
            splits,
        )

    def release(self, splits: Sequence[Split]) -> Payable:
        """The payable after a payment with these splits was undone."""
        freed: dict[str, int] = {}
        for part in splits:
            freed[part.line_id] = freed.get(part.line_id, 0) + part.amount
        lines = tuple(
            _with_applied(line, line.applied - freed[line.line_id]) if line.line_id in freed else line
            for line in self.lines
        )
        total = self.applied - sum(freed.values())
        return Payable(self.id, self.definition, lines, total, self.applied_version + 1)

    def redefine(self, definition: Definition, lines: Sequence[Line]) -> Payable:
        """The payable under a newer snapshot; what was applied stays with the lines that remain."""
        applied = {line.line_id: line.applied for line in self.lines}
        kept = tuple(_with_applied(line, applied.get(line.line_id, 0)) for line in lines)
        return self._replace(definition=definition, lines=kept)

    def must_apply_anew(self, before: Payable) -> bool:
        """True if what was applied no longer fits this newer definition: too much, or on lines that shrank or went."""
        if self.definition.is_void or not self.applied:
            return False
        due = self.definition.amount_due
        if due is not None and self.applied > due and self.definition.kind is not Kind.SALE:
            return True
        now = {line.line_id: line for line in self.lines}
        for line in before.lines:
            if not line.applied:
                continue
            same = now.get(line.line_id)
            if same is None or same.ledger_class != line.ledger_class:
                return True
            if line.applied > same.amount and line.applied <= line.amount:
                return True
        return False


def _with_applied(line: Line, applied: int) -> Line:
    return Line(line.line_id, line.ledger_class, line.amount, line.priority, line.is_paused, applied)


def split(lines: Sequence[Line], amount: int) -> list[int]:
    """`amount` over the lines: unpaused before paused, by priority, in proportion within one, without loss.

    What the lines cannot hold (a sale's excess, a standing code) goes on the first line in that order; empty if
    there are no lines.
    """
    if len(lines) == 1:
        return [amount]
    parts = [0] * len(lines)
    if not lines:
        return parts
    rests = [max(0, line.amount - line.applied) for line in lines]
    left = amount
    ranks = sorted({(line.is_paused, line.priority) for line in lines})
    for rank in ranks:
        places = [place for place, line in enumerate(lines) if (line.is_paused, line.priority) == rank]
        weights = [rests[place] for place in places]
        total = sum(weights)
        if not total:
            continue
        shares = weights if left >= total else allocate(left, weights)
        for place, share in zip(places, shares, strict=True):
            parts[place] = share
        left -= sum(shares)
        if not left:
            return parts
    first = min(range(len(lines)), key=lambda place: (lines[place].is_paused, lines[place].priority))
    parts[first] += left
    return parts
