"""Alarms by people: reported, listed, closed with a note."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from kit import audit, clock
from kit.auth import Subject
from kit.text import clean_display
from services.pilots.domain.alarms import MOST_NOTE, Alarm, Kind, Occasion, clean_report
from services.pilots.domain.errors_trust import (
    AlarmClosedAlready,
    AlarmNoteMissing,
    AlarmNotFound,
    CheckedStallNotFound,
)
from services.pilots.store import alarms as store
from services.pilots.store import checks

_CLOSED_DAYS: Final = 30
_MOST: Final = 200


def report_stand(session: Session, reference: str, text: str) -> None:
    """Somebody says that a stall's code looks wrong. Raises CheckedStallNotFound."""
    place = checks.place_by_code(session, reference)
    if place is None:
        raise CheckedStallNotFound()
    words = clean_report(text)
    occasion = Occasion(
        Kind.REPORTED,
        str(place.stall_id),
        {"reports": [words] if words else []},
        place.programme_id,
        place.stall_id,
    )
    store.raise_alarm(session, occasion, clock.now())


def list_alarms(session: Session, *, programme_id: UUID | None, with_closed: bool) -> list[Alarm]:
    """Open alarms, and those closed in the last thirty days where they are wanted; at most 200."""
    return store.find(
        session,
        programme_id=programme_id,
        with_closed=with_closed,
        closed_since=clock.now() - timedelta(days=_CLOSED_DAYS),
        most=_MOST,
    )


def close_alarm(session: Session, subject: Subject, id: UUID, note: str) -> Alarm:
    """Close an alarm with what was done. Raises AlarmNoteMissing, AlarmNotFound, AlarmClosedAlready."""
    words = clean_display(note)
    if not words or len(words) > MOST_NOTE:
        raise AlarmNoteMissing(most=MOST_NOTE)
    alarm = store.lock(session, id)
    if alarm is None:
        raise AlarmNotFound()
    if alarm.close_time is not None:
        raise AlarmClosedAlready(person=alarm.close_person_name or "Xoài")
    store.close(session, id, subject=subject.label, person_name=subject.name, note=words, now=clock.now())
    audit.record(
        session,
        subject=subject.label,
        action="alarm.close",
        object=f"alarm:{id}",
        organisation_id=None,
        detail={"kind": alarm.kind.value, "object": alarm.object, "times": alarm.count, "note": words},
    )
    closed = store.lock(session, id)
    assert closed is not None
    return closed
