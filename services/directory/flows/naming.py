"""The names behind the labels that the audit trail and accounts keep."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy.orm import Session

from services.directory import store


def names_of(session: Session, labels: Iterable[str]) -> dict[str, str]:
    """Names by label, of people and of keys that the caller may see; services and what is unknown are left out."""
    wanted = set(labels)
    people = _ids(wanted, "person")
    keys = _ids(wanted, "api_key")
    names = {f"person:{row.id}": str(row.name) for row in store.names_of(session, people)}
    names |= {f"api_key:{row.id}": str(row.name) for row in store.key_names(session, keys)}
    return names


def _ids(labels: set[str], kind: str) -> list[UUID]:
    found = []
    for label in labels:
        head, _, tail = label.partition(":")
        try:
            found += [UUID(tail)] if head == kind else []
        except ValueError:
            # Tests name their people by a number.
            continue
    return found
