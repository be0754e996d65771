"""Ids in the addresses of pages: shown in their outside form, and a damaged one is a page that there is not."""

from __future__ import annotations

from uuid import UUID

from kit import ids
from kit.errors import Error, NotFound


def outside(prefix: str, id: str) -> str:
    """An id as addresses show it."""
    return ids.external(prefix, UUID(id))


def inside(refusal: type[NotFound], prefix: str, text: str) -> str:
    """The id behind an outside one. Raises `refusal` for a damaged one."""
    try:
        return str(ids.internal(prefix, text))
    except Error as error:
        raise refusal() from error
