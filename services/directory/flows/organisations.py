"""Organisations: made and edited by administrators."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import Session

from kit import audit, clock, ids
from kit.auth import Subject
from kit.text import search_key
from services.directory import store
from services.directory.domain import (
    OrganisationChanged,
    OrganisationCodeTaken,
    OrganisationKind,
    OrganisationNotFound,
    check_organisation,
)

FIELDS = ("name", "address", "ward_code", "phone", "budget_code", "disabled")


def create(
    session: Session, subject: Subject, kind: OrganisationKind, code: str, values: dict[str, Any]
) -> Row[Any]:
    """Make an organisation. Raises BadField, OrganisationCodeTaken."""
    check_organisation(values["name"], code)
    id = ids.new()
    is_new = store.add_organisation(
        session,
        organisation_id=id,
        kind=kind.value,
        code=code,
        create_time=clock.now(),
        version=1,
        **{field: values.get(field, "") for field in FIELDS if field != "disabled"},
        disabled=False,
        search=search_key(f"{values['name']} {code}"),
    )
    if not is_new:
        raise OrganisationCodeTaken(code=code)
    audit.record(
        session,
        subject=subject.label,
        action="organisation.create",
        object=f"organisation:{id}",
        organisation_id=id,
        detail={"kind": kind.value, "code": code, **values},
    )
    return get(session, id)


def edit(session: Session, subject: Subject, id: UUID, version: int, values: dict[str, Any]) -> Row[Any]:
    """Edit an organisation as it was read. Raises OrganisationNotFound, OrganisationChanged, BadField."""
    before = get(session, id)
    check_organisation(values["name"], before.code)
    fields = {field: values[field] for field in FIELDS}
    fields["search"] = search_key(f"{values['name']} {before.code}")
    if not store.save_organisation(session, id, version, **fields):
        raise OrganisationChanged()
    changes = {
        field: [getattr(before, field), values[field]]
        for field in FIELDS
        if getattr(before, field) != values[field]
    }
    audit.record(
        session,
        subject=subject.label,
        action="organisation.edit",
        object=f"organisation:{id}",
        organisation_id=id,
        detail=changes,
    )
    return get(session, id)


def get(session: Session, id: UUID) -> Row[Any]:
    """An organisation. Raises OrganisationNotFound."""
    row = store.get_organisation(session, id)
    if row is None:
        raise OrganisationNotFound()
    return row


def find_all(
    session: Session, kind: str, query: str, after: Sequence[Any] | None, limit: int
) -> Sequence[Row[Any]]:
    """Organisations by code, of a kind and with words in their name or code."""
    return store.list_organisations(session, kind, search_key(query), after, limit)
