"""A reconciliation database of a test's own, and a way to tell it things as their owners do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import grpc
import pytest
from sqlalchemy import text

from kit.db import Database
from kit.events import Event
from kit.grpc_server import Edge
from kit.postgres import Server
from kit.testing.service import SUBJECT_KEY, Client, served, service_database, staff
from services.reconciliation import consume, verify
from services.reconciliation.domain.credit import Credit
from services.reconciliation.rpc import ReconciliationServicer
from services.reconciliation.store import credit as credit_rows
from tests.integration.services.reconciliation.calls import ALL
from tests.support import reconciliation as make
from xoai.reconciliation.v1 import reconciliation_events_pb2 as told
from xoai.reconciliation.v1 import reconciliation_service_pb2 as pb
from xoai.reconciliation.v1 import reconciliation_service_pb2_grpc as pb_grpc

_TYPES = {
    "PaymentApplied": told.PaymentApplied,
    "PaymentReversed": told.PaymentReversed,
    "CreditChanged": told.CreditChanged,
}


class Reconciliation:
    """The service's handlers on a real database, each call one transaction, as its consumers make it."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def tell(self, *messages: Any) -> None:
        """Announce messages of one type together, in one batch."""
        events = [make.event(message) for message in messages]
        with self.database.begin() as session:
            self.handle(session, events)

    @staticmethod
    def handle(session: Any, events: Sequence[Event]) -> None:
        if events[0].event_type == "BankCreditReported":
            consume.on_bank_credits(session, events)
        elif events[0].event_type == "PayableChanged":
            consume.on_payables(session, events)
        else:
            for event in events:
                consume.on_account(session, event)

    def credit(self, id: str) -> Credit:
        with self.database.begin() as session:
            return credit_rows.read(session, [id])[id]

    def credits(self) -> list[Credit]:
        ids = [str(id) for (id,) in self.rows("SELECT id FROM credit ORDER BY id")]
        with self.database.begin() as session:
            found = credit_rows.read(session, ids)
        return [found[id] for id in ids]

    def rows(self, statement: str, **values: Any) -> list[tuple[Any, ...]]:
        with self.database.begin() as session:
            return [tuple(row) for row in session.execute(text(statement), values)]

    def applied(self, payable: Any) -> int:
        return int(self.rows("SELECT applied FROM payable WHERE id = :id", id=payable.payable_id)[0][0])

    def balances(self, organisation: str = make.SCHOOL) -> dict[str, int]:
        """Balances that are not zero, by ledger account."""
        statement = (
            "SELECT ledger_account, balance FROM ledger_balance WHERE organisation_id = :id AND balance <> 0"
        )
        return {str(account): int(balance) for account, balance in self.rows(statement, id=organisation)}

    def announced(self) -> list[Any]:
        """All messages in the outbox, in order."""
        found = self.rows("SELECT event_type, payload FROM outbox ORDER BY id")
        return [_TYPES[kind].FromString(bytes(payload)) for kind, payload in found]

    def findings(self) -> list[Any]:
        with self.database.begin() as session:
            return verify.findings(session)


@pytest.fixture
def recon(postgres_server: Server) -> Iterator[Reconciliation]:
    with service_database(postgres_server, "reconciliation") as database:
        service = Reconciliation(database)
        service.tell(make.account())
        yield service
        assert service.findings() == []


@pytest.fixture
def channel(recon: Reconciliation) -> Iterator[grpc.Channel]:
    servicer = ReconciliationServicer(Edge(recon.database), SUBJECT_KEY)
    descriptor = pb.DESCRIPTOR.services_by_name["ReconciliationService"]
    with served(descriptor, servicer, pb_grpc.add_ReconciliationServiceServicer_to_server) as channel:
        yield channel


@pytest.fixture
def clerk(channel: grpc.Channel) -> Client:
    """A finance clerk of the school."""
    return Client(pb_grpc.ReconciliationServiceStub(channel), staff(*ALL, organisation=make.SCHOOL))


@pytest.fixture
def stranger(channel: grpc.Channel) -> Client:
    """A finance clerk of another school."""
    return Client(pb_grpc.ReconciliationServiceStub(channel), staff(*ALL, organisation=make.OTHER_SCHOOL))


@pytest.fixture
def city(channel: grpc.Channel) -> Client:
    """City finance: sees every organisation."""
    return Client(pb_grpc.ReconciliationServiceStub(channel), staff(*ALL))
