"""The events port: what a service may ask of the log that carries facts between services.

Three adapters keep this promise and pass one contract suite: `kit.testing.events_memory` (unit tests),
`kit.events_postgres` (topics as tables) and `kit.events_kafka`. The promise: order per key; at least once; a
crash between poll and commit delivers again; consumers of one group share the partitions; nothing becomes
visible out of order.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

# Partition counts are fixed for ever: another count would send a key elsewhere and break its order.
PARTITIONS: Final = 4


@dataclass(frozen=True, slots=True)
class Event:
    """A fact on its way: `payload` is protobuf; `ordering_id` is what waits behind a dead letter of its own kind."""

    event_id: UUID
    topic: str
    key: str
    ordering_id: str
    event_type: str
    version: int
    occur_time: datetime
    payload: bytes
    traceparent: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event as a consumer gets it, with its place in the log.

    `problem` says what is wrong with a record that is no event of ours (a header missing or unreadable); its
    event then holds what could be read, under an id made from its place.
    """

    event: Event
    partition: int
    offset: int
    problem: str = ""


class Publisher(Protocol):
    """Sends events; returns when each is in the log for good."""

    def publish(self, events: Sequence[Event]) -> None:
        """Send all in order and wait for every acknowledgement. Raises TransientEventsError if any may be missing."""

    def close(self) -> None:
        """Let go of connections."""


class Subscription(Protocol):
    """One member of a consumer group."""

    def poll(self, *, max_events: int, timeout: float) -> Sequence[Delivery]:
        """The next events in order per partition; empty after `timeout` seconds without any."""

    def commit(self, deliveries: Sequence[Delivery]) -> None:
        """Remember that these, and all before them in their partitions, are done."""

    def lag(self) -> int:
        """How many events of this member's partitions `poll` has not given out yet, as of the last look."""

    def close(self) -> None:
        """Leave the group."""


class EventLog(Protocol):
    """A log of topics, on Kafka or in PostgreSQL."""

    def publisher(self) -> Publisher: ...

    def subscribe(self, group: str, topics: Sequence[str], *, from_end: bool = False) -> Subscription:
        """Join a group, which goes on where it last committed, at first from the oldest event.

        `from_end` is for live screens: every partition from its present end, shared with nobody, nothing
        remembered.
        """

    def create_topics(self, topics: Sequence[str]) -> None:
        """Make sure that the topics exist, each with PARTITIONS partitions."""

    def close(self) -> None: ...


class TransientEventsError(Exception):
    """The log is away or did not acknowledge in time; the same call may succeed later."""


def partition_of(key: str) -> int:
    """The partition of a key: one function for all producers, fixed for ever."""
    return zlib.crc32(key.encode()) % PARTITIONS
