"""What invoices tell of their books: announced anew, compared with reconciliation's, damage found."""

from __future__ import annotations

import grpc
import pytest

from kit.db import Database
from kit.inbox import Consumer
from services.invoices import verify
from services.invoices.flows import announce
from tests.integration.services.invoices.calls import announced, assert_books_hold, issue_one, paying, void
from tests.support.invoices import deliveries, make_reversed


def test_announced_again_a_payment_reads_as_before(
    channel: grpc.Channel, database: Database, consumer: Consumer
) -> None:
    """The newest change is told with its payment and receipt, byte for byte; so is a reversal."""
    paid, undone = issue_one(channel).invoice_id, issue_one(channel).invoice_id
    facts = [paying(paid, 600_000)[0], paying(undone, 600_000)[0]]
    consumer.handle(deliveries([*facts, make_reversed(facts[1])]))
    newest = {row.key: (row.event_id, bytes(row.payload)) for row, _ in announced(database, "InvoiceChanged")}
    with database.begin() as session:
        session.connection().exec_driver_sql("DELETE FROM outbox")
        assert announce.invoices_again(session, None, 10) == (2, None)
    again = {row.key: (row.event_id, bytes(row.payload)) for row, _ in announced(database, "InvoiceChanged")}
    assert again == newest


def test_the_export_is_in_order_of_id(channel: grpc.Channel, database: Database, consumer: Consumer) -> None:
    """What reconciliation's side is compared with: every invoice with money on it, void ones included."""
    ids = sorted(issue_one(channel).invoice_id for _ in range(4))
    void(channel, ids[2])
    consumer.handle(deliveries([paying(id, 7_000)[0] for id in (ids[2], ids[0])]))
    with database.begin() as session:
        assert list(verify.paid_by_invoice(session)) == [(ids[0], 7_000), (ids[2], 7_000)]


@pytest.mark.parametrize(
    ("damage", "invariant"),
    [
        ("UPDATE invoice SET amount_paid = amount_paid + 1", "I6"),
        ("UPDATE invoice SET state = 'open'", "I6"),
        ("UPDATE invoice SET amount_due = amount_due + 1", "I5"),
        ("UPDATE receipt SET splits = '[[\"1.1\", 1]]'", "I5"),
        ("UPDATE invoice SET applied_version = 9", "I8"),
        ("UPDATE invoice SET sequence = 0", "I8"),
        ("UPDATE receipt_counter SET last_number = last_number + 1", "I10"),
        ("UPDATE receipt SET number = 5", "I10"),
        ("UPDATE receipt SET cancel_time = issue_time", "I10"),
        ("DELETE FROM receipt", "I10"),
        ("DELETE FROM invoice", "I10"),
    ],
)
def test_damage_is_found(
    channel: grpc.Channel, database: Database, consumer: Consumer, damage: str, invariant: str
) -> None:
    """A row changed behind the service's back breaks the invariant that guards it."""
    outcome = issue_one(channel)
    consumer.handle(deliveries(paying(outcome.invoice_id, 600_000)))
    assert_books_hold(database)
    with database.begin() as session:
        session.connection().exec_driver_sql(damage)
    with database.begin() as session:
        assert invariant in {finding.invariant for finding in verify.findings(session)}
