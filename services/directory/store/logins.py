"""Queries on sessions, failed logins and API keys."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select, update
from sqlalchemy import insert as plain_insert
from sqlalchemy.orm import Session

from services.directory.store.notices import unread_notices
from services.directory.store.tables import (
    api_key,
    login_failure,
    login_session,
    organisation,
    person,
    second_factor,
)


def add_session(session: Session, token_hash: bytes, person_id: UUID, now: datetime) -> None:
    session.execute(
        plain_insert(login_session).values(
            token_hash=token_hash, person_id=person_id, create_time=now, use_time=now
        )
    )


def find_session(session: Session, token_hash: bytes) -> Any:
    """A session with its person, when the person enrolled a second factor, how many notices are unread; None if there is none."""
    statement = (
        select(
            login_session.c.create_time,
            login_session.c.use_time,
            login_session.c.prove_time,
            person.c.id,
            person.c.name,
            person.c.login,
            person.c.disabled,
            person.c.password_hash,
            person.c.login_time,
            second_factor.c.confirm_time,
            unread_notices(login_session.c.person_id).label("unread_notices"),
        )
        .join(person, person.c.id == login_session.c.person_id)
        .outerjoin(second_factor, second_factor.c.person_id == login_session.c.person_id)
        .where(login_session.c.token_hash == token_hash)
    )
    return session.execute(statement).first()


def touch_session(session: Session, token_hash: bytes, now: datetime) -> None:
    session.execute(
        update(login_session).where(login_session.c.token_hash == token_hash).values(use_time=now)
    )


def renew_session(session: Session, token_hash: bytes, new_hash: bytes, now: datetime) -> None:
    """Give a session another id, the second factor being proved now; its lifetime goes on."""
    session.execute(
        update(login_session)
        .where(login_session.c.token_hash == token_hash)
        .values(token_hash=new_hash, use_time=now, prove_time=now)
    )


def end_session(session: Session, token_hash: bytes) -> None:
    session.execute(login_session.delete().where(login_session.c.token_hash == token_hash))


def end_sessions(session: Session, person_id: UUID) -> None:
    session.execute(login_session.delete().where(login_session.c.person_id == person_id))


def count_failures(session: Session, key: str, since: datetime) -> int:
    statement = select(func.count()).where(login_failure.c.key == key, login_failure.c.create_time > since)
    return int(session.execute(statement).scalar_one())


def add_failures(session: Session, keys: Sequence[str], now: datetime) -> None:
    session.execute(plain_insert(login_failure), [{"key": key, "create_time": now} for key in keys])


def forget_failures(session: Session, key: str) -> None:
    session.execute(login_failure.delete().where(login_failure.c.key == key))


def forget_old(session: Session, sessions_before: datetime, failures_before: datetime) -> None:
    session.execute(login_session.delete().where(login_session.c.use_time < sessions_before))
    session.execute(login_failure.delete().where(login_failure.c.create_time < failures_before))


def add_api_key(session: Session, **values: Any) -> None:
    session.execute(plain_insert(api_key).values(**values))


def get_api_key(session: Session, id: UUID) -> Row[Any] | None:
    return session.execute(select(api_key).where(api_key.c.id == id)).first()


def find_api_key(session: Session, secret_hash: bytes) -> Row[Any] | None:
    statement = (
        select(api_key, organisation.c.disabled)
        .join(organisation, organisation.c.organisation_id == api_key.c.organisation_id)
        .where(api_key.c.secret_hash == secret_hash)
    )
    return session.execute(statement).first()


def revoke_api_key(session: Session, id: UUID, now: datetime) -> None:
    session.execute(
        update(api_key).where(api_key.c.id == id, api_key.c.revoke_time.is_(None)).values(revoke_time=now)
    )


def touch_api_key(session: Session, id: UUID, now: datetime) -> None:
    session.execute(update(api_key).where(api_key.c.id == id).values(use_time=now))


def key_names(session: Session, keys: Sequence[UUID]) -> Sequence[Any]:
    """Ids and names of API keys."""
    return session.execute(select(api_key.c.id, api_key.c.name).where(api_key.c.id.in_(keys))).all()


def list_api_keys(session: Session, organisation_id: UUID) -> Sequence[Row[Any]]:
    statement = (
        select(api_key).where(api_key.c.organisation_id == organisation_id).order_by(api_key.c.create_time)
    )
    return session.execute(statement).all()
