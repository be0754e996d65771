"""Money that arrives: new or told before, whose, how much, and what the books say."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.reconciliation.domain.credit import UNASSIGNED
from tests.integration.services.reconciliation.conftest import Reconciliation
from tests.support import reconciliation as make
from xoai.intake.v1.intake_events_pb2 import BankCreditReported
from xoai.payables.v1.payables_events_pb2 import PayableChanged
from xoai.reconciliation.v1 import reconciliation_events_pb2 as told

BANK = f"bank:{make.BIN}:{make.ACCOUNT}"
STATEMENT = BankCreditReported.CHANNEL_STATEMENT
PULL = BankCreditReported.CHANNEL_PULL


def test_exact_payment_is_applied_posted_and_announced(recon: Reconciliation) -> None:
    """A memo with the reference pays the payable: one entry, one event with all that consumers need."""
    payable = make.payable(make.line(70_000), make.line(30_000, ledger_class="thu_ho", priority=2))
    report = make.report(f"NGUYEN VAN A {payable.reference} nop tien", 100_000)
    recon.tell(payable)
    recon.tell(report)
    assert recon.balances() == {BANK: 100_000, "collected:hoc_phi": -70_000, "collected:thu_ho": -30_000}
    (event,) = recon.announced()
    assert isinstance(event, told.PaymentApplied)
    assert (event.payable_id, event.amount, event.total_applied) == (payable.payable_id, 100_000, 100_000)
    assert (event.applied_version, event.payable_version, event.rule) == (1, 1, "reference")
    assert [(part.line_id, part.amount) for part in event.splits] == [
        (payable.lines[0].line_id, 70_000),
        (payable.lines[1].line_id, 30_000),
    ]
    assert event.payer_account_last_four == "3456"
    assert event.bank_reference == report.bank_reference


def test_short_over_and_second_payment(recon: Reconciliation) -> None:
    """Short is a part payment; over keeps the rest for the payer; with nothing open all is the payer's."""
    payable = make.payable(make.line(100_000))
    recon.tell(payable)
    recon.tell(make.report(payable.reference, 40_000))
    recon.tell(make.report(payable.reference, 80_000))
    recon.tell(make.report(payable.reference, 100_000))
    assert recon.applied(payable) == 100_000
    payer = f"payer_credit:{payable.payer_id}"
    assert recon.balances() == {BANK: 220_000, "collected:hoc_phi": -100_000, payer: -120_000}
    exceptions = [credit.exceptions for credit in recon.credits()]
    assert exceptions == [("UNDERPAID",), ("OVERPAID",), ("DUPLICATE_PAYMENT",)]


def test_two_credits_for_one_payable_in_one_batch(recon: Reconciliation) -> None:
    """The second one of a batch sees what the first one paid."""
    payable = make.payable(make.line(100_000))
    recon.tell(payable)
    recon.tell(make.report(payable.reference, 60_000), make.report(payable.reference, 60_000))
    assert recon.applied(payable) == 100_000
    totals = [event.total_applied for event in recon.announced() if isinstance(event, told.PaymentApplied)]
    assert totals == [60_000, 100_000]


@pytest.mark.parametrize(
    ("memo", "reason"),
    [("nop tien hoc cho con", "NO_REFERENCE"), ("", "NO_REFERENCE"), ("two", "AMBIGUOUS_REFERENCE")],
)
def test_money_without_one_reference_waits(recon: Reconciliation, memo: str, reason: str) -> None:
    """Nothing is guessed: no reference or two of them wait for a person."""
    if memo == "two":
        memo = f"{make.reference()} va {make.reference()}"
    recon.tell(make.report(memo, 50_000))
    (credit,) = recon.credits()
    assert (credit.reason, credit.amount_suspense) == (reason, 50_000)
    assert recon.balances() == {BANK: 50_000, "suspense": -50_000}
    (event,) = recon.announced()
    assert (event.suspense_reason, event.amount_suspense, event.version) == (reason, 50_000, 1)


def test_money_on_an_account_of_another_organisation(recon: Reconciliation) -> None:
    """It stays in suspense of the organisation that received it."""
    other = make.payable(organisation_id=make.OTHER_SCHOOL)
    recon.tell(other)
    recon.tell(make.report(other.reference))
    (credit,) = recon.credits()
    assert (credit.organisation_id, credit.reason) == (make.SCHOOL, "WRONG_ACCOUNT")
    assert recon.balances(make.OTHER_SCHOOL) == {}


def test_a_retired_account_is_still_matched(recon: Reconciliation) -> None:
    """Money to an old account of the school pays its payable."""
    old = make.account(account_number=make.OTHER_ACCOUNT)
    recon.tell(old)
    old.version, old.state = 2, 2
    recon.tell(old)
    payable = make.payable()
    recon.tell(payable)
    recon.tell(make.report(payable.reference, account_number=make.OTHER_ACCOUNT))
    assert recon.applied(payable) == 100_000


def test_unknown_account_is_held_apart_and_moves_when_it_is_registered(recon: Reconciliation) -> None:
    """Money for nobody's account waits under no organisation, and is decided when the account is announced."""
    payable = make.payable()
    recon.tell(payable)
    recon.tell(make.report(payable.reference, account_number=make.OTHER_ACCOUNT))
    (credit,) = recon.credits()
    assert (credit.organisation_id, credit.reason) == (UNASSIGNED, "UNKNOWN_ACCOUNT")
    bank = f"bank:{make.BIN}:{make.OTHER_ACCOUNT}"
    assert recon.balances(UNASSIGNED) == {bank: 100_000, "suspense": -100_000}
    recon.tell(make.account(account_number=make.OTHER_ACCOUNT))
    assert recon.applied(payable) == 100_000
    assert recon.balances(UNASSIGNED) == {}
    assert recon.balances() == {bank: 100_000, "collected:hoc_phi": -100_000}


def test_a_test_call_and_another_currency_never_touch_the_ledger(recon: Reconciliation) -> None:
    """They are kept and shown, but pay nothing and are in no sum."""
    payable = make.payable()
    recon.tell(payable)
    recon.tell(make.report(payable.reference, test=True), make.report(payable.reference, currency_code="USD"))
    assert [credit.reason for credit in recon.credits()] == ["TEST", "FOREIGN_CURRENCY"]
    assert recon.balances() == {}
    assert recon.applied(payable) == 0


def test_the_same_report_twice_has_one_effect(recon: Reconciliation) -> None:
    """Even if the inbox forgot it: in one batch, and in a later one."""
    payable = make.payable()
    report = make.report(payable.reference)
    recon.tell(payable)
    recon.tell(report, report)
    recon.tell(report)
    assert len(recon.credits()) == 1
    assert recon.applied(payable) == 100_000


def test_reports_of_different_sources_with_one_bank_reference_are_one_credit(recon: Reconciliation) -> None:
    """Callback, pull and statement tell of the same money: by the bank's reference, however it is written."""
    payable = make.payable()
    callback = make.report(payable.reference, bank_reference="FT-26258.123")
    pull = make.report("wrapped", bank_reference="ft26258123", source_id="pull", channel=PULL)
    line = make.report("cut", bank_reference="FT26258 123", source_id="statement-9", channel=STATEMENT)
    recon.tell(payable)
    recon.tell(callback)
    recon.tell(pull, line)
    (credit,) = recon.credits()
    assert (credit.report_count, credit.has_statement) == (3, True)
    assert recon.balances()[BANK] == 100_000


def test_reports_without_a_bank_reference_join_by_day_and_memo(recon: Reconciliation) -> None:
    """The reference inside differently wrapped memos is what is compared; two days apart is another payment."""
    payable = make.payable(make.line(300_000))
    recon.tell(payable)
    near = make.timestamp(make.MOMENT + timedelta(days=1))
    far = make.timestamp(make.MOMENT + timedelta(days=2, hours=1))
    recon.tell(make.report(payable.reference + " nop", bank_reference=""))
    recon.tell(
        make.report(
            f"MBVCB.1.{payable.reference}.CT tu A",
            bank_reference="",
            source_id="s",
            channel=STATEMENT,
            occur_time=near,
        )
    )
    recon.tell(
        make.report(payable.reference, bank_reference="", source_id="s", channel=STATEMENT, occur_time=far)
    )
    assert [credit.report_count for credit in recon.credits()] == [2, 1]


def test_two_equal_lines_of_one_source_stay_two(recon: Reconciliation) -> None:
    """Reports of one source never join each other."""
    recon.tell(make.report("dong phuc", bank_reference="1"), make.report("dong phuc", bank_reference="1"))
    assert len(recon.credits()) == 2


def test_not_unique_is_held_for_a_person(recon: Reconciliation) -> None:
    """Two callbacks that a statement line could be: nothing is applied twice."""
    payable = make.payable()
    recon.tell(payable)
    recon.tell(
        make.report("cung mot memo", bank_reference=""), make.report("cung mot memo", bank_reference="")
    )
    recon.tell(make.report("cung mot memo", bank_reference="", source_id="s", channel=STATEMENT))
    reasons = [credit.reason for credit in recon.credits()]
    assert reasons == ["NO_REFERENCE", "NO_REFERENCE", "POSSIBLE_DUPLICATE"]


def test_a_weakly_proven_large_credit_waits_for_a_second_opinion(recon: Reconciliation) -> None:
    """Another callback is none; the pull that joins is, and the rules decide at once."""
    payable = make.payable()
    recon.tell(payable)
    recon.tell(make.report(payable.reference, bank_reference="B1", needs_confirmation=True))
    recon.tell(
        make.report(payable.reference, bank_reference="B1", needs_confirmation=True, source_id="other")
    )
    (credit,) = recon.credits()
    assert (credit.reason, credit.report_count) == ("AWAITING_CONFIRMATION", 2)
    recon.tell(make.report(payable.reference, bank_reference="B1", source_id="pull", channel=PULL))
    assert recon.applied(payable) == 100_000
    assert recon.credits()[0].reason == ""


def test_a_confirmation_in_the_same_batch_decides_at_once(recon: Reconciliation) -> None:
    """Callback and pull together are one proven credit."""
    payable = make.payable()
    recon.tell(payable)
    recon.tell(
        make.report(payable.reference, bank_reference="B2", needs_confirmation=True),
        make.report("cut", bank_reference="B2", source_id="pull", channel=PULL),
    )
    assert recon.applied(payable) == 100_000


def test_a_stalls_excess_is_the_merchants(recon: Reconciliation) -> None:
    """A sale takes what is over; a standing code takes everything."""
    sale = make.payable(make.line(50_000, ledger_class="tien_dich_vu"), kind=PayableChanged.KIND_SALE)
    code = make.payable(make.line(0, ledger_class="tien_dich_vu"), kind=PayableChanged.KIND_STANDING)
    code.ClearField("amount_due")
    recon.tell(sale, code)
    recon.tell(make.report(sale.reference, 60_000), make.report(code.reference, 20_000))
    recon.tell(make.report(code.reference, 30_000))
    assert (recon.applied(sale), recon.applied(code)) == (60_000, 50_000)
    assert recon.balances() == {BANK: 110_000, "collected:tien_dich_vu": -110_000}


def test_the_virtual_account_names_the_payer(recon: Reconciliation) -> None:
    """Equal amount first; else oldest first where the biller lets it; else his credit; another's reference: a person."""
    own = {"virtual_account": "VA1", "payer_id": "p1"}
    first = make.payable(make.line(100_000), due_date="2026-09-01", **own)
    second = make.payable(make.line(150_000), due_date="2026-10-01", **own)
    stranger = make.payable(payer_id="p2")
    recon.tell(first, second, stranger)
    recon.tell(make.report("hoc phi", 150_000, virtual_account="VA1"))
    assert recon.applied(second) == 150_000
    recon.tell(make.report("hoc phi", 30_000, virtual_account="VA1"))
    assert recon.balances()["payer_credit:p1"] == -30_000
    recon.tell(make.report(stranger.reference, 10_000, virtual_account="VA1"))
    assert recon.credits()[-1].reason == "PAYER_MISMATCH"


def test_oldest_due_first(recon: Reconciliation) -> None:
    """One transfer over several bills of a payer, the oldest due first, the rest his credit."""
    own = {"virtual_account": "VA2", "payer_id": "p3", "oldest_first": True}
    late = make.payable(make.line(100_000), due_date="2026-10-01", **own)
    early = make.payable(make.line(100_000), due_date="2026-09-01", **own)
    recon.tell(late, early)
    recon.tell(make.report("tien dien", 130_000, virtual_account="VA2"))
    assert (recon.applied(early), recon.applied(late)) == (100_000, 30_000)
    recon.tell(make.report("tien dien", 90_000, virtual_account="VA2"))
    assert recon.applied(late) == 100_000
    assert recon.balances()["payer_credit:p3"] == -20_000
