"""Dead letters: poison is parked with its followers, replayed in order, set aside by a person."""

from __future__ import annotations

import threading
import time
from typing import LiteralString

import pytest
from google.protobuf.message import DecodeError
from sqlalchemy.orm import Session

from kit.db import Database, cursor
from kit.events import Event
from kit.inbox import close_letter, open_letters
from kit.testing.events_memory import MemoryLog
from tests.integration.kit.inbox.effects import (
    EFFECT,
    Poison,
    consumer_of,
    deliveries,
    effects,
    letters,
    record,
    record_all,
)
from tests.support.events import make_event


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


@pytest.mark.parametrize("writes", ["by the driver", "by SQLAlchemy", "in a pipeline", "in an array"])
def test_a_text_that_no_database_takes_is_parked(
    database: Database, events_log: MemoryLog, writes: str
) -> None:
    """A NUL in a text is the event's fault, whoever refuses it, driver or server: nobody waits for it to pass."""
    statement: LiteralString = "INSERT INTO effect (ordering_id, version) VALUES (%s, %s)"
    several: LiteralString = "INSERT INTO effect (ordering_id, version) SELECT unnest(%s::text[]), %s"

    def handle(session: Session, event: Event) -> None:
        found = cursor(session)
        name, version = event.payload.decode() or event.ordering_id, event.version
        if writes == "by SQLAlchemy":
            session.execute(EFFECT.insert().values(ordering_id=name, version=version))
        elif writes == "in a pipeline":
            with found.connection.pipeline():
                found.execute(statement, (name, version))
        elif writes == "in an array":
            found.execute(several, ([name], version))
        else:
            found.execute(statement, (name, version))

    consumer = consumer_of(database, events_log, handlers={"test.Fact": handle})
    bad = make_event("bad", 1, payload=b"nul \x00 inside")
    handled = consumer.handle(
        deliveries(make_event("a", 1, payload=b""), bad, make_event("b", 1, payload=b""))
    )
    assert (handled.events, handled.dead_letters) == (2, 1)
    assert letters(database) == [("bad", 1, "FAILED")]
    assert effects(database) == [("a", 1), ("b", 1)]


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
