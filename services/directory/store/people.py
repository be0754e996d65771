"""Queries on people, memberships and invitations."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, func, select, update
from sqlalchemy import insert as plain_insert
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.directory.store.organisations import has_words
from services.directory.store.tables import (
    invitation,
    membership,
    organisation,
    person,
    second_factor,
)


def add_person(session: Session, **values: Any) -> bool:
    """Insert a person; False if the login is taken."""
    statement = insert(person).values(**values).on_conflict_do_nothing(index_elements=["login"])
    return session.execute(statement.returning(person.c.id)).first() is not None


def get_person(session: Session, id: UUID, *, lock: bool = False) -> Row[Any] | None:
    statement = _people().where(person.c.id == id)
    return session.execute(statement.with_for_update(of=person) if lock else statement).first()


def _people() -> Select[Any]:
    """People, and whether their second factor is enrolled."""
    enrolled = select(second_factor.c.confirm_time).where(second_factor.c.person_id == person.c.id)
    return select(person, enrolled.scalar_subquery().label("confirm_time"))


def has_other_memberships(session: Session, person_id: UUID) -> bool:
    """True if the person has memberships that row-level security hides from the caller."""
    visible = select(func.count()).where(membership.c.person_id == person_id).scalar_subquery()
    return bool(session.execute(select(func.count_memberships(person_id) > visible)).scalar_one())


def names_of(session: Session, people: Sequence[UUID]) -> Sequence[Any]:
    """Ids and names of people."""
    return session.execute(select(person.c.id, person.c.name).where(person.c.id.in_(people))).all()


def find_person(session: Session, login: str) -> Row[Any] | None:
    return session.execute(select(person).where(person.c.login == login)).first()


def save_person(session: Session, id: UUID, **values: Any) -> None:
    session.execute(update(person).where(person.c.id == id).values(**values))


def list_people(
    session: Session, organisation_id: UUID | None, query: str, after: Sequence[Any] | None, limit: int
) -> Sequence[Row[Any]]:
    """People of an organisation (or all), by name and id; row-level security on membership bounds it."""
    members = select(membership.c.person_id)
    if organisation_id:
        members = members.where(membership.c.organisation_id == organisation_id)
    statement = _people().where(person.c.id.in_(members), *has_words(person.c.search, query))
    statement = statement.order_by(person.c.name, person.c.id).limit(limit)
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
