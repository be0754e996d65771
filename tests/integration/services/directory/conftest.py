"""The directory on a real PostgreSQL, as in demo and tests: second factors can be enrolled and their codes shown."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import grpc
import pytest

from kit import clock
from kit.db import Database
from kit.postgres import Server
from kit.seal import Sealer
from kit.testing.service import DATA_KEY, SUBJECT_KEY, served, service_database
from services.directory.rpc import DirectoryServicer
from xoai.directory.v1 import directory_service_pb2 as pb
from xoai.directory.v1 import directory_service_pb2_grpc as pb_grpc


@pytest.fixture
def database(postgres_server: Server) -> Iterator[Database]:
    with service_database(postgres_server, "directory") as database:
        yield database


@pytest.fixture
def channel(database: Database) -> Iterator[grpc.Channel]:
    descriptor = pb.DESCRIPTOR.services_by_name["DirectoryService"]
    servicer = DirectoryServicer(database, SUBJECT_KEY, sealer=Sealer(DATA_KEY), is_trial=True)
    with served(descriptor, servicer, pb_grpc.add_DirectoryServiceServicer_to_server) as channel:
        yield channel


@pytest.fixture(autouse=True)
def _clock_stands() -> Iterator[None]:
    yield
    clock.set_offset(timedelta())
