"""The bell between processes: two logs stand for two processes, each with a bell of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Final

import psycopg
import pytest

from kit.events import Delivery, Subscription
from kit.events_postgres import PostgresLog, create_schema
from tests.support.events import TOPIC, make_event

# Readers look twice a second without a bell: what comes this much sooner was rung.
_RUNG: Final = 0.25


@pytest.fixture
def address(scratch: str) -> str:
    create_schema(scratch)
    PostgresLog(scratch).create_topics([TOPIC])
    return scratch


@contextmanager
def reading(address: str) -> Iterator[Subscription]:
    with closing(PostgresLog(address).subscribe("readers", [TOPIC])) as subscription:
        assert subscription.poll(max_events=10, timeout=0.6) == []
        yield subscription


def seconds_to_hear(subscription: Subscription, other: PostgresLog, version: int) -> float:
    """From the other process's commit until this one's waiting reader has the event."""
    found: list[Delivery] = []

    def wait() -> None:
        while not found:
            found.extend(subscription.poll(max_events=10, timeout=5))

    reader = threading.Thread(target=wait, daemon=True)
    reader.start()
    time.sleep(0.02)
    with closing(other.publisher()) as publisher:
        publisher.publish([make_event("a", version)])
    began = time.monotonic()
    reader.join(10)
    assert [each.event.version for each in found] == [version]
    return time.monotonic() - began


def middle(seconds: Sequence[float]) -> float:
    return sorted(seconds)[len(seconds) // 2]


def test_another_process_is_heard(address: str) -> None:
    """A reader that waits is woken by what another process published."""
    other = PostgresLog(address)
    with reading(address) as subscription:
        assert middle([seconds_to_hear(subscription, other, version) for version in range(1, 10)]) < _RUNG


def test_a_lost_bell_is_hung_up_again(address: str) -> None:
    """After its connection was killed nothing is lost, and a little later the bell is heard as before."""
    other = PostgresLog(address)
    with reading(address) as subscription, psycopg.connect(address, autocommit=True) as admin:
        killed = admin.execute(
            "SELECT count(*) FROM (SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND query = 'LISTEN xoai_log') AS gone"
        ).fetchone()
        assert killed == (1,)
        assert seconds_to_hear(subscription, other, 1) < 5
        time.sleep(1)
        assert middle([seconds_to_hear(subscription, other, version) for version in range(2, 11)]) < _RUNG


def test_the_last_reader_ends_the_listening(address: str) -> None:
    """A process without readers keeps no connection."""
    with reading(address):
        pass
    deadline = time.monotonic() + 5
    with psycopg.connect(address, autocommit=True) as admin:
        while True:
            row = admin.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
            ).fetchone()
            if row == (0,):
                return
            assert time.monotonic() < deadline
            time.sleep(0.05)
