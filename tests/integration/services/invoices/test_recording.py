"""Payments recorded from events: repeats, crashes, races, receipts without gaps."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import grpc
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kit import clock, fault
from kit.db import Database
from kit.events import Event
from kit.inbox import Consumer
from services.invoices import consume, verify
from services.invoices.domain.payments import Applied, Reversed, Split
from services.invoices.flows import announce
from services.invoices.flows.payments import record_payments
from tests.integration.services.invoices.calls import (
    accountant,
    announced,
    assert_books_hold,
    get,
    issue,
    issue_one,
    rows,
    void,
)
from tests.support.invoices import (
    MOMENT,
    ORGANISATION,
    OTHER_ORGANISATION,
    deliveries,
    draft_message,
    event_of,
    line_message,
    make_applied,
    make_reversed,
)
from xoai.invoices.v1 import invoices_service_pb2 as pb


def paying(id: str, *amounts: int) -> list[Applied]:
    """Payments of one invoice, told one after the other."""
    totals = [sum(amounts[: place + 1]) for place in range(len(amounts))]
    return [
        make_applied(UUID(id), amount=amount, total_applied=total, applied_version=version)
        for version, (amount, total) in enumerate(zip(amounts, totals, strict=True), 1)
    ]


def receipts(database: Database) -> list[tuple[Any, ...]]:
    found = rows(
        database,
        "SELECT organisation_id, year, number, amount, cancel_time IS NOT NULL AS cancelled"
        " FROM receipt ORDER BY organisation_id, year, number",
    )
    return [tuple(row) for row in found]


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


def test_a_repeat_has_no_effect(channel: grpc.Channel, database: Database, consumer: Consumer) -> None:
    """Neither under the same event id nor, when inbox rows are gone or the log was told anew, under another one."""
    outcome = issue_one(channel)
    facts = paying(outcome.invoice_id, 200_000, 400_000)
    consumer.handle(deliveries(facts))
    before = (
        get(channel, outcome.invoice_id),
        receipts(database),
        len(announced(database, "InvoiceChanged")),
    )
    consumer.handle(deliveries([*facts, *facts]))
    with database.begin() as session:
        session.connection().exec_driver_sql("DELETE FROM inbox")
    consumer.handle(deliveries(facts))
    assert before == (
        get(channel, outcome.invoice_id),
        receipts(database),
        len(announced(database, "InvoiceChanged")),
    )
    assert_books_hold(database)


def test_a_crash_between_commit_and_offset_delivers_again_in_vain(
    channel: grpc.Channel, database: Database, consumer: Consumer
) -> None:
    """The batch was committed, its offsets were not: the next process gets it again and changes nothing."""
    outcomes = [issue_one(channel) for _ in range(3)]
    batch = deliveries([paying(outcome.invoice_id, 600_000)[0] for outcome in outcomes])

    def crash(point: str) -> None:
        if point == "inbox.committed":
            raise KeyboardInterrupt

    fault.install(crash)
    try:
        with pytest.raises(KeyboardInterrupt):
            consumer.handle(batch)
    finally:
        fault.install(None)
    assert len(receipts(database)) == 3
    consumer.handle(batch)
    assert [number for _, _, number, _, _ in receipts(database)] == [1, 2, 3]
    assert_books_hold(database)


def test_a_crash_before_the_commit_leaves_nothing(
    channel: grpc.Channel, database: Database, consumer: Consumer
) -> None:
    """No receipt number is lost with the work that drew it."""
    outcome = issue_one(channel)
    batch = deliveries(paying(outcome.invoice_id, 600_000))

    def crash(point: str) -> None:
        if point == "inbox.handled":
            raise KeyboardInterrupt

    fault.install(crash)
    try:
        with pytest.raises(KeyboardInterrupt):
            consumer.handle(batch)
    finally:
        fault.install(None)
    assert receipts(database) == []
    consumer.handle(batch)
    assert receipts(database) == [(ORGANISATION, clock.today().year, 1, 600_000, False)]


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


def test_receipts_run_within_organisation_and_year(
    channel: grpc.Channel, database: Database, consumer: Consumer
) -> None:
    """Each organisation counts by itself; the year is the city's, and begins at midnight in Asia/Ho_Chi_Minh."""
    mine = [issue_one(channel).invoice_id for _ in range(2)]
    (other,) = issue(channel, draft_message(), organisation_id=str(OTHER_ORGANISATION))
    # 17:00 UTC on 31 December is midnight in the city.
    present = clock.now()
    clock.set_offset(datetime(2027, 12, 31, 16, 59, 0, tzinfo=UTC) - present)
    consumer.handle(deliveries([paying(mine[0], 600_000)[0], paying(other.invoice_id, 600_000)[0]]))
    clock.set_offset(datetime(2027, 12, 31, 17, 0, 0, tzinfo=UTC) - present)
    consumer.handle(deliveries(paying(mine[1], 600_000), start=5))
    assert [(organisation, year, number) for organisation, year, number, _, _ in receipts(database)] == [
        (ORGANISATION, 2027, 1),
        (ORGANISATION, 2028, 1),
        (OTHER_ORGANISATION, 2027, 1),
    ]
    assert_books_hold(database)


def test_two_consumers_draw_numbers_without_gaps(channel: grpc.Channel, database: Database) -> None:
    """Two connections that record for the same organisations at once: no number twice, none left out."""
    ids = [outcome.invoice_id for outcome in issue(channel, *[draft_message() for _ in range(120)])]
    ids += [
        outcome.invoice_id
        for outcome in issue(
            channel, *[draft_message() for _ in range(120)], organisation_id=str(OTHER_ORGANISATION)
        )
    ]
    halves = (ids[0::2], ids[1::2][::-1])
    barrier = threading.Barrier(2)

    def run(half: list[str]) -> None:
        barrier.wait()
        for start in range(0, len(half), 10):
            facts = [paying(id, 600_000)[0] for id in half[start : start + 10]]
            with database.begin() as session:
                record_payments(session, facts)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(run, halves))
    for organisation in (ORGANISATION, OTHER_ORGANISATION):
        numbers = [number for owner, _, number, _, _ in receipts(database) if owner == organisation]
        assert numbers == list(range(1, 121))
    assert_books_hold(database)


def test_the_same_payment_from_two_connections_counts_once(channel: grpc.Channel, database: Database) -> None:
    """The invoice's lock orders them, and the second finds the payment recorded."""
    outcome = issue_one(channel)
    facts = paying(outcome.invoice_id, 100_000, 500_000)
    barrier = threading.Barrier(4)

    def run(_: int) -> None:
        barrier.wait()
        with database.begin() as session:
            record_payments(session, facts)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(run, range(4)))
    invoice = get(channel, outcome.invoice_id)
    assert (invoice.amount_paid, invoice.sequence) == (600_000, 2)
    assert len(receipts(database)) == 2
    assert_books_hold(database)


def test_voiding_and_paying_at_once(channel: grpc.Channel, database: Database) -> None:
    """Whoever is first, both are recorded and the invoice ends void with the payment on it."""
    for _ in range(5):
        outcome = issue_one(channel)
        (fact,) = paying(outcome.invoice_id, 600_000)
        barrier = threading.Barrier(2)

        def pay(fact: Applied = fact, barrier: threading.Barrier = barrier) -> None:
            barrier.wait()
            with database.begin() as session:
                record_payments(session, [fact])

        def cancel(id: str = outcome.invoice_id, barrier: threading.Barrier = barrier) -> None:
            barrier.wait()
            void(channel, id)

        with ThreadPoolExecutor(2) as pool:
            for done in (pool.submit(pay), pool.submit(cancel)):
                done.result()
        invoice = get(channel, outcome.invoice_id)
        assert (invoice.state, invoice.amount_paid, invoice.sequence) == (pb.Invoice.STATE_VOID, 600_000, 2)
    assert_books_hold(database)


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


def _told(database: Database, facts: list[Applied | Reversed], cuts: set[int]) -> None:
    events: list[Event] = [event_of(fact) for fact in facts]
    places = sorted({0, *(cut for cut in cuts if cut < len(events)), len(events)})
    for start, end in pairwise(places):
        with database.begin() as session:
            consume.on_payments(session, events[start:end])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(1, 700_000), st.booleans()), min_size=1, max_size=12),
    st.sets(st.integers(1, 30)),
    st.randoms(use_true_random=False),
)
def test_any_schedule_keeps_the_books(
    channel: grpc.Channel,
    database: Database,
    plan: list[tuple[int, int, bool]],
    cuts: set[int],
    chance: Any,
) -> None:
    """Payments and reversals of several invoices, cut into any batches, some told twice: the invariants hold."""
    ids = [UUID(issue_one(channel).invoice_id) for _ in range(3)]
    totals, versions = [0, 0, 0], [0, 0, 0]
    facts: list[Applied | Reversed] = []
    for which, amount, is_reversed in plan:
        for sign in (1, -1) if is_reversed else (1,):
            totals[which] += sign * amount
            versions[which] += 1
            common = {"total_applied": totals[which], "applied_version": versions[which]}
            if sign == 1:
                facts.append(make_applied(ids[which], amount=amount, **common))
            else:
                last = facts[-1]
                assert isinstance(last, Applied)
                facts.append(make_reversed(last, **common))
    repeated = [*facts, *chance.sample(facts, chance.randint(0, len(facts)))]
    _told(database, repeated, cuts)
    for id, total, version in zip(ids, totals, versions, strict=True):
        invoice = get(channel, str(id))
        assert (invoice.amount_paid, invoice.sequence) == (total, version)
    assert_books_hold(database)
