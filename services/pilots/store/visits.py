"""Visits of volunteers; each is read by its own volunteer alone."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from services.pilots.domain.visits import Visit

# One beginning at a time for each volunteer, so that two requests at once cannot both take the last visit of a day.
_LOCK: Final = text("SELECT pg_advisory_xact_lock(7300342, hashtext(:subject))")
_COUNT: Final = text("SELECT count(*) FROM helper_visit WHERE subject = :subject AND visit_date = :day")
_FIELDS: Final = "id, subject, helper_name, reference, consent, begin_time, view_until, print_time"
_ADD: Final = text(
    """
    INSERT INTO helper_visit
        (id, subject, helper_name, reference, consent, visit_date, begin_time, view_until)
    VALUES (:id, :subject, :helper_name, :reference, :consent, :day, :begin_time, :view_until)
    """
)
_ONE: Final = text(f"SELECT {_FIELDS} FROM helper_visit WHERE id = :id AND subject = :subject")
_OF_DAY: Final = text(
    f"SELECT {_FIELDS} FROM helper_visit WHERE subject = :subject AND visit_date = :day"
    " ORDER BY begin_time DESC, id DESC"
)
_PRINTED: Final = text("UPDATE helper_visit SET print_time = coalesce(print_time, :now) WHERE id = :id")
_WIPE: Final = text(
    "UPDATE helper_visit SET reference = '', is_wiped = true WHERE view_until <= :now AND NOT is_wiped"
)


def hold(session: Session, subject: str) -> None:
    """Wait until no other transaction begins a visit of this volunteer."""
    session.execute(_LOCK, {"subject": subject})


def count(session: Session, subject: str, day: date) -> int:
    """How many visits a volunteer began on a day."""
    return int(session.execute(_COUNT, {"subject": subject, "day": day}).scalar_one())


def add(session: Session, visit: Visit, day: date) -> None:
    """Store a visit that begins."""
    session.execute(
        _ADD,
        {
            "id": visit.id,
            "subject": visit.subject,
            "helper_name": visit.helper_name,
            "reference": visit.reference,
            "consent": visit.consent,
            "day": day,
            "begin_time": visit.begin_time,
            "view_until": visit.view_until,
        },
    )


def find(session: Session, id: UUID, subject: str) -> Visit | None:
    """A volunteer's own visit; None for an unknown one and for somebody else's."""
    row = session.execute(_ONE, {"id": id, "subject": subject}).first()
    return None if row is None else _visit(row)


def of_day(session: Session, subject: str, day: date) -> list[Visit]:
    """A volunteer's own visits of a day, newest first."""
    return [_visit(row) for row in session.execute(_OF_DAY, {"subject": subject, "day": day})]


def mark_printed(session: Session, id: UUID, now: datetime) -> None:
    """Note the first time that a guide was printed."""
    session.execute(_PRINTED, {"id": id, "now": now})


def wipe(session: Session, now: datetime) -> int:
    """Take the references out of visits that may no longer be seen; how many."""
    return int(getattr(session.execute(_WIPE, {"now": now}), "rowcount", 0))


def _visit(row: Row[Any]) -> Visit:
    return Visit(
        id=row.id,
        subject=row.subject,
        helper_name=row.helper_name,
        reference=row.reference,
        consent=row.consent,
        begin_time=row.begin_time,
        view_until=row.view_until,
        print_time=row.print_time,
    )
