"""The second factor: enrolled at the first login, proved at each later one and again for what weighs most."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import Session

from kit import audit, clock
from kit.auth import Subject
from services.directory import store
from services.directory.domain import (
    FAILURE_WINDOW,
    FAILURES_PER_SECOND_FACTOR,
    CodeRefused,
    NotYourself,
    SecondFactorMissing,
    SecondFactorState,
    SecondFactorThere,
    TooManyCodes,
    digest,
    new_token,
)
from services.directory.flows import logins, people
from services.directory.flows.logins import Failed, LoggedIn
from services.directory.one_time_codes import CodeKeeper


def start(session: Session, codes: CodeKeeper, token: str) -> tuple[str, str]:
    """The secret for a person's app and its otpauth address, the same until a first code proves it.

    Raises SessionEnded, SecondFactorThere.
    """
    person = logins.resolve(session, token)
    if person.second_factor is not SecondFactorState.TO_ENROL:
        raise SecondFactorThere()
    id = person.person.id
    store.add_second_factor(
        session, person_id=id, sealed=codes.new_secret(id), create_time=clock.now(), last_step=0
    )
    row = store.lock_second_factor(session, id)
    assert row is not None
    return codes.open(id, bytes(row.sealed)), codes.uri(id, bytes(row.sealed), person.person.login)


def prove(session: Session, codes: CodeKeeper, token: str, code: str) -> LoggedIn | Failed:
    """Take a code: the session gets a new id and is full from now on. A refusal is returned, so that it is counted.

    Raises SessionEnded, SecondFactorMissing.
    """
    id = logins.resolve(session, token).person.id
    # Locked before the failures are counted: guesses at the same time queue up instead of passing the limit together.
    row = store.lock_second_factor(session, id)
    if row is None:
        raise SecondFactorMissing()
    now, key = clock.now(), f"second_factor:{id}"
    if store.count_failures(session, key, now - FAILURE_WINDOW) >= FAILURES_PER_SECOND_FACTOR:
        return Failed(TooManyCodes())
    typed = "".join(character for character in code if character.isdigit())
    step = codes.step_of(id, bytes(row.sealed), typed, now, row.last_step)
    if step is None:
        store.add_failures(session, [key], now)
        return Failed(CodeRefused())
    store.forget_failures(session, key)
    store.save_second_factor(session, id, last_step=step, confirm_time=row.confirm_time or now)
    if row.confirm_time is None:
        _record(session, f"person:{id}", "second_factor.enrol", id)
    fresh = new_token()
    store.renew_session(session, digest(token), digest(fresh), now)
    return logins.with_token(session, fresh)


def show_code(session: Session, codes: CodeKeeper, token: str) -> tuple[str, int]:
    """The code that an app would show, for demo and tests; seconds until the next. Raises SessionEnded, SecondFactorMissing."""
    id = logins.resolve(session, token).person.id
    row = store.lock_second_factor(session, id)
    if row is None:
        raise SecondFactorMissing()
    return codes.next_code(id, bytes(row.sealed), clock.now(), row.last_step)


def reset(session: Session, subject: Subject, person_id: UUID) -> Row[Any]:
    """Forget a person's app (a lost phone) and end all sessions; raises PersonNotFound, NotYourself and as people.own."""
    subject.require_fresh_proof()
    if subject.label == f"person:{person_id}":
        raise NotYourself()
    people.own(session, person_id)
    store.remove_second_factor(session, person_id)
    store.end_sessions(session, person_id)
    _record(session, subject.label, "second_factor.reset", person_id)
    return people.get(session, person_id)


def _record(session: Session, subject: str, action: str, person_id: UUID) -> None:
    audit.record(
        session,
        subject=subject,
        action=action,
        object=f"person:{person_id}",
        organisation_id=None,
        detail={},
    )
