"""Keyset pages: an opaque signed token holds the last row's sort key and a hash of the filter it belongs to."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from kit.errors import InvalidArgument

T = TypeVar("T")
DEFAULT_SIZE: Final = 50
MAX_SIZE: Final = 200


class BadPageToken(InvalidArgument):
    reason = "BAD_PAGE_TOKEN"
    vi = "Trang này không còn hợp với bộ lọc. Xin mở lại từ trang đầu."
    en = "The page token does not belong to this filter. Start again from the first page."


def size(requested: int) -> int:
    """The page size to use: the default for 0, at most MAX_SIZE."""
    return DEFAULT_SIZE if requested <= 0 else min(requested, MAX_SIZE)


def token(position: Sequence[object], filters: Sequence[object], key: str) -> str:
    """The token of the page after `position` (JSON values) for these filters."""
    body = json.dumps([list(position), _hash(filters)], separators=(",", ":"), default=str).encode()
    return base64.urlsafe_b64encode(_mac(body, key) + body).decode().rstrip("=")


def position(page_token: str, filters: Sequence[object], key: str) -> list[Any] | None:
    """The position in a token, or None for the first page. Raises BadPageToken for another filter or a forged one."""
    if not page_token:
        return None
    try:
        raw = base64.urlsafe_b64decode(page_token + "=" * (-len(page_token) % 4))
        mac, body = raw[:16], raw[16:]
        if not hmac.compare_digest(mac, _mac(body, key)):
            raise BadPageToken()
        values, filter_hash = json.loads(body)
    except (ValueError, TypeError) as error:
        raise BadPageToken() from error
    if filter_hash != _hash(filters):
        raise BadPageToken()
    return list(values)


def cut(
    rows: Sequence[T],
    page_size: int,
    place: Callable[[T], Sequence[object]],
    filters: Sequence[object],
    key: str,
) -> tuple[Sequence[T], str]:
    """The page of `rows` (read with one row more than the page holds) and the token of the next page, or empty."""
    if len(rows) <= page_size:
        return rows, ""
    page = rows[:page_size]
    return page, token(place(page[-1]), filters, key)


def _hash(filters: Sequence[object]) -> str:
    return hashlib.sha256(json.dumps(list(filters), default=str, ensure_ascii=False).encode()).hexdigest()[
        :16
    ]


def _mac(body: bytes, key: str) -> bytes:
    return hmac.digest(key.encode(), body, "sha256")[:16]
