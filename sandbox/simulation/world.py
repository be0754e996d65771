"""The parts of a simulated installation: databases, log, relays, consumers; and how each starts anew after a crash."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import psycopg
from psycopg import sql

from kit import clock, fault, ids
from kit.auth import EVERYWHERE, Kind, Subject
from kit.db import Database, cursor
from kit.events import Event, Subscription
from kit.inbox import Consumer
from kit.postgres import Server
from kit.relay import Relay
from kit.seal import Sealer
from kit.testing.events_memory import MemoryLog
from kit.testing.service import DATA_KEY, service_database
from services.intake.arrival import Origin
from services.intake.flows import connections
from services.invoices import consume as invoices_consume
from services.reconciliation import consume as reconciliation_consume
from xoai.directory.v1.directory_events_pb2 import AccountChanged

SERVICES: Final = ("intake", "invoices", "reconciliation")
TOPICS: Final = (
    "directory.accounts",
    "invoices.payables",
    "invoices.invoices",
    "pilots.payables",
    "intake.bank-credits",
    "reconciliation.payments",
    "reconciliation.stall-payments",
    "reconciliation.credits",
)
ORGANISATION: Final = UUID("0190a000-0000-7000-8000-000000000001")
ACCOUNT_ID: Final = "0190a000-0000-7000-8000-00000000000a"
BIN, ACCOUNT_NUMBER, HOLDER = "970436", "1012345678", "TRUONG TIEU HOC SO 1"
# A trader's organisation with an account of its own.
MERCHANT: Final = UUID("0190a000-0000-7000-8000-000000000002")
MERCHANT_ACCOUNT_ID: Final = "0190a000-0000-7000-8000-00000000000b"
MERCHANT_ACCOUNT_NUMBER: Final = "1099999999"
SECRET: Final = "whsec_bW8gcGhvbmcgbW8gcGhvbmcgbW8gcGhvbmc="
BEGIN: Final = datetime(2026, 9, 1, 1, 0, tzinfo=UTC)
CLERK: Final = Subject(
    kind=Kind.PERSON,
    id="00000000-0000-7000-8000-000000000001",
    name="Mô phỏng",
    grants={
        EVERYWHERE: frozenset(
            {"invoices.issue", "invoices.change", "invoices.void", "credits.assign", "credits.undo"}
        )
    },
)


class Crash(BaseException):
    """The process dies here. No `except Exception` of the code under test may survive it."""


@dataclass(slots=True)
class Member:
    """A consumer with its place in the log; `reopen` is what happens to it when its process starts anew."""

    group: str
    topics: tuple[str, ...]
    consumer: Consumer
    database: Database
    log: MemoryLog
    subscription: Subscription = field(init=False)

    def __post_init__(self) -> None:
        self.subscription = self.log.subscribe(self.group, self.topics)

    def reopen(self) -> None:
        """Go on where the log last heard of: what was handled since comes again."""
        self.subscription.close()
        self.subscription = self.log.subscribe(self.group, self.topics)


class World:
    """Three services' databases and everything between them. `reset` before each run."""

    def __init__(self, databases: dict[str, Database], admin: dict[str, str]) -> None:
        self.databases = databases
        self.admin = admin
        self._tables: dict[str, list[str]] = {}
        self.log = MemoryLog()
        self.relays: dict[str, Relay] = {}
        self.members: list[Member] = []

    def reset(self, seed: int) -> None:
        """Empty everything; the clock stands at the beginning, ids follow from the seed."""
        for name in SERVICES:
            self._empty(name)
        for relay in self.relays.values():
            relay.close()
        self.set_clock(BEGIN)
        ids.install(_Ids(seed))
        self.log = MemoryLog()
        self.log.create_topics(TOPICS)
        self.relays = {name: self._relay(name, 1_000) for name in SERVICES}
        reconciliation, invoices = self.databases["reconciliation"], self.databases["invoices"]
        owners = Consumer(
            reconciliation_consume.OWNERS,
            self._never,
            reconciliation,
            reconciliation_consume.OWNERS_HANDLERS,
            batch_handlers=reconciliation_consume.OWNERS_BATCH_HANDLERS,
        )
        credits = Consumer(
            reconciliation_consume.CREDITS,
            self._never,
            reconciliation,
            batch_handlers=reconciliation_consume.CREDITS_BATCH_HANDLERS,
        )
        payments = Consumer(
            invoices_consume.NAME,
            self._never,
            invoices,
            batch_handlers=invoices_consume.BATCH_HANDLERS,
        )
        self.members = [
            Member(owners.name, reconciliation_consume.OWNERS_TOPICS, owners, reconciliation, self.log),
            Member(credits.name, reconciliation_consume.CREDITS_TOPICS, credits, reconciliation, self.log),
            Member(payments.name, (invoices_consume.TOPIC,), payments, invoices, self.log),
        ]
        self.origin = self._connect_bank()

    def restart_relay(self, name: str, page_size: int) -> None:
        """A new process takes the relay over: the old connection and its lock are gone."""
        self.relays[name].close()
        self.relays[name] = self._relay(name, page_size)

    @staticmethod
    def set_clock(moment: datetime) -> None:
        """Let it be `moment` now."""
        clock.set_offset(timedelta())
        clock.set_offset(moment - clock.now())

    def register_accounts(self) -> None:
        """Directory announces the school's account and the trader's."""
        self._register(
            AccountChanged(
                account_id=ACCOUNT_ID,
                organisation_id=str(ORGANISATION),
                account_number=ACCOUNT_NUMBER,
                holder_name=HOLDER,
                organisation_kind="school",
            )
        )
        self._register(
            AccountChanged(
                account_id=MERCHANT_ACCOUNT_ID,
                organisation_id=str(MERCHANT),
                account_number=MERCHANT_ACCOUNT_NUMBER,
                holder_name="TRAN THI HOA",
                organisation_kind="merchant",
            )
        )

    def _register(self, message: AccountChanged) -> None:
        message.version, message.bin, message.state = 1, BIN, AccountChanged.STATE_ACTIVE
        message.active_time.FromDatetime(BEGIN - timedelta(days=400))
        event = Event(
            event_id=ids.event_id(f"account:{message.account_id}", 1, "AccountChanged"),
            topic="directory.accounts",
            key=message.organisation_id,
            ordering_id=message.account_id,
            event_type="AccountChanged",
            version=1,
            occur_time=clock.now(),
            payload=message.SerializeToString(),
        )
        self.log.write([event])

    def rows(self, service: str, statement: str, **values: Any) -> list[tuple[Any, ...]]:
        """What a statement finds in a service's database."""
        with self.databases[service].begin() as session, cursor(session) as driver:
            driver.execute(statement.encode(), values)
            return driver.fetchall()

    def _relay(self, name: str, page_size: int) -> Relay:
        return Relay(self.databases[name].connect, lambda: self.log.publisher(), page_size=page_size)

    def _never(self) -> Subscription:
        raise AssertionError("a simulated consumer is handed its batches")

    def _connect_bank(self) -> Origin:
        sealer = Sealer(DATA_KEY)
        with self.databases["intake"].begin() as session:
            id = connections.create(
                session,
                CLERK,
                sealer,
                ORGANISATION,
                {
                    "provider": "xoai",
                    "name": "Ngân hàng mô phỏng",
                    "auth": "",
                    "secret": SECRET,
                    "bin": BIN,
                    "confirm_above": 0,
                    "pull_url": "",
                    "pull_secret": "",
                    "account_numbers": [ACCOUNT_NUMBER, MERCHANT_ACCOUNT_NUMBER],
                    "allowed_addresses": [],
                },
            )
            return connections.origin(session, connections.get(session, id))

    def _empty(self, service: str) -> None:
        with psycopg.connect(self.admin[service], autocommit=True) as admin:
            if service not in self._tables:
                found = admin.execute(
                    "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
                ).fetchall()
                self._tables[service] = [row[0] for row in found]
            # Books are append-only by trigger; emptying a test's database is not an act of the service.
            admin.execute("SET session_replication_role = replica")
            # Few rows each: deleting them is much cheaper than new files for a hundred tables and indexes.
            each = [sql.SQL("DELETE FROM {}").format(sql.Identifier(name)) for name in self._tables[service]]
            admin.execute(sql.SQL("; ").join(each))


class _Ids:
    """Time-ordered ids (version 7) that follow from a seed and the simulated clock."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self._count = 0

    def __call__(self) -> UUID:
        self._count += 1
        moment = int(clock.now().timestamp()) * 1000
        number = moment << 80 | 0x7 << 76 | 0b10 << 62
        number |= (
            (self._count >> 20 & 0xFFF) << 64 | (self._count & 0xFFFFF) << 42 | self._chance.getrandbits(42)
        )
        return UUID(int=number)


@contextmanager
def simulated(server: Server) -> Iterator[World]:
    """A world on a server of its own; afterwards clock, ids and fault points are as before."""
    os.environ.setdefault("XOAI_MODE", "test")
    with ExitStack() as stack:
        databases = {name: stack.enter_context(service_database(server, name)) for name in SERVICES}
        admin = {}
        for name, database in databases.items():
            with database.connect() as connection:
                row = connection.execute("SELECT current_database()").fetchone()
            assert row is not None
            admin[name] = server.dsn(row[0])
        world = World(databases, admin)
        try:
            yield world
        finally:
            fault.install(None)
            ids.install(None)
            clock.set_offset(timedelta())
            for relay in world.relays.values():
                relay.close()
