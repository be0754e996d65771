"""Real servers for all tests: one PostgreSQL per worker, one Kafka broker per run."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from kit import log
from kit.postgres import Server
from kit.testing import kafka, postgres

os.environ["XOAI_MODE"] = "test"
log.configure("CRITICAL")
# A busy machine is no failure: what takes long is measured by tests of its own.
settings.register_profile("xoai", deadline=None)
settings.load_profile("xoai")


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A PostgreSQL server of this worker's own, from the product's launcher; nothing is flushed to disk."""
    with postgres.running(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture
def scratch(postgres_server: Server) -> Iterator[str]:
    """The libpq address of an empty database of this test's own; what it commits is gone afterwards."""
    with postgres.scratch_database(postgres_server) as name:
        yield postgres_server.dsn(name)


@pytest.fixture(scope="session")
def kafka_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real broker, shared by all workers of the run."""
    folder = tmp_path_factory.getbasetemp()
    with kafka.running(folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder) as address:
        yield address
