"""PostgreSQL array literals: one text per column of a batch, cheaper than the driver's own lists."""

from __future__ import annotations

from collections.abc import Iterable

from kit.outbox import text_array

__all__ = ["numbers", "plain", "text_array", "truths"]


def plain(values: Iterable[str]) -> str:
    """An array of texts that need no quotes: ids, dates, times; an empty text is NULL."""
    return "{" + ",".join([value or "NULL" for value in values]) + "}"


def numbers(values: Iterable[int | None]) -> str:
    """An array of whole numbers; None is NULL."""
    return "{" + ",".join(["NULL" if value is None else str(value) for value in values]) + "}"


def truths(values: Iterable[bool]) -> str:
    """An array of booleans."""
    return "{" + ",".join(["t" if value else "f" for value in values]) + "}"
