"""The outbox: an event is a row, written in the same transaction as the change that it tells of.

The row's writer has locked the aggregate before, so the ids of one ordering id commit in order, and reading
by id keeps that order. `kit.relay` takes the rows to the log and deletes them once it has acknowledged them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, LiteralString

import psycopg
from psycopg.rows import TupleRow
from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TextClause,
    Uuid,
    text,
)
from sqlalchemy.orm import Session

from kit import clock
from kit.arrays import bytes_array, text_array
from kit.events import Event

# A broker's limit for one record is 1 MB; what is refused here would otherwise stop the relay for ever.
MAX_PAYLOAD_BYTES: Final = 900_000

# For hot stores that write their events inside a statement of their own: SELECT_SQL yields the rows for
# COLUMNS, in order; its parameters come from `parameters`. They then call `written`.
COLUMNS: Final[LiteralString] = (
    "event_id, topic, key, ordering_id, event_type, version, occur_time, traceparent, payload, create_time"
)
SELECT_SQL: Final[LiteralString] = """
    SELECT o.event_id, o.topic, o.key, o.ordering_id, o.event_type, o.version, o.occur_time, o.traceparent,
           o.payload, %(outbox_create_time)s::timestamptz
    FROM unnest(
             %(outbox_event_ids)s::uuid[], %(outbox_topics)s::text[], %(outbox_keys)s::text[],
             %(outbox_ordering_ids)s::text[], %(outbox_event_types)s::text[], %(outbox_versions)s::bigint[],
             %(outbox_occur_times)s::timestamptz[], %(outbox_traceparents)s::text[],
             %(outbox_payloads)s::bytea[]
         ) WITH ORDINALITY AS o(
             event_id, topic, key, ordering_id, event_type, version, occur_time, traceparent, payload,
             position
         )
    ORDER BY o.position"""
INSERT_SQL: Final[LiteralString] = "INSERT INTO outbox (" + COLUMNS + ")" + SELECT_SQL

_READ_SQL: Final[LiteralString] = "SELECT id, " + COLUMNS + " FROM outbox ORDER BY id LIMIT %s"


def bound(statement: str) -> TextClause:
    """A statement in the driver's form, `%(name)s::type`, as SQLAlchemy's, which notices lost connections."""
    return text(re.sub(r"%\((\w+)\)s::(\w+(?:\[\])?)", r"CAST(:\1 AS \2)", statement))


_INSERT: Final = bound(INSERT_SQL)


class EventTooLarge(ValueError):
    """An event whose payload is larger than the log accepts."""


@dataclass(frozen=True, slots=True)
class Row:
    """An event that waits for the relay."""

    id: int
    event: Event
    create_time: datetime


@dataclass(frozen=True, slots=True)
class Backlog:
    """How much waits for the relay: rows, and the age of the oldest in seconds."""

    rows: int
    oldest_age_seconds: float


def outbox_table(metadata: MetaData) -> Table:
    """The service's outbox table. There are no updates and no index but the key: a row lives milliseconds."""
    return Table(
        "outbox",
        metadata,
        Column("id", BigInteger, Identity(always=True), primary_key=True),
        Column("event_id", Uuid, nullable=False),
        Column("topic", Text, nullable=False),
        Column("key", Text, nullable=False),
        Column("ordering_id", Text, nullable=False),
        Column("event_type", Text, nullable=False),
        Column("version", BigInteger, nullable=False),
        Column("occur_time", DateTime(timezone=True), nullable=False),
        Column("traceparent", Text, nullable=False),
        Column("payload", LargeBinary, nullable=False),
        Column("create_time", DateTime(timezone=True), nullable=False),
    )


def add(session: Session, events: Sequence[Event]) -> None:
    """Write events in this order into the session's transaction, by one statement. Raises EventTooLarge."""
    if not events:
        return
    session.execute(_INSERT, parameters(events))
    written(session, len(events))


def written(session: Session, rows: int) -> None:
    """Say that a statement of the caller's own wrote outbox rows: the relay is woken after the commit."""
    session.info["outbox_rows"] = session.info.get("outbox_rows", 0) + rows


def parameters(events: Sequence[Event]) -> dict[str, Any]:
    """The parameters of SELECT_SQL: one array a column, as text: cheaper than the driver's lists."""
    for event in events:
        if len(event.payload) > MAX_PAYLOAD_BYTES:
            raise EventTooLarge(f"{event.event_type} {event.event_id}: {len(event.payload)} bytes")
    return {
        "outbox_event_ids": f"{{{','.join(event.event_id.hex for event in events)}}}",
        "outbox_topics": text_array([event.topic for event in events]),
        "outbox_keys": text_array([event.key for event in events]),
        "outbox_ordering_ids": text_array([event.ordering_id for event in events]),
        "outbox_event_types": text_array([event.event_type for event in events]),
        "outbox_versions": f"{{{','.join(str(event.version) for event in events)}}}",
        "outbox_occur_times": f"{{{','.join(event.occur_time.isoformat() for event in events)}}}",
        "outbox_traceparents": text_array([event.traceparent for event in events]),
        "outbox_payloads": bytes_array([event.payload for event in events]),
        "outbox_create_time": clock.now(),
    }


def read(connection: psycopg.Connection[TupleRow], limit: int) -> list[Row]:
    """The oldest rows, at most `limit`, in the order in which they must reach the log."""
    rows = connection.execute(_READ_SQL, (limit,), binary=True).fetchall()
    return [
        Row(id, Event(event_id, topic, key, ordering, type, version, occurred, payload, trace), created)
        for id, event_id, topic, key, ordering, type, version, occurred, trace, payload, created in rows
    ]


def delete(connection: psycopg.Connection[TupleRow], rows: Sequence[Row]) -> None:
    """Forget rows that are in the log for good."""
    ids = f"{{{','.join(str(row.id) for row in rows)}}}"
    connection.execute("DELETE FROM outbox WHERE id = ANY(%s::bigint[])", (ids,))


def backlog(connection: psycopg.Connection[TupleRow]) -> Backlog:
    """How much waits now; the alert is on the age."""
    row = connection.execute("SELECT count(*), min(create_time) FROM outbox").fetchone()
    if row is None or row[1] is None:
        return Backlog(0, 0.0)
    return Backlog(row[0], max(0.0, (clock.now() - row[1]).total_seconds()))
