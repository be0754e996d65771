"""Enrolment with the real directory and VietQR beside it, over gRPC and PostgreSQL."""

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
from kit.rpc.dead_letters import DeadLetters
from kit.settings import Settings
from kit.testing.service import DATA_KEY, SUBJECT_KEY, service_database
from services.directory.rpc import DirectoryServicer
from services.pilots.ports.codes import Codes
from services.pilots.ports.directory import Directory
from services.pilots.ports.enrolling import Enrolling
from services.pilots.rpc.stalls import StallsServicer
from services.pilots.rpc.stalls.desk import Tools
from services.vietqr.rpc import VietqrServicer
from tests.integration.services.pilot_enrolment.market import Market
from xoai.directory.v1 import directory_service_pb2 as directory_pb
from xoai.directory.v1 import directory_service_pb2_grpc as directory_grpc
from xoai.pilots.v1 import stalls_service_pb2 as pb
from xoai.pilots.v1 import stalls_service_pb2_grpc as pb_grpc
from xoai.vietqr.v1 import vietqr_service_pb2 as vietqr_pb
from xoai.vietqr.v1 import vietqr_service_pb2_grpc as vietqr_grpc


@pytest.fixture
def market(postgres_server: Server) -> Iterator[Market]:
    server = GrpcServer("127.0.0.1:0", SUBJECT_KEY, threads=16)
    settings = Settings(
        mode="test",
        subject_key=SecretStr(SUBJECT_KEY),
        data_key=SecretStr(DATA_KEY),
        events="postgres",
        grpc_addresses=f"127.0.0.1:{server.port}",
    )
    channels = Channels(settings)
    with (
        service_database(postgres_server, "pilots") as pilots,
        service_database(postgres_server, "directory") as directory,
    ):
        tools = Tools(
            edge=Edge(pilots),
            codes=Codes(channels),
            directory=Directory(channels),
            enrolling=Enrolling(channels, is_trial=True),
            subject_key=SUBJECT_KEY,
            data_key=DATA_KEY,
            letters=DeadLetters(pilots),
        )
        for service, servicer, register in (
            (
                pb.DESCRIPTOR.services_by_name["StallsService"],
                StallsServicer(tools),
                pb_grpc.add_StallsServiceServicer_to_server,
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
        ):
            server.add(service, servicer, register)
        server.start()
        channel = grpc.insecure_channel(f"127.0.0.1:{server.port}", options=OPTIONS)
        try:
            yield Market(channel, pilots, directory)
        finally:
            channel.close()
            channels.close()
            server.stop(grace=1)


@pytest.fixture(autouse=True)
def _nothing_lasts() -> Iterator[None]:
    yield
    clock.set_offset(timedelta())
    fault.install(None)
