"""Logins: sessions, their limits, and the subject that other services see."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import Session

from kit import audit, clock
from kit.auth import EVERYWHERE, Kind, Subject
from services.directory import store
from services.directory.domain import (
    FAILURE_WINDOW,
    FAILURES_PER_ACCOUNT,
    FAILURES_PER_ADDRESS,
    IDLE_VIEWING,
    IDLE_WITH_MONEY,
    SESSION_LIFETIME,
    ApiKeyRefused,
    BadField,
    CodeRefused,
    InvitationEnded,
    LoginRefused,
    OrganisationKind,
    SecondFactorState,
    SessionEnded,
    TooManyCodes,
    TooManyFailures,
    digest,
    new_token,
    normal_login,
)
from services.directory.passwords import hash_password, verify_password
from services.directory.roles import PERMISSIONS, Role, holds_everywhere, moves_money, needs_second_factor

# The last use of a key is written down at most this often.
_KEY_USE_NOTED = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """A person with a session: what the gateway needs to act for them."""

    person: Row[Any]
    memberships: list[Row[Any]]
    subject: Subject
    expire_time: datetime
    second_factor: SecondFactorState
    prove_time: datetime | None
    unread_notices: int
    idle: timedelta
    # The new token; empty when an old session was resolved.
    token: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """A refused login or code, to be raised after its count is committed."""

    error: LoginRefused | TooManyFailures | CodeRefused | TooManyCodes


def login(session: Session, name: str, password: str, address: str) -> LoggedIn | Failed:
    """Open a session. A refusal is returned, not raised, so that its count is kept."""
    now = clock.now()
    try:
        key = normal_login(name)
    except BadField:
        # An impossible name is treated like an unknown one, so that the answer tells nothing.
        key = name.strip().lower()[:200]
    keys = (f"login:{key}", f"address:{address}")
    since = now - FAILURE_WINDOW
    if (
        store.count_failures(session, keys[0], since) >= FAILURES_PER_ACCOUNT
        or store.count_failures(session, keys[1], since) >= FAILURES_PER_ADDRESS
    ):
        return Failed(TooManyFailures())
    person = store.find_person(session, key)
    if (
        not verify_password(person.password_hash if person else "", password)
        or person is None
        or person.disabled
    ):
        store.add_failures(session, keys, now)
        return Failed(LoginRefused())
    store.forget_failures(session, keys[0])
    return _open(session, person, now)


def resolve(session: Session, token: str) -> LoggedIn:
    """The person of a session, which stays open. Raises SessionEnded."""
    now = clock.now()
    row = store.find_session(session, digest(token)) if token else None
    if row is None or row.disabled or now - row.create_time > SESSION_LIFETIME:
        raise SessionEnded()
    logged_in = _logged_in(session, row)
    if now - row.use_time > logged_in.idle:
        raise SessionEnded()
    if (now - row.use_time).total_seconds() > 30:
        store.touch_session(session, digest(token), now)
    return logged_in


def with_token(session: Session, token: str) -> LoggedIn:
    """A session that has just got this token, to be shown once."""
    row = store.find_session(session, digest(token))
    assert row is not None
    return replace(_logged_in(session, row), token=token)


def logout(session: Session, token: str) -> None:
    """End a session; one that is over already is no error."""
    store.end_session(session, digest(token))


def change_password(session: Session, person_id: UUID, old: str, new: str) -> LoggedIn | Failed:
    """Set another password; every session of the person ends and a new one opens. Raises WeakPassword."""
    person = store.get_person(session, person_id, lock=True)
    if person is None or person.disabled or not verify_password(person.password_hash, old):
        return Failed(LoginRefused())
    store.save_person(session, person_id, password_hash=hash_password(new, known=(person.name, person.login)))
    store.end_sessions(session, person_id)
    _record(session, person_id, "password.change")
    return _open(session, person, clock.now())


def accept_invitation(session: Session, token: str, password: str) -> LoggedIn:
    """Set the first (or a reset) password and open a session. Raises InvitationEnded, WeakPassword."""
    now = clock.now()
    invitation = store.find_invitation(session, digest(token), lock=True)
    if invitation is None or invitation.use_time is not None or invitation.expire_time < now:
        raise InvitationEnded()
    person = store.get_person(session, invitation.person_id, lock=True)
    if person is None or person.disabled:
        raise InvitationEnded()
    store.save_person(
        session, person.id, password_hash=hash_password(password, known=(person.name, person.login))
    )
    store.use_invitation(session, invitation.id, now)
    store.end_sessions(session, person.id)
    store.forget_failures(session, f"login:{person.login}")
    _record(session, person.id, "invitation.accept")
    return _open(session, person, now)


def resolve_api_key(session: Session, secret: str) -> tuple[Subject, UUID]:
    """The subject of an API key and its organisation. Raises ApiKeyRefused."""
    row = store.find_api_key(session, digest(secret))
    if row is None or row.revoke_time is not None or row.disabled:
        raise ApiKeyRefused()
    now = clock.now()
    if row.use_time is None or now - row.use_time > _KEY_USE_NOTED:
        store.touch_api_key(session, row.id, now)
    grants = {str(row.organisation_id): frozenset(row.permissions)}
    return Subject(kind=Kind.API_KEY, id=str(row.id), name=row.name, grants=grants), row.organisation_id


def grants_of(memberships: list[Row[Any]]) -> dict[str, frozenset[str]]:
    """Permissions by organisation id, EVERYWHERE for those that hold in the whole city."""
    grants: dict[str, set[str]] = {}
    for row in memberships:
        if row.organisation_disabled:
            continue
        role = Role(row.role)
        in_city = row.organisation_kind == OrganisationKind.CITY.value
        place = EVERYWHERE if holds_everywhere(role, in_city=in_city) else str(row.organisation_id)
        grants.setdefault(place, set()).update(PERMISSIONS[role])
    return {place: frozenset(held) for place, held in grants.items()}


def _open(session: Session, person: Row[Any], now: datetime) -> LoggedIn:
    token = new_token()
    store.add_session(session, digest(token), person.id, now)
    store.save_person(session, person.id, login_time=now)
    return with_token(session, token)


def _logged_in(session: Session, row: Row[Any]) -> LoggedIn:
    """What a session's row amounts to. Before the second factor is proved its subject may do nothing."""
    memberships = list(store.memberships(session, [row.id]))
    roles = [Role(item.role) for item in memberships]
    state = SecondFactorState.NOT_NEEDED
    if any(needs_second_factor(role) for role in roles):
        state = (
            SecondFactorState.TO_ENROL
            if row.confirm_time is None
            else SecondFactorState.PROVED
            if row.prove_time is not None
            else SecondFactorState.TO_PROVE
        )
    is_full = state in (SecondFactorState.NOT_NEEDED, SecondFactorState.PROVED)
    subject = Subject(
        kind=Kind.PERSON,
        id=str(row.id),
        name=row.name,
        grants=grants_of(memberships) if is_full else {},
        prove_seconds=int(row.prove_time.timestamp()) if row.prove_time else 0,
    )
    return LoggedIn(
        person=row,
        memberships=memberships,
        subject=subject,
        expire_time=row.create_time + SESSION_LIFETIME,
        second_factor=state,
        prove_time=row.prove_time,
        unread_notices=row.unread_notices if is_full else 0,
        idle=IDLE_WITH_MONEY if any(moves_money(role) for role in roles) else IDLE_VIEWING,
    )


def _record(session: Session, person_id: UUID, action: str) -> None:
    audit.record(
        session,
        subject=f"person:{person_id}",
        action=action,
        object=f"person:{person_id}",
        organisation_id=None,
        detail={},
    )
