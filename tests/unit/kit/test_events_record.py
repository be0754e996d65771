"""An event survives the way into a Kafka record and back; what is no event is told apart with its reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.events import Event, partition_of
from kit.events_record import delivery, headers
from tests.support.events import TOPIC, make_event


@dataclass
class FakeRecord:
    """What the client library hands out."""

    key: bytes | None = b"k"
    value: bytes | None = b""
    headers: Sequence[tuple[str, bytes]] = ()
    topic: str = TOPIC
    partition: int = 1
    offset: int = 5
    timestamp: int = field(default=1_760_000_000_000)


def record_of(event: Event) -> FakeRecord:
    return FakeRecord(event.key.encode(), event.payload, headers(event), event.topic)


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(
    key=texts, ordering_id=texts, kind=texts, version=st.integers(0, 2**62), payload=st.binary(max_size=50)
)
def test_there_and_back(key: str, ordering_id: str, kind: str, version: int, payload: bytes) -> None:
    """Every field comes back as it was."""
    event = make_event(ordering_id, version, key=key, event_type=kind, payload=payload, traceparent="00-ab")
    found = delivery(record_of(event))
    assert (found.event, found.partition, found.offset, found.problem) == (event, 1, 5, "")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("event-id", None),
        ("event-id", b"no uuid"),
        ("ordering-id", None),
        ("ordering-id", b"\xff"),
        ("event-type", None),
        ("version", b"two"),
        ("occur-time", b"yesterday"),
        ("occur-time", b"2026-07-01T10:00:00"),
    ],
)
def test_a_broken_header_is_told(name: str, value: bytes | None) -> None:
    """The record is handed on with its reason, for the dead letters."""
    record = record_of(make_event("a", 1))
    kept = [(each, said) for each, said in record.headers if each != name]
    record.headers = kept if value is None else [*kept, (name, value)]
    found = delivery(record)
    assert found.problem
    assert found.event.payload == b"a:1"
    assert found.event.topic == TOPIC


def test_a_foreign_record_has_an_id_of_its_place() -> None:
    """The same record gets the same id again, another one another; a log that began anew does not collide."""
    foreign = FakeRecord(key=None, value=b"\xff\x00")
    first = delivery(foreign)
    assert first.problem
    assert delivery(foreign).event.event_id == first.event.event_id
    for other in (replace(foreign, offset=6), replace(foreign, timestamp=foreign.timestamp + 1)):
        assert delivery(other).event.event_id != first.event.event_id


def test_partitions_are_fixed_for_ever() -> None:
    """These values must never change: events of a key would lose their order."""
    keys = ["", "a", "pay_01h455vb4pex5vsknk084sn02q", "Đồng Xoài"]
    assert [partition_of(key) for key in keys] == [0, 3, 1, 1]
