"""Programmes, stalls, boards and phones over real gRPC and PostgreSQL, with the real VietQR service and directory."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import grpc
import pytest
from pydantic import SecretStr

from kit import clock
from kit.db import Database
from kit.grpc_client import OPTIONS, Channels
from kit.grpc_server import Edge
from kit.grpc_server import Server as GrpcServer
from kit.inbox import Consumer
from kit.postgres import Server
from kit.rpc.dead_letters import DeadLetters
from kit.settings import Settings
from kit.testing.events_memory import MemoryLog
from kit.testing.service import DATA_KEY, SUBJECT_KEY, service_database
from services.directory.rpc import DirectoryServicer
from services.pilots.consume import accounts
from services.pilots.ports.codes import Codes
from services.pilots.ports.directory import Directory
from services.pilots.ports.enrolling import Enrolling
from services.pilots.rpc.stalls import StallsServicer
from services.pilots.rpc.stalls.desk import Tools
from services.vietqr.rpc import VietqrServicer
from xoai.directory.v1 import directory_service_pb2 as directory_pb
from xoai.directory.v1 import directory_service_pb2_grpc as directory_grpc
from xoai.pilots.v1 import stalls_service_pb2 as pb
from xoai.pilots.v1 import stalls_service_pb2_grpc as pb_grpc
from xoai.vietqr.v1 import vietqr_service_pb2 as vietqr_pb
from xoai.vietqr.v1 import vietqr_service_pb2_grpc as vietqr_grpc


@pytest.fixture
def database(postgres_server: Server) -> Iterator[Database]:
    with service_database(postgres_server, "pilots") as database:
        yield database


@pytest.fixture
def grpc_server() -> Iterator[GrpcServer]:
    server = GrpcServer("127.0.0.1:0", SUBJECT_KEY, threads=16)
    yield server
    server.stop(grace=1)


@pytest.fixture
def channels(grpc_server: GrpcServer) -> Iterator[Channels]:
    """Channels as services have them."""
    settings = Settings(
        mode="test",
        subject_key=SecretStr(SUBJECT_KEY),
        data_key=SecretStr(DATA_KEY),
        events="postgres",
        grpc_addresses=f"127.0.0.1:{grpc_server.port}",
    )
    channels = Channels(settings)
    yield channels
    channels.close()


@pytest.fixture
def codes(channels: Channels) -> Codes:
    return Codes(channels)


@pytest.fixture
def channel(
    postgres_server: Server, database: Database, grpc_server: GrpcServer, channels: Channels, codes: Codes
) -> Iterator[grpc.Channel]:
    tools = Tools(
        edge=Edge(database),
        codes=codes,
        directory=Directory(channels),
        enrolling=Enrolling(channels, is_trial=True),
        subject_key=SUBJECT_KEY,
        data_key=DATA_KEY,
        letters=DeadLetters(database),
    )
    with service_database(postgres_server, "directory") as directory:
        servicers: tuple[tuple[Any, Any, Any], ...] = (
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
        )
        for descriptor, servicer, register in servicers:
            grpc_server.add(descriptor, servicer, register)
        grpc_server.start()
        with grpc.insecure_channel(f"127.0.0.1:{grpc_server.port}", options=OPTIONS) as channel:
            yield channel


@pytest.fixture
def consumer(database: Database) -> Consumer:
    """The accounts consumer; tests hand it batches themselves."""
    log = MemoryLog()
    log.create_topics([accounts.TOPIC])
    return Consumer(
        accounts.NAME,
        lambda: log.subscribe(accounts.NAME, [accounts.TOPIC]),
        database,
        batch_handlers=accounts.BATCH_HANDLERS,
    )


@pytest.fixture(autouse=True)
def _clock_stands() -> Iterator[None]:
    yield
    clock.set_offset(timedelta())
