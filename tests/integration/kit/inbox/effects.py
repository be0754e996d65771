"""A service of one table for the tests of the inbox: what it did of which event, and what it could not do."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from google.protobuf.message import DecodeError
from sqlalchemy import BigInteger, Column, MetaData, Table, Text, text
from sqlalchemy.orm import Session

from kit.db import Database
from kit.events import Delivery, Event
from kit.inbox import Consumer, inbox_tables, open_letters
from kit.testing.events_memory import MemoryLog
from tests.support.events import TOPIC

METADATA = MetaData()
inbox_tables(METADATA)
EFFECT = Table(
    "effect",
    METADATA,
    Column("position", BigInteger, primary_key=True, autoincrement=True),
    Column("ordering_id", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
)


class Crash(BaseException):
    """The process dies here."""


class Poison(Exception):
    """An event that no handler can digest."""


def record(session: Session, event: Event) -> None:
    session.execute(EFFECT.insert().values(ordering_id=event.ordering_id, version=event.version))
    if event.payload == b"poison":
        raise Poison(f"cannot handle {event.ordering_id}:{event.version}")
    if event.payload == b"unreadable":
        raise DecodeError("truncated")


def record_once(session: Session, event: Event) -> None:
    """A handler that knows a repeat by the fact itself."""
    known = text("SELECT 1 FROM effect WHERE ordering_id = :id AND version = :version")
    if session.execute(known, {"id": event.ordering_id, "version": event.version}).first() is None:
        record(session, event)


def record_all(session: Session, events: Sequence[Event]) -> None:
    for event in events:
        record(session, event)


def consumer_of(database: Database, events_log: MemoryLog, **options: object) -> Consumer:
    fields: dict[str, object] = {"handlers": {"test.Fact": record}} | options
    return Consumer("test", lambda: events_log.subscribe("test", [TOPIC]), database, **fields)  # type: ignore[arg-type]


def deliveries(*events: Event, problem: str = "") -> list[Delivery]:
    return [Delivery(event, 0, offset, problem) for offset, event in enumerate(events)]


def effects(database: Database) -> list[tuple[str, int]]:
    with database.begin() as session:
        rows = session.execute(text("SELECT ordering_id, version FROM effect ORDER BY position"))
        return [(row[0], row[1]) for row in rows]


def letters(database: Database) -> list[tuple[str, int, str]]:
    with database.begin() as session:
        return [(each.event.ordering_id, each.event.version, each.reason) for each in open_letters(session)]


@contextmanager
def running(consumer: Consumer) -> Iterator[threading.Event]:
    stop = threading.Event()
    thread = threading.Thread(target=consumer.run, args=(stop,))
    thread.start()
    try:
        yield stop
    finally:
        stop.set()
        thread.join(20)
        assert not thread.is_alive()


def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not come true in time"
        time.sleep(0.02)


def done_of(events_log: MemoryLog) -> int:
    return sum(offset for (group, _, _), offset in events_log.offsets.items() if group == "test")
