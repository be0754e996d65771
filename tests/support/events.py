"""Events for tests of the chassis: `make_event(ordering_id="a", version=3)`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime

from kit import ids
from kit.events import Delivery, Event

TOPIC = "test.facts"


def make_event(ordering_id: str = "a", version: int = 1, **overrides: object) -> Event:
    """The fact that something reached a version; the key is the ordering id unless overridden."""
    event_type = str(overrides.get("event_type", "test.Fact"))
    fields: dict[str, object] = {
        "event_id": ids.event_id(ordering_id, version, event_type),
        "topic": TOPIC,
        "key": ordering_id,
        "ordering_id": ordering_id,
        "event_type": event_type,
        "version": version,
        "occur_time": datetime(2026, 7, 1, 8, 30, 15, 123456, tzinfo=UTC),
        "payload": f"{ordering_id}:{version}".encode(),
        "traceparent": "",
    }
    return Event(**(fields | overrides))  # type: ignore[arg-type]


def versions(deliveries: Iterable[Delivery]) -> dict[str, list[int]]:
    """The versions seen, in order, by ordering id; repeats included."""
    seen: dict[str, list[int]] = defaultdict(list)
    for delivery in deliveries:
        seen[delivery.event.ordering_id].append(delivery.event.version)
    return dict(seen)


def without_repeats(numbers: Iterable[int]) -> list[int]:
    """What a consumer with an inbox sees."""
    return list(dict.fromkeys(numbers))
