"""The events port in memory, for unit tests and simulations: one process, nothing kept, the same promises."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Sequence
from time import monotonic

from kit.events import (
    PARTITIONS,
    Delivery,
    Event,
    Publisher,
    Subscription,
    TransientEventsError,
    partition_of,
)

_Place = tuple[str, int]  # topic, partition


class MemoryLog:
    """Topics as lists. `fail_next` makes the next publish fail as a log that is away does."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.topics: dict[str, list[list[Event]]] = {}
        self.offsets: dict[tuple[str, str, int], int] = {}
        self.members: dict[str, list[_MemorySubscription]] = defaultdict(list)
        self._failures = 0
        self._written_before_failure = 0

    def publisher(self) -> Publisher:
        """Sends to this log."""
        return _MemoryPublisher(self)

    def subscribe(self, group: str, topics: Sequence[str], *, from_end: bool = False) -> Subscription:
        """Joins a group of this log."""
        return _MemorySubscription(self, group, topics, from_end=from_end)

    def create_topics(self, topics: Sequence[str]) -> None:
        """Make topics; those that exist stay as they are."""
        with self.changed:
            for topic in topics:
                self.topics.setdefault(topic, [[] for _ in range(PARTITIONS)])

    def close(self) -> None:
        """Nothing to let go of."""

    def fail_next(self, times: int = 1, *, after_writing: int = 0) -> None:
        """Let the next publishes raise TransientEventsError, the first `after_writing` events written."""
        self._failures, self._written_before_failure = times, after_writing

    def write(self, events: Sequence[Event]) -> None:
        """Append events; all become visible at once."""
        with self.changed:
            missing = {event.topic for event in events} - self.topics.keys()
            if missing:
                raise TransientEventsError(f"no topic {', '.join(sorted(missing))}")
            failing = self._failures > 0
            for event in events[: self._written_before_failure] if failing else events:
                self.topics[event.topic][partition_of(event.key)].append(event)
            self.changed.notify_all()
            if failing:
                self._failures -= 1
                raise TransientEventsError("the log did not acknowledge")

    def share(self, group: str) -> None:
        """Deal a group's partitions out anew among its members, as after a join or a leave."""
        members = self.members[group]
        places = sorted({place for member in members for place in member.places()})
        for rank, member in enumerate(members):
            member.assign(places[rank :: len(members)])
        self.changed.notify_all()


class _MemoryPublisher:
    def __init__(self, log: MemoryLog) -> None:
        self._log = log

    def publish(self, events: Sequence[Event]) -> None:
        self._log.write(events)

    def close(self) -> None:
        pass


class _MemorySubscription:
    def __init__(self, log: MemoryLog, group: str, topics: Sequence[str], *, from_end: bool) -> None:
        self._log = log
        self._group = group
        self._topics = list(topics)
        self._is_private = from_end
        self._positions: dict[_Place, int] = {}
        with log.changed:
            if from_end:
                self._positions = {
                    (topic, part): len(log.topics[topic][part]) for topic, part in self.places()
                }
            else:
                log.members[group].append(self)
                log.share(group)

    def places(self) -> list[_Place]:
        """All partitions of the topics."""
        return [(topic, part) for topic in self._topics for part in range(PARTITIONS)]

    def assign(self, places: Sequence[_Place]) -> None:
        """Take these partitions; those held before go on where they were, new ones where committed."""
        committed = {place: self._log.offsets.get((self._group, *place), 0) for place in places}
        self._positions = {place: self._positions.get(place, offset) for place, offset in committed.items()}

    def poll(self, *, max_events: int, timeout: float) -> Sequence[Delivery]:
        deadline = monotonic() + timeout
        with self._log.changed:
            while True:
                found = self._read(max_events)
                remaining = deadline - monotonic()
                if found or remaining <= 0:
                    return found
                self._log.changed.wait(remaining)

    def _read(self, max_events: int) -> list[Delivery]:
        found: list[Delivery] = []
        for (topic, part), position in list(self._positions.items()):
            events = self._log.topics[topic][part][position : position + max_events - len(found)]
            found += [Delivery(event, part, position + index) for index, event in enumerate(events)]
            self._positions[topic, part] = position + len(events)
        return found

    def commit(self, deliveries: Sequence[Delivery]) -> None:
        if self._is_private:
            return
        with self._log.changed:
            for delivery in deliveries:
                place = (delivery.event.topic, delivery.partition)
                if place in self._positions:
                    name = (self._group, *place)
                    self._log.offsets[name] = max(self._log.offsets.get(name, 0), delivery.offset + 1)

    def lag(self) -> int:
        with self._log.changed:
            return sum(
                len(self._log.topics[topic][part]) - position
                for (topic, part), position in self._positions.items()
            )

    def close(self) -> None:
        with self._log.changed:
            if not self._is_private and self in self._log.members[self._group]:
                self._log.members[self._group].remove(self)
                self._log.share(self._group)
            self._positions = {}
