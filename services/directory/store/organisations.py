"""Queries on organisations and their audit trail."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.directory.store.tables import (
    audit,
    organisation,
)


def add_organisation(session: Session, **values: Any) -> bool:
    """Insert an organisation; False if its code is taken."""
    statement = insert(organisation).values(**values).on_conflict_do_nothing(index_elements=["code"])
    return session.execute(statement.returning(organisation.c.organisation_id)).first() is not None


def get_organisation(session: Session, id: UUID) -> Row[Any] | None:
    return session.execute(select(organisation).where(organisation.c.organisation_id == id)).first()


def find_organisation(session: Session, code: str) -> Row[Any] | None:
    return session.execute(select(organisation).where(organisation.c.code == code)).first()


def save_organisation(session: Session, id: UUID, version: int, **values: Any) -> bool:
    """Update an organisation if it still has `version`; False if somebody was faster."""
    statement = (
        update(organisation)
        .where(organisation.c.organisation_id == id, organisation.c.version == version)
        .values(**values, version=version + 1)
    )
    return session.execute(statement.returning(organisation.c.organisation_id)).first() is not None


def list_organisations(
    session: Session, kind: str, after: Sequence[Any] | None, limit: int
) -> Sequence[Row[Any]]:
    statement = select(organisation).order_by(organisation.c.code).limit(limit)
    if kind:
        statement = statement.where(organisation.c.kind == kind)
    if after:
        statement = statement.where(organisation.c.code > after[0])
    return session.execute(statement).all()


def list_audit(
    session: Session, organisation_id: UUID | None, before: int | None, limit: int
) -> Sequence[Row[Any]]:
    statement = select(audit).order_by(audit.c.id.desc()).limit(limit)
    if organisation_id:
        statement = statement.where(audit.c.organisation_id == organisation_id)
    if before:
        statement = statement.where(audit.c.id < before)
    return session.execute(statement).all()
