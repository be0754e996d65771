"""Trust over real gRPC and PostgreSQL, with the real reader of codes; the bills are those that a test names."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import grpc
import pytest

from kit import clock
from kit.auth import Subject
from kit.db import Database
from kit.errors import NotFound
from kit.grpc_client import Channels
from kit.grpc_server import Edge
from kit.grpc_server import Server as GrpcServer
from kit.postgres import Server
from kit.settings import Settings
from kit.testing.service import SUBJECT_KEY, Client, served, service_database
from services.pilots.ports.bills import Bills
from services.pilots.ports.scans import Scans
from services.pilots.rpc.trust import TrustServicer
from services.vietqr.rpc import VietqrServicer
from tests.support.fake_access import everybody
from xoai.invoices.v1 import invoices_service_pb2 as invoices_pb
from xoai.invoices.v1 import invoices_service_pb2_grpc as invoices_grpc
from xoai.pilots.v1 import trust_service_pb2 as pb
from xoai.pilots.v1 import trust_service_pb2_grpc as pb_grpc
from xoai.vietqr.v1 import vietqr_service_pb2 as vietqr_pb
from xoai.vietqr.v1 import vietqr_service_pb2_grpc as vietqr_grpc

MOST_VISITS = 3


class KnownBills(invoices_grpc.InvoicesServiceServicer):
    """Answers for the bills in `references` and for no other."""

    PERMISSIONS = everybody(invoices_pb, "InvoicesService")

    def __init__(self) -> None:
        self.references: set[str] = set()

    def GetPublicBill(
        self, request: invoices_pb.GetPublicBillRequest, context: grpc.ServicerContext
    ) -> invoices_pb.PublicBill:
        if request.reference not in self.references:
            raise NotFound()
        return invoices_pb.PublicBill(reference=request.reference)


@pytest.fixture
def database(postgres_server: Server) -> Iterator[Database]:
    with service_database(postgres_server, "pilots") as database:
        yield database


@pytest.fixture
def bills() -> KnownBills:
    return KnownBills()


@pytest.fixture
def channel(database: Database, bills: KnownBills) -> Iterator[grpc.Channel]:
    neighbours = GrpcServer("127.0.0.1:0", SUBJECT_KEY, threads=4)
    neighbours.add(
        vietqr_pb.DESCRIPTOR.services_by_name["VietqrService"],
        VietqrServicer(),
        vietqr_grpc.add_VietqrServiceServicer_to_server,
    )
    neighbours.add(
        invoices_pb.DESCRIPTOR.services_by_name["InvoicesService"],
        bills,
        invoices_grpc.add_InvoicesServiceServicer_to_server,
    )
    neighbours.start()
    channels = Channels(
        Settings(mode="test", subject_key=SUBJECT_KEY, grpc_addresses=f"127.0.0.1:{neighbours.port}")
    )
    servicer = TrustServicer(Edge(database), Scans(channels), Bills(channels), SUBJECT_KEY, MOST_VISITS)
    descriptor = pb.DESCRIPTOR.services_by_name["TrustService"]
    try:
        with served(descriptor, servicer, pb_grpc.add_TrustServiceServicer_to_server) as channel:
            yield channel
    finally:
        channels.close()
        neighbours.stop(grace=1)


class Desk:
    """Calls TrustService as whoever is named."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._stub = pb_grpc.TrustServiceStub(channel)

    def of(self, subject: Subject) -> Client:
        return Client(self._stub, subject)


@pytest.fixture
def desk(channel: grpc.Channel) -> Desk:
    return Desk(channel)


@pytest.fixture(autouse=True)
def _clock_stands() -> Iterator[None]:
    yield
    clock.set_offset(timedelta())
