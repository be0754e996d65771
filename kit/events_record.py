"""An event as a Kafka record: the payload is its value, everything else stands in headers as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID, uuid5

from kit.events import Delivery, Event
from kit.ids import EVENT_NAMESPACE


class Record(Protocol):
    """What is read of a client library's record; `timestamp` is in milliseconds since 1970."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]


def headers(event: Event) -> list[tuple[str, bytes]]:
    """What stands beside the payload; the key is the record's own."""
    found = [
        ("event-id", str(event.event_id).encode()),
        ("event-type", event.event_type.encode()),
        ("ordering-id", event.ordering_id.encode()),
        ("version", b"%d" % event.version),
        ("occur-time", event.occur_time.isoformat().encode()),
    ]
    if event.traceparent:
        found.append(("traceparent", event.traceparent.encode()))
    return found


def delivery(record: Record) -> Delivery:
    """The event in a record, or, with `problem` saying why, what could be read of it."""
    said: dict[str, bytes] = dict(record.headers)
    payload = record.value or b""
    try:
        event = Event(
            event_id=UUID(said["event-id"].decode()),
            topic=record.topic,
            key=(record.key or b"").decode(),
            ordering_id=said["ordering-id"].decode(),
            event_type=said["event-type"].decode(),
            version=int(said["version"]),
            occur_time=datetime.fromisoformat(said["occur-time"].decode()),
            payload=payload,
            traceparent=said.get("traceparent", b"").decode(),
        )
        if event.occur_time.tzinfo is None:
            raise ValueError("occur-time has no zone")
    except (KeyError, ValueError) as error:
        return _unreadable(record, said, payload, f"{type(error).__name__}: {error}")
    return Delivery(event, record.partition, record.offset)


def _unreadable(record: Record, said: Mapping[str, bytes], payload: bytes, problem: str) -> Delivery:
    """A record that is no event of ours, under an id made from its place, for the dead letters."""
    place = f"{record.topic}/{record.partition}/{record.offset}/{record.timestamp}"
    event = Event(
        event_id=uuid5(EVENT_NAMESPACE, place),
        topic=record.topic,
        key=(record.key or b"").decode(errors="replace"),
        ordering_id=said.get("ordering-id", b"").decode(errors="replace"),
        event_type=said.get("event-type", b"").decode(errors="replace"),
        version=0,
        occur_time=datetime.fromtimestamp(max(0, record.timestamp) / 1_000, UTC),
        payload=payload,
    )
    return Delivery(event, record.partition, record.offset, problem)
