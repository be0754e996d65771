"""The full platform on one machine: PostgreSQL, Apache Kafka, and each service as its own process under a supervisor.

What is deployed to a cluster is the same processes with the same settings; only who starts them differs.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from cli import installation
from cli.platform import here, leftovers, server, supervision
from cli.platform.folders import make
from cli.platform.keys import keys
from cli.platform.ports import free_port
from kit import kafka_broker
from kit import postgres as launcher
from kit.errors import FailedPrecondition
from kit.events_kafka import KafkaLog
from kit.events_kafka_client import answers
from kit.migrate import ROOT

_POSTGRES_SETTINGS: Final = {"max_connections": "300"}
# Ten programs that start at once on a busy laptop take their time.
_READY_SECONDS: Final = 240.0


class PartNotReady(FailedPrecondition):
    reason = "PART_NOT_READY"
    vi = "Phần {name} chưa chạy được sau {seconds} giây. Xem {log}: {last}"
    en = "The part {name} is not ready after {seconds} seconds. See {log}: {last}"


@dataclass
class Full:
    """One full platform in a folder of its own: `start`, use `url`, `stop`. `port` 0 takes a free one."""

    folder: Path
    mode: Literal["demo", "test"] = "demo"
    host: str = "127.0.0.1"
    port: int = 8080
    with_sandbox: bool = True
    fsync: bool = True
    is_benchmark: bool = False
    # Told what is being started: it takes a while.
    tell: Callable[[str], object] = lambda words: None
    environment: dict[str, str] = field(default_factory=dict)
    sandbox_port: int = 0
    kafka_port: int = field(init=False, default=0)
    server: launcher.Server = field(init=False)
    _parts: dict[str, supervision.Program] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.folder = self.folder.absolute()

    @property
    def url(self) -> str:
        """Where the pages are."""
        return f"http://{self.host}:{self.port}"

    @property
    def sandbox_url(self) -> str:
        """Where the sandbox bank is; empty without one."""
        return f"http://{self.host}:{self.sandbox_port}" if self.with_sandbox else ""

    def start(self) -> None:
        """Start everything; returns when pages are served. Raises errors that say what to do."""
        make(self.folder)
        self.port = free_port(self.host, self.port)
        self.sandbox_port = free_port(self.host, self.sandbox_port)
        kafka_broker.install()
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def _start(self) -> None:
        # What refuses to start says so in one line of its own; from here on it is a matter of time.
        self.server = server.start(self.folder, fsync=self.fsync, settings=_POSTGRES_SETTINGS)
        self.tell("PostgreSQL …")
        password = server.password_of_roles(self.folder, self.server)
        form = self.server.dsn("{database}", user="{role}", password=password)
        installation.install_databases(self.server.dsn("postgres"), form, password=password)
        self.kafka_port = free_port(self.host, 0)
        ports = {service: free_port(self.host, 0) for service in installation.SERVICES}
        self.environment |= {
            **keys(self.folder),
            "XOAI_MODE": self.mode,
            "XOAI_EVENTS": "kafka",
            "XOAI_KAFKA_SERVERS": f"{self.host}:{self.kafka_port}",
            "XOAI_DATABASE_URL": form,
            "XOAI_GRPC_ADDRESSES": ",".join(f"{name}={self.host}:{port}" for name, port in ports.items()),
            "XOAI_PUBLIC_URL": self.url,
            "XOAI_SANDBOX_URL": self.sandbox_url,
            "XOAI_DEMO_FOLDER": str(self.folder.parent / "demo"),
        }
        self._parts = {program.name: program for program in self._programs(ports)}
        supervision.write(self.folder, [*self._parts.values()])
        supervision.start(self.folder)
        self.tell("Apache Kafka …")
        self._await_kafka()
        self.tell(f"Các dịch vụ / services: {', '.join(ports)} …")
        supervision.start_services(self.folder)
        for name in self._parts:
            self._await_ready(name)
        here.remember(self.folder, self.environment)

    @property
    def parts(self) -> list[str]:
        """The names of all supervised parts; after `start`."""
        return list(self._parts)

    def tend(self) -> list[str]:
        """The supervisor starts again what has ended; nothing is left to do."""
        return []

    def pid(self, name: str) -> int:
        """The process id of a part, for fault tests; 0 if it does not run.

        Broker and database run beside the process that is supervised for them; theirs are in `kafka` and `server`.
        """
        return supervision.pid(self.folder, self._parts[name].full_name)

    @property
    def kafka(self) -> kafka_broker.Broker:
        """The broker."""
        return kafka_broker.Broker(f"{self.host}:{self.kafka_port}", self.folder / "kafka")

    def stop(self) -> None:
        """Stop everything, the database last."""
        stop(self.folder)

    def _programs(self, ports: dict[str, int]) -> list[supervision.Program]:
        database = [sys.executable, "-m", "cli.platform.database", str(self.folder / "postgres")]
        database += ["--settings", json.dumps(_POSTGRES_SETTINGS), *([] if self.fsync else ["--no-fsync"])]
        kafka = [str(ROOT / "tools" / "kafka" / "run"), str(self.kafka_port)]
        kafka += ["--data", str(self.folder / "kafka"), *(["--benchmark"] if self.is_benchmark else [])]
        programs = [self._program("kafka", kafka, is_server=True)]
        if self.server.data_dir is not None:
            programs.append(self._program("database", database, is_server=True))
        for name, port in ports.items():
            command = [sys.executable, "-m", f"services.{name}"]
            programs.append(self._program(name, command, {"XOAI_GRPC_LISTEN": f"{self.host}:{port}"}))
        programs.append(self._http("web", "cli.platform.web", self.port))
        if self.with_sandbox:
            programs.append(self._http("sandbox", "sandbox.bank", self.sandbox_port))
        return programs

    def _http(self, name: str, module: str, port: int) -> supervision.Program:
        command = [sys.executable, "-m", module, "--host", self.host, "--port", str(port)]
        return self._program(name, command, {})

    def _program(
        self, name: str, command: Sequence[str], more: Mapping[str, str] = {}, *, is_server: bool = False
    ) -> supervision.Program:
        environment = {} if is_server else {**self.environment, **more}
        if self.mode == "test" and not is_server:
            # A test arms a fault by writing this file: the part's next process reads it.
            environment["XOAI_FAULTS"] = f"@{self.fault_file(name)}"
        command = [*command, "--ready-file", str(self.ready_file(name))]
        return supervision.Program(name, command, environment, is_server=is_server)

    def fault_file(self, name: str) -> Path:
        """Where a test writes the faults (`kit.fault`) of a part's next process."""
        return self.folder / f"{name}.faults"

    def ready_file(self, name: str) -> Path:
        return self.folder / f"{name}.ready"

    def _await_kafka(self) -> None:
        self._await_ready("kafka")
        address = self.kafka.address
        deadline = time.monotonic() + _READY_SECONDS
        while time.monotonic() < deadline:
            if answers([address]):
                log = KafkaLog([address])
                try:
                    installation.install_topics(log)
                finally:
                    log.close()
                return
            time.sleep(0.2)
        raise self._not_ready("kafka")

    def _await_ready(self, name: str) -> None:
        deadline = time.monotonic() + _READY_SECONDS
        while time.monotonic() < deadline:
            if self.ready_file(name).exists():
                return
            time.sleep(0.05)
        raise self._not_ready(name)

    def _not_ready(self, name: str) -> PartNotReady:
        log = self.folder / f"{name}.log"
        lines = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
        return PartNotReady(
            name=name, seconds=int(_READY_SECONDS), log=log, last=lines[-1][:300] if lines else "-"
        )


def stop(folder: Path) -> None:
    """Stop the full platform of a folder, whoever started it, and what a killed supervisor left behind."""
    supervision.stop(folder)
    leftovers.end(folder)


def is_running(folder: Path) -> bool:
    """True if a supervisor answers in this folder."""
    return supervision.is_running(folder)
