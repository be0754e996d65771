"""The pull sweep: each connection's transaction list is asked for what was never called back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import Row
from sqlalchemy.orm import Session

from kit import clock
from kit.errors import Error
from kit.seal import Sealer
from services.intake import arrival
from services.intake.adapters.pull import Page, PullSource
from services.intake.adapters.sandbox_pull import SandboxPull
from services.intake.adapters.sepay_pull import SepayPull
from services.intake.flows import connections as flows
from services.intake.store import connections as store
from services.intake.store import writing

_MOST_PAGES = 200
SANDBOX_SCHEME = "sandbox+"
# Providers under whose name the sandbox bank gives a transaction the same number in its callbacks as in its list.
_SANDBOX_ALIKE = ("sepay", "casso_v1", "casso_v2")


@dataclass(frozen=True, slots=True)
class Target:
    """One account of one connection to be asked, and where the last answer ended."""

    connection: Row[Any]
    account: str
    cursor: str | None


def targets(session: Session, connection_id: UUID | None) -> list[Target]:
    """The accounts of every connection (or of one) that can be pulled."""
    rows = [row for row in store.find(session, None, connection_id) if row.pull_url and not row.disabled]
    return [
        Target(row, account, store.cursor_of(session, row.id, account))
        for row in rows
        for account in row.account_numbers
    ]


def source_of(row: Row[Any], sealer: Sealer, client: httpx.Client) -> tuple[PullSource, bool]:
    """The provider's list of a connection, and whether it names transactions as the callbacks do."""
    token = sealer.open(bytes(row.pull_secret), place=f"pull_secret:{row.id}") if row.pull_secret else ""
    if row.provider == "sepay" and not row.pull_url.startswith(SANDBOX_SCHEME):
        return SepayPull(token, client, row.pull_url), True
    base_url = row.pull_url.removeprefix(SANDBOX_SCHEME)
    names_alike = row.provider == "xoai" or (base_url != row.pull_url and row.provider in _SANDBOX_ALIKE)
    return SandboxPull(base_url, client, token), names_alike


def pull(
    transact: Callable[[Callable[[Session], int]], int],
    target: Target,
    source: PullSource,
    *,
    shares_ids: bool,
) -> tuple[int, int]:
    """Ask for everything since the cursor; transactions read and reports that were new. Each page is one commit.

    `transact` runs a function in one transaction. Raises errors of the source; what was stored before stays.
    """
    read = new = 0
    cursor = target.cursor
    for _ in range(_MOST_PAGES):
        page = source.list_since(target.account, cursor)
        read += len(page.reading.told)
        new += transact(lambda session, page=page: _store(session, target, page, shares_ids))  # type: ignore[misc]
        if not page.more:
            break
        cursor = page.next_cursor
    return read, new


def describe(error: Error) -> str:
    """Why a pull failed, for the log."""
    return f"{error.reason}: {error.text_en}"


def _store(session: Session, target: Target, page: Page, shares_ids: bool) -> int:
    row, now = target.connection, clock.now()
    new = 0
    if page.reading.told or page.reading.unreadable or page.reading.passed_over:
        body = repr(page.next_cursor).encode()
        found = arrival.of_pull(flows.origin(session, row), page.reading, body, now, shares_ids=shares_ids)
        new = writing.store(session, [found])
    store.save_cursor(session, row.id, row.organisation_id, target.account, page.next_cursor, now)
    return new
