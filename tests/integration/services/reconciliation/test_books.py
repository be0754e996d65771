"""The books of the desk: sums that agree, postings that nobody changes, facts told anew as they were."""

from __future__ import annotations

import pytest

from kit.testing.service import Client
from services.reconciliation import verify
from services.reconciliation.jobs import Jobs
from tests.integration.services.reconciliation.calls import STATEMENT, suspense, undo
from tests.integration.services.reconciliation.conftest import Reconciliation
from tests.support import reconciliation as make
from xoai.reconciliation.v1 import reconciliation_service_pb2 as pb


def test_the_summary_agrees(recon: Reconciliation, city: Client) -> None:
    """Received = applied + payers' credit + suspense + refundable; debits = credits; each credit once."""
    payable = make.payable()
    recon.tell(payable)
    recon.tell(make.report(payable.reference, 130_000, bank_reference="A1"))
    recon.tell(make.report("x", 130_000, bank_reference="A1", source_id="s", channel=STATEMENT))
    suspense(recon, amount=5_000)
    suspense(recon, amount=9_000, test=True)
    found = city.SummariseCredits(pb.SummariseCreditsRequest())
    assert (found.credits_received, found.credits_suspense, found.callback_only_credits) == (2, 1, 1)
    assert (found.amount_received, found.amount_applied, found.amount_payer_credit) == (
        135_000,
        100_000,
        30_000,
    )
    assert (found.amount_suspense, found.reports_joined) == (5_000, 1)
    assert found.ledger_debits == found.ledger_credits == 135_000


def test_announcing_again_gives_the_same_events(recon: Reconciliation, clerk: Client) -> None:
    """After a lost log: every fact once more, with the event id it had, in its order."""
    payable = make.payable(make.line(300_000))
    recon.tell(payable)
    report = make.report(payable.reference, 100_000)
    recon.tell(report, make.report(payable.reference, 400_000))
    suspense(recon)
    facts = "SELECT event_id, event_type, key, version FROM outbox WHERE event_type <> 'CreditChanged' ORDER BY id"
    before, credits = (
        recon.rows(facts),
        recon.rows("SELECT event_id FROM outbox WHERE event_type = 'CreditChanged'"),
    )
    recon.rows("DELETE FROM outbox RETURNING 1")
    Jobs(recon.database).announce_again()
    assert recon.rows(facts) == before
    assert set(recon.rows("SELECT event_id FROM outbox WHERE event_type = 'CreditChanged'")) == set(credits)


def test_bills_and_stalls_are_told_apart(recon: Reconciliation) -> None:
    """Payments and reversals of sales and standing codes go to the stalls' topic, those of bills to the bills', also again."""
    recon.tell(make.merchant_account())
    bill, sale, code = make.payable(), make.sale(), make.stall_code()
    recon.tell(bill, sale, code)
    paid = make.report(bill.reference)
    recon.tell(paid, make.at_stall(memo=sale.reference), make.at_stall(memo=code.reference))
    recon.tell(
        make.payable(make.line(60_000), payable_id=bill.payable_id, reference=bill.reference, version=2)
    )
    topics = "SELECT topic, key, event_type FROM outbox WHERE event_type <> 'CreditChanged' ORDER BY id"
    told = recon.rows(topics)
    assert {key for topic, key, _ in told if topic == "reconciliation.payments"} == {bill.payable_id}
    assert ("reconciliation.payments", bill.payable_id, "PaymentReversed") in told
    stalls = [key for topic, key, _ in told if topic == "reconciliation.stall-payments"]
    assert stalls == [sale.payable_id, code.payable_id]
    recon.rows("DELETE FROM outbox RETURNING 1")
    Jobs(recon.database).announce_again()
    assert sorted(recon.rows(topics)) == sorted(told)


def test_the_books_cannot_be_changed(recon: Reconciliation) -> None:
    """Append-only by grants and by triggers; a wrong balance is found by the check."""
    recon.tell(make.report("x"))
    for table in ("payment", "payment_reversal", "journal_entry", "posting", "audit"):
        with pytest.raises(Exception, match="permission denied"):
            recon.rows(f"UPDATE {table} SET organisation_id = organisation_id RETURNING 1")
    recon.rows(
        "UPDATE ledger_balance SET balance = balance + 1 WHERE ledger_account = 'suspense' RETURNING 1"
    )
    with recon.database.begin() as session:
        assert {finding.invariant for finding in verify.findings(session)} >= {"I1", "I2"}
    recon.rows(
        "UPDATE ledger_balance SET balance = balance - 1 WHERE ledger_account = 'suspense' RETURNING 1"
    )


def test_what_was_applied_streams_in_order(recon: Reconciliation, clerk: Client) -> None:
    """The export for comparison with the owners' own sums leaves out what was undone."""
    one, two = make.payable(), make.payable()
    recon.tell(one, two)
    report = make.report(one.reference)
    recon.tell(report, make.report(two.reference, 30_000))
    undo(clerk, report.report_id)
    with recon.database.begin() as session:
        found = list(verify.applied_by_payable(session))
    assert found == sorted([(one.payable_id, 0), (two.payable_id, 30_000)])
