"""Scheduled work of intake: the pull sweep, tokens that are over."""

from __future__ import annotations

from uuid import UUID

import httpx

from kit import clock, idempotency, log
from kit.db import Database
from kit.errors import Error
from kit.seal import Sealer
from services.intake.flows import pulling
from services.intake.store import connections as store

_log = log.get(__name__)


def sweep(database: Database, sealer: Sealer, connection_id: UUID | None = None) -> tuple[int, int]:
    """Ask every connection (or one) for its list; one that does not answer never stops the others."""
    with database.begin() as session:
        targets = pulling.targets(session, connection_id)
    read = new = 0
    with httpx.Client() as client:
        for target in targets:
            source, shares_ids = pulling.source_of(target.connection, sealer, client)
            try:
                found = pulling.pull(database.run, target, source, shares_ids=shares_ids)
            except Error as error:
                _log.warning(
                    "pull failed", connection=str(target.connection.id), error=pulling.describe(error)
                )
                continue
            read, new = read + found[0], new + found[1]
    return read, new


def forget_old(database: Database) -> None:
    """Delete tokens and stored answers past their time."""
    with database.begin() as session:
        store.forget_tokens(session, clock.now())
        idempotency.forget_old(session)
