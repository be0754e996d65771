"""Credits that a person decides about before money moves: set aside, possible duplicates, weak proof."""

from __future__ import annotations

import pytest

from kit.errors import Aborted, FailedPrecondition
from kit.testing.service import Client
from services.reconciliation.jobs import Jobs
from tests.integration.services.reconciliation.calls import BANK, STATEMENT, assign, request_id, suspense
from tests.integration.services.reconciliation.conftest import Reconciliation
from tests.support import reconciliation as make
from xoai.reconciliation.v1 import reconciliation_service_pb2 as pb


def test_park_and_take_up_again(recon: Reconciliation, clerk: Client) -> None:
    """A parked credit leaves the queue, with its reason, and comes back."""
    credit_id = suspense(recon)

    def ids(view: pb.ListCreditsRequest.View) -> list[str]:
        request = pb.ListCreditsRequest(organisation_id=make.SCHOOL, view=view)
        return [credit.id for credit in clerk.ListCredits(request).credits]

    park = pb.ParkCreditRequest(request_id=request_id(), credit_id=credit_id, reason="chờ ngân hàng tra soát")
    assert clerk.ParkCredit(park).credit.park_reason == "chờ ngân hàng tra soát"
    assert ids(pb.ListCreditsRequest.VIEW_SUSPENSE) == []
    assert ids(pb.ListCreditsRequest.VIEW_PARKED) == [credit_id]
    clerk.ParkCredit(pb.ParkCreditRequest(request_id=request_id(), credit_id=credit_id))
    assert ids(pb.ListCreditsRequest.VIEW_SUSPENSE) == [credit_id]


def _possible_duplicate(recon: Reconciliation) -> tuple[list[str], str]:
    """Two equal callbacks and a statement line that could be either."""
    payable = make.payable(make.line(300_000))
    recon.tell(payable)
    first, second = (make.report(payable.reference, bank_reference="") for _ in range(2))
    recon.tell(first, second)
    line = make.report(payable.reference, bank_reference="", source_id="s", channel=STATEMENT)
    recon.tell(line)
    return [first.report_id, second.report_id], line.report_id


def test_a_possible_duplicate_is_the_same_money(recon: Reconciliation, clerk: Client) -> None:
    """Its bank entry is taken back, its report goes over, and nothing is counted twice."""
    (first, _), line = _possible_duplicate(recon)
    answer = clerk.GetCredit(pb.GetCreditRequest(id=line))
    assert len(answer.possible_duplicates) == 2
    with pytest.raises(FailedPrecondition) as caught:
        assign(clerk, line, (make.payable(), 1))
    assert caught.value.reason == "CREDIT_MUST_BE_DECIDED_FIRST"
    resolve = pb.ResolveDuplicateRequest(
        request_id=request_id(), credit_id=line, same_as_credit_id=first, reason="cùng một giao dịch"
    )
    assert clerk.ResolveDuplicate(resolve).credit.merged_into_credit_id == first
    assert recon.balances() == {BANK: 200_000, "collected:hoc_phi": -200_000}
    assert len(clerk.GetCredit(pb.GetCreditRequest(id=first)).reports) == 2
    resolve.request_id = request_id()
    with pytest.raises(Aborted):
        clerk.ResolveDuplicate(resolve)


def test_a_possible_duplicate_is_money_of_its_own(recon: Reconciliation, clerk: Client) -> None:
    """Then the rules decide it as if it had just come."""
    _, line = _possible_duplicate(recon)
    answer = clerk.ResolveDuplicate(
        pb.ResolveDuplicateRequest(request_id=request_id(), credit_id=line, reason="nộp ba lần")
    )
    assert answer.credit.amount_applied == 100_000
    assert recon.balances() == {BANK: 300_000, "collected:hoc_phi": -300_000}


def test_other_money_cannot_be_the_same(recon: Reconciliation, clerk: Client) -> None:
    """Another amount, or the same source: refused."""
    _, line = _possible_duplicate(recon)
    other = suspense(recon, amount=7_000)
    with pytest.raises(FailedPrecondition) as caught:
        clerk.ResolveDuplicate(
            pb.ResolveDuplicateRequest(
                request_id=request_id(), credit_id=line, same_as_credit_id=other, reason="x"
            )
        )
    assert caught.value.reason == "NOT_THE_SAME_MONEY"


def test_a_person_confirms(recon: Reconciliation, clerk: Client) -> None:
    """A weakly proven credit pays its payable once a person vouches for it."""
    payable = make.payable()
    recon.tell(payable)
    credit_id = suspense(recon, payable.reference, needs_confirmation=True)
    answer = clerk.ConfirmCredit(
        pb.ConfirmCreditRequest(request_id=request_id(), credit_id=credit_id, reason="đã thấy trên sổ phụ")
    )
    assert answer.credit.amount_applied == 100_000
    assert recon.rows("SELECT action FROM audit") == [("credit.confirm",)]


def test_a_confirmed_credit_for_another_organisation_is_named_by_the_sweeper(
    recon: Reconciliation, clerk: Client
) -> None:
    """A clerk cannot see other organisations' payables; the sweeper can."""
    foreign = make.payable(organisation_id=make.OTHER_SCHOOL)
    recon.tell(foreign)
    credit_id = suspense(recon, foreign.reference, needs_confirmation=True)
    answer = clerk.ConfirmCredit(
        pb.ConfirmCreditRequest(request_id=request_id(), credit_id=credit_id, reason="đã thấy")
    )
    assert answer.credit.suspense_reason == "AWAITING_PAYABLE"
    Jobs(recon.database).sweep()
    assert recon.credit(credit_id).reason == "WRONG_ACCOUNT"
