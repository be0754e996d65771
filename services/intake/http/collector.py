"""The collector: callbacks that arrive while one commit is on its way share the next one. There is no waiting window.

One task, one connection. A callback is answered when its commit is on disk; if the database is away it is told to come
again, and the collector finds the database by itself when it is back.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

import psycopg

from kit import log
from services.intake.arrival import Arrival
from services.intake.store import accepting

_log = log.get(__name__)
MOST_WAITING: Final = 512
_MOST_TOGETHER: Final = 256
_OPTIONS: Final = "-c statement_timeout=1500 -c lock_timeout=1000 -c timezone=UTC -c synchronous_commit=on"


class Busy(Exception):
    """Too many callbacks wait for their commit, or the database is away: the sender should come again."""


class Collector:
    """Gathers arrivals and commits them together."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._waiting: list[tuple[Arrival, asyncio.Future[None]]] = []
        self._wake = asyncio.Event()
        self._connection: psycopg.AsyncConnection[tuple[Any, ...]] | None = None
        self._refused: dict[tuple[Any, Any], int] = {}

    async def store(self, arrival: Arrival) -> None:
        """Return when the arrival is committed. Raises Busy."""
        if len(self._waiting) >= MOST_WAITING:
            raise Busy
        done = asyncio.get_running_loop().create_future()
        self._waiting.append((arrival, done))
        self._wake.set()
        await done

    def count_refused(self, arrival_place: tuple[Any, Any]) -> None:
        """Count a body that was not proven; nothing else of it is kept."""
        self._refused[arrival_place] = self._refused.get(arrival_place, 0) + 1
        self._wake.set()

    async def run(self) -> None:
        """Commit what waits, batch after batch, for as long as the process lives."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting or self._refused:
                batch, self._waiting = self._waiting[:_MOST_TOGETHER], self._waiting[_MOST_TOGETHER:]
                await self._commit(batch)

    async def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            await self._connection.close()

    async def _commit(self, batch: list[tuple[Arrival, asyncio.Future[None]]]) -> None:
        try:
            connection = await self._connected()
            if batch:
                await _write(connection, [arrival for arrival, _ in batch])
            refused, self._refused = self._refused, {}
            for (connection_id, organisation_id), number in refused.items():
                await connection.execute(accepting.COUNT_REFUSED, (connection_id, organisation_id, number))
        except psycopg.Error as error:
            _log.warning("callbacks cannot be stored now", error=str(error)[:200], waiting=len(batch))
            self._refused.clear()
            await self._forget()
            if len(batch) > 1 and not isinstance(error, psycopg.OperationalError):
                # One body that the database will not take never stops the others.
                for each in batch:
                    await self._commit([each])
                return
            for _, done in batch:
                if not done.done():
                    done.set_exception(Busy())
            return
        for _, done in batch:
            if not done.done():
                done.set_result(None)

    async def _connected(self) -> psycopg.AsyncConnection[tuple[Any, ...]]:
        if self._connection is None or self._connection.closed:
            self._connection = await psycopg.AsyncConnection.connect(
                self._url, autocommit=True, options=_OPTIONS, prepare_threshold=1, connect_timeout=2
            )
        return self._connection

    async def _forget(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()


async def _write(connection: psycopg.AsyncConnection[tuple[Any, ...]], arrivals: list[Arrival]) -> None:
    found = await connection.execute(accepting.INSERT, accepting.insert_parameters(arrivals), binary=True)
    new = {row[0] for row in await found.fetchall()}
    repeats = accepting.not_new(arrivals, new)
    if not repeats:
        return
    known = await (await connection.execute(accepting.FIND, accepting.find_parameters(repeats))).fetchall()
    told_again, whole, conflicts = accepting.judged(repeats, known)
    async with connection.transaction():
        if told_again["connections"]:
            first = await (await connection.execute(accepting.CALL_BACK, told_again)).fetchall()
            await connection.execute(accepting.COUNT_REPEATS, accepting.counted(told_again, first))
            await connection.execute(accepting.MARK_REPEATS, whole)
        if conflicts["ids"]:
            await connection.execute(accepting.CONFLICT, conflicts)
