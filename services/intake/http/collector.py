"""The collector: callbacks that arrive while one commit is on its way share the next one. There is no waiting window.

One task, one connection. A callback is answered when its commit is on disk; if the database is away it is told to come
again, and the collector finds the database by itself when it is back.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final, NamedTuple

import psycopg

from kit import fault, log
from services.intake.arrival import Arrival
from services.intake.store import accepting

_log = log.get(__name__)
MOST_WAITING: Final = 512
_MOST_TOGETHER: Final = 256
_SECONDS: Final = 2.0  # from the last byte of a body to its answer
_WATCH_SECONDS: Final = 0.1
_OPTIONS: Final = "-c statement_timeout=1500 -c lock_timeout=1000 -c timezone=UTC -c synchronous_commit=on"


class Busy(Exception):
    """Too many callbacks wait for their commit, or the database is away: the sender should come again."""


class _Waiting(NamedTuple):
    arrival: Arrival
    done: asyncio.Future[None]
    deadline: float


class Collector:
    """Gathers arrivals and commits them together."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._waiting: list[_Waiting] = []
        self._at_work: list[_Waiting] = []
        self._wake = asyncio.Event()
        self._connection: psycopg.AsyncConnection[tuple[Any, ...]] | None = None
        self._refused: dict[tuple[Any, Any], int] = {}

    async def store(self, arrival: Arrival) -> None:
        """Return when the arrival is committed. Raises Busy, within `_SECONDS`."""
        if len(self._waiting) >= MOST_WAITING:
            raise Busy
        loop = asyncio.get_running_loop()
        done = loop.create_future()
        self._waiting.append(_Waiting(arrival, done, loop.time() + _SECONDS))
        self._wake.set()
        await done

    def count_refused(self, arrival_place: tuple[Any, Any]) -> None:
        """Count a body that was not proven; nothing else of it is kept."""
        self._refused[arrival_place] = self._refused.get(arrival_place, 0) + 1
        self._wake.set()

    async def run(self) -> None:
        """Commit what waits, batch after batch, for as long as the process lives."""
        watch = asyncio.create_task(self._watch())
        try:
            await self._work()
        finally:
            watch.cancel()

    async def _watch(self) -> None:
        """Tell senders whose commit takes too long to come again; one timer for all is cheaper than one for each."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_WATCH_SECONDS)
            now = loop.time()
            for each in (*self._at_work, *self._waiting):
                if each.deadline < now and not each.done.done():
                    each.done.set_exception(Busy())

    async def _work(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting or self._refused:
                batch, self._waiting = self._waiting[:_MOST_TOGETHER], self._waiting[_MOST_TOGETHER:]
                # Who was told to come again is not stored; the next try will be.
                self._at_work = [each for each in batch if not each.done.done()]
                await self._commit(self._at_work)
                self._at_work = []

    async def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            await self._connection.close()

    async def _commit(self, batch: list[_Waiting]) -> None:
        try:
            connection = await self._connected()
            if batch:
                await _write(connection, [each.arrival for each in batch])
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
            for each in batch:
                if not each.done.done():
                    each.done.set_exception(Busy())
            return
        for each in batch:
            if not each.done.done():
                each.done.set_result(None)

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
    fault.point("collector.stored")
    repeats = accepting.not_new(arrivals, new)
    if not repeats:
        return
    known = await (await connection.execute(accepting.FIND, accepting.find_parameters(repeats))).fetchall()
    told_again, conflicts = accepting.judged(repeats, known)
    async with connection.transaction():
        if told_again["connections"]:
            first = await (await connection.execute(accepting.CALL_BACK, told_again)).fetchall()
            await connection.execute(accepting.COUNT_REPEATS, accepting.counted(told_again, first))
        if conflicts["ids"]:
            await connection.execute(accepting.CONFLICT, conflicts)
