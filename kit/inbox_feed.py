"""The thread that fetches for a consumer: ahead where much is waiting, else when the batch in work is done.

It alone touches the subscription, which is not made for several threads: batches go out by a place for one,
finished batches come back by a list whose offsets it commits between two polls.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Sequence
from typing import Final

from kit import clock, fault, log
from kit.events import Delivery, Subscription, TransientEventsError

# Offsets are told to the log this seldom, and on leaving: each time costs it a write. After a crash the events since
# then come once more and are known. Seconds.
_COMMIT_INTERVAL: Final = 0.25

# From one small batch to the next: so many times what it took, and at most so many seconds. A batch has a price whatever
# it holds. Taken as fast as they can be, batches of one to five events fill the processor, and each event waits longer.
_TURN: Final = 2.5
_LONGEST_TURN: Final = 0.03

_POLL_TIMEOUT: Final = 0.5
_FIRST_BACK_OFF: Final = 0.1
_LONGEST_BACK_OFF: Final = 5.0
_STOP_TIMEOUT: Final = 20.0

_logger = log.get(__name__)


class Feed:
    """Batches of a subscription; behind a full one the next is fetched ahead."""

    def __init__(self, factory: Callable[[], Subscription], *, max_events: int, name: str) -> None:
        self._factory = factory
        self._max_events = max_events
        self._name = name
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._changed = threading.Condition()
        self._batch: Sequence[Delivery] = ()
        self._finished: list[Delivery] = []
        self._next_commit = 0.0
        self._next_poll = 0.0
        self._in_work = 0
        self._is_stopping = False
        self._failure: BaseException | None = None
        self._lag = 0

    def start(self) -> None:
        """Begin to fetch."""
        self._thread.start()

    def take(self, *, timeout: float) -> Sequence[Delivery]:
        """The next batch, or nothing after `timeout` seconds. Raises what ended the fetching thread."""
        with self._changed:
            self._changed.wait_for(lambda: self._batch or self._failure, timeout)
            batch, self._batch = self._batch, ()
            self._changed.notify_all()
            if not batch and self._failure is not None:
                raise self._failure
            return batch

    def done(self, batch: Sequence[Delivery]) -> None:
        """Say that the effects of a batch are committed; its offsets follow."""
        with self._changed:
            self._finished.extend(batch)
            self._in_work -= 1
            self._changed.notify_all()

    def lag(self) -> int:
        """Events behind the batch in work, as of the last poll."""
        return self._lag

    def stop(self) -> None:
        """Commit the offsets of what is done, leave the group, end the thread."""
        with self._changed:
            self._is_stopping = True
            self._changed.notify_all()
        self._thread.join(_STOP_TIMEOUT)

    def _run(self) -> None:
        subscription: Subscription | None = None
        back_off = _FIRST_BACK_OFF
        try:
            while not self._is_stopping:
                try:
                    if subscription is None:
                        subscription = self._factory()
                    self._commit(subscription)
                    self._wait(self._next_poll - clock.monotonic())
                    waited = _COMMIT_INTERVAL if self._finished else _POLL_TIMEOUT
                    batch = subscription.poll(max_events=self._max_events, timeout=waited)
                    self._lag = subscription.lag()
                    if batch:
                        self._offer(subscription, batch)
                    back_off = _FIRST_BACK_OFF
                except TransientEventsError as error:
                    pause = round(back_off, 1)
                    _logger.warning("log is away", feed=self._name, error=str(error), seconds=pause)
                    self._wait(random.uniform(back_off / 2, back_off))
                    back_off = min(back_off * 2, _LONGEST_BACK_OFF)
        except BaseException as error:
            _logger.critical("fetching ended", feed=self._name, exc_info=error)
            with self._changed:
                self._failure = error
                self._changed.notify_all()
        finally:
            self._leave(subscription)

    def _offer(self, subscription: Subscription, batch: Sequence[Delivery]) -> None:
        """Put the batch where `take` finds it, once the one before is taken; commit offsets meanwhile.

        Behind a full batch more is waiting: it is fetched while this one is handled. Behind a small one, what comes
        meanwhile gathers in the log instead, and goes when the consumer is free and its turn over.
        """
        self._await(subscription, lambda: not self._batch)
        with self._changed:
            self._batch = batch
            began = clock.monotonic()
            self._in_work += 1
            self._changed.notify_all()
        if len(batch) < self._max_events:
            self._await(subscription, lambda: not self._in_work)
            self._next_poll = began + min(_LONGEST_TURN, _TURN * (clock.monotonic() - began))

    def _await(self, subscription: Subscription, condition: Callable[[], object]) -> None:
        while not self._is_stopping:
            with self._changed:
                if self._changed.wait_for(lambda: condition() or self._is_stopping, _POLL_TIMEOUT):
                    return
            self._commit(subscription)

    def _commit(self, subscription: Subscription, *, now: bool = False) -> None:
        if not now and clock.monotonic() < self._next_commit:
            return
        with self._changed:
            finished, self._finished = self._finished, []
        if not finished:
            return
        self._next_commit = clock.monotonic() + _COMMIT_INTERVAL
        fault.point("inbox.offsets")
        try:
            subscription.commit(finished)
        except TransientEventsError:
            with self._changed:
                self._finished = finished + self._finished
            raise

    def _leave(self, subscription: Subscription | None) -> None:
        if subscription is None:
            return
        try:
            self._commit(subscription, now=True)
        except TransientEventsError as error:
            _logger.warning("offsets stay behind", feed=self._name, error=str(error))
        finally:
            subscription.close()

    def _wait(self, seconds: float) -> None:
        with self._changed:
            if seconds > 0:
                self._changed.wait_for(lambda: self._is_stopping, seconds)
