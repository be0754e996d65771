"""Reading topics that are PostgreSQL tables: one member of a group, and how members share partitions.

A member holds a session advisory lock per partition; PostgreSQL frees the locks of a member that dies. How
many partitions it may hold follows from how many members hold the group's shared lock. It gives a partition
up only when what it read of it is committed, so that the next one begins behind it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, LiteralString

import psycopg

from kit import clock
from kit.arrays import text_array
from kit.events import Delivery, Event, TransientEventsError
from kit.events_postgres_bell import Bell

Connection = psycopg.Connection[tuple[Any, ...]]
Place = tuple[str, int]  # topic, partition

_LOOK_AGAIN: Final = (
    0.5  # seconds between looks at the log without a notification, and between looks at the group
)

_READ_SQL: Final[LiteralString] = """
    SELECT l.* FROM unnest(%(topics)s::text[], %(partitions)s::smallint[], %(positions)s::bigint[])
                    AS p(topic, partition, position)
    CROSS JOIN LATERAL (
        SELECT log.topic, log.partition, log.log_offset, log.event_id, log.key, log.ordering_id,
               log.event_type, log.version, log.occur_time, log.payload, log.traceparent
        FROM log WHERE log.topic = p.topic AND log.partition = p.partition AND log.log_offset >= p.position
        ORDER BY log.log_offset LIMIT %(limit)s
    ) l LIMIT %(limit)s"""

# Never backwards: a committed offset says that effects are committed, whoever holds the partition now.
_COMMIT_SQL: Final[LiteralString] = """
    INSERT INTO group_offset AS g (consumer_group, topic, partition, next_offset)
    SELECT %(group)s, p.topic, p.partition, p.next_offset
    FROM unnest(%(topics)s::text[], %(partitions)s::smallint[], %(offsets)s::bigint[])
         AS p(topic, partition, next_offset)
    ORDER BY p.topic, p.partition
    ON CONFLICT (consumer_group, topic, partition)
    DO UPDATE SET next_offset = greatest(g.next_offset, excluded.next_offset)"""

_MEMBERS_SQL: Final[LiteralString] = """
    SELECT pid, pid = pg_backend_pid() FROM pg_locks
    WHERE locktype = 'advisory' AND mode = 'ShareLock' AND granted AND objsubid = 1
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND classid = (%(key)s::bigint >> 32 & 4294967295)::oid AND objid = (%(key)s::bigint & 4294967295)::oid
    ORDER BY pid"""


class PostgresSubscription:
    """Holds partitions by locks of its session; a new session begins again where the group committed."""

    def __init__(
        self,
        connect: Callable[[], Connection],
        bell: Bell,
        group: str,
        topics: Sequence[str],
        *,
        from_end: bool,
    ) -> None:
        self._connect = connect
        self._bell = bell
        self._group = group
        self._topics = sorted(topics)
        self._is_private = from_end
        self._connection: Connection | None = None
        self._positions: dict[Place, int] = {}  # next offset to read, of each partition that is held
        self._committed: dict[Place, int] = {}
        self._surplus: set[Place] = set()  # to be given up as soon as what was read of them is committed
        self._heads: dict[Place, int] = {}
        self._next_look = 0.0
        self._ear = bell.ear(self._topics)
        try:
            with transient():
                self._open()
                self._look_around()
        except TransientEventsError:
            self.close()
            raise

    def poll(self, *, max_events: int, timeout: float) -> Sequence[Delivery]:
        deadline = clock.monotonic() + timeout
        with self._session():
            while True:
                self._ear.forget()
                self._look_around()
                found = self._read(max_events)
                remaining = deadline - clock.monotonic()
                if found or remaining <= 0:
                    return found
                self._ear.wait(min(_LOOK_AGAIN, remaining))

    def commit(self, deliveries: Sequence[Delivery]) -> None:
        if self._is_private:
            return
        done: dict[Place, int] = {}
        for delivery in deliveries:
            place = (delivery.event.topic, delivery.partition)
            if place in self._positions:
                done[place] = max(done.get(place, 0), delivery.offset + 1)
        if not done:
            return
        with self._session():
            assert self._connection is not None
            self._connection.execute(
                _COMMIT_SQL,
                {"group": self._group, "offsets": numbers(done.values()), **place_parameters(list(done))},
            )
            for place, offset in done.items():
                self._committed[place] = max(self._committed[place], offset)
                self._positions[place] = max(self._positions[place], offset)

    def lag(self) -> int:
        return sum(max(0, self._heads.get(each, 0) - offset) for each, offset in self._positions.items())

    def close(self) -> None:
        self._bell.leave(self._ear)
        self._drop()

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._positions = {}

    @contextmanager
    def _session(self) -> Iterator[None]:
        """Run with a living session; one that dies loses its partitions and raises TransientEventsError."""
        try:
            with transient():
                if self._connection is None:
                    self._open()
                yield
        except TransientEventsError:
            positions = self._positions if self._is_private else {}
            self._drop()
            self._positions = positions
            raise

    def _open(self) -> None:
        connection = self._connect()
        try:
            # An offset that a power cut takes back only means that its events come again.
            connection.execute("SET synchronous_commit = off")
            if not self._is_private:
                connection.execute("SELECT pg_advisory_lock_shared(%s)", (lock_key("group", self._group),))
        except psycopg.Error:
            connection.close()
            raise
        self._connection = connection
        self._next_look = 0.0
        self._surplus = set()

    def _look_around(self) -> None:
        """Twice a second: measure the lag, count the members, take or give up partitions."""
        if clock.monotonic() < self._next_look:
            self._give_up_surplus()
            return
        assert self._connection is not None
        heads = {
            (topic, partition): offset
            for topic, partition, offset in self._connection.execute(
                "SELECT topic, partition, next_offset FROM partition_head WHERE topic = ANY(%s)",
                (self._topics,),
            )
        }
        if self._is_private:
            for place, offset in heads.items():
                self._positions.setdefault(place, offset)
        else:
            self._share(sorted(heads))
        self._heads = heads
        self._next_look = clock.monotonic() + _LOOK_AGAIN

    def _share(self, places: Sequence[Place]) -> None:
        """Hold this member's part of the partitions: the first members in order of session get one more."""
        assert self._connection is not None
        members = self._connection.execute(_MEMBERS_SQL, {"key": lock_key("group", self._group)}).fetchall()
        rank = next(index for index, (_, is_me) in enumerate(members) if is_me)
        quota = len(places) // len(members) + (rank < len(places) % len(members))
        # Members start looking at different places, so that they seldom reach for the same one.
        start = rank * len(places) // len(members)
        wanted = [*places[start:], *places[:start]]
        for place in wanted:
            if len(self._positions) >= quota:
                break
            if place not in self._positions:
                self._take(place)
        held = [place for place in wanted if place in self._positions]
        self._surplus = set(held[quota:])
        self._give_up_surplus()

    def _take(self, place: Place) -> None:
        assert self._connection is not None
        row = self._connection.execute(
            "SELECT pg_try_advisory_lock(%s)", (lock_key("partition", self._group, *place),)
        ).fetchone()
        if row is None or not row[0]:
            return
        # Read after the lock is held: who held it before has committed its last offset by then.
        found = self._connection.execute(
            "SELECT next_offset FROM group_offset WHERE consumer_group = %s AND topic = %s AND partition = %s",
            (self._group, *place),
        ).fetchone()
        self._positions[place] = self._committed[place] = found[0] if found else 0

    def _give_up_surplus(self) -> None:
        for place in list(self._surplus):
            if self._positions[place] == self._committed[place]:
                assert self._connection is not None
                self._connection.execute(
                    "SELECT pg_advisory_unlock(%s)", (lock_key("partition", self._group, *place),)
                )
                self._surplus.discard(place)
                del self._positions[place], self._committed[place]

    def _read(self, max_events: int) -> list[Delivery]:
        places = [place for place in self._positions if place not in self._surplus]
        if not places:
            return []
        assert self._connection is not None
        positions = numbers(self._positions[place] for place in places)
        rows = self._connection.execute(
            _READ_SQL, {**place_parameters(places), "positions": positions, "limit": max_events}, binary=True
        ).fetchall()
        found = []
        for (
            topic,
            partition,
            offset,
            event_id,
            key,
            ordering,
            kind,
            version,
            occurred,
            payload,
            trace,
        ) in rows:
            if offset < self._positions[topic, partition]:
                raise AssertionError(f"{topic}/{partition}: offset {offset} out of order")
            self._positions[topic, partition] = offset + 1
            event = Event(event_id, topic, key, ordering, kind, version, occurred, payload, trace)
            found.append(Delivery(event, partition, offset))
        if found:
            # The partition read first goes to the end, so that a busy one cannot starve the others.
            first = places[0]
            self._positions[first] = self._positions.pop(first)
        return found


@contextmanager
def transient() -> Iterator[None]:
    """Whatever the database says against us, the same call may succeed later (a topic may still be made)."""
    try:
        yield
    except psycopg.Error as error:
        raise TransientEventsError(str(error).split("\n", 1)[0]) from error


def place_parameters(places: Sequence[Place]) -> dict[str, str]:
    return {
        "topics": text_array([topic for topic, _ in places]),
        "partitions": numbers(partition for _, partition in places),
    }


def numbers(values: Iterable[int]) -> str:
    return f"{{{','.join(map(str, values))}}}"


def lock_key(*parts: object) -> int:
    """The number of an advisory lock."""
    digest = hashlib.sha256("\x1f".join(str(part) for part in parts).encode()).digest()
    return int.from_bytes(digest[:8], signed=True)
