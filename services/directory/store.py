"""Tables and queries of the directory: the only SQL of this service."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    Row,
    Table,
    Text,
    func,
    select,
    text,
    update,
)
from sqlalchemy import insert as plain_insert
from sqlalchemy.dialects.postgresql import UUID as SqlUuid
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kit.audit import audit_table
from kit.idempotency import idempotency_table
from kit.outbox import outbox_table
from services.directory.domain import Account, AccountState

metadata = MetaData()
_TIME = DateTime(timezone=True)

organisation = Table(
    "organisation",
    metadata,
    # Named so that the one row-level policy fits this table as well.
    Column("organisation_id", SqlUuid, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("code", Text, nullable=False, unique=True),
    Column("address", Text, nullable=False),
    Column("ward_code", Text, nullable=False),
    Column("phone", Text, nullable=False),
    Column("budget_code", Text, nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("create_time", _TIME, nullable=False),
    Column("version", BigInteger, nullable=False),
)

account = Table(
    "account",
    metadata,
    Column("id", SqlUuid, primary_key=True),
    Column("organisation_id", SqlUuid, ForeignKey("organisation.organisation_id"), nullable=False),
    Column("bin", Text, nullable=False),
    Column("account_number", Text, nullable=False),
    Column("holder_name", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("propose_person_id", Text, nullable=False),
    Column("propose_time", _TIME, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("approve_person_id", Text, nullable=False),
    Column("active_time", _TIME),
    Column("retire_time", _TIME),
    Column("replaces_account_id", SqlUuid, ForeignKey("account.id")),
    Column("reason", Text, nullable=False),
    CheckConstraint("approve_person_id <> propose_person_id", name="account_two_persons"),
    Index("account_organisation", "organisation_id"),
    # One live registration of an account in the city: money for it must have one owner.
    Index(
        "account_live",
        "bin",
        "account_number",
        unique=True,
        postgresql_where=text("state IN ('proposed', 'cooling', 'active')"),
    ),
)

person = Table(
    "person",
    metadata,
    Column("id", SqlUuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("login", Text, nullable=False, unique=True),
    Column("password_hash", Text, nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("create_time", _TIME, nullable=False),
)

membership = Table(
    "membership",
    metadata,
    Column("person_id", SqlUuid, ForeignKey("person.id"), primary_key=True),
    Column("organisation_id", SqlUuid, ForeignKey("organisation.organisation_id"), primary_key=True),
    Column("role", Text, primary_key=True),
    Column("create_time", _TIME, nullable=False),
    Index("membership_organisation", "organisation_id"),
)

invitation = Table(
    "invitation",
    metadata,
    Column("id", SqlUuid, primary_key=True),
    Column("person_id", SqlUuid, ForeignKey("person.id"), nullable=False),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    Column("create_time", _TIME, nullable=False),
    Column("expire_time", _TIME, nullable=False),
    Column("use_time", _TIME),
    Index("invitation_person", "person_id"),
)

login_session = Table(
    "login_session",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    Column("person_id", SqlUuid, ForeignKey("person.id"), nullable=False),
    Column("create_time", _TIME, nullable=False),
    Column("use_time", _TIME, nullable=False),
    Index("login_session_person", "person_id"),
    Index("login_session_use_time", "use_time"),
)

login_failure = Table(
    "login_failure",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=True),
    Column("key", Text, nullable=False),
    Column("create_time", _TIME, nullable=False),
    Index("login_failure_key", "key", "create_time"),
)

api_key = Table(
    "api_key",
    metadata,
    Column("id", SqlUuid, primary_key=True),
    Column("organisation_id", SqlUuid, ForeignKey("organisation.organisation_id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("permissions", ARRAY(Text), nullable=False),
    Column("secret_hash", LargeBinary, nullable=False, unique=True),
    Column("last_four", Text, nullable=False),
    Column("create_time", _TIME, nullable=False),
    Column("revoke_time", _TIME),
    Index("api_key_organisation", "organisation_id"),
)


outbox = outbox_table(metadata)
audit = audit_table(metadata)
idempotency_key = idempotency_table(metadata)

TENANT_TABLES = ("organisation", "account", "membership", "api_key", "audit")
APP_TABLES = ("person", "invitation", "outbox", "idempotency_key")
WORKER_TABLES = ("login_session", "login_failure")


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


def add_account(session: Session, value: Account) -> bool:
    """Insert a proposed account; False if a live one with its number exists."""
    statement = insert(account).values(**_columns(value)).on_conflict_do_nothing()
    return session.execute(statement.returning(account.c.id)).first() is not None


def lock_account(session: Session, id: UUID) -> Account | None:
    row = session.execute(select(account).where(account.c.id == id).with_for_update()).first()
    return _account(row) if row else None


def save_account(session: Session, value: Account) -> None:
    session.execute(update(account).where(account.c.id == value.id).values(**_columns(value)))


def list_accounts(session: Session, organisation_id: UUID | None) -> list[Account]:
    statement = select(account).order_by(account.c.organisation_id, account.c.propose_time)
    if organisation_id:
        statement = statement.where(account.c.organisation_id == organisation_id)
    return [_account(row) for row in session.execute(statement)]


def organisation_receives(session: Session, organisation_id: UUID) -> bool:
    """True if the organisation has had an account in force. Locks the organisation against a second approval."""
    session.execute(
        select(organisation.c.organisation_id)
        .where(organisation.c.organisation_id == organisation_id)
        .with_for_update(key_share=True)
    )
    states = (AccountState.ACTIVE.value, AccountState.RETIRED.value, AccountState.COOLING.value)
    statement = select(account.c.id).where(
        account.c.organisation_id == organisation_id, account.c.state.in_(states)
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


def add_person(session: Session, **values: Any) -> bool:
    """Insert a person; False if the login is taken."""
    statement = insert(person).values(**values).on_conflict_do_nothing(index_elements=["login"])
    return session.execute(statement.returning(person.c.id)).first() is not None


def get_person(session: Session, id: UUID, *, lock: bool = False) -> Row[Any] | None:
    statement = select(person).where(person.c.id == id)
    return session.execute(statement.with_for_update() if lock else statement).first()


def find_person(session: Session, login: str) -> Row[Any] | None:
    return session.execute(select(person).where(person.c.login == login)).first()


def save_person(session: Session, id: UUID, **values: Any) -> None:
    session.execute(update(person).where(person.c.id == id).values(**values))


def list_people(
    session: Session, organisation_id: UUID, after: Sequence[Any] | None, limit: int
) -> Sequence[Row[Any]]:
    """People of an organisation, by name and id; row-level security on membership bounds it."""
    members = select(membership.c.person_id).where(membership.c.organisation_id == organisation_id)
    statement = (
        select(person).where(person.c.id.in_(members)).order_by(person.c.name, person.c.id).limit(limit)
    )
    if after:
        statement = statement.where(func.row(person.c.name, person.c.id) > func.row(after[0], UUID(after[1])))
    return session.execute(statement).all()


def memberships(session: Session, people: Sequence[UUID]) -> Sequence[Any]:
    """Memberships of people with the organisation's name and kind."""
    statement = (
        select(
            membership.c.person_id,
            membership.c.organisation_id,
            membership.c.role,
            organisation.c.name.label("organisation_name"),
            organisation.c.kind.label("organisation_kind"),
            organisation.c.disabled.label("organisation_disabled"),
        )
        .join(organisation, organisation.c.organisation_id == membership.c.organisation_id)
        .where(membership.c.person_id.in_(people))
        .order_by(organisation.c.name, membership.c.role)
    )
    return session.execute(statement).all()


def add_membership(
    session: Session, person_id: UUID, organisation_id: UUID, role: str, now: datetime
) -> bool:
    """Give a role; False if it is held already."""
    statement = insert(membership).values(
        person_id=person_id, organisation_id=organisation_id, role=role, create_time=now
    )
    return (
        session.execute(statement.on_conflict_do_nothing().returning(membership.c.role)).first() is not None
    )


def remove_membership(session: Session, person_id: UUID, organisation_id: UUID, role: str) -> bool:
    """Take a role back; False if it was not held."""
    statement = membership.delete().where(
        membership.c.person_id == person_id,
        membership.c.organisation_id == organisation_id,
        membership.c.role == role,
    )
    return session.execute(statement.returning(membership.c.role)).first() is not None


def lock_holders(session: Session, organisation_id: UUID, role: str) -> int:
    """How many enabled people hold a role in an organisation; their memberships are locked."""
    statement = (
        select(membership.c.person_id)
        .join(person, person.c.id == membership.c.person_id)
        .where(membership.c.organisation_id == organisation_id, membership.c.role == role, ~person.c.disabled)
        .order_by(membership.c.person_id)
        .with_for_update(of=membership)
    )
    return len(session.execute(statement).all())


def add_invitation(session: Session, **values: Any) -> None:
    """Insert an invitation; older ones of the person end."""
    session.execute(
        update(invitation)
        .where(invitation.c.person_id == values["person_id"], invitation.c.use_time.is_(None))
        .values(use_time=values["create_time"])
    )
    session.execute(plain_insert(invitation).values(**values))


def find_invitation(session: Session, token_hash: bytes, *, lock: bool = False) -> Row[Any] | None:
    statement = select(invitation).where(invitation.c.token_hash == token_hash)
    return session.execute(statement.with_for_update() if lock else statement).first()


def use_invitation(session: Session, id: UUID, now: datetime) -> None:
    session.execute(update(invitation).where(invitation.c.id == id).values(use_time=now))


def add_session(session: Session, token_hash: bytes, person_id: UUID, now: datetime) -> None:
    session.execute(
        plain_insert(login_session).values(
            token_hash=token_hash, person_id=person_id, create_time=now, use_time=now
        )
    )


def find_session(session: Session, token_hash: bytes) -> Row[Any] | None:
    """A session with its person."""
    statement = (
        select(login_session.c.create_time, login_session.c.use_time, person)
        .join(person, person.c.id == login_session.c.person_id)
        .where(login_session.c.token_hash == token_hash)
    )
    return session.execute(statement).first()


def touch_session(session: Session, token_hash: bytes, now: datetime) -> None:
    session.execute(
        update(login_session).where(login_session.c.token_hash == token_hash).values(use_time=now)
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


def list_api_keys(session: Session, organisation_id: UUID) -> Sequence[Row[Any]]:
    statement = (
        select(api_key).where(api_key.c.organisation_id == organisation_id).order_by(api_key.c.create_time)
    )
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
