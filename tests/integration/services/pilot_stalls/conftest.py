"""Programmes, stalls, boards and phones over real gRPC and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from kit import clock
from kit.db import Database
from kit.inbox import Consumer
from kit.postgres import Server
from kit.testing.events_memory import MemoryLog
from kit.testing.service import service_database
from services.pilots.consume import accounts


@pytest.fixture
def database(postgres_server: Server) -> Iterator[Database]:
    with service_database(postgres_server, "pilots") as database:
        yield database


@pytest.fixture
def consumer(database: Database) -> Consumer:
    """The accounts consumer; tests hand it batches themselves."""
    log = MemoryLog()
    log.create_topics([accounts.TOPIC])
    return Consumer(
        accounts.NAME,
        lambda: log.subscribe(accounts.NAME, [accounts.TOPIC]),
        database,
        batch_handlers=accounts.BATCH_HANDLERS,
    )


@pytest.fixture(autouse=True)
def _clock_stands() -> Iterator[None]:
    yield
    clock.set_offset(timedelta())
