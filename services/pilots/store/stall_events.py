"""What stalls' phones were told, for those that were away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, LiteralString
from uuid import UUID

from sqlalchemy.orm import Session

from kit.db import cursor

_AFTER: Final[LiteralString] = """
    SELECT sequence, content FROM stall_event WHERE stall_id = %s AND sequence > %s
    ORDER BY sequence LIMIT %s"""
_FORGET: Final[LiteralString] = """
    DELETE FROM stall_event WHERE (stall_id, sequence) IN (
        SELECT stall_id, sequence FROM stall_event WHERE create_time < %s ORDER BY create_time LIMIT %s)"""


@dataclass(frozen=True, slots=True)
class Kept:
    """One event in the form in which it was announced."""

    sequence: int
    content: Any


def after(session: Session, stall_id: UUID, sequence: int, limit: int) -> list[Kept]:
    """Events of a stall after a sequence, oldest first."""
    return [Kept(*row) for row in cursor(session).execute(_AFTER, (stall_id, sequence, limit))]


def forget(session: Session, before: datetime, limit: int) -> int:
    """Delete the oldest events from before a moment, up to `limit`; how many there were."""
    return cursor(session).execute(_FORGET, (before, limit)).rowcount
