"""Connections as administrators handle them: tried step by step over real HTTP, secrets changed without a gap."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import grpc
import pytest
import uvicorn
from sqlalchemy import text
from starlette.applications import Starlette

from kit import errors
from kit.db import Database
from kit.postgres import Server
from kit.seal import Sealer
from kit.testing.service import (
    DATA_KEY,
    SUBJECT_KEY,
    Client,
    served,
    service_database,
    settings_for,
    staff,
)
from services.intake.http import CallbackEndpoint
from services.intake.rpc import IntakeServicer
from xoai.intake.v1 import intake_service_pb2 as pb
from xoai.intake.v1 import intake_service_pb2_grpc as pb_grpc

ACCOUNT = "90210000011187"
MANAGE = ("intake.read", "intake.manage", "audit.read")
SECRETS = {
    "sepay": "khoa-cua-sepay-0001",
    "casso_v1": "token-cua-casso-0001",
    "casso_v2": "khoa-cua-casso-0002",
    "payos": "checksum-cua-payos-0001",
    "vietqrvn": "xoai:mat-khau-0001",
    "xoai": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
}


@dataclass
class Desk:
    """The endpoint that banks call, and the RPCs behind the pages."""

    database: Database
    channel: grpc.Channel
    organisation: str

    def client(self, *permissions: str, organisation: str = "*") -> Any:
        subject = staff(*(permissions or MANAGE), organisation=organisation)
        return Client(pb_grpc.IntakeServiceStub(self.channel), subject, timeout=30)

    def create(self, provider: str = "sepay", **values: Any) -> pb.Connection:
        """A connection of the organisation."""
        request = pb.CreateConnectionRequest(
            request_id=str(uuid4()),
            organisation_id=self.organisation,
            provider=provider,
            name="Kết nối thử",
            auth="hmac" if provider == "sepay" else "",
            secret=SECRETS[provider],
            account_numbers=[ACCOUNT],
            bin="970436",
        )
        for name, value in values.items():
            if isinstance(value, list):
                del getattr(request, name)[:]
                getattr(request, name).extend(value)
            else:
                setattr(request, name, value)
        made: pb.Connection = self.client().CreateConnection(request)
        return made

    def try_out(self, connection: pb.Connection) -> pb.TestConnectionResponse:
        """What the test says, once the endpoint has heard of the last change."""
        time.sleep(0.6)
        result: pb.TestConnectionResponse = self.client().TestConnection(
            pb.TestConnectionRequest(connection_id=connection.id)
        )
        return result


@pytest.fixture(scope="module")
def desk(postgres_server: Server) -> Iterator[Desk]:
    with service_database(postgres_server, "intake") as database:
        name = database.engine.url.database
        assert name is not None
        port = _free_port()
        settings = settings_for(postgres_server, name)
        # The endpoint names its database by its service; here it has another name.
        settings = settings.model_copy(
            update={"database_url": type(settings.database_url)(postgres_server.dsn(name, user="{role}"))}
        )
        server = uvicorn.Server(
            uvicorn.Config(CallbackEndpoint(Starlette(), settings), port=port, log_config=None, lifespan="on")
        )
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        servicer = IntakeServicer(database, Sealer(DATA_KEY), SUBJECT_KEY, f"http://127.0.0.1:{port}")
        descriptor = pb.DESCRIPTOR.services_by_name["IntakeService"]
        with served(descriptor, servicer, pb_grpc.add_IntakeServiceServicer_to_server) as channel:
            yield Desk(database, channel, str(uuid4()))
        server.should_exit = True
        thread.join(10)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("provider", sorted(SECRETS))
def test_each_provider_is_tried_from_end_to_end(desk: Desk, provider: str) -> None:
    """A forged body is refused, a signed one taken and kept, no money is recorded; four steps say so."""
    connection = desk.create(provider)
    result = desk.try_out(connection)
    assert [(step.title_en, step.passed) for step in result.steps] == [
        ("The callback address answers", True),
        ("A body signed with a wrong secret is refused", True),
        (f"A body signed with the secret …{SECRETS[provider][-4:]} is taken", True),
        ("Stored, and no money was recorded", True),
    ], result
    assert result.accepted
    activity = desk.client().GetActivity(pb.GetActivityRequest(connection_id=connection.id))
    assert (activity.callbacks, activity.callbacks_today, activity.reports) == (1, 1, 0)
    with desk.database.begin() as session:
        assert session.execute(text("SELECT count(*) FROM outbox")).scalar_one() == 0


def test_sepay_by_api_key_is_tried_too(desk: Desk) -> None:
    assert desk.try_out(desk.create(auth="api_key")).accepted


def test_a_stopped_connection_fails_its_test_and_says_why(desk: Desk) -> None:
    """The first step fails with a plain reason, and nothing after it is tried."""
    connection = desk.create()
    desk.client().DisableConnection(
        pb.DisableConnectionRequest(
            request_id=str(uuid4()), connection_id=connection.id, reason="Đổi ngân hàng"
        )
    )
    result = desk.try_out(connection)
    assert not result.accepted
    assert [step.passed for step in result.steps] == [False]
    assert "does not know this connection" in result.steps[0].detail_en


def test_an_address_list_that_leaves_us_out_is_said(desk: Desk) -> None:
    """The test cannot come from the bank's address; the page says so instead of calling the secret wrong."""
    result = desk.try_out(desk.create(allowed_addresses=["203.0.113.7"]))
    assert [step.passed for step in result.steps] == [False]
    assert "address is not in the connection's list" in result.steps[0].detail_en


def test_secrets_change_without_a_gap(desk: Desk) -> None:
    """Two in force are both good; no third, never none; a retired one is refused at once."""
    connection = desk.create()
    client = desk.client()
    add = pb.AddSecretRequest(request_id=str(uuid4()), connection_id=connection.id, secret="khoa-moi-0002")
    both = client.AddSecret(add)
    assert [step.passed for step in desk.try_out(connection).steps] == [True] * 5
    with pytest.raises(errors.FailedPrecondition) as refused:
        client.AddSecret(
            pb.AddSecretRequest(request_id=str(uuid4()), connection_id=connection.id, secret="khoa-3")
        )
    assert refused.value.reason == "TWO_SECRETS"
    old, new = (secret.id for secret in both.secrets)
    client.RemoveSecret(
        pb.RemoveSecretRequest(request_id=str(uuid4()), connection_id=connection.id, secret_id=old)
    )
    assert [step.title_en for step in desk.try_out(connection).steps][2:3] == [
        "A body signed with the secret …0002 is taken"
    ]
    with pytest.raises(errors.FailedPrecondition) as refused:
        client.RemoveSecret(
            pb.RemoveSecretRequest(request_id=str(uuid4()), connection_id=connection.id, secret_id=new)
        )
    assert refused.value.reason == "LAST_SECRET"
    with desk.database.begin() as session:
        for table in ("connection_secret", "idempotency_key", "audit"):
            for row in session.execute(text(f"SELECT t::text FROM {table} t")).scalars():
                assert "khoa-moi-0002" not in row, table
                assert b"khoa-moi-0002".hex() not in row, table


@pytest.mark.parametrize(
    ("rows", "row"),
    [
        ([("VA1", ACCOUNT), ("VA1", ACCOUNT)], 2),
        ([("VA1", "999")], 1),
        ([("VA 1", ACCOUNT)], 1),
        ([("", ACCOUNT)], 1),
    ],
)
def test_wrong_virtual_accounts_change_nothing(desk: Desk, rows: list[tuple[str, str]], row: int) -> None:
    """Twice the same, an account of nobody's, no account at all: refused with the row; the map before stays."""
    connection = desk.create()
    client = desk.client()
    good = [pb.VirtualAccount(virtual_account="VA9", account_number=ACCOUNT, payer_id="HS9")]
    client.SetVirtualAccounts(
        pb.SetVirtualAccountsRequest(
            request_id=str(uuid4()), connection_id=connection.id, virtual_accounts=good
        )
    )
    wrong = [pb.VirtualAccount(virtual_account=virtual, account_number=account) for virtual, account in rows]
    with pytest.raises(errors.InvalidArgument) as refused:
        client.SetVirtualAccounts(
            pb.SetVirtualAccountsRequest(
                request_id=str(uuid4()), connection_id=connection.id, virtual_accounts=wrong
            )
        )
    assert refused.value.metadata["row"] == str(row)
    listed = client.ListVirtualAccounts(pb.ListVirtualAccountsRequest(connection_id=connection.id))
    assert list(listed.virtual_accounts) == good


@pytest.mark.parametrize("amount", [-1, 10**12 + 1])
def test_an_amount_out_of_reason_is_refused(desk: Desk, amount: int) -> None:
    connection = desk.create()
    with pytest.raises(errors.InvalidArgument):
        desk.client().SetConfirmAbove(
            pb.SetConfirmAboveRequest(
                request_id=str(uuid4()), connection_id=connection.id, confirm_above=amount
            )
        )


def test_changes_are_in_the_trail_and_the_trail_is_whole(desk: Desk) -> None:
    """Who changed the amount, from what to what; the chain follows."""
    connection = desk.create()
    desk.client().SetConfirmAbove(
        pb.SetConfirmAboveRequest(
            request_id=str(uuid4()), connection_id=connection.id, confirm_above=5_000_000
        )
    )
    entry = desk.client().ListAuditEntries(pb.ListAuditEntriesRequest(page_size=1)).entries[0]
    assert entry.action == "connection.confirm_above"
    assert entry.detail_json == '{"after": 5000000, "before": 0}'
    whole = desk.client().VerifyAudit(pb.VerifyAuditRequest())
    assert whole.broken_id == 0
    assert whole.entries >= 2
    with pytest.raises(errors.PermissionDenied):
        desk.client("audit.read", organisation=desk.organisation).VerifyAudit(pb.VerifyAuditRequest())


def test_other_organisations_connections_are_not_there(desk: Desk) -> None:
    """Every RPC answers for a foreign connection as for one that nobody has."""
    connection = desk.create()
    stranger = desk.client(*MANAGE, organisation=str(uuid4()))
    id, key = connection.id, str(uuid4())
    assert list(stranger.ListConnections(pb.ListConnectionsRequest()).connections) == []
    listed = stranger.ListVirtualAccounts(pb.ListVirtualAccountsRequest(connection_id=id))
    assert list(listed.virtual_accounts) == []
    for call in (
        lambda: stranger.GetConnection(pb.GetConnectionRequest(id=id)),
        lambda: stranger.GetActivity(pb.GetActivityRequest(connection_id=id)),
        lambda: stranger.TestConnection(pb.TestConnectionRequest(connection_id=id)),
        lambda: stranger.AddSecret(pb.AddSecretRequest(request_id=key, connection_id=id, secret="x")),
        lambda: stranger.SetConfirmAbove(pb.SetConfirmAboveRequest(request_id=key, connection_id=id)),
        lambda: stranger.SetVirtualAccounts(pb.SetVirtualAccountsRequest(request_id=key, connection_id=id)),
        lambda: stranger.DisableConnection(pb.DisableConnectionRequest(request_id=key, connection_id=id)),
    ):
        with pytest.raises(errors.NotFound):
            call()
