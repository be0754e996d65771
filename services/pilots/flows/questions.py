"""Money on no stall: whose it is, answered at the stall or by the merchant. Reconciliation decides; this looks and notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from kit import audit
from kit.auth import Kind, Subject
from services.pilots.domain.errors_sales import CreditNotUnassigned, OwnerOnly, QuestionGone
from services.pilots.domain.unassigned import Unassigned
from services.pilots.flows.access import READ, SELL, device_of, require_stall, who
from services.pilots.store import unassigned as store

MOST_LISTED: Final = 500


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that is open, with the words that reconciliation keeps beside the answer."""

    credit: Unassigned
    payable_id: UUID
    reason: str


def find_question(session: Session, subject: Subject, credit_id: UUID, *, is_yes: bool) -> Asked | None:
    """The open question about a credit, for who may answer it; None once it is closed."""
    credit = store.read(session, credit_id)
    if credit is None or credit.stall_id is None or credit.sale_id is None:
        return None
    stall = require_stall(session, subject, credit.stall_id, SELL)
    if not credit.is_open:
        return None
    answer = "đúng khách của" if is_yes else "không phải khách của"
    return Asked(credit, credit.sale_id, f"{who(subject)} trả lời: {answer} quầy {stall.number}")


def note_answer(
    session: Session, subject: Subject, credit_id: UUID, asked: Asked | None, *, is_yes: bool
) -> None:
    """Note who answered. Raises QuestionGone."""
    if asked is None:
        raise QuestionGone()
    audit.record(
        session,
        subject=subject.label,
        action="question.yes" if is_yes else "question.no",
        object=f"credit:{credit_id}",
        organisation_id=asked.credit.organisation_id,
        detail={
            "stall": str(asked.credit.stall_id),
            "sale": str(asked.payable_id),
            "amount": asked.credit.amount,
        },
    )


def find_unassigned(session: Session, subject: Subject, credit_id: UUID, stall_id: UUID) -> Asked | None:
    """A credit of the merchant's list that may go to one of his stalls; None once it is somewhere. Raises OwnerOnly."""
    if subject.kind is Kind.DEVICE:
        raise OwnerOnly()
    stall = require_stall(session, subject, stall_id, SELL)
    stall.require_account()
    credit = store.read(session, credit_id)
    if credit is None or not credit.is_open or credit.organisation_id != stall.organisation_id:
        return None
    return Asked(credit, stall_id, f"{who(subject)} nhận cho quầy {stall.number}")


def note_assignment(session: Session, subject: Subject, stall_id: UUID, asked: Asked | None) -> None:
    """Note who put money on which stall. Raises CreditNotUnassigned."""
    if asked is None:
        raise CreditNotUnassigned()
    audit.record(
        session,
        subject=subject.label,
        action="credit.to_stall",
        object=f"credit:{asked.credit.credit_id}",
        organisation_id=asked.credit.organisation_id,
        detail={"stall": str(stall_id), "amount": asked.credit.amount},
    )


def list_unassigned(session: Session, subject: Subject, organisation_id: UUID) -> Sequence[Unassigned]:
    """A merchant's money on no stall; a phone sees what is asked of its own stall."""
    if subject.kind is Kind.DEVICE:
        device = device_of(session, subject)
        stall = require_stall(session, subject, device.stall_id, READ)
        return store.of_stall(session, stall.organisation_id, stall.id)
    subject.require(READ, organisation_id)
    return store.of_merchant(session, organisation_id, MOST_LISTED)
