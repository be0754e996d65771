"""Money of traders that is held: the pilots' service asks for it and hands on what its trader decided.

Two tellings of equal money are his to tell apart: he sees his account. That unproven money is there at all is not his to
say alone, since whoever stands before him may press him: he can hand it to the city, whose feed from the bank it is.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from kit import clock
from kit.auth import Subject
from services.reconciliation.domain import errors
from services.reconciliation.domain.credit import Reason
from services.reconciliation.domain.joining import are_two
from services.reconciliation.flows.auditing import note
from services.reconciliation.flows.sight import ASSIGN, lock_credit
from services.reconciliation.store import held as store
from services.reconciliation.store.held import Held, Twin


def list_held(session: Session, organisation_id: str) -> list[tuple[Held, list[Twin]]]:
    """A trader's held money, oldest first, with what else may be the same money."""
    found = store.of_merchant(session, organisation_id)
    alike = [each.credit for each in found if each.credit.reason is Reason.POSSIBLE_DUPLICATE]
    twins = store.twins(session, alike) if alike else {}
    return [
        (
            each,
            [
                twin
                for twin in twins.get(each.credit.id, [])
                if not are_two(each.credit.bank_reference_key, twin.credit.bank_reference_key)
            ],
        )
        for each in found
    ]


def hand_over(session: Session, subject: Subject, credit_id: str, reason: str) -> None:
    """Let the city's desk see unproven money of a trader's, without its payer. Raises CreditMoved once it is decided."""
    if not reason.strip():
        raise errors.ReasonMissing()
    credit = lock_credit(session, subject, ASSIGN, credit_id)
    if credit.reason is not Reason.AWAITING_CONFIRMATION or not credit.is_merchant:
        raise errors.CreditMoved(happened=credit.describe())
    if store.hand_over(session, credit, clock.now()):
        note(session, subject, "credit.hand_over", credit, reason=reason)
