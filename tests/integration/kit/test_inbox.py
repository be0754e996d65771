"""The inbox: each event once in effect, in order; poison is parked, outages are waited out."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

import pytest
from google.protobuf.message import DecodeError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy import BigInteger, Column, MetaData, Table, Text, text
from sqlalchemy.orm import Session

from kit import clock, fault
from kit.db import Database
from kit.events import Delivery, Event
from kit.inbox import Consumer, Handled, close_letter, inbox_tables, open_letters, trim
from kit.settings import Settings
from kit.testing.events_memory import MemoryLog
from tests.support.events import TOPIC, make_event

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


@pytest.fixture
def database(scratch: str) -> Iterator[Database]:
    found = Database(Settings(database_url=SecretStr(scratch)), "test")
    METADATA.create_all(found.engine)
    yield found
    found.close()


@pytest.fixture
def events_log() -> MemoryLog:
    made = MemoryLog()
    made.create_topics([TOPIC, "test.other"])
    return made


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


def test_each_event_once_in_effect(database: Database, events_log: MemoryLog) -> None:
    """Repeats inside a batch, and of an earlier batch, are dropped and counted; order stays."""
    consumer = consumer_of(database, events_log)
    one, two, three = (make_event("a", version) for version in (1, 2, 3))
    first = consumer.handle(deliveries(one, two, one))
    assert (first.events, first.repeats) == (2, 1)
    second = consumer.handle(deliveries(two, three, one))
    assert (second.events, second.repeats) == (1, 2)
    assert effects(database) == [("a", 1), ("a", 2), ("a", 3)]


def test_a_handler_that_knows_repeats_needs_no_rows(database: Database, events_log: MemoryLog) -> None:
    """Handled events leave nothing in the inbox; parked ones stay parked once, also after a person set them aside."""
    consumer = consumer_of(database, events_log, handlers={"test.Fact": record_once}, knows_repeats=True)
    bad = make_event("bad", 1, payload=b"poison")
    batch = [make_event("good", 1), bad, make_event("bad", 2), make_event("good", 2), bad]
    for _ in range(3):
        consumer.handle(deliveries(*batch))
        assert effects(database) == [("good", 1), ("good", 2)]
        assert letters(database) == [("bad", 1, "FAILED"), ("bad", 2, "BLOCKED")]
    unreadable = make_event("lost", 1)
    for _ in range(2):
        consumer.handle(deliveries(unreadable, make_event("lost", 2), problem="no headers"))
        assert letters(database)[2:] == [("lost", 1, "UNDECODABLE"), ("lost", 2, "BLOCKED")]
    with database.begin() as session:
        assert session.execute(text("SELECT count(*) FROM inbox")).scalar_one() == 4
        for letter in open_letters(session):
            close_letter(session, letter.id, "set aside")
    consumer.handle(deliveries(*batch, unreadable))
    assert effects(database) == [("good", 1), ("good", 2)]
    assert letters(database) == []


def test_two_consumers_of_one_service_each_handle_it(database: Database, events_log: MemoryLog) -> None:
    """The inbox is kept by consumer."""
    for name in ("one", "two"):
        consumer = Consumer(name, lambda: events_log.subscribe("x", [TOPIC]), database, {"test.Fact": record})
        consumer.handle(deliveries(make_event("a", 1)))
    assert effects(database) == [("a", 1), ("a", 1)]


def test_batch_handlers_get_runs_in_order(database: Database, events_log: MemoryLog) -> None:
    """Events of types that share a function come in one call; another handler between them ends the run."""
    calls: list[list[int]] = []

    def whole(session: Session, events: Sequence[Event]) -> None:
        calls.append([event.version for event in events])

    consumer = consumer_of(
        database,
        events_log,
        handlers={"single": lambda session, event: calls.append([-event.version])},
        batch_handlers={"left": whole, "right": whole},
    )
    kinds = ["left", "left", "right", "single", "single", "right", "unknown", "left"]
    events = [make_event("a", version, event_type=kind) for version, kind in enumerate(kinds)]
    handled = consumer.handle(deliveries(*events))
    assert calls == [[0, 1, 2], [-3], [-4], [5, 7]]
    assert (handled.events, handled.unknown) == (7, 1)


def test_a_type_has_one_handler(database: Database, events_log: MemoryLog) -> None:
    """Two handlers for one type are a mistake of the program."""
    with pytest.raises(ValueError, match="two handlers"):
        consumer_of(database, events_log, batch_handlers={"test.Fact": record_all})


@pytest.mark.parametrize("form", ["handlers", "batch_handlers"])
def test_poison_is_parked_with_its_followers_and_nobody_else(
    database: Database, events_log: MemoryLog, form: str
) -> None:
    """One bad event among many: its effects are undone, its followers wait, all others are done."""
    handler = {"test.Fact": record if form == "handlers" else record_all}
    consumer = consumer_of(database, events_log, **{"handlers": {}, form: handler})
    bad = make_event("bad", 2, payload=b"poison", key="shared")
    batch = [make_event("bad", 1, key="shared"), bad, make_event("good", 1, key="shared")]
    batch += [make_event("bad", 3, key="shared"), make_event("good", 2, key="shared")]
    handled = consumer.handle(deliveries(*batch))
    assert effects(database) == [("bad", 1), ("good", 1), ("good", 2)]
    assert letters(database) == [("bad", 2, "FAILED"), ("bad", 3, "BLOCKED")]
    assert (handled.events, handled.dead_letters) == (3, 2)
    consumer.handle(deliveries(make_event("bad", 4), make_event("good", 3)))
    assert letters(database)[2:] == [("bad", 4, "BLOCKED")]
    assert effects(database)[3:] == [("good", 3)]
    with database.begin() as session:
        assert "cannot handle bad:2" in open_letters(session)[0].error


def test_poison_is_tried_three_times(database: Database, events_log: MemoryLog) -> None:
    """A fault that passes costs no dead letter; unreadable bytes are not tried again."""
    tries = {"weak": 0, "unreadable": 0}

    def handle(session: Session, event: Event) -> None:
        tries[event.ordering_id] += 1
        if event.ordering_id == "unreadable":
            raise DecodeError("truncated")
        if tries["weak"] < 3:
            raise Poison

    consumer = consumer_of(database, events_log, handlers={"test.Fact": handle})
    consumer.handle(deliveries(make_event("weak", 1)))
    consumer.handle(deliveries(make_event("unreadable", 1)))
    assert tries == {"weak": 3, "unreadable": 1}
    assert letters(database) == [("unreadable", 1, "UNDECODABLE")]


def test_a_record_without_our_headers_is_parked(database: Database, events_log: MemoryLog) -> None:
    """What the log could not read as an event goes to the dead letters; the rest of the batch is handled."""
    consumer = consumer_of(database, events_log)
    odd = deliveries(make_event("", 0, event_type="", payload=b"\xff\x00"), problem="no header event-id")
    consumer.handle([*odd, *deliveries(make_event("a", 1))])
    assert letters(database) == [("", 0, "UNDECODABLE")]
    assert effects(database) == [("a", 1)]


def test_ordering_ids_of_different_topics_do_not_block_each_other(
    database: Database, events_log: MemoryLog
) -> None:
    """A dead letter holds up its own topic's events alone."""
    consumer = consumer_of(database, events_log)
    consumer.handle(deliveries(make_event("a", 1, payload=b"poison")))
    consumer.handle(deliveries(make_event("a", 7, topic="test.other")))
    assert effects(database) == [("a", 7)]


def test_replay_runs_the_letters_in_order(database: Database, events_log: MemoryLog) -> None:
    """After the fault is mended the letters are handled in order, and new events pass again."""
    consumer = consumer_of(database, events_log)
    bad = make_event("a", 1, payload=b"poison")
    consumer.handle(deliveries(bad, make_event("a", 2), make_event("a", 3), make_event("b", 1)))
    stuck = consumer.replay("a")
    assert (stuck.done, stuck.left) == (0, 3)
    assert "cannot handle a:1" in stuck.error

    woken: list[str] = []
    mended = consumer_of(
        database,
        events_log,
        handlers={
            "test.Fact": lambda session, event: session.execute(
                EFFECT.insert().values(ordering_id=event.ordering_id, version=event.version)
            )
        },
        after_commit=lambda: woken.append("woken"),
    )
    replayed = mended.replay("a")
    assert (replayed.done, replayed.left, replayed.error) == (3, 0, "")
    assert len(woken) == 3
    assert effects(database) == [("b", 1), ("a", 1), ("a", 2), ("a", 3)]
    assert letters(database) == []
    mended.handle(deliveries(make_event("a", 4)))
    assert effects(database)[-1] == ("a", 4)
    assert mended.handle(deliveries(bad)).repeats == 1


def test_a_letter_set_aside_by_a_person_frees_the_others(database: Database, events_log: MemoryLog) -> None:
    """Closing the bad letter with a note lets a replay go on behind it."""
    consumer = consumer_of(database, events_log)
    consumer.handle(deliveries(make_event("a", 1, payload=b"poison"), make_event("a", 2)))
    with database.begin() as session:
        first = open_letters(session, consumer="test", ordering_id="a")[0]
        assert close_letter(session, first.id, "made by mistake")
        assert not close_letter(session, first.id, "twice")
    assert consumer.replay("a").done == 1
    assert effects(database) == [("a", 2)]


def test_an_event_that_comes_during_a_replay_keeps_its_place(
    database: Database, events_log: MemoryLog
) -> None:
    """A consumer that meets a replay at work waits for it and handles its event after the replayed ones."""
    consumer = consumer_of(database, events_log)
    consumer.handle(deliveries(make_event("a", 1, payload=b"poison")))
    inside, go_on = threading.Event(), threading.Event()

    def slow(session: Session, event: Event) -> None:
        inside.set()
        assert go_on.wait(10)
        session.execute(EFFECT.insert().values(ordering_id=event.ordering_id, version=event.version))

    replaying = consumer_of(database, events_log, handlers={"test.Fact": slow})
    thread = threading.Thread(target=replaying.replay, args=("a",))
    thread.start()
    assert inside.wait(10)
    other = threading.Thread(target=consumer.handle, args=(deliveries(make_event("a", 2)),))
    other.start()
    time.sleep(0.3)
    go_on.set()
    thread.join(10)
    other.join(10)
    assert effects(database) == [("a", 1), ("a", 2)]
    assert letters(database) == []


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
            until(lambda: _done(events_log) == 100)
    finally:
        fault.install(None)
    assert cuts == 5
    assert effects(database) == [("a", version) for version in range(100)]
    assert letters(database) == []


def _done(events_log: MemoryLog) -> int:
    return sum(offset for (group, _, _), offset in events_log.offsets.items() if group == "test")


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
    assert _done(events_log) == 0
    seen: list[Handled] = []
    with running(consumer_of(database, events_log, on_batch=seen.append)):
        until(lambda: _done(events_log) == 5)
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
        until(lambda: _done(events_log) == 2)
    holder.join(5)
    assert letters(database) == []
    assert sorted(effects(database)) == [("a", 1), ("b", 1)]


def test_old_inbox_rows_are_trimmed(database: Database, events_log: MemoryLog) -> None:
    """What is older than the limit is forgotten, what is newer stays."""
    consumer = consumer_of(database, events_log)
    consumer.handle(deliveries(make_event("a", 1)))
    with database.begin() as session:
        assert trim(session, clock.now() - timedelta(days=30)) == 0
        assert trim(session, clock.now() + timedelta(seconds=1)) == 1


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    print_blob=True,
)
@given(data=st.data())
def test_any_schedule_of_repeats_and_poison_keeps_order(database: Database, data: st.DataObject) -> None:
    """Random repeats and poison: what was done of an ordering id is a prefix in order, the rest waits."""
    with database.engine.begin() as connection:
        connection.execute(text("TRUNCATE inbox, dead_letter, effect"))
    names = ["a", "b", "c"]
    poisoned = data.draw(st.sets(st.tuples(st.sampled_from(names), st.integers(0, 5)), max_size=3))
    sequence = data.draw(st.permutations([name for name in names for _ in range(6)]))
    counters = dict.fromkeys(names, 0)
    events = []
    for name in sequence:
        version = counters[name]
        counters[name] += 1
        payload = b"poison" if (name, version) in poisoned else b"fine"
        events.append(make_event(name, version, payload=payload))
    consumer = Consumer("test", lambda: MemoryLog().subscribe("x", []), database, {"test.Fact": record})
    start = 0
    while start < len(events):
        size = data.draw(st.integers(1, 8))
        back = data.draw(st.integers(0, min(3, start)))
        consumer.handle(deliveries(*events[start - back : start + size]))
        start += size
    done = effects(database)
    for name in names:
        first_bad = min((version for other, version in poisoned if other == name), default=6)
        assert [version for other, version in done if other == name] == list(range(first_bad))
        waiting = [version for other, version, _ in letters(database) if other == name]
        assert waiting == list(range(first_bad, 6))
