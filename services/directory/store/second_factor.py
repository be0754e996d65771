"""Queries on second factors."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.directory.store.tables import second_factor


def add_second_factor(session: Session, **values: Any) -> None:
    """Insert a person's second factor; one that is there already stays."""
    session.execute(insert(second_factor).values(**values).on_conflict_do_nothing())


def lock_second_factor(session: Session, person_id: UUID) -> Row[Any] | None:
    statement = select(second_factor).where(second_factor.c.person_id == person_id)
    return session.execute(statement.with_for_update()).first()


def save_second_factor(session: Session, person_id: UUID, **values: Any) -> None:
    session.execute(update(second_factor).where(second_factor.c.person_id == person_id).values(**values))


def remove_second_factor(session: Session, person_id: UUID) -> None:
    session.execute(second_factor.delete().where(second_factor.c.person_id == person_id))
