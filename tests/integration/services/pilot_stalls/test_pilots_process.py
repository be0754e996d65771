"""The pilots put together as their process does it."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import grpc
import psycopg
import pytest
from psycopg import sql
from pydantic import SecretStr
from sqlalchemy import text

from kit import auth, errors, migrate
from kit.db import Database
from kit.postgres import Server
from kit.runtime import ROLES, Process
from kit.testing.postgres import scratch_database
from kit.testing.service import Client, settings_for, staff
from kit.testing.service import template as service_template
from services.pilots.__main__ import compose
from services.pilots.consume import accounts
from services.pilots.jobs import tidying
from tests.integration.services.pilot_stalls.callers import key
from tests.integration.services.pilot_stalls.rows import rows
from tests.support.stalls import programme_message
from xoai.common.v1 import common_pb2 as common_pb
from xoai.pilots.v1 import stalls_service_pb2 as pb
from xoai.pilots.v1 import stalls_service_pb2_grpc as pb_grpc


@pytest.fixture
def database_name(postgres_server: Server) -> Iterator[str]:
    with scratch_database(postgres_server, template=service_template(postgres_server, "pilots")) as name:
        with psycopg.connect(postgres_server.dsn("postgres"), autocommit=True) as admin:
            admin.execute(
                sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(
                    sql.Identifier(name), sql.Identifier(migrate.roles("pilots")[1])
                )
            )
        yield name


def test_the_process_serves(postgres_server: Server, database_name: str) -> None:
    """From compose to an answer over the network, and down again; dead letters are the city's to see."""
    process = Process(settings_for(postgres_server, database_name), roles=("serve", "jobs"))
    compose(process)
    process.start()
    try:
        with grpc.insecure_channel(f"127.0.0.1:{process.port}") as channel:
            stub = pb_grpc.StallsServiceStub(channel)
            request = pb.CreateProgrammeRequest(request_id=key(), programme=programme_message())
            made = Client(stub, staff("pilots.manage")).CreateProgramme(request)
            found = Client(stub, auth.public()).GetProgramme(pb.GetProgrammeRequest(id=made.code))
            assert found == made
            listed = Client(stub, staff("events.replay")).ListDeadLetters(common_pb.ListDeadLettersRequest())
            assert list(listed.dead_letters) == []
            replay = common_pb.ReplayDeadLettersRequest(consumer=accounts.NAME, ordering_id="x")
            assert Client(stub, staff("events.replay")).ReplayDeadLetters(replay).done == 0
            with pytest.raises(errors.PermissionDenied):
                Client(stub, staff("events.replay", organisation=str(uuid4()))).ReplayDeadLetters(replay)
    finally:
        process.stop()


def test_every_role_has_its_parts(postgres_server: Server, database_name: str) -> None:
    """All roles in one process, or one each; none starts without a data key."""
    for roles in (ROLES, *[(role,) for role in ROLES]):
        compose(Process(settings_for(postgres_server, database_name), roles=roles))
    keyless = settings_for(postgres_server, database_name).model_copy(update={"data_key": SecretStr("")})
    with pytest.raises(ValueError, match="32 bytes"):
        compose(Process(keyless))


def test_tidying_forgets_what_decides_nothing_any_more(database: Database) -> None:
    """Wrong tries of PINs go after an hour, those of the last hour stay."""
    with database.begin() as session:
        for age in ("2 hours", "1 minute"):
            session.execute(
                text(
                    "INSERT INTO pin_miss (id, organisation_id, stall_id, miss_time)"
                    f" VALUES (gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), now() - interval '{age}')"
                )
            )
    tidying.tidy_up(database)
    assert rows(database, "SELECT count(*) FROM pin_miss")[0][0] == 1
