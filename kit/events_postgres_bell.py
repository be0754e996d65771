"""The bell of topics that are PostgreSQL tables: it wakes waiting readers when something was published.

Publishers of the same process ring it directly, after their commit. Those of other processes are heard by NOTIFY on one
connection, however many readers a process has: each listening session costs the server time at every commit that
notifies. A bell that was not heard costs nothing but the readers' next look.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, LiteralString

import psycopg

from kit import ids, log

Connection = psycopg.Connection[tuple[Any, ...]]

_LISTEN_SQL: Final[LiteralString] = "LISTEN xoai_log"
_PATIENCE: Final = 0.25  # seconds until a stop is noticed
_LONGEST_BACK_OFF: Final = 5.0

_logger = log.get(__name__)


class Ear:
    """What one reader hears of its topics. `wait` before each look; set again by every ring since."""

    def __init__(self, topics: Sequence[str]) -> None:
        self.topics = frozenset(topics)
        self._rung = threading.Event()

    def ring(self) -> None:
        """Say that there is something to read."""
        self._rung.set()

    def forget(self) -> None:
        """What was rung so far is answered by the look that follows."""
        self._rung.clear()

    def wait(self, timeout: float) -> None:
        """Return when it was rung since `forget`, or after `timeout` seconds."""
        self._rung.wait(timeout)


class Bell:
    """One for each log of a process. It listens while anybody has an ear."""

    def __init__(self, connect: Callable[[], Connection]) -> None:
        self._connect = connect
        self._id = ids.new().hex
        self._lock = threading.Lock()
        self._ears: set[Ear] = set()
        self._stop: threading.Event | None = None

    def ear(self, topics: Sequence[str]) -> Ear:
        """A new ear; to be given back by `leave`."""
        ear = Ear(topics)
        with self._lock:
            self._ears.add(ear)
            if self._stop is None:
                self._stop = threading.Event()
                threading.Thread(target=self._listen, args=(self._stop,), name="bell", daemon=True).start()
        return ear

    def leave(self, ear: Ear) -> None:
        """Forget an ear; the last one ends the listening."""
        with self._lock:
            self._ears.discard(ear)
            if not self._ears and self._stop is not None:
                self._stop.set()
                self._stop = None

    def message(self, topics: Iterable[str]) -> str:
        """What NOTIFY tells other processes on the channel `xoai_log`: whose message it is, and the topics."""
        return " ".join([self._id, *sorted(topics)])

    def ring(self, topics: Iterable[str]) -> None:
        """Wake the readers of these topics in this process."""
        rung = set(topics)
        with self._lock:
            ears = [ear for ear in self._ears if ear.topics & rung]
        for ear in ears:
            ear.ring()

    def _listen(self, stop: threading.Event) -> None:
        back_off = 0.1
        while not stop.is_set():
            try:
                with self._connect() as connection:
                    connection.execute(_LISTEN_SQL)
                    back_off = 0.1
                    while not stop.is_set():
                        for heard in connection.notifies(timeout=_PATIENCE):
                            sender, *topics = heard.payload.split()
                            if sender != self._id:
                                self.ring(topics)
            except psycopg.Error as error:
                # Readers look by themselves meanwhile.
                _logger.warning("bell is not heard", error=str(error).split("\n", 1)[0])
                stop.wait(random.uniform(back_off / 2, back_off))
                back_off = min(back_off * 2, _LONGEST_BACK_OFF)
