"""Visits of volunteers: begun with consent and within the day's cap, seen for half an hour, then wiped."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from kit import audit, clock, ids
from kit.auth import Subject
from kit.references.code import Kind, kind_of
from services.pilots.domain.errors_trust import (
    VisitNotFound,
    VisitOver,
    VisitReferenceUnknown,
    VisitsUsedUp,
)
from services.pilots.domain.visits import SIGHT, SIGHT_MINUTES, Visit
from services.pilots.store import checks
from services.pilots.store import visits as store


def begin(session: Session, subject: Subject, reference: str, consent: str, most: int) -> tuple[Visit, int]:
    """Begin a visit of a bill or sale; it with the day's count. Raises VisitsUsedUp, VisitReferenceUnknown.

    That a bill exists, the caller has asked its owner.
    """
    now = clock.now()
    today = clock.business_date(now)
    store.hold(session, subject.label)
    before = store.count(session, subject.label, today)
    if before >= most:
        raise VisitsUsedUp(most=most)
    if kind_of(reference) is Kind.STALL and not checks.is_sale(session, reference):
        raise VisitReferenceUnknown(reference=reference)
    visit = Visit(ids.new(), subject.label, subject.name, reference, consent, now, now + SIGHT)
    store.add(session, visit, today)
    _note(session, subject, "visit.begin", visit, {"reference": reference, "consent": consent})
    return visit, before + 1


def get(session: Session, subject: Subject, id: UUID) -> tuple[Visit, int]:
    """An own visit with the day's count. Raises VisitNotFound."""
    visit = store.find(session, id, subject.label)
    if visit is None:
        raise VisitNotFound()
    return visit, store.count(session, subject.label, clock.today())


def list_today(session: Session, subject: Subject) -> list[Visit]:
    """The own visits of today, newest first."""
    return store.of_day(session, subject.label, clock.today())


def mark_printed(session: Session, subject: Subject, id: UUID) -> tuple[Visit, int]:
    """Note that the guide was printed. Raises VisitNotFound, VisitOver."""
    visit, _ = get(session, subject, id)
    now = clock.now()
    if not visit.seen_at(now):
        raise VisitOver(minutes=SIGHT_MINUTES)
    store.mark_printed(session, id, now)
    _note(session, subject, "visit.print", visit, {})
    return get(session, subject, id)


def _note(session: Session, subject: Subject, action: str, visit: Visit, detail: dict[str, object]) -> None:
    audit.record(
        session,
        subject=subject.label,
        action=action,
        object=f"helper_visit:{visit.id}",
        organisation_id=None,
        detail=detail,
    )


def wipe_over(session: Session) -> int:
    """Take the references out of visits that may no longer be seen; how many."""
    return store.wipe(session, clock.now())
