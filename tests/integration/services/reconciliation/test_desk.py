"""What the finance desk asks of the service: its queue in numbers, what stands in the way, who decided, and its races."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import grpc
import pytest

from kit.errors import Aborted, FailedPrecondition, InvalidArgument, PermissionDenied
from kit.testing.service import Client, staff
from services.reconciliation.domain import errors
from services.reconciliation.flows import clerk as flows
from tests.integration.services.reconciliation.calls import assign, suspense
from tests.integration.services.reconciliation.conftest import Reconciliation
from tests.integration.services.reconciliation.racing import CLERK, in_suspense, racing
from tests.support import reconciliation as make
from xoai.payables.v1.payables_events_pb2 import PayableChanged
from xoai.reconciliation.v1 import reconciliation_service_pb2 as pb
from xoai.reconciliation.v1 import reconciliation_service_pb2_grpc as pb_grpc

Views = pb.ListCreditsRequest


def queue_of(client: Client, **values: Any) -> pb.QueueSummary:
    summary: pb.QueueSummary = client.SummariseQueue(pb.SummariseQueueRequest(**values))
    return summary


def listed(client: Client, view: Any, **values: Any) -> set[str]:
    reply = client.ListCredits(pb.ListCreditsRequest(view=view, **values))
    return {credit.id for credit in reply.credits}


def test_the_queue_is_counted_by_reason(recon: Reconciliation, clerk: Client, stranger: Client) -> None:
    """Every waiting credit once, parked ones apart; what rules left over while it is open; the day's share."""
    bill = make.payable(make.line(100_000))
    void = make.payable(make.line(50_000), state=PayableChanged.STATE_VOID)
    recon.tell(bill)
    recon.tell(void)
    first, second = suspense(recon), suspense(recon, amount=30_000)
    suspense(recon, memo=void.reference, amount=50_000)
    clerk.ParkCredit(pb.ParkCreditRequest(request_id=str(uuid4()), credit_id=second, reason="chờ trả lời"))
    short = make.report(bill.reference, 40_000)
    recon.tell(short)
    found = queue_of(clerk)
    assert {(row.reason, row.count, row.amount) for row in found.reasons} == {
        ("NO_REFERENCE", 1, 100_000),
        ("VOID", 1, 50_000),
    }
    assert (found.parked, found.old, found.short_open, found.over_open, found.twice_open) == (1, 2, 1, 0, 0)
    assert (found.today, found.today_settled) == (4, 1)
    assert listed(clerk, Views.VIEW_SHORT_OPEN) == {short.report_id}
    assert listed(clerk, Views.VIEW_SUSPENSE, suspense_reason="NO_REFERENCE") == {first}
    assert listed(clerk, Views.VIEW_SUSPENSE, older_than_hours=24 * 365 * 50) == set()
    over, twice = make.report(bill.reference, 70_000), make.report(bill.reference, 100_000)
    recon.tell(over)
    recon.tell(twice)
    assert listed(clerk, Views.VIEW_SHORT_OPEN) == set()
    assert listed(clerk, Views.VIEW_OVER_OPEN) == {over.report_id}
    assert listed(clerk, Views.VIEW_TWICE_OPEN) == {twice.report_id}
    other = make.payable(make.line(110_000), payer_id=bill.payer_id)
    recon.tell(other)
    clerk.UsePayerCredit(
        pb.UsePayerCreditRequest(
            request_id=str(uuid4()),
            organisation_id=make.SCHOOL,
            payer_id=bill.payer_id,
            payable_id=other.payable_id,
            amount=110_000,
            reason="phụ huynh yêu cầu",
        )
    )
    assert (queue_of(clerk).over_open, queue_of(clerk).twice_open) == (0, 0)
    assert queue_of(stranger) == pb.QueueSummary()
    assert queue_of(stranger, organisation_id=make.SCHOOL) == pb.QueueSummary()


def test_the_rest_is_kept_for_the_payer_and_goes_back_with_an_undo(
    recon: Reconciliation, clerk: Client
) -> None:
    """One decision: the bill is paid and the excess is its payer's; nobody else's; one undo takes back both."""
    bill, foreign = make.payable(make.line(80_000)), make.payable(make.line(5_000))
    recon.tell(bill)
    recon.tell(foreign)
    credit = suspense(recon)
    with pytest.raises(InvalidArgument) as refused:
        assign(clerk, credit, (bill, 80_000), keep_rest_for_payer_id=foreign.payer_id)
    assert refused.value.reason == "PAYER_MISSING"
    detail = assign(clerk, credit, (bill, 80_000), keep_rest_for_payer_id=bill.payer_id)
    assert (detail.credit.amount_applied, detail.credit.amount_payer_credit) == (80_000, 20_000)
    assert (detail.credit.amount_suspense, detail.credit.payer_id) == (0, bill.payer_id)
    undo = pb.UndoPaymentRequest(request_id=str(uuid4()), payment_id=detail.payments[0].id, reason="nhầm")
    back = clerk.UndoPayment(undo).credit
    assert (back.amount_applied, back.amount_payer_credit, back.amount_suspense) == (0, 0, 100_000)


def test_who_decided_what_is_told(recon: Reconciliation, clerk: Client) -> None:
    """Name, deed, reason and amount, in order, for the one who comes second and asks what happened."""
    bill = make.payable(make.line(100_000))
    recon.tell(bill)
    credit = suspense(recon)
    clerk.ParkCredit(pb.ParkCreditRequest(request_id=str(uuid4()), credit_id=credit, reason="chờ"))
    payment = assign(clerk, credit, (bill, 100_000)).payments[0]
    undo = pb.UndoPaymentRequest(request_id=str(uuid4()), payment_id=payment.id, reason="nhầm")
    events = clerk.UndoPayment(undo).events
    assert [(event.action, event.person_name, event.reason, event.amount) for event in events] == [
        ("credit.park", "Người thử", "chờ", 0),
        ("credit.assign", "Người thử", "phụ huynh gọi điện", 100_000),
        ("payment.undo", "Người thử", "nhầm", 100_000),
    ]


def test_what_stands_on_a_payment_can_be_read(recon: Reconciliation, clerk: Client, stranger: Client) -> None:
    """The ids in the refusal lead to the payments; a payable's standing ones are listed newest first."""
    bill = make.payable(make.line(100_000))
    recon.tell(bill)
    first, second = make.report(bill.reference, 40_000), make.report(bill.reference, 30_000)
    recon.tell(first)
    recon.tell(second)
    undo = pb.UndoPaymentRequest(request_id=str(uuid4()), payment_id=first.report_id, reason="nhầm")
    with pytest.raises(FailedPrecondition) as refused:
        clerk.UndoPayment(undo)
    ids = refused.value.metadata["payments"].split(", ")
    blocking = clerk.ListPayments(pb.ListPaymentsRequest(ids=ids)).payments
    assert [(row.credit_id, row.amount, row.reference) for row in blocking] == [
        (second.report_id, 30_000, bill.reference)
    ]
    standing = clerk.ListPayments(pb.ListPaymentsRequest(payable_id=bill.payable_id)).payments
    assert [row.amount for row in standing] == [30_000, 40_000]
    assert not stranger.ListPayments(pb.ListPaymentsRequest(ids=ids)).payments
    with pytest.raises(InvalidArgument):
        clerk.ListPayments(pb.ListPaymentsRequest())


def test_payers_stand_together_in_the_overview(recon: Reconciliation, clerk: Client) -> None:
    """One row for all payers' credits, with the same sum as their own rows."""
    for _ in range(2):
        bill = make.payable(make.line(10_000))
        recon.tell(bill)
        recon.tell(make.report(bill.reference, 12_000))
    apart = clerk.ListLedgerBalances(pb.ListLedgerBalancesRequest()).balances
    together = clerk.ListLedgerBalances(pb.ListLedgerBalancesRequest(payers_together=True)).balances
    assert sum(row.balance for row in together) == sum(row.balance for row in apart) == 0
    assert [row.balance for row in together if row.ledger_account == "payer_credit"] == [-4_000]
    assert len(together) == len(apart) - 1


@pytest.mark.parametrize("method", ["ParkCredit", "KeepForPayer", "ConfirmCredit", "ResolveDuplicate"])
def test_every_decision_compares_the_version(recon: Reconciliation, clerk: Client, method: str) -> None:
    """Who looked at an older version is told so, whatever they wanted to do."""
    credit = suspense(recon)
    request = getattr(pb, f"{method}Request")(
        request_id=str(uuid4()), credit_id=credit, reason="x", credit_version=99
    )
    if method == "KeepForPayer":
        request.payer_id = "somebody"
    with pytest.raises(Aborted) as refused:
        getattr(clerk, method)(request)
    assert refused.value.reason == "CREDIT_MOVED"


def test_a_clerk_parks_while_another_assigns(recon: Reconciliation) -> None:
    """The park waits for the assignment and then finds another version."""
    credit = in_suspense(recon)
    bill = make.payable(make.line(100_000))
    recon.tell(bill)
    version = recon.credit(credit).version
    first = [(bill.payable_id, 100_000)]
    with racing(
        recon,
        lambda session: flows.assign(session, CLERK, credit, first, "one", version),
        lambda session: flows.park(session, CLERK, credit, "later", version),
    ) as second:
        assert isinstance(second.exception(), errors.CreditMoved)
    assert recon.applied(bill) == 100_000
    assert recon.credit(credit).park_reason == ""


def test_two_clerks_keep_and_assign_at_once(recon: Reconciliation) -> None:
    """The money is kept for the payer or pays the bill, never both."""
    credit = in_suspense(recon)
    bill = make.payable(make.line(100_000))
    recon.tell(bill)
    version = recon.credit(credit).version
    with racing(
        recon,
        lambda session: flows.keep_for_payer(session, CLERK, credit, bill.payer_id, "one", version),
        lambda session: flows.assign(session, CLERK, credit, [(bill.payable_id, 100_000)], "two", version),
    ) as second:
        assert isinstance(second.exception(), errors.CreditMoved)
    assert recon.applied(bill) == 0
    assert recon.credit(credit).amount_payer_credit == 100_000


def test_reading_needs_the_right(channel: grpc.Channel) -> None:
    """Who may only read invoices sees neither the queue nor payments."""
    reader = Client(pb_grpc.ReconciliationServiceStub(channel), staff("invoices.read"))
    with pytest.raises(PermissionDenied):
        reader.SummariseQueue(pb.SummariseQueueRequest())
    with pytest.raises(PermissionDenied):
        reader.ListPayments(pb.ListPaymentsRequest(payable_id=str(uuid4())))
