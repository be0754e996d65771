"""Whom a decision is for: which credits a subject may look at and decide on. What is hidden is not found."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from kit.auth import Kind, Subject
from services.reconciliation.domain import errors
from services.reconciliation.domain.credit import Credit, Sight
from services.reconciliation.store import credit as credit_rows

READ = "credits.read"
ASSIGN = "credits.assign"
UNDO = "credits.undo"


def hides_merchants(subject: Subject, permission: str) -> bool:
    """True for a person or system that acts for the whole city: what traders take is not theirs to see."""
    return subject.kind is not Kind.SERVICE and subject.tenants(permission).everywhere


def sight_of(subject: Subject, permission: str, *, at_desk: bool = False) -> Sight:
    """What a look finds; `at_desk` with what traders handed over."""
    if not hides_merchants(subject, permission):
        return Sight.ALL
    return Sight.CITY_DESK if at_desk else Sight.CITY


def read_credit(
    session: Session, subject: Subject, permission: str, credit_id: str, *, at_desk: bool = False
) -> Credit:
    """A credit as it stands. Raises CreditNotFound, PermissionDenied."""
    sight = sight_of(subject, permission, at_desk=at_desk)
    return visible(credit_rows.read(session, [credit_id], sight), subject, permission, credit_id)


def lock_credit(
    session: Session, subject: Subject, permission: str, credit_id: str, *, at_desk: bool = False
) -> Credit:
    """A credit, locked. Raises CreditNotFound, PermissionDenied."""
    sight = sight_of(subject, permission, at_desk=at_desk)
    return visible(credit_rows.lock(session, [credit_id], sight), subject, permission, credit_id)


def visible(found: dict[str, Credit], subject: Subject, permission: str, credit_id: str) -> Credit:
    """One of the credits that were found. Raises CreditNotFound, PermissionDenied."""
    credit = found.get(credit_id)
    if credit is None:
        raise errors.CreditNotFound(credit=credit_id)
    require(subject, permission, credit.organisation_id)
    return credit


def require(subject: Subject, permission: str, organisation_id: str) -> None:
    """Raise PermissionDenied unless the permission is held for the organisation; services pass."""
    if subject.kind is not Kind.SERVICE:
        subject.require(permission, UUID(organisation_id))
