"""Topics as PostgreSQL tables: the events log of an installation without Kafka, in a database of its own.

Publishing locks the heads of the partitions (in sorted order) and holds them to the commit: offsets are dense
and become visible in order, so a reader may trust "offset ≥ mine". Readers (`kit.events_postgres_reader`) are
woken by the bell (`kit.events_postgres_bell`) and look every half second besides.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final, LiteralString

import psycopg
from psycopg import sql

from kit import clock, fault
from kit.arrays import bytes_array, text_array
from kit.events import (
    PARTITIONS,
    Event,
    Publisher,
    Subscription,
    TransientEventsError,
    partition_of,
)
from kit.events_postgres_bell import Bell
from kit.events_postgres_reader import (
    Connection,
    Place,
    PostgresSubscription,
    lock_key,
    numbers,
    transient,
)

_OPTIONS: Final = (
    "-c statement_timeout=10000 -c lock_timeout=5000 -c idle_in_transaction_session_timeout=10000"
    " -c timezone=UTC"
    # Topics grow faster than the planner learns of it: every row is looked up by its place, under plans made once.
    " -c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c plan_cache_mode=force_generic_plan"
)

_SCHEMA_SQL: Final[LiteralString] = """
    CREATE TABLE IF NOT EXISTS log (
        topic text NOT NULL,
        partition smallint NOT NULL,
        log_offset bigint NOT NULL,
        event_id uuid NOT NULL,
        key text NOT NULL,
        ordering_id text NOT NULL,
        event_type text NOT NULL,
        version bigint NOT NULL,
        occur_time timestamptz NOT NULL,
        traceparent text NOT NULL,
        payload bytea NOT NULL,
        create_time timestamptz NOT NULL,
        CONSTRAINT log_pk PRIMARY KEY (topic, partition, log_offset)
    );
    CREATE INDEX IF NOT EXISTS log_create_time ON log USING brin (create_time);
    CREATE TABLE IF NOT EXISTS partition_head (
        topic text NOT NULL,
        partition smallint NOT NULL,
        next_offset bigint NOT NULL DEFAULT 0,
        CONSTRAINT partition_head_pk PRIMARY KEY (topic, partition)
    ) WITH (fillfactor = 50);
    CREATE TABLE IF NOT EXISTS group_offset (
        consumer_group text NOT NULL,
        topic text NOT NULL,
        partition smallint NOT NULL,
        next_offset bigint NOT NULL,
        CONSTRAINT group_offset_pk PRIMARY KEY (consumer_group, topic, partition)
    ) WITH (fillfactor = 50);
    """

# One statement is one transaction. The heads are locked in their order; `rank` is the event's place among those of its
# partition. A missing topic leaves the offset null: refused.
_PUBLISH_SQL: Final[LiteralString] = """
    WITH locked AS MATERIALIZED (
        SELECT topic, partition FROM partition_head
        WHERE (topic, partition) IN (SELECT * FROM unnest(%(topics)s::text[], %(partitions)s::smallint[]))
        ORDER BY topic, partition FOR UPDATE
    ), head AS (
        UPDATE partition_head h SET next_offset = h.next_offset + n.events
        FROM locked JOIN unnest(%(topics)s::text[], %(partitions)s::smallint[], %(counts)s::bigint[])
             AS n(topic, partition, events) ON n.topic = locked.topic AND n.partition = locked.partition
        WHERE h.topic = locked.topic AND h.partition = locked.partition
        RETURNING h.topic, h.partition, h.next_offset - n.events AS base
    ), written AS (
        INSERT INTO log (
            topic, partition, log_offset, event_id, key, ordering_id, event_type, version, occur_time,
            traceparent, payload, create_time)
        SELECT e.topic, e.partition, head.base + e.rank, e.event_id, e.key, e.ordering_id, e.event_type,
               e.version, e.occur_time, e.traceparent, e.payload, %(now)s
        FROM unnest(
                 %(e_topics)s::text[], %(e_partitions)s::smallint[], %(e_ranks)s::bigint[], %(e_ids)s::uuid[],
                 %(e_keys)s::text[], %(e_ordering_ids)s::text[], %(e_types)s::text[], %(e_versions)s::bigint[],
                 %(e_occur_times)s::timestamptz[], %(e_traceparents)s::text[], %(e_payloads)s::bytea[]
             ) AS e(topic, partition, rank, event_id, key, ordering_id, event_type, version, occur_time,
                    traceparent, payload)
        LEFT JOIN head ON head.topic = e.topic AND head.partition = e.partition
    )
    SELECT pg_notify('xoai_log', %(message)s)"""


def create_schema(address: str, *, worker: str = "") -> None:
    """Make the missing tables of the log. `address` is the owner's; `worker` the role that uses them."""
    with psycopg.connect(address) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (lock_key("schema"),))
        connection.execute(_SCHEMA_SQL)
        if worker:
            connection.execute(
                sql.SQL(
                    "GRANT SELECT, INSERT, UPDATE, DELETE ON log, partition_head, group_offset TO {}"
                ).format(sql.Identifier(worker))
            )


class PostgresLog:
    """The log in the database at `address` (libpq form), whose tables `create_schema` has made."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._bell = Bell(self._connect)

    def publisher(self) -> Publisher:
        """A publisher with a connection of its own."""
        return _PostgresPublisher(self._connect, self._bell)

    def subscribe(self, group: str, topics: Sequence[str], *, from_end: bool = False) -> Subscription:
        """A member of a group, with a connection of its own."""
        return PostgresSubscription(self._connect, self._bell, group, topics, from_end=from_end)

    def create_topics(self, topics: Sequence[str]) -> None:
        """Make missing topics. Raises TransientEventsError if the database is away."""
        places = [(topic, partition) for topic in sorted(topics) for partition in range(PARTITIONS)]
        with transient(), self._connect() as connection, connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO partition_head (topic, partition) VALUES (%s, %s) ON CONFLICT DO NOTHING",
                places,
            )

    def trim(self, before: datetime, *, limit: int = 50_000) -> int:
        """Forget at most `limit` events that were published before a time; the number of them."""
        with transient(), self._connect() as connection:
            return connection.execute(
                "DELETE FROM log WHERE ctid = ANY(ARRAY(SELECT ctid FROM log WHERE create_time < %s LIMIT %s))",
                (before, limit),
            ).rowcount

    def close(self) -> None:
        """Nothing to let go of: publishers and subscriptions have their own connections."""

    def _connect(self) -> Connection:
        return psycopg.connect(
            self._address,
            autocommit=True,
            options=_OPTIONS,
            connect_timeout=3,
            tcp_user_timeout=10_000,
            keepalives_idle=5,
            keepalives_interval=3,
            keepalives_count=3,
        )


class _PostgresPublisher:
    def __init__(self, connect: Callable[[], Connection], bell: Bell) -> None:
        self._connect = connect
        self._bell = bell
        self._connection: Connection | None = None

    def publish(self, events: Sequence[Event]) -> None:
        if not events:
            return
        topics = {event.topic for event in events}
        parameters = {**_publish_parameters(events), "message": self._bell.message(topics)}
        try:
            with transient():
                if self._connection is None:
                    self._connection = self._connect()
                fault.point("events_postgres.publish")
                self._connection.execute(_PUBLISH_SQL, parameters)
        except TransientEventsError:
            self.close()
            raise
        self._bell.ring(topics)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _publish_parameters(events: Sequence[Event]) -> dict[str, Any]:
    counts: Counter[Place] = Counter()
    partitions, ranks = [], []
    for event in events:
        place = (event.topic, partition_of(event.key))
        partitions.append(place[1])
        ranks.append(counts[place])
        counts[place] += 1
    places = sorted(counts)
    return {
        "topics": text_array([topic for topic, _ in places]),
        "partitions": numbers(partition for _, partition in places),
        "counts": numbers(counts[place] for place in places),
        "e_topics": text_array([event.topic for event in events]),
        "e_partitions": numbers(partitions),
        "e_ranks": numbers(ranks),
        "e_ids": f"{{{','.join(event.event_id.hex for event in events)}}}",
        "e_keys": text_array([event.key for event in events]),
        "e_ordering_ids": text_array([event.ordering_id for event in events]),
        "e_types": text_array([event.event_type for event in events]),
        "e_versions": numbers(event.version for event in events),
        "e_occur_times": f"{{{','.join(event.occur_time.isoformat() for event in events)}}}",
        "e_traceparents": text_array([event.traceparent for event in events]),
        "e_payloads": bytes_array([event.payload for event in events]),
        "now": clock.now(),
    }
