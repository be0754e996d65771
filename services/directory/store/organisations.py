"""Queries on organisations and their audit trail."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Column, ColumnElement, Row, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.directory.store.tables import organisation


def add_organisation(session: Session, **values: Any) -> bool:
    """Insert an organisation; False if its code is taken."""
    statement = insert(organisation).values(**values).on_conflict_do_nothing(index_elements=["code"])
    return session.execute(statement.returning(organisation.c.organisation_id)).first() is not None


def get_organisation(session: Session, id: UUID) -> Row[Any] | None:
    return session.execute(select(organisation).where(organisation.c.organisation_id == id)).first()


def find_organisation(session: Session, code: str) -> Row[Any] | None:
    return session.execute(select(organisation).where(organisation.c.code == code)).first()


def kinds_of_organisations(session: Session, ids: Collection[UUID]) -> dict[UUID, str]:
    """The kinds of organisations, by id."""
    statement = select(organisation.c.organisation_id, organisation.c.kind)
    rows = session.execute(statement.where(organisation.c.organisation_id.in_(ids)))
    return {row.organisation_id: row.kind for row in rows}


def save_organisation(session: Session, id: UUID, version: int, **values: Any) -> bool:
    """Update an organisation if it still has `version`; False if somebody was faster."""
    statement = (
        update(organisation)
        .where(organisation.c.organisation_id == id, organisation.c.version == version)
        .values(**values, version=version + 1)
    )
    return session.execute(statement.returning(organisation.c.organisation_id)).first() is not None


def list_organisations(
    session: Session, kind: str, query: str, after: Sequence[Any] | None, limit: int
) -> Sequence[Row[Any]]:
    """Organisations by code; every word of `query` (a search key) begins a word of the name or code."""
    statement = select(organisation).order_by(organisation.c.code).limit(limit)
    if kind:
        statement = statement.where(organisation.c.kind == kind)
    statement = statement.where(*has_words(organisation.c.search, query))
    if after:
        statement = statement.where(organisation.c.code > after[0])
    return session.execute(statement).all()


def has_words(column: Column[str], query: str) -> list[ColumnElement[bool]]:
    """Conditions that each word of a search key begins a word of `column`."""
    return [(literal(" ") + column).contains(f" {word}", autoescape=True) for word in query.split()]
