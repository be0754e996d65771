"""The relay: takes a service's outbox to the log; one is at work per service, others wait for its lock.

It reads a page, publishes it, waits for every acknowledgement and only then deletes what it sent: a crash
anywhere sends some events twice and loses none. No transaction is open while the log is spoken to. The
session advisory lock, the reads and the deletes share one connection, so a delete that succeeds proves that
the lock was never lost. After a page the relay pauses in proportion to it: one that sends pages of one to
five rows eats a core.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import psycopg

from kit import clock, fault, log, outbox
from kit.db import by_keys
from kit.events import Publisher, TransientEventsError

# One number for all services: advisory locks are per database and each service has its own.
LOCK_KEY: Final = 0x786F61695F6F7574

PAUSE_PER_ROW: Final = 0.0005  # seconds
LONGEST_PAUSE: Final = 0.15
_FIRST_BACK_OFF: Final = 0.1
_LONGEST_BACK_OFF: Final = 5.0
_LOCK_PAUSE: Final = 0.5

_logger = log.get(__name__)


@dataclass(frozen=True, slots=True)
class Page:
    """What one turn of the relay did: rows sent, the age of the oldest when it began, seconds it took."""

    rows: int
    oldest_age_seconds: float
    seconds: float


class Relay:
    """Sends the outbox of one database. `run` until its stop event is set; `wake` after a commit."""

    def __init__(
        self,
        connect: Callable[[], psycopg.Connection[tuple[Any, ...]]],
        publisher_factory: Callable[[], Publisher],
        *,
        page_size: int = 1_000,
        poll_interval: float = 0.02,
        least_pause: float = 0.0,
        on_page: Callable[[Page], None] | None = None,
    ) -> None:
        """`connect` gives an autocommit connection.

        `poll_interval` and `least_pause` are in seconds: how soon an empty outbox is looked at again without being
        woken, and the least time from one page to the next.
        """
        self._connect = connect
        self._publisher_factory = publisher_factory
        self._page_size = page_size
        self._poll_interval = poll_interval
        self._least_pause = least_pause
        self._on_page = on_page
        self._connection: psycopg.Connection[tuple[Any, ...]] | None = None
        self._publisher: Publisher | None = None
        self._is_leader = False
        self._woken = threading.Event()

    def wake(self) -> None:
        """Say that rows were committed; cheap, from any thread of this process."""
        self._woken.set()

    def run(self, stop: threading.Event) -> None:
        """Send until `stop` is set; outages of database and log are waited out with growing pauses."""
        back_off = _FIRST_BACK_OFF
        try:
            while not stop.is_set():
                try:
                    if not self._hold_lock():
                        stop.wait(_LOCK_PAUSE)
                        continue
                    began = clock.monotonic()
                    rows = self.send_page()
                    back_off = _FIRST_BACK_OFF
                    if rows < self._page_size:
                        self._rest(stop, rows, began)
                except (psycopg.Error, TransientEventsError) as error:
                    if not isinstance(error, TransientEventsError):
                        self._drop_connection()
                    _logger.warning("relay waits", error=str(error), seconds=round(back_off, 1))
                    stop.wait(random.uniform(back_off / 2, back_off))
                    back_off = min(back_off * 2, _LONGEST_BACK_OFF)
        finally:
            self.close()

    def send_page(self) -> int:
        """Send the oldest rows once and forget them; how many. Nothing while another relay holds the lock."""
        if not self._hold_lock():
            return 0
        assert self._connection is not None
        self._woken.clear()
        began = clock.monotonic()
        rows = outbox.read(self._connection, self._page_size)
        age = max(0.0, (clock.now() - rows[0].create_time).total_seconds()) if rows else 0.0
        sent = 0
        try:
            if rows:
                fault.point("relay.read")
                if self._publisher is None:
                    self._publisher = self._publisher_factory()
                self._publisher.publish([row.event for row in rows])
                fault.point("relay.published")
                outbox.delete(self._connection, rows)
                fault.point("relay.deleted")
                sent = len(rows)
        finally:
            if self._on_page is not None:
                self._on_page(Page(sent, age, clock.monotonic() - began))
        return sent

    def close(self) -> None:
        """Let go of the lock, the connection and the publisher."""
        self._drop_connection()
        if self._publisher is not None:
            self._publisher.close()
            self._publisher = None

    def _hold_lock(self) -> bool:
        if self._connection is None:
            self._connection = self._connect()
            by_keys(self._connection, always=True)
            # Only rows are deleted here, and rows that a power cut brings back are sent again: no wait for the disk.
            self._connection.execute("SET synchronous_commit = off")
        if not self._is_leader:
            row = self._connection.execute("SELECT pg_try_advisory_lock(%s)", (LOCK_KEY,)).fetchone()
            self._is_leader = row is not None and bool(row[0])
        return self._is_leader

    def _rest(self, stop: threading.Event, rows: int, began: float) -> None:
        """Pause in proportion to the page, counted from its start; after an empty page wait to be woken."""
        if rows:
            pause = max(self._least_pause, min(LONGEST_PAUSE, PAUSE_PER_ROW * rows))
            stop.wait(max(0.0, began + pause - clock.monotonic()))
        else:
            self._woken.wait(self._poll_interval)

    def _drop_connection(self) -> None:
        self._is_leader = False
        if self._connection is not None:
            self._connection.close()
            self._connection = None
