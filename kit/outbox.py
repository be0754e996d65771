"""The outbox: an event is a row, written in the same transaction as the change that it tells of.

The row's writer has locked the aggregate before, so the ids of one ordering id commit in order, and reading
by id keeps that order. The relay, one at work per service, holds a session advisory lock, reads a page,
publishes it, waits for every acknowledgement and only then deletes what it sent: a crash anywhere sends some
events twice, loses none. No transaction is open while the log is spoken to. The lock, the reads and the
deletes share one connection, so a delete that succeeds proves that the lock was never lost. After a page the
relay pauses in proportion to it: one that sends pages of one to five rows eats a core.
"""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, LiteralString

import psycopg
from psycopg import sql
from psycopg.rows import TupleRow
from sqlalchemy import BigInteger, Column, DateTime, Identity, LargeBinary, MetaData, Table, Text, Uuid
from sqlalchemy.orm import Session

from kit import clock, fault, log
from kit.db import cursor
from kit.events import Event, Publisher, TransientEventsError

# A broker's limit for one record is 1 MB; what is refused here would otherwise stop the relay for ever.
MAX_PAYLOAD_BYTES: Final = 900_000

# One number for all services: advisory locks are per database and each service has its own.
LOCK_KEY: Final = 0x786F61695F6F7574

PAUSE_PER_ROW: Final = 0.0005  # seconds
LONGEST_PAUSE: Final = 0.1
_FIRST_BACK_OFF: Final = 0.1
_LONGEST_BACK_OFF: Final = 5.0
_LOCK_PAUSE: Final = 0.5

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


_logger = log.get(__name__)


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


@dataclass(frozen=True, slots=True)
class Page:
    """What one turn of the relay did: rows sent, the age of the oldest when it began, seconds it took."""

    rows: int
    oldest_age_seconds: float
    seconds: float


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
    cursor(session).execute(INSERT_SQL, parameters(events))
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


def text_array(values: Sequence[str]) -> str:
    """A PostgreSQL text[] literal. A text with a NUL cannot be stored: the server refuses it."""
    # JSON quotes as array elements are quoted as long as nothing needs an escape; the rare rest goes by hand.
    joined = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    if joined.isprintable() and "\\" not in joined:
        return f"{{{joined[1:-1]}}}"
    quoted = (value.replace("\\", "\\\\").replace('"', '\\"') for value in values)
    return "{" + ",".join(f'"{value}"' for value in quoted) + "}"


def bytes_array(values: Sequence[bytes]) -> str:
    """A PostgreSQL bytea[] literal."""
    return "{" + ",".join(f'"\\\\x{value.hex()}"' for value in values) + "}"


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


class Relay:
    """Sends the outbox of one database. `run` until its stop event is set; `wake` after a commit."""

    def __init__(
        self,
        connect: Callable[[], psycopg.Connection[tuple[Any, ...]]],
        publisher_factory: Callable[[], Publisher],
        *,
        page_size: int = 1_000,
        poll_interval: float = 0.02,
        listen: str = "",
        on_page: Callable[[Page], None] | None = None,
    ) -> None:
        """`connect` gives an autocommit connection; `poll_interval` is in seconds.

        `listen` names a NOTIFY channel that wakes the relay from another process, in place of `wake`.
        """
        self._connect = connect
        self._publisher_factory = publisher_factory
        self._page_size = page_size
        self._poll_interval = poll_interval
        self._channel = listen
        self._on_page = on_page
        self._connection: psycopg.Connection[tuple[Any, ...]] | None = None
        self._publisher: Publisher | None = None
        self._is_leader = False
        self._woken = threading.Event()

    def wake(self) -> None:
        """Say that rows were committed; cheap, from any thread of this process."""
        self._woken.set()

    def run(self, stop: threading.Event) -> None:
        """Send until `stop` is set; outages of database and log are waited out with growing pauses."""
        back_off = _FIRST_BACK_OFF
        try:
            while not stop.is_set():
                try:
                    if not self._hold_lock():
                        stop.wait(_LOCK_PAUSE)
                        continue
                    began = clock.monotonic()
                    rows = self.send_page()
                    back_off = _FIRST_BACK_OFF
                    if rows < self._page_size:
                        self._rest(stop, rows, began)
                except (psycopg.Error, TransientEventsError) as error:
                    if not isinstance(error, TransientEventsError):
                        self._drop_connection()
                    _logger.warning("relay waits", error=str(error), seconds=round(back_off, 1))
                    stop.wait(random.uniform(back_off / 2, back_off))
                    back_off = min(back_off * 2, _LONGEST_BACK_OFF)
        finally:
            self.close()

    def send_page(self) -> int:
        """Send the oldest rows once and forget them; how many. Nothing while another relay holds the lock."""
        if not self._hold_lock():
            return 0
        assert self._connection is not None
        self._woken.clear()
        began = clock.monotonic()
        rows = read(self._connection, self._page_size)
        age = max(0.0, (clock.now() - rows[0].create_time).total_seconds()) if rows else 0.0
        sent = 0
        try:
            if rows:
                fault.point("relay.read")
                if self._publisher is None:
                    self._publisher = self._publisher_factory()
                self._publisher.publish([row.event for row in rows])
                fault.point("relay.published")
                delete(self._connection, rows)
                fault.point("relay.deleted")
                sent = len(rows)
        finally:
            if self._on_page is not None:
                self._on_page(Page(sent, age, clock.monotonic() - began))
        return sent

    def close(self) -> None:
        """Let go of the lock, the connection and the publisher."""
        self._drop_connection()
        if self._publisher is not None:
            self._publisher.close()
            self._publisher = None

    def _hold_lock(self) -> bool:
        if self._connection is None:
            self._connection = self._connect()
            if self._channel:
                self._connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(self._channel)))
        if not self._is_leader:
            row = self._connection.execute("SELECT pg_try_advisory_lock(%s)", (LOCK_KEY,)).fetchone()
            self._is_leader = row is not None and bool(row[0])
        return self._is_leader

    def _rest(self, stop: threading.Event, rows: int, began: float) -> None:
        """Pause in proportion to the page, counted from its start; after an empty page wait to be woken."""
        if rows:
            stop.wait(max(0.0, began + min(LONGEST_PAUSE, PAUSE_PER_ROW * rows) - clock.monotonic()))
        elif self._channel:
            assert self._connection is not None
            for _ in self._connection.notifies(timeout=self._poll_interval, stop_after=1):
                pass
        else:
            self._woken.wait(self._poll_interval)

    def _drop_connection(self) -> None:
        self._is_leader = False
        if self._connection is not None:
            self._connection.close()
            self._connection = None
