"""The inbox: a consumer that handles each event once in effect, in order, and parks what it cannot handle.

One transaction per batch of the log: claim the events (`ON CONFLICT DO NOTHING`), handle the new ones,
commit; then the log is told. A batch that fails is halved until the bad event stands alone; that one is tried
three times and goes to the dead letters with its cause, later events of its ordering id join it, all others
go on. When the database or the log is away, nothing is anybody's fault: the consumer backs off and goes on
with the same batch. A second thread fetches, ahead where much is waiting (`kit.inbox_feed`).
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final, Protocol

import psycopg
from google.protobuf.message import DecodeError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from kit import clock, fault, log
from kit.db import by_keys, cursor, is_transient, sqlstate
from kit.errors import Unavailable
from kit.events import Delivery, Event, Subscription, TransientEventsError
from kit.inbox_feed import Feed
from kit.inbox_tables import (
    DeadLetter,
    Reason,
    claim,
    claim_by_facts,
    close_letter,
    inbox_tables,
    open_letters,
    park,
    trim,
)

__all__ = [
    "BatchHandler",
    "Consumer",
    "DeadLetter",
    "EventHandler",
    "Handled",
    "Replay",
    "close_letter",
    "inbox_tables",
    "open_letters",
    "trim",
]

EventHandler = Callable[[Session, Event], None]
BatchHandler = Callable[[Session, Sequence[Event]], None]

_TRIES: Final = 3
_FIRST_BACK_OFF: Final = 0.1  # seconds
_LONGEST_BACK_OFF: Final = 5.0
# Serialization failure, deadlock, lock time-out, statement time-out: a smaller batch, or a later try, may
# pass.
_CONTENTION: Final = ("40001", "40P01", "55P03", "57014")

_logger = log.get(__name__)


class Transactions(Protocol):
    """What a consumer needs of `kit.db.Database`."""

    def begin(self) -> AbstractContextManager[Session]:
        """One transaction as the worker role; commits on leaving."""


@dataclass(frozen=True, slots=True)
class Handled:
    """What became of one batch."""

    events: int
    repeats: int
    dead_letters: int
    unknown: int
    seconds: float
    lag: int


@dataclass(frozen=True, slots=True)
class Replay:
    """What a replay did: letters handled, letters still open, and why it stopped (empty if it did not)."""

    done: int
    left: int
    error: str = ""


class _Away(Exception):
    """The database is away or busy: the same work may pass later."""


@dataclass(slots=True)
class _Counts:
    events: int = 0
    repeats: int = 0
    dead_letters: int = 0
    unknown: int = 0


class Consumer:
    """One consumer of a service. A type has a handler for each event, or one for whole batches; others are
    skipped.

    Batch handlers get runs of events in order; types that share one function come in one call.
    """

    def __init__(
        self,
        name: str,
        subscription_factory: Callable[[], Subscription],
        database: Transactions,
        handlers: Mapping[str, EventHandler] | None = None,
        *,
        batch_handlers: Mapping[str, BatchHandler] | None = None,
        max_events: int = 1_000,
        knows_repeats: bool = False,
        after_commit: Callable[[], None] | None = None,
        on_batch: Callable[[Handled], None] | None = None,
    ) -> None:
        """`name` stands in inbox and dead letters: keep it for ever. `after_commit` may wake a relay.

        `knows_repeats`: the handlers drop a repeated event by the unique key of its fact, for ever and under the
        locks that order it, so the inbox need not remember each event as well.
        """
        self.name = name
        self._subscription_factory = subscription_factory
        self._database = database
        self._handlers = dict(handlers or {})
        self._batch_handlers = dict(batch_handlers or {})
        both = self._handlers.keys() & self._batch_handlers.keys()
        if both:
            raise ValueError(f"{name}: two handlers for {sorted(both)}")
        self._max_events = max_events
        self._claim = claim_by_facts if knows_repeats else claim
        self._after_commit = after_commit
        self._on_batch = on_batch
        self._counts = _Counts()

    def run(self, stop: threading.Event) -> None:
        """Consume until `stop` is set; the batch in work is finished, what was fetched ahead given back."""
        feed = Feed(self._subscription_factory, max_events=self._max_events, name=f"{self.name}-fetch")
        feed.start()
        try:
            while not stop.is_set():
                batch = feed.take(timeout=0.2)
                if batch and self._handle_until_done(batch, stop, feed.lag):
                    feed.done(batch)
        finally:
            feed.stop()

    def _handle_until_done(
        self, batch: Sequence[Delivery], stop: threading.Event, lag: Callable[[], int]
    ) -> bool:
        back_off = _FIRST_BACK_OFF
        while True:
            try:
                self.handle(batch, lag=lag())
                return True
            except _Away as error:
                _logger.warning(
                    "consumer waits",
                    consumer=self.name,
                    error=str(error.__cause__),
                    seconds=round(back_off, 1),
                )
            if stop.wait(random.uniform(back_off / 2, back_off)):
                return False
            back_off = min(back_off * 2, _LONGEST_BACK_OFF)

    def handle(self, batch: Sequence[Delivery], *, lag: int = 0) -> Handled:
        """Handle one batch of the log now; for `run` and for tests that drive consumers themselves."""
        began = clock.monotonic()
        self._counts = counts = _Counts()
        self._attempt(batch, tries=1)
        handled = Handled(
            counts.events, counts.repeats, counts.dead_letters, counts.unknown, clock.monotonic() - began, lag
        )
        if self._on_batch is not None:
            self._on_batch(handled)
        return handled

    def replay(self, ordering_id: str) -> Replay:
        """Handle the open dead letters of an ordering id again, in order, one by one, up to a failure."""
        done = 0
        while True:
            letter: DeadLetter | None = None
            try:
                with self._database.begin() as session:
                    by_keys(cursor(session).connection)
                    found = open_letters(session, consumer=self.name, ordering_id=ordering_id, lock=True)
                    if not found:
                        return Replay(done, 0)
                    letter = found[0]
                    self._handle_run(session, letter.event.event_type, [letter.event])
                    close_letter(session, letter.id, "replayed")
            except Exception as error:
                if letter is None or is_transient(error):
                    raise
                _logger.exception("replay failed", consumer=self.name, event_id=str(letter.event.event_id))
                return Replay(done, len(found), _cause(error))
            done += 1
            self._committed()

    def _attempt(self, deliveries: Sequence[Delivery], tries: int) -> None:
        """One transaction for these; on failure halves, then again, then the dead letters. Raises _Away."""
        counts = _Counts()
        try:
            with self._database.begin() as session:
                self._apply(session, deliveries, counts)
                fault.point("inbox.handled")
        except Exception as error:
            crowded = isinstance(error, DBAPIError | psycopg.Error) and sqlstate(error) in _CONTENTION
            if not crowded and (is_transient(error) or isinstance(error, TransientEventsError | Unavailable)):
                raise _Away from error
            if len(deliveries) > 1:
                middle = len(deliveries) // 2
                self._attempt(deliveries[:middle], tries=1)
                self._attempt(deliveries[middle:], tries=1)
                return
            if crowded:
                raise _Away from error
            if tries < _TRIES and not isinstance(error, DecodeError):
                self._attempt(deliveries, tries + 1)
                return
            self._bury(deliveries[0], error)
            return
        fault.point("inbox.committed")
        self._add(counts)
        self._committed()

    def _bury(self, delivery: Delivery, error: Exception) -> None:
        reason: Reason = "UNDECODABLE" if isinstance(error, DecodeError) else "FAILED"
        event = delivery.event
        _logger.error(
            "dead letter",
            consumer=self.name,
            event_type=event.event_type,
            event_id=str(event.event_id),
            ordering_id=event.ordering_id,
            exc_info=error,
        )
        try:
            with self._database.begin() as session:
                if not claim(session, self.name, [delivery]).repeats:
                    park(session, self.name, [(delivery, reason, _cause(error))])
        except Exception as second:
            raise _Away from second
        self._counts.dead_letters += 1

    def _apply(self, session: Session, deliveries: Sequence[Delivery], counts: _Counts) -> None:
        """Claim, park what is blocked or unreadable, hand on the rest in order."""
        known = [each for each in deliveries if each.problem or self._handles(each.event.event_type)]
        counts.unknown += len(deliveries) - len(known)
        # Partitions of several topics come mixed; topics promise each other no order, and longer runs are
        # cheaper.
        known.sort(key=lambda each: each.event.topic)
        with cursor(session).connection.pipeline():
            by_keys(cursor(session).connection)
            claimed = self._claim(session, self.name, known)
        fault.point("inbox.claimed")
        fresh: list[Event] = []
        letters: list[tuple[Delivery, Reason, str]] = []
        stopped: set[tuple[str, str]] = set()
        for position, delivery in enumerate(known):
            event = delivery.event
            place = (event.topic, event.ordering_id)
            if position in claimed.repeats:
                continue
            if position in claimed.blocked or place in stopped:
                letters.append((delivery, "BLOCKED", "waits behind an earlier dead letter"))
            elif delivery.problem:
                letters.append((delivery, "UNDECODABLE", delivery.problem))
                if event.ordering_id:
                    stopped.add(place)
            else:
                fresh.append(event)
        if letters:
            # However little the inbox remembers, it remembers what was parked.
            claim(session, self.name, [delivery for delivery, _, _ in letters])
            park(session, self.name, letters)
        self._hand_on(session, fresh)
        counts.events += len(fresh)
        counts.repeats += len(claimed.repeats)
        counts.dead_letters += len(letters)

    def _hand_on(self, session: Session, events: Sequence[Event]) -> None:
        start = 0
        while start < len(events):
            kind = events[start].event_type
            handler = self._batch_handlers.get(kind)
            end = start + 1
            while (
                handler is not None
                and end < len(events)
                and self._batch_handlers.get(events[end].event_type) is handler
            ):
                end += 1
            self._handle_run(session, kind, events[start:end])
            start = end

    def _handle_run(self, session: Session, kind: str, events: Sequence[Event]) -> None:
        if kind in self._batch_handlers:
            self._batch_handlers[kind](session, events)
            return
        handler = self._handlers[kind]
        for event in events:
            handler(session, event)

    def _handles(self, event_type: str) -> bool:
        return event_type in self._handlers or event_type in self._batch_handlers

    def _add(self, counts: _Counts) -> None:
        self._counts.events += counts.events
        self._counts.repeats += counts.repeats
        self._counts.dead_letters += counts.dead_letters
        self._counts.unknown += counts.unknown

    def _committed(self) -> None:
        if self._after_commit is not None:
            self._after_commit()


def _cause(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"
