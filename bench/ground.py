"""What benchmarks stand on: one PostgreSQL server for a whole run, and for each stage its own broker and processes.

Product and yardstick share the server, its settings and its durability (fsync on). Everything started here is stopped
on leaving, whatever happened.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg import sql

from bench.costs import Clock
from bench.results import FOLDER
from cli import installation
from cli.platform.children import Child, Children
from cli.platform.embedded import Embedded
from cli.platform.full import Full
from cli.platform.keys import keys
from kit import kafka_broker
from kit import postgres as launcher
from kit.db import Database
from kit.events_kafka import KafkaLog
from kit.events_kafka_client import answers
from kit.postgres import Server
from kit.settings import Settings

HOST: Final = "127.0.0.1"
# As the full platform sets it; everything else is the launcher's own choice.
_POSTGRES: Final = {"max_connections": "300"}
_HEAP: Final = "512m"


class Ground:
    """The folder and the server of one run. `close` ends what runs and removes the data."""

    def __init__(self) -> None:
        # On the checkout's own disk: a folder for temporary files may be memory, which flushes nothing.
        FOLDER.mkdir(parents=True, exist_ok=True)
        self.folder = Path(tempfile.mkdtemp(prefix="data-", dir=FOLDER))
        self._server: Server | None = None

    @property
    def server(self) -> Server:
        """The server, started when first asked for."""
        if self._server is None:
            self._server = launcher.start(self.folder / "postgres", settings=_POSTGRES)
        return self._server

    def close(self) -> None:
        """Stop the server and forget the data."""
        if self._server is not None:
            self._server.stop_immediately()
            self._server = None
        shutil.rmtree(self.folder, ignore_errors=True)


@dataclass
class Stage:
    """Empty databases and topics, and the processes that a benchmark lets work on them."""

    server: Server
    folder: Path
    kafka: str
    environment: dict[str, str]
    children: Children = field(init=False)
    broker: kafka_broker.Broker | None = None

    def __post_init__(self) -> None:
        self.children = Children(self.folder)

    def settings(self) -> Settings:
        """The settings under which the stage's processes run."""
        os.environ.update(self.environment)
        return Settings()

    def database(self, service: str) -> Database:
        """A service's database, for setting up and for checking; to be closed by the caller."""
        return Database(self.settings(), service, pool_size=2, statement_timeout_ms=600_000)

    def connect(self, service: str) -> psycopg.Connection[tuple[Any, ...]]:
        """A service's database as its owner would not see it: without row-level security."""
        return psycopg.connect(self.server.dsn(f"xoai_{service}"), autocommit=True)

    def log(self) -> KafkaLog:
        """The stage's log."""
        return KafkaLog([self.kafka])

    def start(self, name: str, *arguments: str, **environment: str) -> Child:
        """Start one process and wait until it is ready."""
        child = self.children.start(name, list(arguments), {**self.environment, **environment})
        self.children.wait_ready(child)
        return child

    def service(self, service: str, *roles: str, replica: str = "", **environment: str) -> Child:
        """Start a service with some of its roles; none named means all. `replica` names a further one of the same."""
        chosen = [part for role in roles for part in ("--role", role)]
        name = "-".join((service, *roles, *([replica] if replica else [])))
        return self.start(name, "-m", f"services.{service}", *chosen, **environment)

    def clock(self) -> Clock:
        """Counts the processor time of every part from now on."""
        roots = {child.name: child.process.pid for child in self.children.running}
        if self.broker is not None:
            pid = self.broker.pid()
            if pid is not None:
                roots["kafka"] = pid
        pid = self.server.pid()
        if pid is not None:
            roots["postgresql"] = pid
        return Clock(roots)

    @contextmanager
    def held(self, children: Sequence[Child]) -> Iterator[None]:
        """The processes stand still meanwhile."""
        for child in children:
            child.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            for child in children:
                child.process.send_signal(signal.SIGCONT)


@contextmanager
def _own_environment() -> Iterator[None]:
    """What a stage puts into this process's environment is gone after it, and no later stage inherits it."""
    before = dict(os.environ)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _fresh_databases(server: Server) -> None:
    with psycopg.connect(server.dsn("postgres"), autocommit=True) as admin:
        for service in installation.DATABASES:
            name = sql.Identifier(f"xoai_{service}")
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
    form = server.dsn("{database}", user="{role}")
    installation.install_databases(server.dsn("postgres"), form, password=server.password)


def _environment(server: Server, folder: Path) -> dict[str, str]:
    return {
        **keys(folder),
        "XOAI_MODE": "test",
        "XOAI_LOG_LEVEL": "WARNING",
        "XOAI_DATABASE_URL": server.dsn("{database}", user="{role}"),
        "XOAI_GRPC_ADDRESSES": f"{HOST}:1",
    }


@contextmanager
def stage_without_log(ground: Ground) -> Iterator[Stage]:
    """A stage whose processes neither announce nor hear anything."""
    _fresh_databases(ground.server)
    folder = Path(tempfile.mkdtemp(prefix="stage-", dir=ground.folder))
    stage = Stage(ground.server, folder, "", _environment(ground.server, folder))
    try:
        with _own_environment():
            yield stage
    finally:
        stage.children.stop()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def kafka_stage(ground: Ground) -> Iterator[Stage]:
    """A stage on real Apache Kafka."""
    _fresh_databases(ground.server)
    folder = Path(tempfile.mkdtemp(prefix="stage-", dir=ground.folder))
    broker = kafka_broker.start(folder / "kafka", heap=_HEAP, is_benchmark=True)
    stage: Stage | None = None
    try:
        while not answers([broker.address]):
            pass
        environment = {
            **_environment(ground.server, folder),
            "XOAI_EVENTS": "kafka",
            "XOAI_KAFKA_SERVERS": broker.address,
        }
        stage = Stage(ground.server, folder, broker.address, environment, broker)
        log = stage.log()
        installation.install_topics(log)
        log.close()
        with _own_environment():
            yield stage
    finally:
        if stage is not None:
            stage.children.stop()
        with suppress(Exception):
            broker.stop()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def embedded(ground: Ground) -> Iterator[Embedded]:
    """An embedded platform, empty, flushing to disk."""
    folder = Path(tempfile.mkdtemp(prefix="embedded-", dir=ground.folder))
    platform = Embedded(folder / "platform", mode="test", port=0, with_sandbox=False)
    try:
        platform.start()
        with _own_environment():
            yield platform
    finally:
        _stop(platform, folder)


@contextmanager
def full(ground: Ground) -> Iterator[Full]:
    """A full platform on Kafka, empty, flushing to disk."""
    folder = Path(tempfile.mkdtemp(prefix="full-", dir=ground.folder))
    platform = Full(folder / "platform", mode="test", port=0, with_sandbox=False, is_benchmark=True)
    try:
        platform.start()
        with _own_environment():
            yield platform
    finally:
        _stop(platform, folder)


def _stop(platform: Embedded | Full, folder: Path) -> None:
    with suppress(Exception):
        platform.stop()
    shutil.rmtree(folder, ignore_errors=True)
