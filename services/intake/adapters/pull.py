"""The port for asking a provider what it told, or failed to tell: callbacks alone are not enough.

Providers give up (SePay after 33 minutes), so a sweep asks each connection for its list. A pulled element has the same
dedupe key as its callback, so what is known already is dropped like any repeat. Pulls are blocking and have their own
deadlines; never call one inside a transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import httpx

from services.intake.domain import PullFailed, PullRefused, Reading
from services.intake.limits import read_json

LARGEST_PAGE = 16 * 1024 * 1024
"""Bytes of one page of a list."""

MOST_VALUES = 600_000
"""Commas and brackets of one page."""

MOST_PULLED = 20_000
"""Transactions of one page."""

TIMEOUT = httpx.Timeout(10, connect=3)


@dataclass(frozen=True, slots=True)
class Page:
    """One page: what it tells, the cursor to store with it, and whether to ask again at once."""

    reading: Reading
    next_cursor: str | None
    more: bool


class PullSource(Protocol):
    """A provider's list of transactions of one connection."""

    def list_since(self, account: str, after: str | None) -> Page:
        """What came to this main account after the cursor (None: from the beginning). Raises PullFailed (repeat
        later), PullRefused, PullIncomplete (a person has to import a statement) or BodyUnreadable."""
        ...


def fetch_json(
    client: httpx.Client, url: str, params: Mapping[str, str], headers: Mapping[str, str]
) -> object:
    """A JSON document by GET, within the limits of a page, without following redirects (a key must not travel)."""
    try:
        with client.stream(
            "GET", url, params=dict(params), headers=dict(headers), timeout=TIMEOUT, follow_redirects=False
        ) as response:
            if response.status_code in (401, 403):
                raise PullRefused(status=response.status_code)
            if response.status_code != 200:
                raise PullFailed(detail=f"HTTP {response.status_code}")
            body = bytearray()
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > LARGEST_PAGE:
                    raise PullFailed(detail=f"more than {LARGEST_PAGE} bytes")
    except httpx.HTTPError as error:
        raise PullFailed(detail=f"{type(error).__name__}") from error
    return read_json(bytes(body), LARGEST_PAGE, most_values=MOST_VALUES)
