"""The races of money: each with two real connections, in both orders where there are two."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.orm import Session

from kit.auth import Subject
from services.reconciliation.domain import errors
from services.reconciliation.flows import again, clerk
from tests.integration.services.reconciliation.conftest import Reconciliation
from tests.integration.services.reconciliation.racing import CLERK, Work, in_suspense, racing, telling
from tests.support import reconciliation as make
from xoai.intake.v1.intake_events_pb2 import BankCreditReported
from xoai.payables.v1.payables_events_pb2 import PayableChanged
from xoai.reconciliation.v1 import reconciliation_events_pb2 as told

PULL = BankCreditReported.CHANNEL_PULL
VOID = PayableChanged.STATE_VOID
BANK = f"bank:{make.BIN}:{make.ACCOUNT}"


def assigning(
    credit_id: str, payable: Any, amount: int, *, subject: Subject = CLERK, version: int = 0
) -> Work:
    return lambda session: clerk.assign(
        session, subject, credit_id, [(payable.payable_id, amount)], "phụ huynh gọi", version
    )


def test_credit_before_its_payable(recon: Reconciliation) -> None:
    """It waits as AWAITING_PAYABLE and is matched when the payable comes."""
    payable = make.payable()
    recon.tell(make.report(payable.reference))
    (credit,) = recon.credits()
    assert (credit.reason, credit.waiting_key) == ("AWAITING_PAYABLE", payable.reference)
    recon.tell(payable)
    assert recon.applied(payable) == 100_000
    suspended, paid, settled = recon.announced()
    assert suspended.amount_suspense == 100_000
    assert isinstance(paid, told.PaymentApplied)
    assert (settled.version, settled.amount_suspense, settled.amount_applied) == (2, 0, 100_000)
    assert recon.balances() == {BANK: 100_000, "collected:hoc_phi": -100_000}


@pytest.mark.parametrize("credit_first", [True, False])
def test_credit_and_its_payable_at_the_same_moment(recon: Reconciliation, credit_first: bool) -> None:
    """Whoever locks the slot second sees what the first one wrote: no write skew."""
    payable = make.payable()
    works = [telling(recon, make.report(payable.reference)), telling(recon, payable)]
    first, second = works if credit_first else works[::-1]
    with racing(recon, first, second) as future:
        assert future.result() is None
    assert recon.applied(payable) == 100_000
    assert recon.balances() == {BANK: 100_000, "collected:hoc_phi": -100_000}


def test_money_of_a_virtual_account_before_its_first_payable(recon: Reconciliation) -> None:
    """The payer's account is a meeting place like a reference."""
    payable = make.payable(virtual_account="VA9")
    recon.tell(make.report("hoc phi", virtual_account="VA9"))
    recon.tell(payable)
    assert recon.applied(payable) == 100_000


def test_amount_changed_while_money_is_in_flight(recon: Reconciliation) -> None:
    """Money for the old amount is applied to the new one: short, or over."""
    payable = make.payable(make.line(100_000))
    recon.tell(payable)
    raised = make.newer(payable, lines=[make.line(150_000)])
    recon.tell(raised)
    recon.tell(make.report(payable.reference, 100_000))
    assert recon.applied(payable) == 100_000
    lowered = make.newer(raised, lines=[make.line(60_000)])
    recon.tell(lowered)
    assert recon.applied(payable) == 60_000
    assert recon.balances() == {
        BANK: 100_000,
        "collected:hoc_phi": -60_000,
        f"payer_credit:{payable.payer_id}": -40_000,
    }
    totals = [event.total_applied for event in recon.announced() if not isinstance(event, told.CreditChanged)]
    assert totals == [100_000, 0, 60_000]


@pytest.mark.parametrize("credit_first", [True, False])
def test_amount_changed_at_the_same_moment(recon: Reconciliation, credit_first: bool) -> None:
    """The payable's lock orders them; the sum ends the same."""
    payable = make.payable(make.line(100_000))
    recon.tell(payable)
    works = [
        telling(recon, make.report(payable.reference, 100_000)),
        telling(recon, make.newer(payable, lines=[make.line(70_000)])),
    ]
    first, second = works if credit_first else works[::-1]
    with racing(recon, first, second) as future:
        assert future.result() is None
    assert recon.applied(payable) == 70_000
    assert recon.balances()[f"payer_credit:{payable.payer_id}"] == -30_000


def test_lines_changed_after_a_payment(recon: Reconciliation) -> None:
    """What was applied moves to the lines that there are now."""
    first, second = make.line(60_000), make.line(40_000, ledger_class="thu_ho", priority=2)
    payable = make.payable(first, second)
    recon.tell(payable)
    recon.tell(make.report(payable.reference, 100_000))
    recon.tell(make.newer(payable, lines=[make.line(100_000, ledger_class="thoa_thuan")]))
    assert recon.balances() == {BANK: 100_000, "collected:thoa_thuan": -100_000}


def test_void_after_payment_gives_the_money_back_to_suspense(recon: Reconciliation) -> None:
    """The reversal is announced; later money for the void payable goes to suspense too."""
    payable = make.payable()
    recon.tell(payable)
    recon.tell(make.report(payable.reference))
    recon.tell(make.newer(payable, state=VOID))
    recon.tell(make.report(payable.reference, 30_000))
    assert [credit.reason for credit in recon.credits()] == ["VOID", "VOID"]
    assert recon.balances() == {BANK: 130_000, "suspense": -130_000}
    reversal = next(event for event in recon.announced() if isinstance(event, told.PaymentReversed))
    assert (reversal.total_applied, reversal.applied_version, reversal.reason) == (0, 2, "VOID")
    assert not reversal.by_person


@pytest.mark.parametrize("credit_first", [True, False])
def test_void_while_money_is_in_flight(recon: Reconciliation, credit_first: bool) -> None:
    """Whatever comes first, the money ends in suspense VOID."""
    payable = make.payable()
    recon.tell(payable)
    works = [telling(recon, make.report(payable.reference)), telling(recon, make.newer(payable, state=VOID))]
    first, second = works if credit_first else works[::-1]
    with racing(recon, first, second) as future:
        assert future.result() is None
    assert recon.credits()[0].reason == "VOID"
    assert recon.applied(payable) == 0


def test_two_credits_for_one_payable_in_two_consumers(recon: Reconciliation) -> None:
    """The payable's lock orders them; the second finds nothing open."""
    recon.tell(make.account(account_number=make.OTHER_ACCOUNT))
    payable = make.payable()
    recon.tell(payable)
    first = telling(recon, make.report(payable.reference))
    second = telling(recon, make.report(payable.reference, account_number=make.OTHER_ACCOUNT))
    with racing(recon, first, second) as future:
        assert future.result() is None
    assert recon.applied(payable) == 100_000
    assert recon.balances()[f"payer_credit:{payable.payer_id}"] == -100_000
    assert [credit.exceptions for credit in recon.credits()] == [(), ("DUPLICATE_PAYMENT",)]


def test_pull_and_callback_at_the_same_moment(recon: Reconciliation) -> None:
    """The account's lock: one makes the credit, the other joins it."""
    payable = make.payable()
    recon.tell(payable)
    callback = make.report(payable.reference, bank_reference="FT77")
    pull = make.report(payable.reference, bank_reference="FT77", source_id="pull", channel=PULL)
    with racing(recon, telling(recon, callback), telling(recon, pull)) as future:
        assert future.result() is None
    (credit,) = recon.credits()
    assert credit.report_count == 2
    assert recon.balances() == {BANK: 100_000, "collected:hoc_phi": -100_000}


@pytest.mark.parametrize("pull_first", [True, False])
def test_a_list_amid_the_callbacks_of_equal_transfers(recon: Reconciliation, pull_first: bool) -> None:
    """Three customers, one amount, one code: the list of all meets the callbacks half way, and three credits stay."""
    code = make.payable(make.line(0), kind=PayableChanged.KIND_STANDING)
    code.ClearField("amount_due")
    recon.tell(code)

    def told(number: int, **facts: Any) -> BankCreditReported:
        return make.report(code.reference, 50_000, bank_reference=f"FT2625800{number}", **facts)

    recon.tell(told(2))
    listed = [told(number, source_id="pull", channel=PULL) for number in (1, 2, 3)]
    works = [telling(recon, *listed), telling(recon, told(1), told(3))]
    first, second = works if pull_first else works[::-1]
    with racing(recon, first, second) as future:
        assert future.result() is None
    assert [(credit.report_count, credit.reason) for credit in recon.credits()] == [(2, "")] * 3
    assert recon.applied(code) == 150_000


def test_pull_and_callback_for_an_unknown_account(recon: Reconciliation) -> None:
    """The lock does not need a registration."""
    callback = make.report("x", bank_reference="FT78", account_number="9")
    pull = make.report("y", bank_reference="FT78", account_number="9", source_id="pull", channel=PULL)
    with racing(recon, telling(recon, callback), telling(recon, pull)) as future:
        assert future.result() is None
    assert [credit.report_count for credit in recon.credits()] == [2]


def test_two_clerks_on_one_suspense_credit(recon: Reconciliation) -> None:
    """The second one is told what happened."""
    one, two = make.payable(), make.payable()
    recon.tell(one, two)
    credit_id = in_suspense(recon)
    first, second = assigning(credit_id, one, 100_000), assigning(credit_id, two, 100_000, version=1)
    with racing(recon, first, second) as future:
        error = future.exception()
    assert isinstance(error, errors.CreditMoved)
    assert "applied 100000" in error.text_en
    assert (recon.applied(one), recon.applied(two)) == (100_000, 0)


def test_two_clerks_without_versions_cannot_spend_twice(recon: Reconciliation) -> None:
    """Even a caller that names no version finds nothing left in suspense."""
    one, two = make.payable(), make.payable()
    recon.tell(one, two)
    credit_id = in_suspense(recon)
    with racing(recon, assigning(credit_id, one, 100_000), assigning(credit_id, two, 100_000)) as future:
        assert isinstance(future.exception(), errors.NothingInSuspense)


@pytest.mark.parametrize("clerk_first", [True, False])
def test_a_clerk_and_a_late_payable(recon: Reconciliation, clerk_first: bool) -> None:
    """The credit's lock decides; the other one finds it moved and changes nothing."""
    chosen, late = make.payable(), make.payable()
    recon.tell(chosen)
    report = make.report(late.reference)
    recon.tell(report)
    clerks = assigning(report.report_id, chosen, 100_000, version=1)
    works = [clerks, telling(recon, late)]
    first, second = works if clerk_first else works[::-1]
    with racing(recon, first, second) as future:
        error = future.exception()
    if clerk_first:
        assert error is None
        assert (recon.applied(chosen), recon.applied(late)) == (100_000, 0)
    else:
        assert isinstance(error, errors.CreditMoved)
        assert (recon.applied(chosen), recon.applied(late)) == (0, 100_000)


def test_undo_and_a_new_credit_for_the_same_payable(recon: Reconciliation) -> None:
    """The payable's lock orders them: the new credit finds what the undo opened."""
    payable = make.payable()
    recon.tell(payable)
    report = make.report(payable.reference)
    recon.tell(report)

    def undo(session: Session) -> None:
        clerk.undo(session, CLERK, report.report_id, "nhầm học sinh")

    with racing(recon, undo, telling(recon, make.report(payable.reference))) as future:
        assert future.result() is None
    assert [credit.reason for credit in recon.credits()] == ["UNDONE", ""]
    assert recon.balances() == {BANK: 200_000, "collected:hoc_phi": -100_000, "suspense": -100_000}


def test_the_same_undo_twice_at_once(recon: Reconciliation) -> None:
    """The second one hears that it is done."""
    payable = make.payable()
    recon.tell(payable)
    report = make.report(payable.reference)
    recon.tell(report)

    def undo(session: Session) -> None:
        clerk.undo(session, CLERK, report.report_id, "nhầm")

    with racing(recon, undo, undo) as future:
        assert isinstance(future.exception(), errors.AlreadyUndone)


def test_two_uses_of_one_payers_credit(recon: Reconciliation) -> None:
    """The balance's lock: what is there can be spent once."""
    paid, one, two = make.payable(), make.payable(), make.payable()
    recon.tell(paid, one, two)
    recon.tell(make.report(paid.reference, 200_000))

    def use(payable: Any) -> Work:
        return lambda session: clerk.use_credit(
            session,
            CLERK,
            organisation_id=make.SCHOOL,
            payer=paid.payer_id,
            payable_id=payable.payable_id,
            amount=100_000,
            reason="theo yêu cầu",
        )

    with racing(recon, use(one), use(two)) as future:
        assert isinstance(future.exception(), errors.PayerCreditTooSmall)
    assert recon.applied(one) == 100_000


def test_snapshots_out_of_order(recon: Reconciliation) -> None:
    """A version that is not newer changes nothing, alone or in a batch, and gaps are accepted."""
    payable = make.payable(make.line(100_000))
    second = make.newer(payable, lines=[make.line(120_000)])
    third = make.newer(second, lines=[make.line(140_000)])
    recon.tell(third, payable)
    recon.tell(second)
    recon.tell(payable)
    statement = "SELECT version, amount_due FROM payable WHERE id = :id"
    assert recon.rows(statement, id=payable.payable_id) == [(3, 140_000)]


def test_accounts_out_of_order(recon: Reconciliation) -> None:
    """An old snapshot of an account cannot bring it back."""
    old = make.account(account_number=make.OTHER_ACCOUNT)
    retired = make.account(account_id=old.account_id, account_number=make.OTHER_ACCOUNT, version=2, state=2)
    recon.tell(retired)
    recon.tell(old)
    found = recon.rows(
        "SELECT version, is_active FROM receiving_account WHERE account_id = :id", id=old.account_id
    )
    assert found == [(2, False)]


def test_the_sweeper_finds_what_was_missed(recon: Reconciliation) -> None:
    """A credit whose payable is there but which nobody looked at again is matched within a minute."""
    payable = make.payable()
    recon.tell(make.report(payable.reference))
    recon.rows("UPDATE credit SET park_reason = 'hỏi ngân hàng' RETURNING 1")
    recon.tell(payable)
    assert recon.applied(payable) == 0, "a parked credit is left to the person who parked it"
    recon.rows("UPDATE credit SET park_reason = '' RETURNING 1")
    with recon.database.begin() as session:
        assert again.sweep(session, "") == (recon.credits()[0].id, 1)
    assert recon.applied(payable) == 100_000


def test_the_sweeper_and_a_clerk(recon: Reconciliation) -> None:
    """The sweeper never overrules a person who was faster."""
    chosen, late = make.payable(), make.payable()
    recon.tell(chosen)
    report = make.report(late.reference)
    recon.tell(report)
    recon.rows("UPDATE credit SET park_reason = 'x' RETURNING 1")
    recon.tell(late)
    recon.rows("UPDATE credit SET park_reason = '' RETURNING 1")
    with racing(
        recon,
        assigning(report.report_id, chosen, 100_000),
        lambda session: again.sweep(session, ""),
    ) as future:
        assert future.result()[1] == 1
    assert (recon.applied(chosen), recon.applied(late)) == (100_000, 0)
