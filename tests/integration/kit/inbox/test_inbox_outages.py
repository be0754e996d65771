"""Outages are waited out and crashes lose nothing: the inbox when its surroundings fail."""

from __future__ import annotations

import threading
import time

import pytest
from sqlalchemy import text

from kit import fault
from kit.db import Database
from kit.inbox import Consumer, Handled
from kit.testing.events_memory import MemoryLog
from tests.integration.kit.inbox.effects import (
    Crash,
    consumer_of,
    done_of,
    effects,
    letters,
    record,
    running,
    until,
)
from tests.support.events import make_event


def test_an_outage_of_the_database_makes_no_dead_letter(database: Database, events_log: MemoryLog) -> None:
    """Connections cut in mid-batch, again and again: all is handled once, in order, nothing is parked."""
    consumer = consumer_of(database, events_log, max_events=10)
    events_log.write([make_event("a", version) for version in range(100)])
    cuts = 0

    def cut(name: str) -> None:
        nonlocal cuts
        if name == "inbox.handled" and cuts < 5:
            cuts += 1
            with database.connect() as connection:
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )

    fault.install(cut)
    try:
        with running(consumer):
            until(lambda: done_of(events_log) == 100)
    finally:
        fault.install(None)
    assert cuts == 5
    assert effects(database) == [("a", version) for version in range(100)]
    assert letters(database) == []


def test_a_crash_between_commit_and_offsets_repeats_nothing(
    database: Database, events_log: MemoryLog
) -> None:
    """The log delivers again what was committed; the inbox drops it."""
    events_log.write([make_event("a", version) for version in range(5)])

    def crash(name: str) -> None:
        if name == "inbox.committed":
            raise Crash

    fault.install(crash)
    try:
        with pytest.raises(Crash):
            consumer_of(database, events_log).run(threading.Event())
    finally:
        fault.install(None)
    assert done_of(events_log) == 0
    seen: list[Handled] = []
    with running(consumer_of(database, events_log, on_batch=seen.append)):
        until(lambda: done_of(events_log) == 5)
    assert effects(database) == [("a", version) for version in range(5)]
    assert sum(each.repeats for each in seen) == 5


def test_a_dead_fetching_thread_ends_the_consumer(database: Database) -> None:
    """A fault of the program in the log's client is not slept over: `run` raises it."""

    def broken() -> MemoryLog:
        raise RuntimeError("wrong address")

    consumer = Consumer("test", broken, database, {"test.Fact": record})  # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match="wrong address"):
        consumer.run(threading.Event())


def test_contention_is_nobodys_dead_letter(database: Database, events_log: MemoryLog) -> None:
    """A lock held too long makes the batch wait and pass later."""
    locked, release = threading.Event(), threading.Event()

    def hold() -> None:
        with database.begin() as session:
            session.execute(text("LOCK TABLE effect IN ACCESS EXCLUSIVE MODE"))
            locked.set()
            assert release.wait(20)

    holder = threading.Thread(target=hold)
    holder.start()
    assert locked.wait(5)
    events_log.write([make_event("a", 1), make_event("b", 1)])
    with running(consumer_of(database, events_log)):
        time.sleep(1.5)  # longer than the lock time-out of one second
        release.set()
        until(lambda: done_of(events_log) == 2)
    holder.join(5)
    assert letters(database) == []
    assert sorted(effects(database)) == [("a", 1), ("b", 1)]
