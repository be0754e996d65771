"""PostgreSQL array literals: one text per column of a set-based statement, far cheaper than the driver's own lists."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec


def text_array(values: Sequence[str | None]) -> str:
    """A text[] literal; None is NULL. A text with a NUL cannot be stored: the server refuses it."""
    # JSON quotes as array elements are quoted as long as nothing needs an escape; the rare rest goes by hand.
    joined = msgspec.json.encode(values).decode()
    if "\\" not in joined:
        return f"{{{joined[1:-1]}}}"
    return "{" + ",".join(["NULL" if value is None else _quoted(value) for value in values]) + "}"


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def bytes_array(values: Iterable[bytes]) -> str:
    """A bytea[] literal."""
    return "{" + ",".join([f'"\\\\x{value.hex()}"' for value in values]) + "}"


def uuids(values: Iterable[UUID]) -> str:
    """A uuid[] literal."""
    return "{" + ",".join([value.hex for value in values]) + "}"


def integers(values: Iterable[int | None]) -> str:
    """A literal of whole numbers; None is NULL."""
    return "{" + ",".join(["NULL" if value is None else str(value) for value in values]) + "}"


def booleans(values: Iterable[bool]) -> str:
    """A boolean[] literal."""
    return "{" + ",".join(["t" if value else "f" for value in values]) + "}"


def moments(values: Iterable[datetime | date | None]) -> str:
    """A timestamptz[] or date[] literal; None is NULL."""
    return "{" + ",".join(["NULL" if value is None else f'"{value.isoformat()}"' for value in values]) + "}"


def plain(values: Iterable[str]) -> str:
    """An array of texts that need no quotes: ids, dates, times; an empty text is NULL."""
    return "{" + ",".join([value or "NULL" for value in values]) + "}"
