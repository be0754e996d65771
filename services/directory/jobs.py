"""Scheduled work of the directory: cooling-offs that are over, sessions and failures that are old."""

from __future__ import annotations

from datetime import timedelta

from kit import auth, clock, idempotency
from kit.db import Database
from services.directory import store
from services.directory.domain import FAILURE_WINDOW, SESSION_LIFETIME
from services.directory.flows import accounts


def end_cooling_off(database: Database) -> int:
    """Put accounts in force whose cooling-off is over."""
    return database.run(lambda session: accounts.end_cooling_off(session, auth.service("directory")))


def forget_old(database: Database) -> None:
    """Delete sessions, login failures and stored answers past their time."""
    now = clock.now()
    with database.begin() as session:
        store.forget_old(session, now - SESSION_LIFETIME - timedelta(hours=1), now - 2 * FAILURE_WINDOW)
        idempotency.forget_old(session)
