"""The inbox: each event once in effect, in order, whatever is told again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.orm import Session

from kit import clock
from kit.db import Database
from kit.events import Event
from kit.inbox import Consumer, close_letter, open_letters, trim
from kit.testing.events_memory import MemoryLog
from tests.integration.kit.inbox.effects import (
    consumer_of,
    deliveries,
    effects,
    letters,
    record,
    record_all,
    record_once,
)
from tests.support.events import TOPIC, make_event


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
