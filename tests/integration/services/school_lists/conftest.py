"""Schools with the real directory, invoices, VietQR and documents, over gRPC and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import grpc
import pytest
from pydantic import SecretStr

from kit import clock, fault
from kit.grpc_client import OPTIONS, Channels
from kit.grpc_server import Edge
from kit.grpc_server import Server as GrpcServer
from kit.postgres import Server
from kit.settings import Settings
from kit.testing.service import DATA_KEY, SUBJECT_KEY, service_database
from services.directory.rpc import DirectoryServicer
from services.documents.rpc import DocumentsServicer
from services.invoices.domain.bills import Keeper
from services.invoices.rpc import InvoicesServicer
from services.schools.jobs import IssueWorker
from services.schools.ports import Neighbours
from services.schools.ports.notices import NoticePrinter
from services.schools.rpc import SchoolsServicer
from services.vietqr.rpc import VietqrServicer
from tests.integration.services.school_lists.offices import City, School
from xoai.directory.v1 import directory_service_pb2 as directory_pb
from xoai.directory.v1 import directory_service_pb2_grpc as directory_grpc
from xoai.documents.v1 import documents_service_pb2 as documents_pb
from xoai.documents.v1 import documents_service_pb2_grpc as documents_grpc
from xoai.invoices.v1 import invoices_service_pb2 as invoices_pb
from xoai.invoices.v1 import invoices_service_pb2_grpc as invoices_grpc
from xoai.schools.v1 import schools_service_pb2 as pb
from xoai.schools.v1 import schools_service_pb2_grpc as pb_grpc
from xoai.vietqr.v1 import vietqr_service_pb2 as vietqr_pb
from xoai.vietqr.v1 import vietqr_service_pb2_grpc as vietqr_grpc


@pytest.fixture
def city(postgres_server: Server) -> Iterator[City]:
    server = GrpcServer("127.0.0.1:0", SUBJECT_KEY, threads=16)
    settings = Settings(
        mode="test",
        subject_key=SecretStr(SUBJECT_KEY),
        data_key=SecretStr(DATA_KEY),
        events="postgres",
        grpc_addresses=f"127.0.0.1:{server.port}",
    )
    channels = Channels(settings)
    neighbours = Neighbours(channels)
    with (
        service_database(postgres_server, "schools") as schools,
        service_database(postgres_server, "invoices") as invoices,
        service_database(postgres_server, "directory") as directory,
    ):
        worker = IssueWorker(schools, neighbours)
        printer = NoticePrinter(neighbours, "https://xoai.example", is_trial=True)
        for service, servicer, register in (
            (
                pb.DESCRIPTOR.services_by_name["SchoolsService"],
                SchoolsServicer(schools, neighbours, printer, SUBJECT_KEY, on_release=worker.wake),
                pb_grpc.add_SchoolsServiceServicer_to_server,
            ),
            (
                invoices_pb.DESCRIPTOR.services_by_name["InvoicesService"],
                InvoicesServicer(Edge(invoices), Keeper(DATA_KEY), SUBJECT_KEY),
                invoices_grpc.add_InvoicesServiceServicer_to_server,
            ),
            (
                directory_pb.DESCRIPTOR.services_by_name["DirectoryService"],
                DirectoryServicer(directory, SUBJECT_KEY),
                directory_grpc.add_DirectoryServiceServicer_to_server,
            ),
            (
                vietqr_pb.DESCRIPTOR.services_by_name["VietqrService"],
                VietqrServicer(),
                vietqr_grpc.add_VietqrServiceServicer_to_server,
            ),
            (
                documents_pb.DESCRIPTOR.services_by_name["DocumentsService"],
                DocumentsServicer(),
                documents_grpc.add_DocumentsServiceServicer_to_server,
            ),
        ):
            server.add(service, servicer, register)
        server.start()
        channel = grpc.insecure_channel(f"127.0.0.1:{server.port}", options=OPTIONS)
        try:
            yield City(channel, schools, worker)
        finally:
            channel.close()
            channels.close()
            server.stop(grace=1)


@pytest.fixture
def school(city: City) -> School:
    return city.school()


@pytest.fixture(autouse=True)
def _nothing_lasts() -> Iterator[None]:
    yield
    clock.set_offset(timedelta())
    fault.install(None)
