"""Facts of the past in pages, for announcing them again after a log was lost."""

from __future__ import annotations

from typing import Final, LiteralString

from sqlalchemy.orm import Session

from kit.db import cursor
from services.reconciliation.domain.credit import Credit, Payment, Reversal
from services.reconciliation.domain.payable import Kind
from services.reconciliation.domain.work import Fact
from services.reconciliation.store.books import (
    PAYMENT_COLUMNS,
    REVERSAL_COLUMNS,
    payment_from_row,
)
from services.reconciliation.store.credit import COLUMNS, from_row, read

_KINDS: Final[LiteralString] = "SELECT id::text, kind FROM payable WHERE id = ANY(%s::uuid[])"
_NIL: Final = "00000000-0000-0000-0000-000000000000"


def payables_after(session: Session, after: str, limit: int) -> list[str]:
    """Ids of payables that were ever paid, in order."""
    statement: LiteralString = (
        "SELECT id::text FROM payable WHERE applied_version > 0 AND id > %s::uuid ORDER BY id LIMIT %s"
    )
    return [id for (id,) in cursor(session).execute(statement, (after or _NIL, limit), prepare=False)]


def facts_of(session: Session, payable_ids: list[str]) -> list[Fact]:
    """Payments and reversals of payables in the order in which they happened to each, with their credits."""
    made: LiteralString = "SELECT " + PAYMENT_COLUMNS + " FROM payment p WHERE p.payable_id = ANY(%s::uuid[])"
    undone: LiteralString = (
        "SELECT " + REVERSAL_COLUMNS + " FROM payment_reversal r WHERE r.payable_id = ANY(%s::uuid[])"
    )
    facts: list[Payment | Reversal] = [
        payment_from_row(row) for row in cursor(session).execute(made, (payable_ids,), prepare=False)
    ]
    facts += [Reversal(*row) for row in cursor(session).execute(undone, (payable_ids,), prepare=False)]
    facts.sort(key=lambda fact: (fact.payable_id, fact.applied_version))
    credits = read(session, {fact.credit_id for fact in facts if fact.credit_id})
    kinds = dict(cursor(session).execute(_KINDS, (payable_ids,), prepare=False))
    return [(fact, credits.get(fact.credit_id), Kind(kinds[fact.payable_id])) for fact in facts]


def open_credits_after(session: Session, after: str, limit: int) -> list[Credit]:
    """Credits that are not, or were once not, wholly applied, in order of id."""
    statement: LiteralString = (
        "SELECT "
        + COLUMNS
        + " FROM credit c WHERE (c.amount_applied <> c.amount OR c.version > 1) AND c.id > %s::uuid"
        + " ORDER BY c.id LIMIT %s"
    )
    return [
        from_row(row) for row in cursor(session).execute(statement, (after or _NIL, limit), prepare=False)
    ]
