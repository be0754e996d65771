"""Cash that a seller entered by keypad."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class Cash:
    """One entry (đồng); cancelled ones stay in the list."""

    id: UUID
    organisation_id: UUID
    stall_id: UUID
    amount: int
    sale_id: UUID | None
    book_date: date
    subject: str
    sequence: int
    create_time: datetime
    cancel_time: datetime | None = None


_INSERT: Final = text(
    """
    INSERT INTO cash_entry (id, organisation_id, stall_id, amount, sale_id, book_date, subject, sequence, create_time)
    VALUES (:id, :organisation_id, :stall_id, :amount, :sale_id, :book_date, :subject, :sequence, :create_time)
    """
)
_READ: Final = text(
    "SELECT id, organisation_id, stall_id, amount, sale_id, book_date, subject, sequence, create_time, cancel_time"
    " FROM cash_entry WHERE id = :id"
)
_CANCEL: Final = text("UPDATE cash_entry SET cancel_time = :now WHERE id = :id")


def insert(session: Session, entry: Cash) -> None:
    """Store a new entry."""
    session.execute(
        _INSERT,
        {
            "id": entry.id,
            "organisation_id": entry.organisation_id,
            "stall_id": entry.stall_id,
            "amount": entry.amount,
            "sale_id": entry.sale_id,
            "book_date": entry.book_date,
            "subject": entry.subject,
            "sequence": entry.sequence,
            "create_time": entry.create_time,
        },
    )


def read(session: Session, id: UUID) -> Cash | None:
    """One entry."""
    row = session.execute(_READ, {"id": id}).one_or_none()
    return Cash(*row) if row is not None else None


def cancel(session: Session, id: UUID, now: datetime) -> None:
    """Take an entry back."""
    session.execute(_CANCEL, {"id": id, "now": now})
