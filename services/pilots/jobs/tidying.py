"""Forgetting what no phone and no repeat of a request needs any more."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from kit import clock, idempotency, inbox
from kit.db import Database
from services.pilots.domain.devices import MISS_WINDOW
from services.pilots.store import devices

# Inbox rows are the quick guard against repeats; after this the versions of accounts and the ids of payments guard.
_INBOX_DAYS: Final = 30
_PAIRING_DAYS: Final = 30


def tidy_up(database: Database) -> None:
    """Delete old stored answers, inbox rows, wrong tries of PINs and spent pairing codes."""
    now = clock.now()
    with database.begin() as session:
        idempotency.forget_old(session)
    with database.begin() as session:
        inbox.trim(session, now - timedelta(days=_INBOX_DAYS))
    with database.begin() as session:
        devices.forget_old(
            session, misses_before=now - MISS_WINDOW, pairings_before=now - timedelta(days=_PAIRING_DAYS)
        )
