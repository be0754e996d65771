"""A unit's days of a year, for its day book."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.pilots.domain.daybook import BookDay

_UNIT: Final = text("SELECT name, kind FROM unit WHERE organisation_id = :id")
_DAYS: Final = text(
    """
    SELECT d.book_date, s.number, d.transfer_sum, d.cash_sum, d.late_sum, d.private_sum,
           d.close_time IS NOT NULL AS is_closed, s.id, s.name, p.name,
           -- A day begins at the cut-off that ends the one before.
           d.book_date = (CAST(:now AS timestamptz) AT TIME ZONE 'Asia/Ho_Chi_Minh'
                          - p.cut_off_minute * interval '1 minute')::date + 1 AS is_current
    FROM stall s JOIN programme p ON p.id = s.programme_id JOIN stall_day d ON d.stall_id = s.id
    WHERE s.organisation_id = :id AND d.book_date BETWEEN :first AND :last
    ORDER BY d.book_date, p.name, s.number_key, s.id
    """
)


@dataclass(frozen=True, slots=True)
class Unit:
    """A household or firm."""

    name: str
    kind: str


def unit(session: Session, organisation_id: UUID) -> Unit | None:
    """The unit of an organisation."""
    row = session.execute(_UNIT, {"id": organisation_id}).one_or_none()
    return Unit(*row) if row is not None else None


def days(session: Session, organisation_id: UUID, year: int, now: datetime) -> list[BookDay]:
    """The unit's days of a year, stall by stall."""
    values = {"id": organisation_id, "first": date(year, 1, 1), "last": date(year, 12, 31), "now": now}
    return [BookDay(*row) for row in session.execute(_DAYS, values)]
