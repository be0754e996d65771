"""The outbox and its relay: nothing lost, order per ordering id, whatever dies in between."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest
from pydantic import SecretStr
from sqlalchemy import MetaData

from kit import fault, outbox
from kit.db import Database
from kit.events import Event, TransientEventsError
from kit.relay import Page, Relay
from kit.settings import Settings
from kit.testing.events_memory import MemoryLog
from tests.support.events import TOPIC, make_event, versions, without_repeats


class Crash(BaseException):
    """The process dies here."""


@pytest.fixture
def database(scratch: str) -> Iterator[Database]:
    found = Database(Settings(database_url=SecretStr(scratch)), "test")
    metadata = MetaData()
    outbox.outbox_table(metadata)
    metadata.create_all(found.engine)
    yield found
    found.close()


@pytest.fixture
def events_log() -> MemoryLog:
    made = MemoryLog()
    made.create_topics([TOPIC])
    return made


def relay_of(database: Database, events_log: MemoryLog, **options: object) -> Relay:
    return Relay(database.connect, events_log.publisher, **options)  # type: ignore[arg-type]


def add(database: Database, *events: Event) -> None:
    with database.begin() as session:
        outbox.add(session, events)


def sent(events_log: MemoryLog) -> dict[str, list[int]]:
    subscription = events_log.subscribe("check", [TOPIC])
    try:
        return versions(subscription.poll(max_events=100_000, timeout=0))
    finally:
        subscription.close()


def waiting(database: Database) -> int:
    with database.connect() as connection:
        return outbox.backlog(connection).rows


@contextmanager
def running(relay: Relay) -> Iterator[threading.Event]:
    stop = threading.Event()
    thread = threading.Thread(target=relay.run, args=(stop,))
    thread.start()
    try:
        yield stop
    finally:
        stop.set()
        thread.join(10)
        assert not thread.is_alive()


def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not come true in time"
        time.sleep(0.01)


def test_every_field_reaches_the_log(database: Database, events_log: MemoryLog) -> None:
    """What is written is what is sent, signs that mean something to an array included."""
    odd = make_event('{"a\\b", NULL}', 7, payload=bytes(range(256)), traceparent="00-ab-cd-01")
    accents = make_event("Đồng Xoài\tNULL", 2**40, key="", event_type="NULL")
    add(database, odd, accents)
    relay = relay_of(database, events_log)
    assert relay.send_page() == 2
    relay.close()
    found = [event for part in events_log.topics[TOPIC] for event in part]
    assert sorted(found, key=lambda event: event.version) == [odd, accents]
    assert waiting(database) == 0


def test_rolled_back_events_are_never_sent(database: Database, events_log: MemoryLog) -> None:
    """The event and the change live and die together."""

    def change() -> None:
        with database.begin() as session:
            outbox.add(session, [make_event()])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        change()
    relay = relay_of(database, events_log)
    assert relay.send_page() == 0
    relay.close()


def test_too_large_for_the_log_is_refused_at_once(database: Database) -> None:
    """An event that no broker would take fails its own transaction, not the relay."""
    with pytest.raises(outbox.EventTooLarge), database.begin() as session:
        outbox.add(session, [make_event(payload=bytes(outbox.MAX_PAYLOAD_BYTES + 1))])


def test_crash_between_send_and_delete_sends_again(database: Database, events_log: MemoryLog) -> None:
    """A relay that dies after the log has the page sends it again; nothing is lost, order holds."""
    add(database, *(make_event("a", version) for version in range(5)))

    def crash(name: str) -> None:
        if name == "relay.published":
            raise Crash

    relay = relay_of(database, events_log, page_size=3)
    fault.install(crash)
    try:
        with pytest.raises(Crash):
            relay.send_page()
    finally:
        fault.install(None)
        relay.close()
    again = relay_of(database, events_log, page_size=3)
    assert [again.send_page(), again.send_page(), again.send_page()] == [3, 2, 0]
    again.close()
    assert sent(events_log) == {"a": [0, 1, 2, 0, 1, 2, 3, 4]}


def test_log_that_fails_half_way_keeps_the_rows(database: Database, events_log: MemoryLog) -> None:
    """Unacknowledged means not sent: the page stays and goes again."""
    add(database, *(make_event("a", version) for version in range(4)))
    events_log.fail_next(after_writing=2)
    relay = relay_of(database, events_log)
    with pytest.raises(TransientEventsError):
        relay.send_page()
    assert waiting(database) == 4
    relay.send_page()
    relay.close()
    assert sent(events_log) == {"a": [0, 1, 0, 1, 2, 3]}


def test_writers_and_outages_lose_and_reorder_nothing(database: Database, events_log: MemoryLog) -> None:
    """Eight writers, a log and connections that fail at random: every version once in effect, in order."""
    seed = random.randrange(10**6)
    print("seed", seed)  # shown when the test fails
    chance = random.Random(seed)

    def write(name: str) -> None:
        for version in range(40):
            add(database, make_event(name, version))

    writers = [threading.Thread(target=write, args=(f"w{number}",)) for number in range(8)]
    relay = relay_of(database, events_log, page_size=17, poll_interval=0.005)
    with running(relay):
        for writer in writers:
            writer.start()
        while any(writer.is_alive() for writer in writers):
            if chance.random() < 0.3:
                events_log.fail_next(after_writing=chance.randrange(17))
            elif chance.random() < 0.3:
                cut_relay(database)
            time.sleep(0.02)
        until(lambda: waiting(database) == 0, 30)
    found = sent(events_log)
    assert {name: without_repeats(numbers) for name, numbers in found.items()} == {
        f"w{number}": list(range(40)) for number in range(8)
    }


def cut_relay(database: Database) -> None:
    with database.connect() as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )


def test_one_relay_at_work_the_other_takes_over(database: Database, events_log: MemoryLog) -> None:
    """While one relay holds the lock another sends nothing; it goes on when that one's connection dies."""
    first, second = relay_of(database, events_log), relay_of(database, events_log)
    add(database, make_event("a", 1))
    assert first.send_page() == 1
    add(database, make_event("a", 2))
    assert second.send_page() == 0
    cut_relay(database)
    until(lambda: second.send_page() == 1)
    with pytest.raises(psycopg.OperationalError):
        first.send_page()
    first.close()
    second.close()
    assert sent(events_log) == {"a": [1, 2]}


def test_a_relay_that_lost_its_lock_deletes_nothing(database: Database, events_log: MemoryLog) -> None:
    """The lock is looked at again before rows go: a page sent without it is sent again by its holder."""
    add(database, make_event("a", 1))

    def cut(name: str) -> None:
        if name == "relay.published":
            cut_relay(database)

    relay = relay_of(database, events_log)
    fault.install(cut)
    try:
        with pytest.raises(psycopg.OperationalError):
            relay.send_page()
    finally:
        fault.install(None)
        relay.close()
    assert waiting(database) == 1


def test_a_commit_wakes_the_relay(database: Database, events_log: MemoryLog) -> None:
    """In one process the relay leaves at once after the commit, however rarely it polls."""
    relay = relay_of(database, events_log, poll_interval=60.0)
    database.on_outbox_commit(relay.wake)
    with running(relay) as stop:
        time.sleep(0.3)
        add(database, make_event("a", 1))
        until(lambda: waiting(database) == 0, 5)
        stop.set()
        relay.wake()
    assert sent(events_log) == {"a": [1]}


def test_a_polling_relay_lets_rows_gather(database: Database, events_log: MemoryLog) -> None:
    """Apart from the writer, pages keep their distance: what is committed meanwhile goes in one page, in order."""
    pages: list[Page] = []
    relay = relay_of(database, events_log, poll_interval=0.01, least_pause=0.3, on_page=pages.append)
    with running(relay):
        for version in range(1, 9):
            add(database, make_event("a", version))
            time.sleep(0.02)
        until(lambda: waiting(database) == 0, 5)
    assert sent(events_log) == {"a": list(range(1, 9))}
    assert len([page for page in pages if page.rows]) <= 3


def test_backlog_and_pages_tell_rows_and_age(database: Database, events_log: MemoryLog) -> None:
    """What waits is counted with the age of the oldest; a page that could not be sent still tells its age."""
    pages: list[Page] = []
    relay = relay_of(database, events_log, on_page=pages.append)
    add(database, make_event("a", 1), make_event("a", 2))
    time.sleep(0.05)
    with database.connect() as connection:
        found = outbox.backlog(connection)
    assert found.rows == 2
    assert 0.05 <= found.oldest_age_seconds < 30
    events_log.fail_next()
    with pytest.raises(TransientEventsError):
        relay.send_page()
    relay.send_page()
    relay.send_page()
    relay.close()
    assert [page.rows for page in pages] == [0, 2, 0]
    assert pages[0].oldest_age_seconds >= 0.05
    assert pages[2].oldest_age_seconds == 0
