"""People: invited, given roles, reset and disabled by administrators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import Session

from kit import audit, clock, ids
from kit.auth import Subject
from kit.text import search_key
from services.directory import store
from services.directory.domain import (
    INVITATION_LIFETIME,
    BadField,
    InvitationEnded,
    LastAdministrator,
    OrganisationKind,
    PersonBelongsElsewhere,
    PersonNotFound,
    digest,
    new_token,
    normal_login,
)
from services.directory.flows import organisations
from services.directory.roles import Role


@dataclass(frozen=True, slots=True)
class Invited:
    """An invitation; the token is shown once."""

    id: UUID
    person: Row[Any]
    # None and an empty token: the person needs none, being able to log in already.
    expire_time: datetime | None
    token: str = ""


def invite(
    session: Session, subject: Subject, *, name: str, login: str, organisation_id: UUID, role: str
) -> Invited:
    """Invite somebody into an organisation; who is known by the login gets the role beside the present ones.

    Who has a password already, or belongs to organisations out of the inviter's sight, gets no new invitation: its
    token would be the key to that person's other work.
    """
    if not name.strip():
        raise BadField(field="name", what_vi="Xin ghi họ và tên.", what_en="Give the person's full name.")
    held = _role(role)
    organisations.get(session, organisation_id)
    key = normal_login(login)
    store.add_person(
        session,
        id=ids.new(),
        name=name.strip(),
        login=key,
        password_hash="",
        disabled=False,
        create_time=clock.now(),
        search=search_key(f"{name} {key}"),
    )
    person = store.find_person(session, key)
    assert person is not None
    store.add_membership(session, person.id, organisation_id, held.value, clock.now())
    _record(session, subject, "person.invite", person.id, organisation_id, {"role": held.value})
    if person.password_hash or store.has_other_memberships(session, person.id):
        return Invited(person.id, person, None)
    return _invitation(session, person)


def reset_password(session: Session, subject: Subject, person_id: UUID) -> Invited:
    """End a person's password and sessions, and make an invitation to set another. Raises as `own`."""
    person = own(session, person_id)
    store.save_person(session, person_id, password_hash="")
    store.end_sessions(session, person_id)
    _record(session, subject, "person.reset_password", person_id, None, {})
    return _invitation(session, person)


def find_invitation(session: Session, token: str) -> Invited:
    """What an invitation says before it is accepted. Raises InvitationEnded."""
    row = store.find_invitation(session, digest(token))
    if row is None or row.use_time is not None or row.expire_time < clock.now():
        raise InvitationEnded()
    person = store.get_person(session, row.person_id)
    if person is None or person.disabled:
        raise InvitationEnded()
    return Invited(row.id, person, row.expire_time)


def get(session: Session, person_id: UUID) -> Row[Any]:
    """A person of whom the caller sees a membership. Raises PersonNotFound."""
    return _visible(session, person_id, lock=False)


def find_all(
    session: Session, organisation_id: UUID | None, query: str, after: Sequence[Any] | None, limit: int
) -> tuple[Sequence[Row[Any]], dict[UUID, list[Row[Any]]]]:
    """People of an organisation (or all whom the caller may see) and the memberships that the caller may see."""
    people = store.list_people(session, organisation_id, search_key(query), after, limit)
    return people, memberships_of(session, [person.id for person in people])


def memberships_of(session: Session, people: Sequence[UUID]) -> dict[UUID, list[Row[Any]]]:
    """Memberships by person."""
    found: dict[UUID, list[Row[Any]]] = {id: [] for id in people}
    for row in store.memberships(session, people):
        found[row.person_id].append(row)
    return found


def disable(session: Session, subject: Subject, person_id: UUID) -> Row[Any]:
    """Stop a person's login and every session at once. Raises LastAdministrator and as `own`."""
    person = own(session, person_id)
    for row in store.memberships(session, [person_id]):
        _keep_an_administrator(session, row.organisation_id, row.organisation_kind, row.role)
    store.save_person(session, person.id, disabled=True)
    store.end_sessions(session, person_id)
    _record(session, subject, "person.disable", person_id, None, {})
    return get(session, person_id)


def enable(session: Session, subject: Subject, person_id: UUID) -> Row[Any]:
    """Let a person log in again, with the password and the second factor of before. Raises as `own`."""
    person = own(session, person_id)
    store.save_person(session, person.id, disabled=False)
    _record(session, subject, "person.enable", person_id, None, {})
    return get(session, person_id)


def grant(session: Session, subject: Subject, person_id: UUID, organisation_id: UUID, role: str) -> Row[Any]:
    """Give a role in an organisation. Raises PersonNotFound, OrganisationNotFound, BadField."""
    person = store.get_person(session, person_id)
    if person is None:
        raise PersonNotFound()
    organisations.get(session, organisation_id)
    if store.add_membership(session, person_id, organisation_id, _role(role).value, clock.now()):
        _record(session, subject, "membership.grant", person_id, organisation_id, {"role": role})
    return person


def revoke(session: Session, subject: Subject, person_id: UUID, organisation_id: UUID, role: str) -> Row[Any]:
    """Take a role back. Raises PersonNotFound, LastAdministrator."""
    person = _visible(session, person_id)
    kind = organisations.get(session, organisation_id).kind
    _keep_an_administrator(session, organisation_id, kind, role)
    if store.remove_membership(session, person_id, organisation_id, _role(role).value):
        _record(session, subject, "membership.revoke", person_id, organisation_id, {"role": role})
    return person


def own(session: Session, person_id: UUID) -> Row[Any]:
    """The person, locked, if the caller may act on all of their work. Raises PersonNotFound, PersonBelongsElsewhere."""
    person = _visible(session, person_id)
    if store.has_other_memberships(session, person_id):
        raise PersonBelongsElsewhere()
    return person


def _visible(session: Session, person_id: UUID, *, lock: bool = True) -> Row[Any]:
    """The person, locked, if the caller sees a membership of theirs (row-level security decides)."""
    person = store.get_person(session, person_id, lock=lock)
    if person is None or not store.memberships(session, [person_id]):
        raise PersonNotFound()
    return person


def _keep_an_administrator(session: Session, organisation_id: UUID, kind: str, role: str) -> None:
    if kind != OrganisationKind.CITY.value or role != Role.ADMINISTRATOR.value:
        return
    if store.lock_holders(session, organisation_id, role) <= 1:
        raise LastAdministrator()


def _role(role: str) -> Role:
    try:
        return Role(role)
    except ValueError as error:
        raise BadField(
            field="role", what_vi=f"Không có vai trò “{role}”.", what_en=f"There is no role “{role}”."
        ) from error


def _invitation(session: Session, person: Row[Any]) -> Invited:
    now, token, id = clock.now(), new_token(), ids.new()
    store.add_invitation(
        session,
        id=id,
        person_id=person.id,
        token_hash=digest(token),
        create_time=now,
        expire_time=now + INVITATION_LIFETIME,
    )
    return Invited(id, person, now + INVITATION_LIFETIME, token)


def _record(
    session: Session,
    subject: Subject,
    action: str,
    person_id: UUID,
    organisation_id: UUID | None,
    detail: dict[str, object],
) -> None:
    audit.record(
        session,
        subject=subject.label,
        action=action,
        object=f"person:{person_id}",
        organisation_id=organisation_id,
        detail=detail,
    )
