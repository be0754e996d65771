"""The invoices over real gRPC and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import grpc
import pytest

from kit import clock
from kit.db import Database
from kit.grpc_server import Edge
from kit.inbox import Consumer
from kit.postgres import Server
from kit.testing.events_memory import MemoryLog
from kit.testing.service import DATA_KEY, SUBJECT_KEY, served, service_database
from services.invoices import consume
from services.invoices.domain.bills import Keeper
from services.invoices.rpc import InvoicesServicer
from xoai.invoices.v1 import invoices_service_pb2 as pb
from xoai.invoices.v1 import invoices_service_pb2_grpc as pb_grpc


@pytest.fixture
def database(postgres_server: Server) -> Iterator[Database]:
    with service_database(postgres_server, "invoices") as database:
        yield database


@pytest.fixture
def channel(database: Database) -> Iterator[grpc.Channel]:
    servicer = InvoicesServicer(Edge(database), Keeper(DATA_KEY), SUBJECT_KEY)
    descriptor = pb.DESCRIPTOR.services_by_name["InvoicesService"]
    with served(descriptor, servicer, pb_grpc.add_InvoicesServiceServicer_to_server) as channel:
        yield channel


@pytest.fixture
def consumer(database: Database) -> Consumer:
    """The payments consumer; tests hand it batches themselves."""
    log = MemoryLog()
    log.create_topics([consume.TOPIC])
    return Consumer(
        consume.NAME,
        lambda: log.subscribe(consume.NAME, [consume.TOPIC]),
        database,
        batch_handlers=consume.BATCH_HANDLERS,
    )


@pytest.fixture(autouse=True)
def _clock_stands() -> Iterator[None]:
    yield
    clock.set_offset(timedelta())
