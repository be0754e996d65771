"""A merchant's held money: what he may decide himself, and what only others can prove. Reconciliation keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from kit import audit
from kit.auth import Kind, Subject
from services.pilots.domain.errors_sales import CreditNotHeld, OwnerOnly
from services.pilots.domain.unassigned import DOUBTFUL, UNPROVEN, Unassigned
from services.pilots.flows.access import MANAGE, READ, who
from services.pilots.store import unassigned as store


class Decision(StrEnum):
    """What a merchant says of held money; the value stands in the audit trail."""

    OWN_MONEY = "held.own_money"
    SAME_MONEY = "held.same_money"
    HAND_OVER = "held.hand_over"


# What is held for which reason, and so what can be said of it.
_SAID_OF: Final = {
    Decision.OWN_MONEY: DOUBTFUL,
    Decision.SAME_MONEY: DOUBTFUL,
    Decision.HAND_OVER: UNPROVEN,
}
_WORDS: Final = {
    Decision.OWN_MONEY: "hai khoản khác nhau",
    Decision.SAME_MONEY: "cùng một khoản báo hai lần",
    Decision.HAND_OVER: "nhờ thành phố hỏi ngân hàng",
}


@dataclass(frozen=True, slots=True)
class Deciding:
    """A decision that may be made, with the words that reconciliation keeps beside it."""

    credit: Unassigned
    reason: str


def may_list(subject: Subject, organisation_id: UUID) -> None:
    """Raise PermissionDenied unless the subject reads this merchant's money; phones hear of what is proven only."""
    if subject.kind is Kind.DEVICE:
        raise OwnerOnly()
    subject.require(READ, organisation_id)


def find_held(session: Session, subject: Subject, credit_id: UUID, decision: Decision) -> Deciding | None:
    """The held money that this may be said of; None once it is decided. Raises PermissionDenied for others' money."""
    credit = store.read(session, credit_id)
    if credit is None:
        return None
    subject.require(MANAGE, credit.organisation_id)
    if not credit.is_open or credit.reason != _SAID_OF[decision]:
        return None
    return Deciding(credit, f"{who(subject)}: {_WORDS[decision]}")


def note_decision(session: Session, subject: Subject, decision: Decision, deciding: Deciding | None) -> None:
    """Note who decided. Raises CreditNotHeld."""
    if deciding is None:
        raise CreditNotHeld()
    credit = deciding.credit
    audit.record(
        session,
        subject=subject.label,
        action=decision.value,
        object=f"credit:{credit.credit_id}",
        organisation_id=credit.organisation_id,
        detail={"amount": credit.amount},
    )
