"""The city's figures over real gRPC and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import grpc
import pytest

from kit import clock
from kit.db import Database
from kit.grpc_server import Edge
from kit.postgres import Server
from kit.testing.service import served, service_database
from services.pilots.domain.weeks import Week
from services.pilots.jobs.figures import publish_due
from services.pilots.rpc.city import CityServicer
from tests.support.pilot_city import MadeUpCity, make_city
from tests.support.pilot_days import keep
from xoai.pilots.v1 import city_service_pb2 as pb
from xoai.pilots.v1 import city_service_pb2_grpc as pb_grpc

WEEKS = [Week(date(2026, 11, 2)), Week(date(2026, 11, 9)), Week(date(2026, 11, 16))]
# Monday, 14:00 in the city: the last week is due if it is complete.
MONDAY = datetime.fromisoformat("2026-11-23T14:00:00+07:00")


def stand_at(moment: datetime) -> None:
    """Move the clock."""
    clock.set_offset(timedelta())
    clock.set_offset(moment - clock.now())


@pytest.fixture(autouse=True)
def _clock_stands() -> Iterator[None]:
    stand_at(MONDAY)
    yield
    clock.set_offset(timedelta())


@pytest.fixture
def database(postgres_server: Server) -> Iterator[Database]:
    with service_database(postgres_server, "pilots") as database:
        yield database


@pytest.fixture
def city(database: Database) -> MadeUpCity:
    """Three weeks of a made-up city, in the database."""
    city = make_city(1, WEEKS)
    with database.begin() as session:
        keep(session, city)
    return city


@pytest.fixture
def channel(database: Database) -> Iterator[grpc.Channel]:
    servicer = CityServicer(
        Edge(database), lambda bin_code: f"Ngân hàng {bin_code}", lambda: publish_due(database)
    )
    descriptor = pb.DESCRIPTOR.services_by_name["CityService"]
    with served(descriptor, servicer, pb_grpc.add_CityServiceServicer_to_server) as channel:
        yield channel
