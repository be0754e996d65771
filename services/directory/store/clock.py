"""The clock's offset in demo and tests."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.directory.store.tables import clock_offset as table


def clock_offset(session: Session) -> int:
    """Seconds; 0 if it was never set."""
    return int(session.execute(select(table.c.seconds)).scalar() or 0)


def save_clock_offset(session: Session, seconds: int) -> None:
    statement = insert(table).values(is_set=True, seconds=seconds)
    session.execute(statement.on_conflict_do_update(index_elements=["is_set"], set_={"seconds": seconds}))
