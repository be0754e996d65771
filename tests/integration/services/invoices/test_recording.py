"""Payments recorded from events: states, receipts, reversals, and what is announced of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from uuid import UUID, uuid4

import grpc
import pytest

from kit.db import Database
from kit.inbox import Consumer
from services.invoices.domain.payments import Split
from tests.integration.services.invoices.calls import (
    accountant,
    announced,
    assert_books_hold,
    get,
    issue_one,
    paying,
    receipts,
    rows,
    void,
)
from tests.support.invoices import (
    MOMENT,
    ORGANISATION,
    deliveries,
    event_of,
    line_message,
    make_applied,
    make_reversed,
)
from xoai.invoices.v1 import invoices_service_pb2 as pb


def test_a_payment_makes_an_invoice_paid(
    channel: grpc.Channel, database: Database, consumer: Consumer
) -> None:
    """State, amounts, receipt, and what is announced, in one transaction."""
    outcome = issue_one(channel)
    (fact,) = paying(outcome.invoice_id, 600_000)
    consumer.handle(deliveries([fact]))
    invoice = get(channel, outcome.invoice_id)
    assert (invoice.state, invoice.amount_paid, invoice.sequence) == (pb.Invoice.STATE_PAID, 600_000, 1)
    assert invoice.paid_time.ToDatetime(UTC) == MOMENT
    assert invoice.version == 1
    ((row, event),) = announced(database, "InvoiceChanged")
    assert (row.topic, row.key, row.version) == ("invoices.invoices", outcome.invoice_id, 1)
    assert (event.reference, event.batch_id, event.group_name) == (outcome.reference, "round-1", "6A2")
    assert (event.state, event.sequence, event.receipt_number) == (3, 1, "00000001")
    assert (event.payment_id, event.payment_amount) == (str(fact.payment_id), 600_000)
    assert event.bank_time.ToDatetime(UTC) == event.arrive_time.ToDatetime(UTC) == MOMENT
    assert_books_hold(database)


def test_many_payments_of_one_invoice_in_one_batch(
    channel: grpc.Channel, database: Database, consumer: Consumer
) -> None:
    """Every payment has its own receipt and its own announcement, with the amounts as they stood then."""
    one, two = issue_one(channel), issue_one(channel)
    facts = [*paying(one.invoice_id, 100_000, 200_000, 300_000), *paying(two.invoice_id, 50_000)]
    consumer.handle(deliveries([facts[0], facts[3], facts[1], facts[2]]))
    assert get(channel, one.invoice_id).amount_paid == 600_000
    assert get(channel, two.invoice_id).state == pb.Invoice.STATE_PART_PAID
    told = [
        (each.sequence, each.amount_paid, each.receipt_number)
        for _, each in announced(database, "InvoiceChanged")
    ]
    assert told == [
        (1, 100_000, "00000001"),
        (1, 50_000, "00000002"),
        (2, 300_000, "00000003"),
        (3, 600_000, "00000004"),
    ]
    assert_books_hold(database)


def test_a_reversal_cancels_its_receipt_and_keeps_its_number(
    channel: grpc.Channel, database: Database, consumer: Consumer
) -> None:
    """The number is not used again; the reason stands on the receipt, the cancelled number in the announcement."""
    outcome = issue_one(channel)
    (fact,) = paying(outcome.invoice_id, 600_000)
    consumer.handle(deliveries([fact]))
    consumer.handle(deliveries([make_reversed(fact)], start=1))
    again = make_applied(UUID(outcome.invoice_id), amount=600_000, applied_version=3)
    consumer.handle(deliveries([again], start=2))
    assert [(number, cancelled) for _, _, number, _, cancelled in receipts(database)] == [
        (1, True),
        (2, False),
    ]
    told = [
        (each.state, each.payment_amount, each.receipt_number)
        for _, each in announced(database, "InvoiceChanged")
    ]
    assert told == [(3, 600_000, "00000001"), (1, -600_000, "00000001"), (3, 600_000, "00000002")]
    listed = accountant(channel).ListReceipts(
        pb.ListReceiptsRequest(organisation_id=str(ORGANISATION), invoice_id=outcome.invoice_id)
    )
    assert [receipt.cancel_reason for receipt in listed.receipts] == ["Gán nhầm phiếu", ""]
    assert_books_hold(database)


def test_applied_and_reversed_in_one_batch(
    channel: grpc.Channel, database: Database, consumer: Consumer
) -> None:
    """The receipt is issued and cancelled at once; its number counts."""
    outcome = issue_one(channel)
    (fact,) = paying(outcome.invoice_id, 600_000)
    consumer.handle(deliveries([fact, make_reversed(fact)]))
    assert [(number, cancelled) for _, _, number, _, cancelled in receipts(database)] == [(1, True)]
    assert get(channel, outcome.invoice_id).state == pb.Invoice.STATE_OPEN
    assert_books_hold(database)


def test_a_reversal_told_first_waits_for_its_payment(
    channel: grpc.Channel, database: Database, consumer: Consumer
) -> None:
    """After a lost log was told anew in another order the end is the same."""
    outcome = issue_one(channel)
    (fact,) = paying(outcome.invoice_id, 600_000)
    consumer.handle(deliveries([make_reversed(fact)]))
    consumer.handle(deliveries([fact], start=1))
    assert [(number, cancelled) for _, _, number, _, cancelled in receipts(database)] == [(1, True)]
    assert get(channel, outcome.invoice_id).amount_paid == 0
    assert_books_hold(database)


def test_void_while_money_is_in_flight(channel: grpc.Channel, database: Database, consumer: Consumer) -> None:
    """The void invoice records the payment, with a receipt, and lets it go when reconciliation takes it back."""
    outcome = issue_one(channel)
    void(channel, outcome.invoice_id)
    (fact,) = paying(outcome.invoice_id, 600_000)
    consumer.handle(deliveries([fact]))
    invoice = get(channel, outcome.invoice_id)
    assert (invoice.state, invoice.amount_paid) == (pb.Invoice.STATE_VOID, 600_000)
    consumer.handle(deliveries([make_reversed(fact)], start=1))
    invoice = get(channel, outcome.invoice_id)
    assert (invoice.state, invoice.amount_paid) == (pb.Invoice.STATE_VOID, 0)
    assert_books_hold(database)


def test_money_for_the_old_amount_is_split_over_the_old_lines(
    channel: grpc.Channel, database: Database, consumer: Consumer
) -> None:
    """Changed while money was in flight: recorded against the new amount, the receipt names the lines it paid."""
    outcome = issue_one(channel)
    request = pb.ChangeInvoiceRequest(
        request_id=str(uuid4()),
        id=outcome.invoice_id,
        reason="Miễn giảm",
        lines=[line_message(amount=500_000)],
    )
    accountant(channel).ChangeInvoice(request)
    (fact,) = paying(outcome.invoice_id, 600_000)
    fact = replace(fact, splits=(Split("1.1", 120_000), Split("1.2", 480_000)))
    consumer.handle(deliveries([fact]))
    assert get(channel, outcome.invoice_id).state == pb.Invoice.STATE_PAID
    listed = accountant(channel).ListReceipts(pb.ListReceiptsRequest(organisation_id=str(ORGANISATION)))
    assert [(line.title, line.amount) for line in listed.receipts[0].lines] == [
        ("Học phí tháng 9", 120_000),
        ("Tiền ăn bán trú", 480_000),
    ]
    request = pb.ChangeInvoiceRequest(
        request_id=str(uuid4()), id=outcome.invoice_id, reason="Sửa", lines=[line_message()]
    )
    with pytest.raises(Exception, match="cannot be changed"):
        accountant(channel).ChangeInvoice(request)
    assert_books_hold(database)


def test_sales_of_stalls_and_broken_bytes(
    channel: grpc.Channel, database: Database, consumer: Consumer
) -> None:
    """What is not ours leaves no trace; what cannot be read waits for a person; the rest goes on."""
    outcome = issue_one(channel)
    sale, ours = make_applied(uuid4()), paying(outcome.invoice_id, 600_000)[0]
    broken = replace(event_of(make_applied(uuid4())), payload=b"\xff\xff\xff")
    batch = deliveries([sale, ours])
    handled = consumer.handle([batch[0], replace(batch[0], event=broken, offset=9), batch[1]])
    assert handled.dead_letters == 1
    assert [row.reason for row in rows(database, "SELECT reason FROM dead_letter")] == ["UNDECODABLE"]
    assert len(receipts(database)) == 1
    assert get(channel, outcome.invoice_id).state == pb.Invoice.STATE_PAID
