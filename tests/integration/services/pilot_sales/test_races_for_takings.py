"""Money told twice, cut off by crashes, and at once from several sides: the same books at the end."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import grpc
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kit import fault
from kit.db import Database
from kit.errors import FailedPrecondition
from kit.events import Delivery
from kit.inbox import Consumer
from services.pilots.consume import sales as consume
from services.pilots.domain.takings import Applied, Reversed
from tests.integration.services.pilot_sales.calls import (
    assert_books_hold,
    close_day,
    get_day,
    get_sale,
    money_told,
    open_sale,
    owner,
    rows,
    set_clock,
    sums,
    told,
)
from tests.support.sales import TEN, deliveries, event_of, make_applied, make_reversed, paying
from tests.support.stalls import OpenStall
from xoai.pilots.v1 import sales_service_pb2 as pb
from xoai.reconciliation.v1 import reconciliation_events_pb2 as told_pb


def test_a_repeat_has_no_effect(
    channel: grpc.Channel, database: Database, payments: Consumer, stall: OpenStall
) -> None:
    """Neither within a batch, nor in another one, nor when the inbox has forgotten."""
    seller = owner(channel)
    sale = open_sale(seller, stall.stall.id)
    facts = [*paying(sale.id, 20_000, 40_000), make_applied(stall.stall.id)]
    payments.handle(deliveries(facts))
    before = (get_sale(seller, sale.id), get_day(seller, stall.stall.id).takings, told(database))
    payments.handle(deliveries([*facts, *facts]))
    with database.begin() as session:
        session.connection().exec_driver_sql("DELETE FROM inbox")
    payments.handle(deliveries(facts))
    assert before == (get_sale(seller, sale.id), get_day(seller, stall.stall.id).takings, told(database))
    assert_books_hold(database)


@pytest.mark.parametrize("point", ["inbox.claimed", "inbox.committed"])
def test_a_crash_on_either_side_of_the_commit(
    channel: grpc.Channel, database: Database, payments: Consumer, stall: OpenStall, point: str
) -> None:
    """The next process gets the batch again: it has its effect once."""
    sale = open_sale(owner(channel), stall.stall.id)
    batch = deliveries(paying(sale.id, 20_000, 30_000))

    def crash(passed: str) -> None:
        if passed == point:
            raise KeyboardInterrupt

    fault.install(crash)
    try:
        with pytest.raises(KeyboardInterrupt):
            payments.handle(batch)
    finally:
        fault.install(None)
    assert len(money_told(database)) == (2 if point == "inbox.committed" else 0)
    payments.handle(batch)
    assert [event.amount for event in money_told(database)] == [20_000, 30_000]
    assert get_sale(owner(channel), sale.id).state == pb.Sale.STATE_PAID
    assert_books_hold(database)


def test_a_reversal_before_its_payment(
    channel: grpc.Channel, database: Database, payments: Consumer, stall: OpenStall
) -> None:
    """After a lost log was told anew: nothing is spoken, the payment is listed as taken back, no sum holds it."""
    seller = owner(channel)
    sale = open_sale(seller, stall.stall.id)
    (fact,) = paying(sale.id, 50_000)
    other = make_applied(stall.stall.id, amount=8_000)
    payments.handle(deliveries([make_reversed(fact), make_reversed(other)]))
    payments.handle(deliveries([fact, other], start=2))
    assert (get_sale(seller, sale.id).amount_paid, get_sale(seller, sale.id).proof) == (0, "")
    day = get_day(seller, stall.stall.id)
    assert sums(day) == {}
    assert [(taking.amount, taking.reversed) for taking in day.takings] == [(8_000, True), (50_000, True)]
    assert all(event.spoken == "" for event in money_told(database))
    assert_books_hold(database)


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """Run works side by side from one moment on; their results or errors, in order."""
    gate = threading.Barrier(len(works))

    def run(work: Callable[[], Any]) -> Any:
        gate.wait()
        try:
            return work()
        except Exception as error:
            return error

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def consumer_of(database: Database) -> Consumer:
    """A payments consumer of another replica."""

    def none() -> Any:
        raise AssertionError("the tests hand batches over themselves")

    return Consumer(
        consume.PAYMENTS, none, database, batch_handlers=consume.PAYMENTS_HANDLERS, knows_repeats=True
    )


@pytest.mark.parametrize("round_", range(4))
def test_two_payments_of_one_sale_in_two_consumers(
    channel: grpc.Channel, database: Database, payments: Consumer, stall: OpenStall, round_: int
) -> None:
    """One after the other under the stall's lock: one proof, the newest total, sequences without gap."""
    seller = owner(channel)
    sale = open_sale(seller, stall.stall.id)
    first, second = paying(sale.id, 50_000, 50_000)
    twin = consumer_of(database)
    results = at_once(
        lambda: payments.handle(deliveries([first])), lambda: twin.handle(deliveries([second, first]))
    )
    assert not [each for each in results if isinstance(each, Exception)]
    found = get_sale(seller, sale.id)
    assert (found.amount_paid, found.payments, found.paid_again) == (100_000, 2, True)
    assert {event.proof for event in money_told(database)} == {found.proof}
    assert sums(get_day(seller, stall.stall.id)) == {"transfer": (2, 100_000)}
    assert_books_hold(database)


@pytest.mark.parametrize("round_", range(4))
def test_cancelling_against_a_payment(
    channel: grpc.Channel, database: Database, payments: Consumer, stall: OpenStall, round_: int
) -> None:
    """Either the seller hears that money is there, or the money is told as late; it is never lost."""
    seller = owner(channel)
    sale = open_sale(seller, stall.stall.id)
    request = pb.CancelSaleRequest(request_id="c", id=sale.id)
    cancelled, handled = at_once(
        lambda: seller.CancelSale(request), lambda: payments.handle(deliveries(paying(sale.id, 50_000)))
    )
    assert not isinstance(handled, Exception)
    found, (event,) = get_sale(seller, sale.id), money_told(database)
    assert found.amount_paid == 50_000
    if isinstance(cancelled, FailedPrecondition):
        assert (found.state, event.late) == (pb.Sale.STATE_PAID, False)
    else:
        assert (cancelled.state, found.state, event.late) == (
            pb.Sale.STATE_CANCELLED,
            pb.Sale.STATE_CANCELLED,
            True,
        )
    assert_books_hold(database)


@pytest.mark.parametrize("round_", range(4))
def test_closing_against_a_payment(
    channel: grpc.Channel, database: Database, payments: Consumer, stall: OpenStall, round_: int
) -> None:
    """The money is in the closed sum or late, and the close says which."""
    seller = owner(channel)
    set_clock(TEN + timedelta(hours=10))
    closed, handled = at_once(
        lambda: close_day(seller, stall.stall.id),
        lambda: payments.handle(deliveries([make_applied(stall.stall.id)])),
    )
    assert not isinstance(handled, Exception)
    day = get_day(seller, stall.stall.id)
    assert sums(day) == ({"transfer": (1, 50_000)} if closed.transfer_count else {"late": (1, 50_000)})
    assert_books_hold(database)


def test_one_request_sent_twice_at_once(channel: grpc.Channel, database: Database, stall: OpenStall) -> None:
    """A double tap opens one sale and enters cash once."""
    seller = owner(channel)
    sale = pb.CreateSaleRequest(request_id="one", stall_id=str(stall.stall.id), amount=50_000)
    cash = pb.EnterCashRequest(request_id="two", stall_id=str(stall.stall.id), amount=9_000)
    sales = at_once(lambda: seller.CreateSale(sale), lambda: seller.CreateSale(sale))
    entries = at_once(lambda: seller.EnterCash(cash), lambda: seller.EnterCash(cash))
    assert sales[0] == sales[1]
    assert entries[0] == entries[1]
    assert rows(database, "SELECT count(*) AS n FROM sale")[0].n == 1
    assert sums(get_day(seller, stall.stall.id)) == {"cash": (1, 9_000)}
    assert_books_hold(database)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_order_of_telling_ends_the_same(
    channel: grpc.Channel, database: Database, payments: Consumer, stall: OpenStall, data: st.DataObject
) -> None:
    """Payments and reversals of a sale and of the standing code, mixed and cut into batches, against PostgreSQL."""
    seller = owner(channel)
    sale = open_sale(seller, stall.stall.id)
    first, second, third = paying(sale.id, 20_000, 30_000, 5_000)
    undone = make_reversed(second, total_applied=25_000, applied_version=4)
    standing = make_applied(stall.stall.id, amount=1_000)
    facts: list[Applied | Reversed] = [first, second, third, undone, standing, make_reversed(standing)]
    mixed = data.draw(st.permutations(facts))
    cut = data.draw(st.integers(1, len(mixed)))
    batch = deliveries(mixed)
    payments.handle(batch[:cut])
    payments.handle(batch[cut:] or batch[:1])
    found = get_sale(seller, sale.id)
    assert (found.amount_paid, found.payments, found.state) == (25_000, 2, pb.Sale.STATE_PART_PAID)
    assert_books_hold(database)


def test_a_batch_that_fails_leaves_nothing(
    channel: grpc.Channel, database: Database, payments: Consumer, stall: OpenStall
) -> None:
    """What one event cannot do is parked; the money beside it is recorded, and nothing twice."""
    sale = open_sale(owner(channel), stall.stall.id)
    (fact,) = paying(sale.id, 50_000)
    nameless = told_pb.PaymentApplied(payable_id=sale.id, amount=1).SerializeToString()
    bad = replace(event_of(make_applied(UUID(sale.id))), payload=nameless)
    handled = payments.handle([*deliveries([fact]), Delivery(bad, 0, 1)])
    assert handled.dead_letters == 1
    assert rows(database, "SELECT count(*) AS n FROM taking")[0].n == 1
    assert_books_hold(database)
