"""The connections in memory: read whole at the start and again whenever somebody changes one."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import psycopg

from kit import ids, log
from kit.seal import Sealer
from services.intake.adapters import Adapter, adapter_of
from services.intake.arrival import Origin
from services.intake.store.connections import ALL, CHANNEL

_log = log.get(__name__)
# A connection nobody knows makes us look again at most this often (seconds), however many ask for it.
_LOOK_AGAIN: Final = 0.5
_READ_ANYWAY: Final = 30.0


@dataclass(frozen=True, slots=True)
class Known:
    """One connection, ready to verify a body."""

    adapter: Adapter
    auth: str | None
    secrets: tuple[str, ...]
    allowed_addresses: frozenset[str]
    origin: Origin


class Connections:
    """Keeps the connections current; `get` never asks the database more than twice a second."""

    def __init__(self, url: str, sealer: Sealer) -> None:
        self._url, self._sealer = url, sealer
        self._known: dict[UUID, Known] = {}
        self._named: dict[str, Known] = {}
        self._read_at = float("-inf")
        self._lock = asyncio.Lock()

    def named(self, name: str) -> Known | None:
        """A connection by its outside name, if it is in memory: what nearly every callback needs."""
        return self._named.get(name)

    async def get(self, id: UUID) -> Known | None:
        """A connection that is in force, or None."""
        known = self._known.get(id)
        if known is None and time.monotonic() - self._read_at > _LOOK_AGAIN:
            async with self._lock:
                if id not in self._known and time.monotonic() - self._read_at > _LOOK_AGAIN:
                    await self._read()
            known = self._known.get(id)
        return known

    async def watch(self) -> None:
        """Read again after every change, for as long as the process lives."""
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(self._url, autocommit=True) as connection:
                    await connection.execute(f"LISTEN {CHANNEL}")
                    while True:
                        await self._read()
                        async for _ in connection.notifies(timeout=_READ_ANYWAY, stop_after=1):
                            pass
            except psycopg.Error as error:
                _log.warning("connections cannot be read now", error=str(error)[:200])
                await asyncio.sleep(0.5)

    async def _read(self) -> None:
        async with await psycopg.AsyncConnection.connect(
            self._url, autocommit=True, connect_timeout=2
        ) as connection:
            rows = await (await connection.execute(ALL)).fetchall()
        self._known = {row[0]: self._one(row) for row in rows}
        self._named = {ids.external("con", id): known for id, known in self._known.items()}
        self._read_at = time.monotonic()

    def _one(self, row: tuple[Any, ...]) -> Known:
        id, organisation_id, provider, auth, bin_code, accounts, confirm_above, addresses, sealed, virtual = (
            row
        )
        adapter = adapter_of(provider)
        secrets = []
        for entry in sealed:
            secret_id, _, content = entry.partition(":")
            secrets.append(self._sealer.open(bytes.fromhex(content), place=f"connection_secret:{secret_id}"))
        origin = Origin(
            connection_id=id,
            organisation_id=organisation_id,
            provider=provider,
            bin=bin_code,
            account_numbers=frozenset(accounts),
            virtual_accounts=dict(entry.split("\t", 1) for entry in virtual),
            confirm_above=confirm_above,
            is_signed=adapter.is_signed(auth or None),
        )
        return Known(adapter, auth or None, tuple(secrets), frozenset(addresses), origin)
