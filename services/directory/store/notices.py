"""Queries on notices."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, ColumnElement, Row, ScalarSelect, Select, func, insert, literal, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from services.directory.store.tables import account, membership, notice, notice_read, organisation


def add_notice(session: Session, **values: Any) -> None:
    session.execute(insert(notice).values(**values))


def unread_notices(person_id: Column[Any]) -> ScalarSelect[int]:
    """How many notices wait for the person of each row of another query, as a part of it."""
    waiting = select(func.count(notice.c.id)).where(_told(person_id), ~_read(person_id))
    return waiting.correlate(person_id.table).scalar_subquery()


def list_notices(session: Session, person_id: UUID, *, with_read: bool, limit: int) -> Sequence[Row[Any]]:
    """A person's notices with the account and the organisation's name, newest first."""
    read_time = (
        select(notice_read.c.read_time)
        .where(notice_read.c.notice_id == notice.c.id, notice_read.c.person_id == person_id)
        .scalar_subquery()
    )
    statement = (
        select(
            account,
            notice.c.id.label("notice_id"),
            notice.c.kind,
            notice.c.subject,
            notice.c.create_time.label("notice_time"),
            organisation.c.name.label("organisation_name"),
            read_time.label("read_time"),
        )
        .join(account, account.c.id == notice.c.account_id)
        .join(organisation, organisation.c.organisation_id == notice.c.organisation_id)
        .where(_told(person_id))
        .order_by(notice.c.id.desc())
    )
    if with_read:
        return session.execute(statement.limit(limit)).all()
    return session.execute(statement.where(~_read(person_id))).all()


def read_notices(session: Session, person_id: UUID, notices: Sequence[UUID], now: datetime) -> None:
    """Note those of `notices` that were told to the person as read."""
    told = select(notice.c.id, literal(person_id), literal(now)).where(
        notice.c.id.in_(notices), _told(person_id)
    )
    session.execute(
        upsert(notice_read)
        .from_select(["notice_id", "person_id", "read_time"], told)
        .on_conflict_do_nothing()
    )


def _told(person_id: UUID | Column[Any]) -> ColumnElement[bool]:
    """The person was a member of the notice's organisation when it came."""
    member = select(membership.c.person_id).where(
        membership.c.person_id == person_id,
        membership.c.organisation_id == notice.c.organisation_id,
        membership.c.create_time <= notice.c.create_time,
    )
    return _correlated(member, person_id)


def _read(person_id: UUID | Column[Any]) -> ColumnElement[bool]:
    found = select(notice_read.c.person_id).where(
        notice_read.c.notice_id == notice.c.id, notice_read.c.person_id == person_id
    )
    return _correlated(found, person_id)


def _correlated(found: Select[Any], person_id: UUID | Column[Any]) -> ColumnElement[bool]:
    """EXISTS with the tables around it named: left to itself, a query two levels down would take them in anew."""
    outer = [person_id.table] if isinstance(person_id, Column) else []
    return found.correlate(notice, *outer).exists()
