"""Queries on receiving accounts."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.directory.domain import Account, AccountState
from services.directory.store.tables import (
    account,
    organisation,
)


def add_account(session: Session, value: Account) -> bool:
    """Insert a proposed account; False if a live one with its number exists."""
    statement = insert(account).values(**_columns(value)).on_conflict_do_nothing()
    return session.execute(statement.returning(account.c.id)).first() is not None


def lock_account(session: Session, id: UUID) -> Account | None:
    row = session.execute(select(account).where(account.c.id == id).with_for_update()).first()
    return _account(row) if row else None


def save_account(session: Session, value: Account) -> None:
    session.execute(update(account).where(account.c.id == value.id).values(**_columns(value)))


def list_accounts(
    session: Session, organisation_id: UUID | None, *, only_waiting: bool = False
) -> list[Account]:
    """Accounts by organisation and time; only those that wait for a second person or for their time."""
    statement = select(account).order_by(account.c.organisation_id, account.c.propose_time)
    if organisation_id:
        statement = statement.where(account.c.organisation_id == organisation_id)
    if only_waiting:
        statement = statement.where(
            account.c.state.in_((AccountState.PROPOSED.value, AccountState.COOLING.value))
        )
    return [_account(row) for row in session.execute(statement)]


def received_before(session: Session, organisation_id: UUID, moment: datetime) -> bool:
    """True if the organisation had an account in force (or cooling off) at `moment`.

    Locks the organisation, so that two approvals see each other.
    """
    session.execute(
        select(organisation.c.organisation_id)
        .where(organisation.c.organisation_id == organisation_id)
        .with_for_update(key_share=True)
    )
    statement = select(account.c.id).where(
        account.c.organisation_id == organisation_id,
        account.c.state.in_(
            (AccountState.ACTIVE.value, AccountState.RETIRED.value, AccountState.COOLING.value)
        ),
        account.c.approve_time <= moment,
    )
    return session.execute(statement.limit(1)).first() is not None


def due_accounts(session: Session, now: datetime) -> list[Account]:
    """Accounts whose cooling-off is over, locked."""
    statement = select(account).where(
        account.c.state == AccountState.COOLING.value, account.c.active_time <= now
    )
    return [
        _account(row)
        for row in session.execute(statement.order_by(account.c.id).with_for_update(skip_locked=True))
    ]


def accounts_after(session: Session, after: UUID | None, limit: int) -> list[Account]:
    """Accounts that were ever in force, by id, for announcing again."""
    statement = select(account).where(account.c.active_time.is_not(None)).order_by(account.c.id).limit(limit)
    if after:
        statement = statement.where(account.c.id > after)
    return [_account(row) for row in session.execute(statement)]


def _columns(value: Account) -> dict[str, Any]:
    return {**asdict(value), "state": value.state.value}


def _account(row: Row[Any]) -> Account:
    return Account(**{**row._mapping, "state": AccountState(row.state)})
