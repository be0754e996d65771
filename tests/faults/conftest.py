"""One platform for all faults of a module; the seed is printed with every run and may be given as XOAI_FAULT_SEED."""

from __future__ import annotations

import logging
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from cli.platform.embedded import Embedded
from cli.platform.full import Full
from kit.events import EventLog
from tests.faults import city
from tests.faults.audit import Auditor
from tests.faults.stand import REPEATS, Stand

_BILLS = 4_000 if REPEATS == 1 else 20_000
# A broker that is killed makes its clients complain: that is what is tested.
logging.getLogger("kafka").setLevel(logging.CRITICAL)


@pytest.fixture(scope="session")
def seed() -> int:
    """What the load is made from."""
    return int(os.environ.get("XOAI_FAULT_SEED") or secrets.randbelow(10**9))


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory, seed: int) -> Iterator[Stand]:
    """The full platform: PostgreSQL that flushes, Apache Kafka, a process a service under the supervisor."""
    from kit.events_kafka import KafkaLog

    platform = Full(tmp_path_factory.mktemp("full") / "platform", mode="test", port=0)
    with _environment():
        platform.start()
        with _standing(platform, seed, lambda: KafkaLog([platform.kafka.address])) as stand:
            yield stand


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory, seed: int) -> Iterator[Stand]:
    """The embedded platform: PostgreSQL that flushes, all services in one process, web and sandbox in two more."""
    from kit.events_postgres import PostgresLog

    platform = Embedded(tmp_path_factory.mktemp("embedded") / "platform", mode="test", port=0)
    with _environment():
        platform.start()
        address = platform.server.dsn("xoai_events", user="xoai_events_worker")
        with _standing(platform, seed, lambda: PostgresLog(address)) as stand:
            yield stand


@contextmanager
def _standing(platform: Embedded | Full, seed: int, log: Callable[[], EventLog]) -> Iterator[Stand]:
    stand: Stand | None = None
    try:
        built = city.build(platform, seed, bills=_BILLS)
        auditor = Auditor(built.settings, log())
        stand = Stand(platform, built, auditor, seed)
        auditor.wait_quiet()
        yield stand
    finally:
        if stand is not None:
            stand.auditor.close()
            stand.city.visitor.close()
        platform.stop()
        shutil.rmtree(platform.folder, ignore_errors=True)


@contextmanager
def _environment() -> Iterator[None]:
    """What a platform puts into this process's environment is taken out again."""
    before = dict(os.environ)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
