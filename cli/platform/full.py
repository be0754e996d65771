"""The full platform on one machine: PostgreSQL, Apache Kafka, and each service as its own process under a supervisor.

What is deployed to a cluster is the same processes with the same settings; only who starts them differs.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from cli import installation
from cli.platform import here, supervision
from cli.platform.keys import keys
from cli.platform.ports import free_port
from kit import events_kafka, kafka_broker
from kit import postgres as launcher
from kit.errors import FailedPrecondition
from kit.migrate import ROOT

_POSTGRES_SETTINGS: Final = {"max_connections": "300"}
_READY_SECONDS: Final = 90.0


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
    environment: dict[str, str] = field(default_factory=dict)
    sandbox_port: int = 0
    server: launcher.Server = field(init=False)

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
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port(self.host, self.port)
        self.sandbox_port = free_port(self.host, self.sandbox_port)
        kafka_broker.install()
        self.server = launcher.start(self.folder / "postgres", fsync=self.fsync, settings=_POSTGRES_SETTINGS)
        form = self.server.dsn("{database}", user="{role}")
        installation.install_databases(self.server.dsn("postgres"), form, password=self.server.password)
        kafka = free_port(self.host, 0)
        ports = {service: free_port(self.host, 0) for service in installation.SERVICES}
        self.environment |= {
            **keys(self.folder),
            "XOAI_MODE": self.mode,
            "XOAI_EVENTS": "kafka",
            "XOAI_KAFKA_SERVERS": f"{self.host}:{kafka}",
            "XOAI_DATABASE_URL": form,
            "XOAI_GRPC_ADDRESSES": ",".join(f"{name}={self.host}:{port}" for name, port in ports.items()),
            "XOAI_PUBLIC_URL": self.url,
            "XOAI_SANDBOX_URL": self.sandbox_url,
            "XOAI_DEMO_FOLDER": str(self.folder.parent / "demo"),
        }
        supervision.write(self.folder, self._programs(ports, kafka))
        supervision.start(self.folder)
        try:
            self._await_kafka(kafka)
            supervision.control(self.folder, "start", "xoai:*")
            for name in self._names():
                self._await_ready(name)
            here.remember(self.folder, self.environment)
        except BaseException:
            self.stop()
            raise

    def pid(self, name: str) -> int:
        """The process id of a part, for fault tests; 0 if it does not run."""
        answer = supervision.control(self.folder, "pid", f"xoai:{name}").strip()
        return int(answer) if answer.isdigit() else 0

    def stop(self) -> None:
        """Stop everything, the database last."""
        stop(self.folder)

    def _names(self) -> list[str]:
        return [*installation.SERVICES, "web", *(["sandbox"] if self.with_sandbox else [])]

    def _programs(self, ports: dict[str, int], kafka: int) -> list[supervision.Program]:
        python = sys.executable
        programs = [
            supervision.Program(
                "kafka",
                [str(ROOT / "tools" / "kafka" / "run"), str(kafka)],
                {
                    "KAFKA_DATA": str(self.folder / "kafka"),
                    "KAFKA_BENCHMARK": "1" if self.is_benchmark else "",
                },
                group="",
                is_started_at_once=True,
            )
        ]
        for name, port in ports.items():
            command = [python, "-m", f"services.{name}", "--ready-file", str(self._ready_file(name))]
            listen = {"XOAI_GRPC_LISTEN": f"{self.host}:{port}"}
            programs.append(supervision.Program(name, command, {**self.environment, **listen}))
        programs.append(self._http("web", "cli.platform.web", self.port))
        if self.with_sandbox:
            programs.append(self._http("sandbox", "sandbox.bank", self.sandbox_port))
        return programs

    def _http(self, name: str, module: str, port: int) -> supervision.Program:
        ready = str(self._ready_file(name))
        command: Sequence[str] = [
            sys.executable, "-m", module, "--host", self.host, "--port", str(port), "--ready-file", ready,
        ]  # fmt: skip
        return supervision.Program(name, command, self.environment)

    def _ready_file(self, name: str) -> Path:
        return self.folder / f"{name}.ready"

    def _await_kafka(self, port: int) -> None:
        deadline = time.monotonic() + _READY_SECONDS
        while time.monotonic() < deadline:
            if events_kafka.answers([f"{self.host}:{port}"]):
                log = events_kafka.KafkaLog([f"{self.host}:{port}"])
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
            if self._ready_file(name).exists():
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
    """Stop the full platform of a folder, whoever started it."""
    supervision.stop(folder)
    data = folder / "postgres"
    if data.exists():
        # Taking hold of a server that runs is the same call as starting one.
        launcher.start(data).stop()


def is_running(folder: Path) -> bool:
    """True if a supervisor answers in this folder."""
    try:
        supervision.control(folder, "pid")
    except (subprocess.CalledProcessError, FileNotFoundError):
        return False
    return True
