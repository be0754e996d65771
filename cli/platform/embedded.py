"""The embedded platform: PostgreSQL, all services in one process, gateway and intake's HTTP side in a second.

In demo and tests the sandbox bank is a third. Nothing here is needed in production, where each service is deployed
by itself.
"""

from __future__ import annotations

import signal
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from cli import installation
from cli.platform import here, server
from cli.platform.children import Child, ChildEnded, Children
from cli.platform.folders import make
from cli.platform.keys import keys
from cli.platform.ports import free_port
from kit import events_postgres
from kit import postgres as launcher

# A laptop's share of memory: the platform as a whole stays below 500 MB.
_POSTGRES_SETTINGS: Final = {"shared_buffers": "64MB", "max_wal_size": "1GB", "max_connections": "100"}


@dataclass
class Embedded:
    """One embedded platform in a folder of its own: `start`, use `url`, `stop`. `port` 0 takes a free one."""

    folder: Path
    mode: Literal["demo", "test"] = "demo"
    host: str = "127.0.0.1"
    port: int = 8080
    with_sandbox: bool = True
    fsync: bool = True
    environment: dict[str, str] = field(default_factory=dict)
    sandbox_port: int = 0
    server: launcher.Server = field(init=False)
    children: Children = field(init=False)

    def __post_init__(self) -> None:
        self.folder = self.folder.absolute()
        self.children = Children(self.folder)

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
        self.start_database()
        try:
            self._install()
            grpc_address = f"{self.host}:{free_port(self.host, 0)}"
            self.environment |= {
                **keys(self.folder),
                "XOAI_MODE": self.mode,
                "XOAI_EVENTS": "postgres",
                "XOAI_DATABASE_URL": self._dsn("{database}", "{role}"),
                "XOAI_DATABASE_POOL_SIZE": "3",
                # Dozens of threads that hold the interpreter by turns need no heap each (glibc; ignored elsewhere).
                "MALLOC_ARENA_MAX": "2",
                "XOAI_GRPC_LISTEN": grpc_address,
                "XOAI_GRPC_ADDRESSES": grpc_address,
                "XOAI_PUBLIC_URL": self.url,
                "XOAI_SANDBOX_URL": self.sandbox_url,
                "XOAI_DEMO_FOLDER": str(self.folder.parent / "demo"),
            }
            started = [self._start_child("services"), self._start_child("web")]
            if self.with_sandbox:
                started.append(self._start_child("sandbox"))
            for child in started:
                self.children.wait_ready(child)
            here.remember(self.folder, self.environment)
        except BaseException:
            self.stop()
            raise

    def start_database(self) -> None:
        """Start the database, or again after it was killed, where it was."""
        self.server = server.start(self.folder, fsync=self.fsync, settings=_POSTGRES_SETTINGS)

    def tend(self) -> list[str]:
        """Start again what has ended by itself; the names of what had."""
        ended = [child.name for child in self.children.running if child.process.poll() is not None]
        if self.server.data_dir is not None and self.server.pid() is None:
            ended.insert(0, "postgres")
            self.start_database()
        for name in ended:
            # One that cannot start yet is found ended again at the next look.
            with suppress(ChildEnded):
                if name != "postgres":
                    self.revive(name)
        return ended

    def kill(self, name: str) -> None:
        """kill -9 a child; for fault tests."""
        self._child(name).process.send_signal(signal.SIGKILL)
        self._child(name).process.wait()

    def revive(self, name: str) -> None:
        """Start a child anew that ended, at its old address."""
        old = self._child(name)
        self.children.running.remove(old)
        self.children.wait_ready(self._start_child(name))

    def stop(self) -> None:
        """Stop everything, the database last."""
        self.children.stop()
        self.server.stop()

    def _child(self, name: str) -> Child:
        return next(child for child in self.children.running if child.name == name)

    def _start_child(self, name: str) -> Child:
        arguments = {
            "services": ["-m", "cli.platform.services"],
            "web": ["-m", "cli.platform.web", "--host", self.host, "--port", str(self.port)],
            "sandbox": ["-m", "sandbox.bank", "--host", self.host, "--port", str(self.sandbox_port)],
        }
        return self.children.start(name, arguments[name], self.environment)

    def _dsn(self, database: str, role: str) -> str:
        password = server.password_of_roles(self.folder, self.server)
        return self.server.dsn(database, user=role, password=password)

    def _install(self) -> None:
        admin, password = self.server.dsn("postgres"), server.password_of_roles(self.folder, self.server)
        form = self._dsn("{database}", "{role}")
        installation.install_databases(admin, form, password=password)
        installation.install_events_database(admin, form, password=password)
        log = events_postgres.PostgresLog(self._dsn("xoai_events", "xoai_events_worker"))
        try:
            installation.install_topics(log)
        finally:
            log.close()
