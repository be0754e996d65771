"""The three logs that keep the promise of `kit.events`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kit.events import EventLog
from kit.events_postgres import PostgresLog, create_schema
from kit.testing.events_memory import MemoryLog


@pytest.fixture(params=["memory", "postgres", "kafka"])
def events_log(request: pytest.FixtureRequest) -> Iterator[EventLog]:
    """An empty log of each kind; Kafka's is shared, so tests make topics and groups of their own."""
    log: EventLog
    if request.param == "memory":
        log = MemoryLog()
    elif request.param == "postgres":
        address = request.getfixturevalue("scratch")
        create_schema(address)
        log = PostgresLog(address)
    else:
        from kit.events_kafka import KafkaLog

        log = KafkaLog([request.getfixturevalue("kafka_server")])
    yield log
    log.close()
