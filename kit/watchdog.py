"""Finds work that stands still although there is something to do, and does something about it.

A client of the log can hang in ways that look healthy: futures that never resolve, a poll that never returns,
a member without partitions. Whoever uses such a client tells its `Progress` when a call begins and ends and
when work moved; the watchdog asks an independent question (does the log answer, are there events behind?)
before it acts. The first strike asks the owner to build its client anew, the second ends the process with
exit code 70, so that the supervisor starts it again.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from kit import clock, log

CRASHED: Final = 70

_logger = log.get(__name__)


class Progress:
    """How long calls have gone on without moving any work; seconds between calls do not count."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle = 0.0
        self._call_began: float | None = None
        self._wants_rebuild = False

    @contextmanager
    def call(self) -> Iterator[None]:
        """Around each call that waits for the log."""
        with self._lock:
            self._call_began = clock.monotonic()
        try:
            yield
        finally:
            with self._lock:
                if self._call_began is not None:
                    self._idle += clock.monotonic() - self._call_began
                self._call_began = None

    def moved(self) -> None:
        """Work went on: what stood still before is forgiven."""
        with self._lock:
            self._idle = 0.0
            if self._call_began is not None:
                self._call_began = clock.monotonic()

    def seconds(self) -> float:
        """Seconds in calls since work last moved, the present call included."""
        with self._lock:
            present = clock.monotonic() - self._call_began if self._call_began is not None else 0.0
            return self._idle + present

    def ask_for_rebuild(self) -> None:
        """Ask the owner to build its client anew."""
        self._wants_rebuild = True

    def take_rebuild(self) -> bool:
        """For the owner, in its own thread: is a new client asked for? Asked once."""
        wanted, self._wants_rebuild = self._wants_rebuild, False
        return wanted


class _Watched:
    def __init__(self, name: str, progress: Progress, has_work: Callable[[], bool]) -> None:
        self.name = name
        self.progress = progress
        self.has_work = has_work
        self.strikes = 0


class Watchdog:
    """Looks at what it watches every `limit`/6 seconds in a thread that starts with the first one watched."""

    def __init__(self, *, limit: float = 60.0, end: Callable[[int], object] = os._exit) -> None:
        self._limit = limit
        self._end = end
        self._watched: list[_Watched] = []
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def watch(self, name: str, progress: Progress, has_work: Callable[[], bool]) -> Callable[[], None]:
        """Watch `progress`; the function that ends it is returned.

        `has_work` says, asked in the watchdog's thread and independently of the watched client, whether the
        log answers and holds something that should have moved.
        """
        watched = _Watched(name, progress, has_work)
        with self._lock:
            self._watched.append(watched)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)
                self._thread.start()

        def forget() -> None:
            with self._lock:
                if watched in self._watched:
                    self._watched.remove(watched)

        return forget

    def close(self) -> None:
        """Stop looking."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(5)

    def look(self) -> None:
        """One look at everything watched; for the thread and for tests."""
        with self._lock:
            watched = list(self._watched)
        for each in watched:
            stood = each.progress.seconds()
            if stood < self._limit:
                if stood < self._limit / 6:
                    each.strikes = 0
                continue
            if not each.has_work():
                each.progress.moved()
                each.strikes = 0
                continue
            each.strikes += 1
            if each.strikes > 1:
                _logger.critical("no progress, ending the process", watched=each.name, seconds=round(stood))
                self._end(CRASHED)
                return
            _logger.error("no progress, building a new client", watched=each.name, seconds=round(stood))
            each.progress.moved()
            each.progress.ask_for_rebuild()

    def _run(self) -> None:
        while not self._stop.wait(self._limit / 6):
            self.look()
