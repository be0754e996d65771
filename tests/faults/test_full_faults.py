"""Faults of single processes, of the broker and of the database, on the full platform with real Kafka, under load."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time

import httpx
import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from cli import installation
from cli.platform.full import Full
from kit import clock, ids
from kit.db import Database
from kit.events import PARTITIONS, Event
from kit.events_kafka import KafkaLog
from kit.inbox import close_letter, open_letters
from sandbox.bank.callbacks import message
from services.reconciliation.consume import CREDITS, CREDITS_TOPICS
from tests.faults.load import History
from tests.faults.stand import REPEATS, Stand, crash_at, kill_and_wait, wait_for

pytestmark = pytest.mark.timeout(600 * REPEATS)


def _platform(stand: Stand) -> Full:
    assert isinstance(stand.platform, Full)
    return stand.platform


def test_web_is_killed_in_the_midst_of_callbacks(full: Stand) -> None:
    """F1: callbacks in flight break off, the bank repeats them, none is half stored or lost."""
    chance, platform = random.Random(full.seed), _platform(full)

    def act() -> None:
        time.sleep(chance.uniform(0, 0.5))
        kill_and_wait(platform, "web")

    history = full.run(act)
    assert history.unknown > 0


def test_each_service_is_killed(full: Stand) -> None:
    """F2: while services die one after another, callbacks are accepted and pages say plainly that something is away."""
    platform = _platform(full)

    def act() -> None:
        for name in installation.SERVICES:
            platform.ready_file(name).unlink()
            os.kill(platform.pid(name), signal.SIGKILL)
            time.sleep(0.2)
        for name in installation.SERVICES:
            wait_for(platform.ready_file(name).exists, f"{name} did not come back")

    history = full.run(act)
    _assert_accepted_throughout(history)
    assert history.pages["200"] > 0


def test_keepers_are_killed(full: Stand) -> None:
    """The processes that keep database and broker are killed: both run on and are taken hold of again."""
    platform = _platform(full)
    database, broker = platform.server.pid(), platform.kafka.pid()

    def act() -> None:
        for name in ("database", "kafka", "sandbox"):
            kill_and_wait(platform, name)

    history = full.run(act)
    assert (platform.server.pid(), platform.kafka.pid()) == (database, broker)
    _assert_accepted_throughout(history)


def test_relay_dies_between_sending_and_marking(full: Stand) -> None:
    """F3: what was sent and not yet marked is sent again; it is in the log twice and in effect once."""
    platform = _platform(full)
    before = sum(times - 1 for times in full.auditor.logged.values())
    full.run(lambda: crash_at(platform, "intake", "relay.published=crash@3"))
    assert sum(times - 1 for times in full.auditor.logged.values()) > before


def test_consumers_die_between_commit_and_offsets(full: Stand) -> None:
    """F4: what was committed is delivered again and dropped, in reconciliation and in invoices."""
    platform = _platform(full)

    def act() -> None:
        crash_at(platform, "reconciliation", "inbox.committed=crash@3")
        crash_at(platform, "invoices", "inbox.committed=crash@2")

    full.run(act)


def test_consumer_dies_in_the_midst_of_a_batch(full: Stand) -> None:
    """F5: at most the uncommitted batch is done again."""
    platform = _platform(full)
    full.run(lambda: crash_at(platform, "reconciliation", "inbox.handled=crash@2"), rate=100)


def test_broker_is_killed(full: Stand) -> None:
    """F8: with the broker away callbacks are accepted as ever; the outbox grows, then drains, and no client wedges."""
    platform = _platform(full)

    def act() -> None:
        pid = platform.kafka.pid()
        platform.kafka.kill()
        wait_for(lambda: platform.kafka.pid() not in (None, pid), "the broker did not come back")
        time.sleep(2)

    history = full.run(act, repeats=max(2, REPEATS // 2))
    _assert_accepted_throughout(history)


def test_database_stops_at_once(full: Stand) -> None:
    """F13: PostgreSQL stops as after a power cut: callbacks get 503 or wait, nothing acknowledged is lost."""
    platform = _platform(full)

    def act() -> None:
        platform.server.stop_immediately()
        wait_for(lambda: platform.server.pid() is not None, "the database did not come back")

    history = full.run(act)
    assert set(history.statuses) <= {200, 401, 503}


def test_postmaster_is_killed(full: Stand) -> None:
    """F14: the postmaster dies, its lock file stays; the launcher tries until the server is back where it was."""
    platform = _platform(full)

    def act() -> None:
        platform.server.kill()
        wait_for(lambda: platform.server.pid() is not None, "the database did not come back")

    history = full.run(act)
    assert set(history.statuses) <= {200, 401, 503}


def test_poison_in_the_log(full: Stand) -> None:
    """F28: what cannot be read or is no event of ours goes to the dead letters; unknown types are passed over."""
    platform = _platform(full)
    account = full.city.connections[0].accounts[0]
    log = KafkaLog([platform.kafka.address])
    publisher = log.publisher()
    raw = KafkaProducer(bootstrap_servers=[platform.kafka.address], acks="all", enable_idempotence=False)

    def act() -> None:
        publisher.publish([_event(account, b"\xff\xff\xff"), _event(account, b"", event_type="SomethingNew")])
        raw.send("intake.bank-credits", value=b"no headers", key=account.encode(), partition=0).get(10)

    try:
        full.run(act, repeats=1, dead_letters=2)
        # A group forgets nothing of it: after a restart there is still one dead letter each.
        kill_and_wait(platform, "reconciliation")
        full.settle(full.load().history, dead_letters=2)
    finally:
        raw.close()
        publisher.close()
        log.close()
    letters = full.auditor.rows(
        "reconciliation", "SELECT reason, ordering_id FROM dead_letter WHERE close_time IS NULL"
    )
    assert sorted(row.reason for row in letters) == ["UNDECODABLE", "UNDECODABLE"]
    _set_aside(full)


def test_handler_that_always_fails(full: Stand) -> None:
    """F28: an event whose handler fails each time is a dead letter after three tries; once mended it is replayed."""
    platform = _platform(full)
    # What was done before must not come again here: it would fail as well.
    wait_for(lambda: _are_offsets_told(platform), "offsets stay behind")
    platform.fault_file("reconciliation").write_text("inbox.handled=fail")
    kill_and_wait(platform, "reconciliation")
    platform.fault_file("reconciliation").unlink()
    load = full.load()
    sent = [load.make(full.city.take()) for _ in range(3)]
    with httpx.Client(timeout=10) as client:
        for each in sent:
            body, headers = message(each.connection, each.transfer)
            status = client.post(each.connection.url, content=body, headers=headers).status_code
            each.statuses[status] += 1
    waiting = "SELECT ordering_id, reason FROM dead_letter WHERE close_time IS NULL"
    wait_for(lambda: len(full.auditor.rows("reconciliation", waiting)) == 3, "no dead letters")
    kill_and_wait(platform, "reconciliation")
    # Other keys flow while these wait.
    full.run(lambda: None, repeats=1, dead_letters=3)
    for row in full.auditor.rows("reconciliation", waiting):
        assert row.reason == "FAILED"
        command = [sys.executable, "-m", "cli.main", "events", "replay"]
        options = ["--service", "reconciliation", "--key", row.ordering_id]
        done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    full.settle(load.history)


def _assert_accepted_throughout(history: History) -> None:
    """Callbacks were accepted as if nothing happened; one in a hundred may meet its deadline on a busy machine."""
    assert set(history.statuses) <= {200, 401, 503}
    assert history.statuses[503] <= history.statuses.total() / 100
    assert history.unknown == 0


def _event(account: str, payload: bytes, *, event_type: str = "BankCreditReported") -> Event:
    return Event(
        event_id=ids.new(),
        topic="intake.bank-credits",
        key=account,
        ordering_id=str(ids.new()),
        event_type=event_type,
        version=1,
        occur_time=clock.now(),
        payload=payload,
    )


def _are_offsets_told(platform: Full) -> bool:
    """The log knows that every credit was handled."""
    consumer = KafkaConsumer(
        bootstrap_servers=[platform.kafka.address], group_id=CREDITS, enable_auto_commit=False
    )
    try:
        places = [TopicPartition(topic, part) for topic in CREDITS_TOPICS for part in range(PARTITIONS)]
        ends = consumer.end_offsets(places)
        return all(not ends[place] or consumer.committed(place) == ends[place] for place in places)
    finally:
        consumer.close(autocommit=False)


def _set_aside(stand: Stand) -> None:
    """A person looked at the dead letters and closes them."""
    database = Database(stand.city.settings, "reconciliation", pool_size=1)
    with database.begin() as session:
        for letter in open_letters(session):
            close_letter(session, letter.id, "poison of a test")
    database.close()
