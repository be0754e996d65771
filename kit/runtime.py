"""A process: the parts that services put into it, started in order, watched, and drained on SIGTERM.

A service's `compose(process)` adds its parts; which of them run is a matter of roles (serve, relay, consume, jobs), so
one process can hold one service whole, one role of it, or (embedded) every service at once. A part that dies ends the
process with exit code 70: the supervisor starts it anew, and start-up is safe from any half-done state.
"""

from __future__ import annotations

import argparse
import faulthandler
import gc
import os
import random
import signal
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

from kit import log, metrics
from kit.db import Database, is_transient
from kit.events import EventLog, Publisher
from kit.grpc_client import Channels
from kit.grpc_server import Server, Servicer
from kit.relay import Page, Relay
from kit.rpc.clock_feed import ClockFeed
from kit.settings import Settings

ROLES: Final = ("serve", "relay", "consume", "jobs")
CRASHED: Final = 70
# Seconds between two looks of a relay at an outbox that other processes write, full or empty: more often it would send
# pages of one to five rows, whose price is the page's. And of one that is woken, should that ever fail.
_POLL_INTERVAL: Final = 0.015
_WOKEN_POLL_INTERVAL: Final = 0.25

_log = log.get(__name__)


class Runnable(Protocol):
    """A part that works in a thread of its own until it is told to stop."""

    def run(self, stop: threading.Event) -> None: ...


class Process:
    """Holds the parts of one or several services. Build it, let `compose` functions add parts, then `run`."""

    def __init__(self, settings: Settings, *, roles: Sequence[str] = ROLES, name: str = "xoai") -> None:
        self.settings = settings
        self.roles = frozenset(roles)
        self.name = name
        self.channels = Channels(settings)
        self.stopping = threading.Event()
        self._databases: list[Database] = []
        self._servicers: list[tuple[Any, Servicer, Callable[[Any, Any], None]]] = []
        self._parts: list[tuple[str, Runnable]] = []
        self._on_start: list[Callable[[], None]] = []
        self._server: Server | None = None
        self._log: EventLog | None = None
        self._threads: list[threading.Thread] = []
        self._crashed = threading.Event()

    def database(self, service: str, **options: Any) -> Database:
        """The database of a service, closed with the process."""
        database = Database(self.settings, service, **options)
        self._databases.append(database)
        return database

    def events(self) -> EventLog:
        """The log of this installation, made when first asked for."""
        if self._log is None:
            # Imported when asked for: an embedded laptop never loads the Kafka client.
            if self.settings.events == "kafka":
                from kit import events_kafka

                self._log = events_kafka.KafkaLog(self.settings.kafka_servers.split(","))
            else:
                from kit import events_postgres

                self._log = events_postgres.PostgresLog(
                    self.settings.database("xoai_events", "xoai_events_worker")
                )
        return self._log

    def add_servicer(self, descriptor: Any, servicer: Servicer, register: Callable[[Any, Any], None]) -> None:
        """Serve RPCs (role serve). `descriptor` is e.g. pb.DESCRIPTOR.services_by_name["InvoicesService"]."""
        if "serve" in self.roles:
            self._servicers.append((descriptor, servicer, register))

    def add_relay(self, database: Database, *, is_woken: bool = True) -> None:
        """Announce the outbox of a database (role relay), woken by this process's own commits.

        Not `is_woken`: other processes write the outbox, as they always do for a process that does nothing else.
        """
        if "relay" not in self.roles:
            return
        is_woken = is_woken and self.roles != {"relay"}
        service = database.service

        def measure(page: Page) -> None:
            metrics.EVENTS_PUBLISHED.labels(service).inc(page.rows)
            metrics.OUTBOX_OLDEST_AGE.labels(service).set(page.oldest_age_seconds)

        def publisher() -> Publisher:
            return self.events().publisher()

        relay = Relay(
            database.connect,
            publisher,
            poll_interval=_WOKEN_POLL_INTERVAL if is_woken else _POLL_INTERVAL,
            least_pause=0.0 if is_woken else _POLL_INTERVAL,
            on_page=measure,
        )
        database.on_outbox_commit(relay.wake)
        self._parts.append((f"{service}.relay", relay))

    def add_consumer(self, name: str, consumer: Runnable) -> None:
        """Run a consumer (role consume)."""
        if "consume" in self.roles:
            self._parts.append((name, consumer))

    def add_job(self, name: str, every_seconds: float, work: Callable[[], object]) -> None:
        """Run `work` again and again (role jobs); a database that is away only makes it wait."""
        if "jobs" in self.roles:
            self._parts.append((name, _Job(name, every_seconds, work)))

    def add_part(self, name: str, part: Runnable) -> None:
        """Run anything else, whatever the roles."""
        self._parts.append((name, part))

    def on_start(self, function: Callable[[], None]) -> None:
        """Call once before the parts start."""
        self._on_start.append(function)

    @property
    def port(self) -> int:
        """The port on which RPCs are served; after `start`."""
        assert self._server is not None
        return self._server.port

    def start(self) -> None:
        """Start serving and every part."""
        for function in self._on_start:
            function()
        if self.settings.mode != "production":
            self._parts.append(("clock", ClockFeed(self.settings)))
        if self._servicers:
            self._server = Server(
                self.settings.grpc_listen, self.settings.subject_key.get_secret_value(), threads=16
            )
            for descriptor, servicer, register in self._servicers:
                self._server.add(descriptor, servicer, register)
            self._server.start()
        for name, part in self._parts:
            thread = threading.Thread(target=self._guard, args=(name, part), name=name, daemon=True)
            self._threads.append(thread)
            thread.start()
        # What is loaded now stays; leaving it out of collections makes each of them short.
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 20, 100)

    def stop(self) -> None:
        """Drain: no new calls, parts end their present work, connections close."""
        self.stopping.set()
        if self._server is not None:
            self._server.stop(grace=20)
        for thread in self._threads:
            thread.join(timeout=20)
        self.channels.close()
        if self._log is not None:
            self._log.close()
        for database in self._databases:
            database.close()

    def run(self, *, ready_file: str = "") -> int:
        """Start, wait for SIGTERM, SIGINT or a crashed part, stop; the exit code."""
        faulthandler.enable()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.stopping.set())
        if self.settings.metrics_listen:
            metrics.listen(self.settings.metrics_listen)
        self.start()
        _log.info(
            "ready", process=self.name, port=self._server.port if self._server else 0, parts=len(self._parts)
        )
        if ready_file:
            Path(ready_file).write_text(str(self._server.port if self._server else 0))
        self.stopping.wait()
        if self._crashed.is_set():
            # A part is in an unknown state: leaving at once is safer than a polite goodbye to it.
            os._exit(CRASHED)
        self.stop()
        return 0

    def _guard(self, name: str, part: Runnable) -> None:
        try:
            part.run(self.stopping)
        except BaseException as error:
            _log.error("part crashed", part=name, exc_info=error)
            self._crashed.set()
            self.stopping.set()
            return
        if not self.stopping.is_set():
            _log.error("part ended before its time", part=name)
            self._crashed.set()
            self.stopping.set()


class _Job:
    """Runs work at an interval with a little jitter, so that replicas do not wake together."""

    def __init__(self, name: str, every_seconds: float, work: Callable[[], object]) -> None:
        self._name, self._every, self._work = name, every_seconds, work

    def run(self, stop: threading.Event) -> None:
        while not stop.wait(self._every * random.uniform(0.9, 1.1)):
            try:
                self._work()
            except Exception as error:
                if not is_transient(error):
                    raise
                _log.warning("job waits for the database", job=self._name)


def main(service: str, compose: Callable[[Process], None]) -> int:
    """What each service's __main__ does: `--role` picks roles (default: all)."""
    parser = argparse.ArgumentParser(prog=f"services.{service}", description=f"Xoài: the {service} service")
    parser.add_argument(
        "--role", action="append", choices=ROLES, help="run only this role; may be given again"
    )
    parser.add_argument(
        "--ready-file", default="", help="file to write the port to when everything has started"
    )
    arguments = parser.parse_args()
    settings = Settings()
    log.configure(settings.log_level, process=service)
    process = Process(settings, roles=arguments.role or ROLES, name=service)
    compose(process)
    return process.run(ready_file=arguments.ready_file)
