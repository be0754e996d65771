"""The service put together as its process does it."""

from __future__ import annotations

from collections.abc import Iterator

import grpc
import psycopg
import pytest
from psycopg import sql
from pydantic import SecretStr

from kit import auth, migrate
from kit.postgres import Server
from kit.runtime import ROLES, Process
from kit.testing.postgres import scratch_database
from kit.testing.service import Client, settings_for
from kit.testing.service import template as service_template
from services.invoices.__main__ import compose
from tests.support.invoices import draft_message, issue_request
from xoai.invoices.v1 import invoices_service_pb2 as pb
from xoai.invoices.v1 import invoices_service_pb2_grpc as pb_grpc


@pytest.fixture
def database_name(postgres_server: Server) -> Iterator[str]:
    with scratch_database(postgres_server, template=service_template(postgres_server, "invoices")) as name:
        with psycopg.connect(postgres_server.dsn("postgres"), autocommit=True) as admin:
            admin.execute(
                sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(
                    sql.Identifier(name), sql.Identifier(migrate.roles("invoices")[1])
                )
            )
        yield name


def test_the_process_serves(postgres_server: Server, database_name: str) -> None:
    """From compose to an answer over the network, and down again."""
    process = Process(settings_for(postgres_server, database_name), roles=("serve", "jobs"))
    compose(process)
    process.start()
    try:
        with grpc.insecure_channel(f"127.0.0.1:{process.port}") as channel:
            stub = pb_grpc.InvoicesServiceStub(channel)
            request = issue_request(draft_message())
            (outcome,) = Client(stub, auth.service("schools")).IssueInvoices(request).outcomes
            bill = Client(stub, auth.public()).GetPublicBill(
                pb.GetPublicBillRequest(reference=outcome.reference)
            )
            assert bill.amount_due == 600_000
    finally:
        process.stop()


def test_every_role_has_its_parts(postgres_server: Server, database_name: str) -> None:
    """All roles in one process, or one each; none starts without a data key."""
    for roles in (ROLES, *[(role,) for role in ROLES]):
        compose(Process(settings_for(postgres_server, database_name), roles=roles))
    keyless = settings_for(postgres_server, database_name).model_copy(update={"data_key": SecretStr("")})
    with pytest.raises(ValueError, match="32 bytes"):
        compose(Process(keyless))
