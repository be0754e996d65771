"""The public keys that sign receipts: every one that ever did, so that old papers can be checked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A raw Ed25519 public key with its life."""

    id: str
    raw: bytes
    create_time: datetime
    revoke_time: datetime | None


def add(session: Session, id: str, public_key: bytes, now: datetime) -> None:
    """Make a key known; one that is known already is left as it is."""
    session.execute(
        text(
            "INSERT INTO receipt_key (id, public_key, create_time) VALUES (:id, :public_key, :now)"
            " ON CONFLICT (id) DO NOTHING"
        ),
        {"id": id, "public_key": public_key, "now": now},
    )


def every(session: Session) -> list[StoredKey]:
    """All keys, newest first."""
    rows = session.execute(
        text("SELECT id, public_key, create_time, revoke_time FROM receipt_key ORDER BY create_time DESC, id")
    )
    return [StoredKey(row.id, bytes(row.public_key), row.create_time, row.revoke_time) for row in rows]


def revoke(session: Session, id: str, now: datetime) -> bool:
    """Let a key prove nothing any more; False if there is none with this id."""
    row = session.execute(
        text("UPDATE receipt_key SET revoke_time = coalesce(revoke_time, :now) WHERE id = :id RETURNING id"),
        {"id": id, "now": now},
    ).first()
    return row is not None
