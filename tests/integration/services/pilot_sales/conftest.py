"""Sales over real gRPC and PostgreSQL; the neighbours are in memory."""

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
from kit.testing.service import SUBJECT_KEY, served, service_database
from services.pilots.consume import sales as consume
from services.pilots.rpc.sales import SalesServicer
from tests.integration.services.pilot_sales.calls import set_clock
from tests.support.sales import TEN, FakeCodes, FakeCredits
from tests.support.stalls import OpenStall, open_stall
from xoai.pilots.v1 import sales_service_pb2 as pb
from xoai.pilots.v1 import sales_service_pb2_grpc as pb_grpc


@pytest.fixture(autouse=True)
def _ten_in_the_morning() -> Iterator[None]:
    set_clock(TEN)
    yield
    clock.set_offset(timedelta())


@pytest.fixture
def database(postgres_server: Server) -> Iterator[Database]:
    with service_database(postgres_server, "pilots") as database:
        yield database


@pytest.fixture
def codes() -> FakeCodes:
    return FakeCodes()


@pytest.fixture
def credits() -> FakeCredits:
    return FakeCredits()


@pytest.fixture
def channel(database: Database, codes: FakeCodes, credits: FakeCredits) -> Iterator[grpc.Channel]:
    servicer = SalesServicer(Edge(database), codes, credits, SUBJECT_KEY)
    descriptor = pb.DESCRIPTOR.services_by_name["SalesService"]
    with served(descriptor, servicer, pb_grpc.add_SalesServiceServicer_to_server) as channel:
        yield channel


@pytest.fixture
def payments(database: Database) -> Consumer:
    """The payments consumer; tests hand it batches themselves."""
    log = MemoryLog()
    log.create_topics([consume.PAYMENTS_TOPIC])
    return Consumer(
        consume.PAYMENTS,
        lambda: log.subscribe(consume.PAYMENTS, [consume.PAYMENTS_TOPIC]),
        database,
        batch_handlers=consume.PAYMENTS_HANDLERS,
        knows_repeats=True,
    )


@pytest.fixture
def followed(database: Database) -> Consumer:
    """The credits consumer; tests hand it batches themselves."""
    log = MemoryLog()
    log.create_topics([consume.CREDITS_TOPIC])
    return Consumer(
        consume.CREDITS,
        lambda: log.subscribe(consume.CREDITS, [consume.CREDITS_TOPIC]),
        database,
        batch_handlers=consume.CREDITS_HANDLERS,
    )


@pytest.fixture
def stall(database: Database) -> OpenStall:
    """A stall that can sell."""
    return open_stall(database)
