"""The thread that fetches ahead for a consumer: one batch waits while another is handled.

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

# After a batch that was not full the next poll waits in proportion to it, so that the next batch can gather:
# tiny batches cost as much as large ones. Seconds.
PAUSE_PER_EVENT: Final = 0.0005
LONGEST_PAUSE: Final = 0.15

_POLL_TIMEOUT: Final = 0.5
_FIRST_BACK_OFF: Final = 0.1
_LONGEST_BACK_OFF: Final = 5.0
_STOP_TIMEOUT: Final = 20.0

_logger = log.get(__name__)


class Feed:
    """Batches of a subscription, fetched one ahead."""

    def __init__(self, factory: Callable[[], Subscription], *, max_events: int, name: str) -> None:
        self._factory = factory
        self._max_events = max_events
        self._name = name
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._changed = threading.Condition()
        self._batch: Sequence[Delivery] = ()
        self._finished: list[Delivery] = []
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
                    batch = subscription.poll(max_events=self._max_events, timeout=_POLL_TIMEOUT)
                    began = clock.monotonic()
                    self._lag = subscription.lag()
                    if batch:
                        self._offer(subscription, batch, began)
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

    def _offer(self, subscription: Subscription, batch: Sequence[Delivery], began: float) -> None:
        """Put the batch where `take` finds it, once the one before is taken; commit offsets meanwhile."""
        while not self._is_stopping:
            with self._changed:
                if not self._batch:
                    self._batch = batch
                    self._changed.notify_all()
                    break
                self._changed.wait(_POLL_TIMEOUT)
            self._commit(subscription)
        if len(batch) < self._max_events:
            self._wait(began + min(LONGEST_PAUSE, PAUSE_PER_EVENT * len(batch)) - clock.monotonic())

    def _commit(self, subscription: Subscription) -> None:
        with self._changed:
            finished, self._finished = self._finished, []
        if not finished:
            return
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
            self._commit(subscription)
        except TransientEventsError as error:
            _logger.warning("offsets stay behind", feed=self._name, error=str(error))
        finally:
            subscription.close()

    def _wait(self, seconds: float) -> None:
        with self._changed:
            if seconds > 0:
                self._changed.wait_for(lambda: self._is_stopping, seconds)
