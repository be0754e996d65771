"""The events log on Apache Kafka. Only this module, its client and its publisher know the client library.

Every setting is written out with its reason; the figures were measured with kafka-python 3.0.12 against
Apache Kafka 4.4.0 under kill -9, restarts and outages. Clients are made in the process and thread that use them.
Topics are never made by accident.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final

from kafka import KafkaAdminClient, KafkaConsumer, OffsetAndMetadata, TopicPartition
from kafka.errors import KafkaConnectionError, KafkaError, KafkaTimeoutError, TopicAlreadyExistsError

from kit import clock, log
from kit.events import (
    PARTITIONS,
    Delivery,
    Publisher,
    Subscription,
    TransientEventsError,
)
from kit.events_kafka_client import CLOSE_TIMEOUT_MS, COMMON, answers, ask, transient
from kit.events_kafka_publisher import KafkaPublisher
from kit.events_record import delivery
from kit.watchdog import Progress, Watchdog

_CONSUMER: Final[Mapping[str, Any]] = {
    **COMMON,
    # Offsets are committed after the effects, never by the clock.
    "enable_auto_commit": False,
    # A group that is new, or whose offsets the log no longer has, begins with the oldest event.
    "auto_offset_reset": "earliest",
    "session_timeout_ms": 10_000,
    "heartbeat_interval_ms": 2_000,
    # Longer than the session, else a join may time out.
    "request_timeout_ms": 12_000,
    "max_poll_records": 1_000,
    # The broker answers as soon as there is anything; without anything it holds the request this long.
    "fetch_min_bytes": 1,
    "fetch_max_wait_ms": 500,
    "allow_auto_create_topics": False,
    "metrics_enabled": False,
}
# With shorter polls a member may never finish joining its group on a busy machine.
_SHORTEST_POLL: Final = 0.5
_COMMIT_TIMEOUT_MS: Final = 5_000
# A member whose polls fail this long gets a new client.
_PATIENCE: Final = 10.0

_logger = log.get(__name__)


class KafkaLog:
    """The log on the brokers at these addresses (host:port)."""

    def __init__(self, servers: Sequence[str], *, progress_limit: float = 60.0) -> None:
        """`progress_limit`: seconds without progress, with work to do, after which a client is built anew."""
        self._servers = list(servers)
        self._watchdog = Watchdog(limit=progress_limit)
        self._lock = threading.Lock()

    def publisher(self) -> Publisher:
        """A publisher for one thread; its client is made at the first publish."""
        return KafkaPublisher(self._servers, self._watchdog)

    def subscribe(self, group: str, topics: Sequence[str], *, from_end: bool = False) -> Subscription:
        """A member of a group, for one thread. Raises TransientEventsError while no broker answers."""
        return _KafkaSubscription(self._servers, self._watchdog, group, topics, from_end=from_end)

    def create_topics(self, topics: Sequence[str]) -> None:
        """Make missing topics, replicated as the brokers' default says; returns when each takes records."""
        with transient():
            admin = KafkaAdminClient(bootstrap_servers=self._servers, request_timeout_ms=15_000, **COMMON)
            try:
                missing = sorted(set(topics) - set(admin.list_topics()))
                for topic in missing:
                    with suppress(TopicAlreadyExistsError):
                        admin.create_topics({topic: {"num_partitions": PARTITIONS}}, wait_for_metadata=True)
            finally:
                admin.close()
            if missing:
                # A broker that is named as the leader of something new refuses records until it knows so itself; this
                # question it refuses just as long, and the client asks again.
                with counting(self._servers, missing) as count:
                    count()

    def close(self) -> None:
        """Stop watching; publishers and subscriptions are closed by who made them."""
        self._watchdog.close()


@contextmanager
def counting(servers: Sequence[str], topics: Sequence[str]) -> Iterator[Callable[[], int]]:
    """A question that may be asked again and again: how many records do these topics hold?"""
    places = [TopicPartition(topic, part) for topic in topics for part in range(PARTITIONS)]
    consumer = KafkaConsumer(bootstrap_servers=list(servers), **_CONSUMER)
    try:
        yield lambda: sum(consumer.end_offsets(places, timeout_ms=_COMMIT_TIMEOUT_MS).values())
    finally:
        consumer.close(autocommit=False, timeout_ms=CLOSE_TIMEOUT_MS)


class _KafkaSubscription:
    """A member of a group; or, from the end, a reader of all partitions that belongs to no group."""

    def __init__(
        self,
        servers: Sequence[str],
        watchdog: Watchdog,
        group: str,
        topics: Sequence[str],
        *,
        from_end: bool,
    ) -> None:
        self._servers = servers
        self._group = group
        self._topics = sorted(topics)
        self._is_private = from_end
        self._consumer: KafkaConsumer | None = None
        self._positions: dict[TopicPartition, int] = {}
        self._assigned: frozenset[TopicPartition] = frozenset()
        self._uncommitted: dict[TopicPartition, OffsetAndMetadata] = {}
        self._is_commit_lost = False
        self._lag = 0
        self._failing_since: float | None = None
        self._progress = Progress()
        with transient():
            self._open()
        self._forget = watchdog.watch(f"member of {group}", self._progress, self._is_behind)

    def poll(self, *, max_events: int, timeout: float) -> Sequence[Delivery]:
        if self._progress.take_rebuild():
            self._drop()
        with self._progress.call(), self._client() as consumer:
            waited = int(max(timeout, _SHORTEST_POLL) * 1_000)
            # What an earlier fetch brought beyond one batch. The client's own poll would send for more as it hands this
            # out; that answer, made of the first few records to come, would be stale when the batch is done, and what
            # came behind them would have waited for two batches.
            records, _ = consumer._fetcher.fetched_records(max_events)
            records = records or consumer.poll(timeout_ms=waited, max_records=max_events)
            found = []
            positions = dict(self._positions)
            for place, batch in records.items():
                found += [delivery(record) for record in batch]
                positions[place] = batch[-1].offset + 1
            self._assigned = frozenset(consumer.assignment())
            if not found:
                self._commit_again(consumer)
                for place in self._assigned - positions.keys():
                    at = consumer.position(place, timeout_ms=_COMMIT_TIMEOUT_MS)
                    if at is not None:
                        positions[place] = at
            self._positions = {place: at for place, at in positions.items() if place in self._assigned}
            marks = ((consumer.highwater(place) or 0) - at for place, at in self._positions.items())
            self._lag = sum(max(0, behind) for behind in marks)
        if found:
            self._progress.moved()
        return found

    def commit(self, deliveries: Sequence[Delivery]) -> None:
        if self._is_private or not deliveries:
            return
        with self._progress.call(), self._client() as consumer:
            assignment = consumer.assignment()
            offsets: dict[TopicPartition, OffsetAndMetadata] = {}
            for delivery in deliveries:
                place = TopicPartition(delivery.event.topic, delivery.partition)
                if place in assignment and (place not in offsets or offsets[place].offset <= delivery.offset):
                    offsets[place] = OffsetAndMetadata(delivery.offset + 1, "", -1)
            if offsets:
                self._uncommitted.update(offsets)
                # Does not wait: the next polls carry it out, and what stays behind is committed on leaving.
                consumer.commit_async(offsets, callback=self._committed)

    def _commit_again(self, consumer: KafkaConsumer) -> None:
        """Offsets that were told in vain are told once more when nothing else is to do; else they wait for more events."""
        if self._is_commit_lost:
            self._is_commit_lost = False
            self._uncommitted = {
                place: offset for place, offset in self._uncommitted.items() if place in self._assigned
            }
            consumer.commit_async(dict(self._uncommitted), callback=self._committed)

    def lag(self) -> int:
        return self._lag

    def close(self) -> None:
        self._forget()
        if self._consumer is not None and self._uncommitted:
            mine = self._consumer.assignment()
            rest = {place: offset for place, offset in self._uncommitted.items() if place in mine}
            try:
                if rest:
                    self._consumer.commit(rest, timeout_ms=_COMMIT_TIMEOUT_MS)
            except KafkaError as error:
                _logger.warning("offsets stay behind", group=self._group, error=str(error))
        self._drop()

    def _committed(self, offsets: Mapping[TopicPartition, OffsetAndMetadata], response: object) -> None:
        if isinstance(response, Exception):
            # The group was dealt out anew, or the broker went. Should the events come again, they are known.
            self._is_commit_lost = True
            _logger.info("offsets not committed", group=self._group, error=str(response))
            return
        for place, offset in offsets.items():
            if self._uncommitted.get(place) == offset:
                del self._uncommitted[place]

    @contextmanager
    def _client(self) -> Iterator[KafkaConsumer]:
        """Run with a client. A lost connection mends itself; other faults, or long ones, get a new client."""
        try:
            with transient():
                if self._consumer is None:
                    self._open()
                yield self._consumer
            self._failing_since = None
        except TransientEventsError as error:
            now = clock.monotonic()
            self._failing_since = self._failing_since or now
            mends_itself = isinstance(error.__cause__, KafkaConnectionError | KafkaTimeoutError)
            if not mends_itself or now - self._failing_since > _PATIENCE:
                self._failing_since = None
                self._drop()
            raise

    def _open(self) -> None:
        group = None if self._is_private else self._group
        consumer = KafkaConsumer(bootstrap_servers=self._servers, group_id=group, **_CONSUMER)
        try:
            if self._is_private:
                places = [TopicPartition(topic, part) for topic in self._topics for part in range(PARTITIONS)]
                consumer.assign(places)
                ends = consumer.end_offsets(places, timeout_ms=_COMMIT_TIMEOUT_MS)
                for place in places:
                    self._positions.setdefault(place, ends[place])
                    consumer.seek(place, self._positions[place])
            else:
                consumer.subscribe(self._topics)
        except BaseException:
            consumer.close(autocommit=False, timeout_ms=CLOSE_TIMEOUT_MS)
            raise
        self._consumer = consumer

    def _drop(self) -> None:
        consumer, self._consumer = self._consumer, None
        self._uncommitted = {}
        if not self._is_private:
            self._positions = {}
        if consumer is not None:
            try:
                consumer.close(autocommit=False, timeout_ms=CLOSE_TIMEOUT_MS)
            except (KafkaError, OSError) as error:
                _logger.warning("a client did not close well", group=self._group, error=str(error))

    def _is_behind(self) -> bool:
        """Asked by the watchdog with a client of its own: are there events that this member owes?

        A member without any partition counts as behind: there are never more members than partitions.
        """
        positions = dict(self._positions)
        assigned = self._assigned
        if not assigned:
            return answers(self._servers)

        def owes(consumer: KafkaConsumer) -> bool:
            ends = consumer.end_offsets(list(assigned), timeout_ms=_COMMIT_TIMEOUT_MS)
            return any(ends[place] > positions.get(place, 0) for place in assigned)

        return ask(self._servers, owes)
