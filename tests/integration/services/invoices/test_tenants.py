"""I12: under row-level security an organisation sees and changes its own rows only, in every tenant table."""

from __future__ import annotations

from uuid import UUID, uuid4

import grpc
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from kit import auth, errors
from kit.db import Database, Tenants
from kit.inbox import Consumer
from kit.testing.service import staff
from services.invoices import jobs
from services.invoices.store.tables import APPEND_ONLY, TENANT_TABLES, metadata
from tests.integration.services.invoices.calls import accountant, client, issue, rows
from tests.support.invoices import (
    ORGANISATION,
    OTHER_ORGANISATION,
    deliveries,
    draft_message,
    make_applied,
    make_reversed,
)
from xoai.invoices.v1 import invoices_service_pb2 as pb


@pytest.fixture
def invoices(channel: grpc.Channel, consumer: Consumer, database: Database) -> dict[UUID, str]:
    """One invoice of each of two organisations, with rows in every tenant table; their ids."""
    ids = {}
    for place, organisation in enumerate((ORGANISATION, OTHER_ORGANISATION)):
        (outcome,) = issue(channel, draft_message(), organisation_id=str(organisation))
        ids[organisation] = outcome.invoice_id
        fact = make_applied(UUID(outcome.invoice_id))
        consumer.handle(deliveries([fact, make_reversed(fact)], start=10 * place))
        accountant(channel, organisation).CreatePayLink(
            pb.CreatePayLinkRequest(request_id=str(uuid4()), id=outcome.invoice_id)
        )
    jobs.seal_receipts(database)
    return ids


def count(database: Database, table: str, tenants: Tenants | None) -> int:
    with database.begin(tenants) as session:
        return int(session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


def test_every_table_with_an_organisation_is_a_tenant_table(database: Database) -> None:
    """Row-level security is on and forced on each; the roles may not pass it by."""
    owned = {table.name for table in metadata.sorted_tables if "organisation_id" in table.columns}
    assert owned == set(TENANT_TABLES)
    secured = rows(database, "SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity")
    assert {row.relname for row in secured} == owned
    strong = rows(
        database,
        "SELECT rolname FROM pg_roles WHERE rolname LIKE 'xoai_invoices%' AND (rolsuper OR rolbypassrls)",
    )
    assert strong == []


@pytest.mark.parametrize("table", TENANT_TABLES)
def test_a_tenant_sees_its_own_rows_alone(database: Database, invoices: dict[UUID, str], table: str) -> None:
    """One organisation sees its rows, nobody's token sees none, two see both, the city sees all."""
    own = {
        organisation: rows(
            database, f"SELECT count(*) FROM {table} WHERE organisation_id = :o", o=organisation
        )[0][0]
        for organisation in invoices
    }
    assert all(own.values())
    for organisation, expected in own.items():
        assert count(database, table, Tenants(frozenset({organisation}))) == expected
    assert count(database, table, Tenants()) == 0
    assert count(database, table, Tenants(frozenset({uuid4()}))) == 0
    assert count(database, table, Tenants(frozenset(own))) == sum(own.values())
    assert count(database, table, Tenants(everywhere=True)) == count(database, table, None)


@pytest.mark.parametrize("table", [table for table in TENANT_TABLES if table not in APPEND_ONLY])
def test_a_tenant_changes_its_own_rows_alone(
    database: Database, invoices: dict[UUID, str], table: str
) -> None:
    """An update of everything touches nobody else's rows, and no row can be moved to another organisation."""
    mine = Tenants(frozenset({ORGANISATION}))
    with database.begin(mine) as session:
        touched = session.execute(text(f"UPDATE {table} SET organisation_id = organisation_id"))
        expected = rows(database, f"SELECT count(*) FROM {table} WHERE organisation_id = :o", o=ORGANISATION)
        assert touched.rowcount == expected[0][0]  # type: ignore[attr-defined]
    with pytest.raises(DBAPIError, match="row-level security"), database.begin(mine) as session:
        session.execute(text(f"UPDATE {table} SET organisation_id = :other"), {"other": OTHER_ORGANISATION})


@pytest.mark.parametrize("table", APPEND_ONLY)
def test_what_was_told_and_done_cannot_be_changed(
    database: Database, invoices: dict[UUID, str], table: str
) -> None:
    """Neither by the app role nor by the worker."""
    for tenants in (None, Tenants(everywhere=True)):
        for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET organisation_id = organisation_id"):
            with pytest.raises(DBAPIError), database.begin(tenants) as session:
                session.execute(text(statement))


def test_a_pooled_connection_forgets_its_tenant(database: Database, invoices: dict[UUID, str]) -> None:
    """The next transaction on the same connection starts without the last one's organisations."""
    with database.begin(Tenants(frozenset({ORGANISATION}))) as session:
        session.execute(text("SELECT 1"))
    with database.begin() as session:
        session.execute(text("SELECT set_config('role', :role, true)"), {"role": database.app_role})
        assert session.execute(text("SELECT count(*) FROM invoice")).scalar_one() == 0


def test_ids_of_others_are_not_found_by_any_call(channel: grpc.Channel, invoices: dict[UUID, str]) -> None:
    """With every permission in one organisation, another's invoice cannot be seen, voided, changed or linked."""
    foreign = invoices[OTHER_ORGANISATION]
    caller = accountant(channel)
    key = str(uuid4())
    calls = {
        "GetInvoice": pb.GetInvoiceRequest(id=foreign),
        "VoidInvoice": pb.VoidInvoiceRequest(request_id=key, id=foreign, reason="x"),
        "ChangeInvoice": pb.ChangeInvoiceRequest(
            request_id=key, id=foreign, reason="x", due_date="2026-12-31"
        ),
        "CreatePayLink": pb.CreatePayLinkRequest(request_id=key, id=foreign),
        "RevokePayLinks": pb.RevokePayLinksRequest(request_id=key, id=foreign),
    }
    for method, request in calls.items():
        with pytest.raises(errors.NotFound):
            getattr(caller, method)(request)
    other = str(OTHER_ORGANISATION)
    refused = {
        "ListInvoices": pb.ListInvoicesRequest(organisation_id=other),
        "SummariseBatch": pb.SummariseBatchRequest(organisation_id=other, batch_id="round-1"),
        "ListReceipts": pb.ListReceiptsRequest(organisation_id=other),
    }
    for method, request in refused.items():
        with pytest.raises(errors.PermissionDenied):
            getattr(caller, method)(request)


def test_the_citys_sums_follow_the_viewers_rights(channel: grpc.Channel, invoices: dict[UUID, str]) -> None:
    """The city sees all; who may see one organisation gets that one's sums; a visitor nothing."""
    request = pb.SummariseCityRequest()
    city = client(channel, staff("city.read")).SummariseCity(request)
    assert (city.invoices_issued, city.receipts_issued, city.receipts_cancelled) == (2, 2, 2)
    one = client(channel, staff("city.read", organisation=str(ORGANISATION))).SummariseCity(request)
    assert (one.invoices_issued, one.amount_due, one.amount_paid) == (1, 600_000, 0)
    with pytest.raises(errors.PermissionDenied):
        client(channel, auth.public()).SummariseCity(request)
