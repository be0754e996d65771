"""What is kept for a payer: made of what is over or by a person, spent once, taken back."""

from __future__ import annotations

import pytest

from kit.errors import Aborted, FailedPrecondition
from kit.testing.service import Client
from tests.integration.services.reconciliation.calls import BANK, request_id, suspense, undo
from tests.integration.services.reconciliation.conftest import Reconciliation
from tests.support import reconciliation as make
from xoai.reconciliation.v1 import reconciliation_events_pb2 as told
from xoai.reconciliation.v1 import reconciliation_service_pb2 as pb


def test_undo_takes_back_what_was_kept_for_the_payer(recon: Reconciliation, clerk: Client) -> None:
    """The excess goes back too, unless it was spent: then the spending has to be undone first."""
    payable, other = make.payable(), make.payable(make.line(20_000))
    recon.tell(payable, other)
    report = make.report(payable.reference, 150_000)
    recon.tell(report)
    used = clerk.UsePayerCredit(
        pb.UsePayerCreditRequest(
            request_id=request_id(),
            organisation_id=make.SCHOOL,
            payer_id=payable.payer_id,
            payable_id=other.payable_id,
            amount=20_000,
            reason="theo yêu cầu",
        )
    )
    assert (used.fund_kind, used.amount, used.credit_id) == (told.FUND_KIND_PAYER_CREDIT, 20_000, "")
    with pytest.raises(FailedPrecondition) as caught:
        undo(clerk, report.report_id)
    assert caught.value.metadata["payments"] == used.id
    undo(clerk, used.id)
    answer = undo(clerk, report.report_id)
    assert (answer.credit.amount_suspense, answer.credit.amount_payer_credit) == (150_000, 0)
    assert recon.balances() == {BANK: 150_000, "suspense": -150_000}


def test_payers_credit_is_spent_once_and_never_overdrawn(recon: Reconciliation, clerk: Client) -> None:
    """More than there is is refused; a void afterwards gives it back to the payer."""
    paid, other = make.payable(), make.payable(make.line(60_000))
    recon.tell(paid, other)
    recon.tell(make.report(paid.reference, 150_000))
    fields = {"organisation_id": make.SCHOOL, "payer_id": paid.payer_id, "payable_id": other.payable_id}
    with pytest.raises(FailedPrecondition, match="50000"):
        clerk.UsePayerCredit(
            pb.UsePayerCreditRequest(request_id=request_id(), amount=60_000, reason="x", **fields)
        )
    clerk.UsePayerCredit(
        pb.UsePayerCreditRequest(request_id=request_id(), amount=50_000, reason="x", **fields)
    )
    assert (
        list(clerk.ListPayerCredits(pb.ListPayerCreditsRequest(organisation_id=make.SCHOOL)).payer_credits)
        == []
    )
    recon.tell(make.newer(other, state=2))
    (kept,) = clerk.ListPayerCredits(pb.ListPayerCreditsRequest(organisation_id=make.SCHOOL)).payer_credits
    assert (kept.payer_id, kept.payer_name, kept.amount) == (paid.payer_id, "Nguyễn Văn An", 50_000)


def test_keep_for_a_payer(recon: Reconciliation, clerk: Client) -> None:
    """Suspense becomes a payer's credit."""
    credit_id = suspense(recon)
    request = pb.KeepForPayerRequest(
        request_id=request_id(), credit_id=credit_id, payer_id="pupil-x", reason="nộp trước"
    )
    answer = clerk.KeepForPayer(request)
    assert (answer.credit.amount_payer_credit, answer.credit.payer_id) == (100_000, "pupil-x")
    assert recon.balances() == {BANK: 100_000, "payer_credit:pupil-x": -100_000}
    request.request_id = request_id()
    with pytest.raises(Aborted):
        clerk.KeepForPayer(request)
