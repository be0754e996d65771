"""Sales and reconciliation together, each with its own database and over gRPC."""

from __future__ import annotations

from collections.abc import Iterator

import grpc
import pytest

from kit.db import Database
from kit.grpc_server import Edge
from kit.inbox import Consumer
from kit.postgres import Server
from kit.testing.service import SUBJECT_KEY, served, service_database
from services.pilots.ports.credits import Credits
from services.pilots.rpc.sales import SalesServicer
from services.reconciliation.rpc import ReconciliationServicer
from tests.integration.services.pilot_sales.reconciled.town import OneChannel, Town
from tests.support.sales import FakeCodes
from xoai.pilots.v1 import sales_service_pb2 as pb
from xoai.pilots.v1 import sales_service_pb2_grpc as pb_grpc
from xoai.reconciliation.v1 import reconciliation_service_pb2 as reconciliation_pb
from xoai.reconciliation.v1 import reconciliation_service_pb2_grpc as reconciliation_grpc


@pytest.fixture
def books(postgres_server: Server) -> Iterator[Database]:
    with service_database(postgres_server, "reconciliation") as database:
        yield database


@pytest.fixture
def town(database: Database, books: Database, payments: Consumer, followed: Consumer) -> Town:
    return Town(database, books, payments, followed)


@pytest.fixture
def channel(database: Database, books: Database) -> Iterator[grpc.Channel]:
    servicer = ReconciliationServicer(Edge(books), SUBJECT_KEY)
    descriptor = reconciliation_pb.DESCRIPTOR.services_by_name["ReconciliationService"]
    register = reconciliation_grpc.add_ReconciliationServiceServicer_to_server
    with served(descriptor, servicer, register) as theirs:
        credits = Credits(OneChannel(theirs))
        sales = SalesServicer(Edge(database), FakeCodes(), credits, SUBJECT_KEY)  # type: ignore[arg-type]
        ours = pb.DESCRIPTOR.services_by_name["SalesService"]
        with served(ours, sales, pb_grpc.add_SalesServiceServicer_to_server) as channel:
            yield channel
