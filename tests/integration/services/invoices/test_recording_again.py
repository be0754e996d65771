"""Payments told twice, cut off by crashes, at once from two sides, in any order: the same end."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any
from uuid import UUID

import grpc
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kit import clock, fault
from kit.db import Database
from kit.events import Event
from kit.inbox import Consumer
from services.invoices import consume
from services.invoices.domain.payments import Applied, Reversed
from services.invoices.flows.payments import record_payments
from tests.integration.services.invoices.calls import (
    announced,
    assert_books_hold,
    get,
    issue_one,
    paying,
    receipts,
    void,
)
from tests.support.invoices import ORGANISATION, deliveries, event_of, make_applied, make_reversed
from xoai.invoices.v1 import invoices_service_pb2 as pb


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
