"""A database with an inbox in it, and a log in memory."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from kit.db import Database
from kit.settings import Settings
from kit.testing.events_memory import MemoryLog
from tests.integration.kit.inbox.effects import METADATA
from tests.support.events import TOPIC


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
