"""Who sees and does what: other organisations nothing, readers no deciding, every table protected."""

from __future__ import annotations

import grpc
import pytest

from kit import auth
from kit.errors import NotFound, PermissionDenied
from kit.testing.service import Client, staff
from services.reconciliation.store.tables import metadata
from tests.integration.services.reconciliation.calls import request_id, suspense
from tests.integration.services.reconciliation.conftest import Reconciliation
from tests.support import reconciliation as make
from xoai.reconciliation.v1 import reconciliation_service_pb2 as pb
from xoai.reconciliation.v1 import reconciliation_service_pb2_grpc as pb_grpc


def test_other_organisations_see_nothing(
    recon: Reconciliation, clerk: Client, stranger: Client, city: Client
) -> None:
    """Row-level security: foreign ids are not found, lists are empty, sums are nought."""
    credit_id = suspense(recon)
    nobodys = suspense(recon, account_number="404")
    with pytest.raises(NotFound):
        stranger.GetCredit(pb.GetCreditRequest(id=credit_id))
    with pytest.raises(NotFound):
        stranger.ParkCredit(pb.ParkCreditRequest(request_id=request_id(), credit_id=credit_id, reason="x"))
    assert list(stranger.ListCredits(pb.ListCreditsRequest()).credits) == []
    assert stranger.SummariseCredits(pb.SummariseCreditsRequest()).amount_received == 0
    assert list(stranger.ListLedgerBalances(pb.ListLedgerBalancesRequest()).balances) == []
    with pytest.raises(NotFound):
        clerk.GetCredit(pb.GetCreditRequest(id=nobodys))
    seen = {credit.id for credit in city.ListCredits(pb.ListCreditsRequest()).credits}
    assert seen == {credit_id, nobodys}


def test_permissions(recon: Reconciliation, channel: grpc.Channel) -> None:
    """Reading does not allow deciding; a service may read the sums and nothing may decide for a person."""
    stub = pb_grpc.ReconciliationServiceStub(channel)
    reader = Client(stub, staff("credits.read", organisation=make.SCHOOL))
    credit_id = suspense(recon)
    for call, request in (
        (reader.ParkCredit, pb.ParkCreditRequest(request_id="1", credit_id=credit_id, reason="x")),
        (reader.ListLedgerBalances, pb.ListLedgerBalancesRequest()),
        (Client(stub, auth.public()).SummariseCredits, pb.SummariseCreditsRequest()),
        (
            Client(stub, auth.service("cli")).ParkCredit,
            pb.ParkCreditRequest(request_id="2", credit_id=credit_id, reason="x"),
        ),
    ):
        with pytest.raises(PermissionDenied):
            call(request)
    summary = Client(stub, auth.service("cli")).SummariseCredits(pb.SummariseCreditsRequest())
    assert (summary.credits_received, summary.amount_suspense) == (1, 100_000)


def test_every_tenant_table_is_protected(recon: Reconciliation) -> None:
    """Row-level security is enabled and forced wherever a row belongs to an organisation."""
    tables = {table.name for table in metadata.sorted_tables if "organisation_id" in table.c}
    found = recon.rows("SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity")
    assert {name for (name,) in found} == tables
