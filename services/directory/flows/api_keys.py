"""API keys of billers' own systems: shown once, stored hashed, with permissions of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import Session

from kit import audit, clock, ids
from kit.auth import Subject
from services.directory import store
from services.directory.domain import ApiKeyNotFound, BadField, digest, new_token
from services.directory.flows import organisations
from services.directory.roles import API_KEY_PERMISSIONS

PREFIX = "xoai_"


def create(
    session: Session, subject: Subject, organisation_id: UUID, name: str, permissions: Sequence[str]
) -> tuple[Row[Any], str]:
    """Make a key; returns it and its secret. Raises OrganisationNotFound, BadField."""
    organisations.get(session, organisation_id)
    unknown = sorted(set(permissions) - API_KEY_PERMISSIONS)
    if unknown or not permissions or not name.strip():
        raise BadField(
            field="permissions",
            what_vi=f"Khoá cần tên và quyền trong: {', '.join(sorted(API_KEY_PERMISSIONS))}.",
            what_en=f"A key needs a name and permissions out of: {', '.join(sorted(API_KEY_PERMISSIONS))}.",
        )
    id, secret = ids.new(), PREFIX + new_token()
    store.add_api_key(
        session,
        id=id,
        organisation_id=organisation_id,
        name=name.strip(),
        permissions=sorted(set(permissions)),
        secret_hash=digest(secret),
        last_four=secret[-4:],
        create_time=clock.now(),
    )
    _record(
        session,
        subject,
        "api_key.create",
        id,
        organisation_id,
        {"name": name, "permissions": sorted(permissions)},
    )
    return _get(session, id), secret


def revoke(session: Session, subject: Subject, id: UUID) -> Row[Any]:
    """Stop a key at once. Raises ApiKeyNotFound."""
    row = _get(session, id)
    store.revoke_api_key(session, id, clock.now())
    _record(session, subject, "api_key.revoke", id, row.organisation_id, {})
    return _get(session, id)


def find_all(session: Session, organisation_id: UUID) -> Sequence[Row[Any]]:
    """Keys of an organisation, oldest first."""
    return store.list_api_keys(session, organisation_id)


def _get(session: Session, id: UUID) -> Row[Any]:
    row = store.get_api_key(session, id)
    if row is None:
        raise ApiKeyNotFound()
    return row


def _record(
    session: Session,
    subject: Subject,
    action: str,
    id: UUID,
    organisation_id: UUID,
    detail: dict[str, object],
) -> None:
    audit.record(
        session,
        subject=subject.label,
        action=action,
        object=f"api_key:{id}",
        organisation_id=organisation_id,
        detail=detail,
    )
