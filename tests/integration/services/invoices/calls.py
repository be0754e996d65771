"""Calls that the tests of the invoices share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import grpc
from sqlalchemy import text

from kit import auth
from kit.auth import Subject
from kit.db import Database
from kit.testing.service import Client, staff
from services.invoices import verify
from services.invoices.domain.payments import Applied
from tests.support.invoices import ORGANISATION, draft_message, issue_request, make_applied
from xoai.invoices.v1 import invoices_events_pb2 as events_pb
from xoai.invoices.v1 import invoices_service_pb2 as pb
from xoai.invoices.v1 import invoices_service_pb2_grpc as pb_grpc
from xoai.payables.v1 import payables_events_pb2 as payables_pb

ALL = ("invoices.read", "invoices.issue", "invoices.void", "invoices.change", "invoices.link")


def client(channel: grpc.Channel, subject: Subject) -> Any:
    return Client(pb_grpc.InvoicesServiceStub(channel), subject)


def schools(channel: grpc.Channel) -> Any:
    return client(channel, auth.service("schools"))


def accountant(channel: grpc.Channel, organisation: UUID = ORGANISATION) -> Any:
    return client(channel, staff(*ALL, organisation=str(organisation)))


def visitor(channel: grpc.Channel) -> Any:
    return client(channel, auth.public())


def issue(channel: grpc.Channel, *drafts: pb.InvoiceDraft, **overrides: Any) -> list[pb.IssueOutcome]:
    request = issue_request(*(drafts or (draft_message(),)), **overrides)
    return list(schools(channel).IssueInvoices(request).outcomes)


def issue_one(channel: grpc.Channel, **overrides: Any) -> pb.IssueOutcome:
    (outcome,) = issue(channel, draft_message(**overrides))
    assert outcome.outcome == pb.IssueOutcome.OUTCOME_ISSUED
    return outcome


def get(channel: grpc.Channel, id: str) -> pb.Invoice:
    invoice: pb.Invoice = schools(channel).GetInvoice(pb.GetInvoiceRequest(id=id))
    return invoice


def void(channel: grpc.Channel, id: str, reason: str = "Học sinh chuyển trường") -> pb.Invoice:
    request = pb.VoidInvoiceRequest(request_id=str(uuid4()), id=id, reason=reason)
    invoice: pb.Invoice = accountant(channel).VoidInvoice(request)
    return invoice


def rows(database: Database, statement: str, **values: Any) -> Sequence[Any]:
    with database.begin() as session:
        return session.execute(text(statement), values).all()


def announced(database: Database, event_type: str) -> list[Any]:
    """The events of a type in the outbox, in order: (row, message)."""
    messages = {"PayableChanged": payables_pb.PayableChanged, "InvoiceChanged": events_pb.InvoiceChanged}
    found = rows(database, "SELECT * FROM outbox WHERE event_type = :type ORDER BY id", type=event_type)
    return [(row, messages[event_type].FromString(bytes(row.payload))) for row in found]


def assert_books_hold(database: Database) -> None:
    """No invariant of this service is broken."""
    with database.begin() as session:
        assert verify.findings(session) == []


def paying(id: str, *amounts: int) -> list[Applied]:
    """Payments of one invoice, told one after the other."""
    totals = [sum(amounts[: place + 1]) for place in range(len(amounts))]
    return [
        make_applied(UUID(id), amount=amount, total_applied=total, applied_version=version)
        for version, (amount, total) in enumerate(zip(amounts, totals, strict=True), 1)
    ]


def receipts(database: Database) -> list[tuple[Any, ...]]:
    found = rows(
        database,
        "SELECT organisation_id, year, number, amount, cancel_time IS NOT NULL AS cancelled"
        " FROM receipt ORDER BY organisation_id, year, number",
    )
    return [tuple(row) for row in found]
