"""Publishing to Apache Kafka: a page of events becomes one batch a partition and one request a broker.

The client library's own producer keeps a promise for every record and hands batches to a thread of its own: 22 to 30
microseconds a record and 0.9 milliseconds for a page of five. The relay waits for whole pages and needs neither. Here
the library's parts are put together without them, in the thread that publishes: its record batches, its protocol and
its connections; 8 microseconds and 0.5 milliseconds (docs/adr/0016).

A failure does not mean "not written": the outbox sends the page again and consumers drop what they know. One batch of a
partition is acknowledged before the next is sent, so order holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from kafka import TopicPartition
from kafka.errors import KafkaError, KafkaTimeoutError, LeaderNotAvailableError, for_code
from kafka.net.compat import KafkaNetClient
from kafka.protocol.producer import ProduceRequest
from kafka.record.default_records import DefaultRecordBatchBuilder

from kit import clock, fault, log
from kit.events import PARTITIONS, Event, TransientEventsError, partition_of
from kit.events_kafka_client import COMMON, answers, transient
from kit.events_record import headers
from kit.watchdog import Progress, Watchdog

# Acknowledged by every in-sync replica.
_ACKS: Final = -1
# How long the leader waits for the others, and how long we wait for its answer.
_REPLICAS_TIMEOUT_MS: Final = 5_000
_ANSWER_TIMEOUT_MS: Final = 10_000
# How long a topic's leaders may stay unknown.
_METADATA_TIMEOUT: Final = 10.0
_METADATA_PAUSE_MS: Final = 50
# A broker refuses batches over 1 MB; a single record may be larger than this and then stands alone.
_BATCH_BYTES: Final = 512_000
_RECORD_FORMAT: Final = 2
_Topic: Final = ProduceRequest.TopicProduceData
# What goes to a partition, and how many records it holds.
_Batches = dict[TopicPartition, tuple[DefaultRecordBatchBuilder, int]]

_logger = log.get(__name__)


class KafkaPublisher:
    """A publisher for one thread; its client is made at the first publish, and anew after a failure."""

    def __init__(self, servers: Sequence[str], watchdog: Watchdog) -> None:
        self._servers = servers
        self._client: KafkaNetClient | None = None
        self._progress = Progress()
        self._forget = watchdog.watch("publisher", self._progress, lambda: answers(servers))

    def publish(self, events: Sequence[Event]) -> None:
        """Send all in order and wait for every acknowledgement. Raises TransientEventsError if any may be missing."""
        if not events:
            return
        if self._progress.take_rebuild():
            self._drop()
        try:
            with self._progress.call(), transient():
                client = self._connected()
                leaders = _leaders(client, {event.topic for event in events})
                for batches in _rounds(events):
                    _produce(client, leaders, batches)
        except TransientEventsError:
            self._drop()
            raise
        self._progress.moved()

    def close(self) -> None:
        """Let go of the connections."""
        self._forget()
        self._drop()

    def _connected(self) -> KafkaNetClient:
        if self._client is None:
            client = KafkaNetClient(
                bootstrap_servers=self._servers, request_timeout_ms=_ANSWER_TIMEOUT_MS, **COMMON
            )
            # The client asks with each look at the metadata whether topics may be made by the way.
            client.cluster.config["allow_auto_create_topics"] = False
            self._client = client
            client.check_version(timeout_ms=COMMON["bootstrap_timeout_ms"])
        else:
            # Hears what came since the last page: a closed connection, other leaders.
            self._client.poll(timeout_ms=0)
        return self._client

    def _drop(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            try:
                client.close()
            except (KafkaError, OSError) as error:
                _logger.warning("a client did not close well", error=str(error))


def _leaders(client: KafkaNetClient, topics: set[str]) -> dict[TopicPartition, int]:
    """Who takes records of these topics' partitions. Raises LeaderNotAvailableError if one stays unknown."""
    cluster = client.cluster
    places = [TopicPartition(topic, part) for topic in topics for part in range(PARTITIONS)]
    deadline = clock.monotonic() + _METADATA_TIMEOUT
    while True:
        leaders = {place: cluster.leader_for_partition(place) for place in places}
        unknown = [place for place, leader in leaders.items() if leader is None or leader < 0]
        if not unknown:
            return leaders
        if clock.monotonic() > deadline:
            raise LeaderNotAvailableError(f"no leader for {unknown[0].topic}/{unknown[0].partition}")
        for topic in topics:
            cluster.add_topic(topic)
        client.poll(timeout_ms=_METADATA_PAUSE_MS, future=cluster.request_update())


def _rounds(events: Sequence[Event]) -> Iterator[_Batches]:
    """The events in batches, one a partition at a time: a request may hold no second one of the same partition."""
    batches: _Batches = {}
    for event in events:
        place = TopicPartition(event.topic, partition_of(event.key))
        # Without a time of ours the record gets the machine's, by which the broker forgets.
        fields = (None, event.key.encode(), event.payload, headers(event))
        batch, count = batches.get(place) or (_batch(), 0)
        if batch.append(count, *fields) is None:
            # Full. What the other partitions hold goes with it, which keeps this simple and is rare.
            yield batches
            batches = {}
            batch, count = _batch(), 0
            batch.append(count, *fields)
        batches[place] = (batch, count + 1)
    yield batches


def _batch() -> DefaultRecordBatchBuilder:
    return DefaultRecordBatchBuilder(
        magic=_RECORD_FORMAT,
        compression_type=DefaultRecordBatchBuilder.CODEC_LZ4,
        is_transactional=False,
        producer_id=-1,
        producer_epoch=-1,
        base_sequence=-1,
        batch_size=_BATCH_BYTES,
    )


def _produce(client: KafkaNetClient, leaders: Mapping[TopicPartition, int], batches: _Batches) -> None:
    """Send one batch a partition and wait until all are acknowledged. Raises KafkaError if one may be missing."""
    requests: dict[int, dict[str, list[Any]]] = {}
    for place, (batch, _) in batches.items():
        part = _Topic.PartitionProduceData(index=place.partition, records=batch.build())
        requests.setdefault(leaders[place], {}).setdefault(place.topic, []).append(part)
    answers = []
    for node, topics in requests.items():
        client.await_ready(node, timeout_ms=_ANSWER_TIMEOUT_MS)
        request = ProduceRequest(
            transactional_id=None,
            acks=_ACKS,
            timeout_ms=_REPLICAS_TIMEOUT_MS,
            topic_data=[_Topic(name=topic, partition_data=parts) for topic, parts in topics.items()],
            min_version=3,
            max_version=9,
        )
        answers.append(client.send(node, request))
    fault.point("events_kafka.sent")
    for answer in answers:
        if not answer.is_done:
            client.poll(timeout_ms=_ANSWER_TIMEOUT_MS, future=answer)
        if not answer.is_done:
            raise KafkaTimeoutError(f"no answer after {_ANSWER_TIMEOUT_MS} ms")
        if answer.failed():
            raise answer.exception
        for topic in answer.value.responses:
            for part in topic.partition_responses:
                if part.error_code:
                    raise for_code(part.error_code)(f"{topic.name}/{part.index}: {part.error_message or ''}")
