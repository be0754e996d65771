"""PostgreSQL array literals, one per column of a set-based statement: cheaper than the driver's lists."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from uuid import UUID

from kit.outbox import bytes_array, text_array

__all__ = ["booleans", "bytes_array", "integers", "moments", "text_array", "uuids"]


def uuids(values: Iterable[UUID]) -> str:
    """A uuid[] literal."""
    return f"{{{','.join([value.hex for value in values])}}}"


def integers(values: Iterable[int]) -> str:
    """A literal of whole numbers."""
    return f"{{{','.join(map(str, values))}}}"


def booleans(values: Iterable[bool]) -> str:
    """A boolean[] literal."""
    return f"{{{','.join(['t' if value else 'f' for value in values])}}}"


def moments(values: Sequence[datetime | date | None]) -> str:
    """A timestamptz[] or date[] literal; None becomes NULL."""
    return "{" + ",".join(["NULL" if value is None else f'"{value.isoformat()}"' for value in values]) + "}"
