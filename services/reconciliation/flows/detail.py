"""One credit with all that belongs to it, for a person who decides or asks why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from services.reconciliation.domain import errors
from services.reconciliation.domain.credit import Credit, Payment, Reason, Report, Reversal, Sight
from services.reconciliation.domain.ledger import Entry
from services.reconciliation.store import books, lists, queue
from services.reconciliation.store import credit as credit_rows
from services.reconciliation.store.queue import Decided

Card = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class Detail:
    """A credit, its reports, payments (with reversals and payables' cards), entries, possible duplicates, decisions."""

    credit: Credit
    reports: list[Report]
    payments: list[tuple[Payment, Reversal | None]]
    cards: dict[str, Card]
    entries: list[tuple[Entry, datetime]]
    possible_duplicates: list[Credit]
    decisions: list[Decided]


def read(session: Session, credit_id: str, sight: Sight) -> Detail:
    """Raises CreditNotFound."""
    credit = credit_rows.read(session, [credit_id], sight).get(credit_id)
    if credit is None:
        raise errors.CreditNotFound(credit=credit_id)
    payments = books.payments_of_credit(session, credit_id)
    is_possible = credit.reason is Reason.POSSIBLE_DUPLICATE
    return Detail(
        credit,
        credit_rows.reports_of(session, credit_id, credit.memo),
        payments,
        cards_of(session, [payment for payment, _ in payments]),
        books.entries_of_credit(session, credit_id),
        lists.possible_duplicates(session, credit, sight) if is_possible else [],
        queue.decisions(session, credit.organisation_id, credit_id, [payment.id for payment, _ in payments]),
    )


def cards_of(session: Session, payments: list[Payment]) -> dict[str, Card]:
    """Reference, title, payer and group of the payables that were paid."""
    return lists.cards(session, sorted({payment.payable_id for payment in payments}))
