"""Money at stalls recorded from events: states, proof, what phones hear, and the sums of days."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import grpc
import pytest

from kit.db import Database
from kit.inbox import Consumer
from services.pilots.flows import stands
from tests.integration.services.pilot_sales.calls import (
    EventType,
    assert_books_hold,
    get_day,
    get_sale,
    money_told,
    open_sale,
    owner,
    pass_time,
    rows,
    sums,
    told,
)
from tests.support.sales import TEN, deliveries, event_of, make_applied, make_reversed, paying
from tests.support.stalls import CITY, OTHER_ORGANISATION, OpenStall, open_stall
from xoai.pilots.v1 import sales_service_pb2 as pb


def test_a_sale_is_paid_and_said(
    channel: grpc.Channel, database: Database, payments: Consumer, stall: OpenStall
) -> None:
    """State, proof, the day and the spoken sentence come out of one transaction."""
    seller = owner(channel)
    sale = open_sale(seller, stall.stall.id)
    (fact,) = paying(sale.id, 50_000)
    payments.handle(deliveries([fact]))
    paid = get_sale(seller, sale.id)
    assert (paid.state, paid.amount_paid, paid.payments) == (pb.Sale.STATE_PAID, 50_000, 1)
    assert (paid.paid_again, paid.expired) == (False, False)
    assert len(paid.proof) == 3
    assert paid.proof.isdigit()
    assert paid.paid_time.ToDatetime(TEN.tzinfo) == TEN
    opened, event = told(database, stall.stall.id)[-2:]
    assert (opened.type, opened.sale_state) == (EventType.TYPE_SALE_CHANGED, "open")
    assert (event.type, event.sequence) == (EventType.TYPE_SALE_PAID, opened.sequence + 1)
    assert (event.proof, event.sale_state, event.late) == (paid.proof, "paid", False)
    assert (event.sale_sequence, opened.sale_sequence) == (2, 1)
    assert (event.day_count, event.day_sum, event.book_date) == (1, 50_000, "2026-09-15")
    assert event.spoken == "Đã nhận năm mươi nghìn đồng"
    assert list(event.clips) == ["da-nhan", "nam", "muoi", "nghin", "dong"]
    assert sums(get_day(seller, stall.stall.id)) == {"transfer": (1, 50_000)}
    assert_books_hold(database)


@pytest.mark.parametrize(
    ("amounts", "said", "state"),
    [
        ([20_000], ["Đã nhận hai mươi nghìn đồng, còn thiếu ba mươi nghìn đồng"], pb.Sale.STATE_PART_PAID),
        ([60_000], ["Đã nhận sáu mươi nghìn đồng, thừa mười nghìn đồng"], pb.Sale.STATE_PAID),
        (
            [20_000, 30_000],
            ["Đã nhận hai mươi nghìn đồng, còn thiếu ba mươi nghìn đồng", "Đã nhận ba mươi nghìn đồng"],
            pb.Sale.STATE_PAID,
        ),
        (
            [50_000, 50_000],
            ["Đã nhận năm mươi nghìn đồng", "Chuyển hai lần, nhận thêm năm mươi nghìn đồng"],
            pb.Sale.STATE_PAID,
        ),
    ],
)
def test_short_over_and_twice_are_said_as_they_are(
    channel: grpc.Channel,
    database: Database,
    payments: Consumer,
    stall: OpenStall,
    amounts: list[int],
    said: list[str],
    state: int,
) -> None:
    """Both numbers are said; every đồng is the stall's."""
    seller = owner(channel)
    sale = open_sale(seller, stall.stall.id)
    payments.handle(deliveries(paying(sale.id, *amounts)))
    found = get_sale(seller, sale.id)
    assert (found.state, found.amount_paid) == (state, sum(amounts))
    assert found.paid_again == (sum(amounts) > 50_000)
    assert [event.spoken for event in money_told(database)] == said
    assert {event.proof for event in money_told(database)} == {found.proof}
    assert sums(get_day(seller, stall.stall.id)) == {"transfer": (len(amounts), sum(amounts))}
    assert_books_hold(database)


def test_standing_code_and_pack_code(
    channel: grpc.Channel, database: Database, payments: Consumer, stall: OpenStall
) -> None:
    """They are never paid up and carry no proof; what was really paid counts, whatever a pack code asked."""
    (code,) = database.run(lambda session: stands.issue_pack(session, CITY, stall.stall.id, [20_000]))
    facts = [make_applied(stall.stall.id, amount=35_000), make_applied(code.id, amount=25_000)]
    payments.handle(deliveries(facts))
    standing, pack = money_told(database)
    assert standing.type == pack.type == EventType.TYPE_STANDING_PAID
    assert (standing.amount, standing.pack_amount, standing.proof) == (35_000, 0, "")
    assert (pack.amount, pack.pack_amount, pack.spoken) == (
        25_000,
        20_000,
        "Đã nhận hai mươi lăm nghìn đồng",
    )
    assert (pack.day_count, pack.day_sum) == (2, 60_000)
    day = get_day(owner(channel), stall.stall.id)
    assert [taking.kind for taking in day.takings] == [pb.Taking.KIND_PACK, pb.Taking.KIND_STANDING]
    assert_books_hold(database)


def test_a_batch_of_many_kinds_keeps_the_order_of_each_stall(
    channel: grpc.Channel, database: Database, payments: Consumer, stall: OpenStall
) -> None:
    """Two stalls, several sales, bills of schools and a reversal in one batch: sequences without gaps, sums that agree."""
    other = open_stall(database, stall.programme, OTHER_ORGANISATION)
    seller, neighbour = owner(channel), owner(channel, OTHER_ORGANISATION)
    one, two = open_sale(seller, stall.stall.id), open_sale(seller, stall.stall.id, 70_000)
    third = open_sale(neighbour, other.stall.id, 10_000)
    first = paying(one.id, 20_000, 30_000)
    (whole,) = paying(two.id, 70_000)
    (theirs,) = paying(third.id, 10_000)
    batch = [first[0], make_applied(uuid4()), theirs, whole, make_reversed(whole), first[1]]
    payments.handle(deliveries([*batch, make_applied(other.stall.id, amount=5_000)]))
    assert get_sale(seller, one.id).state == pb.Sale.STATE_PAID
    reversed_ = get_sale(seller, two.id)
    assert (reversed_.state, reversed_.amount_paid, reversed_.payments) == (pb.Sale.STATE_OPEN, 0, 0)
    assert not reversed_.HasField("paid_time")
    assert sums(get_day(seller, stall.stall.id)) == {"transfer": (2, 50_000)}
    assert sums(get_day(neighbour, other.stall.id)) == {"transfer": (2, 15_000)}
    mine = money_told(database, stall.stall.id)
    assert [(event.type, event.amount, event.day_sum) for event in mine] == [
        (EventType.TYPE_SALE_PAID, 20_000, 20_000),
        (EventType.TYPE_SALE_PAID, 70_000, 90_000),
        (EventType.TYPE_REVERSED, 70_000, 20_000),
        (EventType.TYPE_SALE_PAID, 30_000, 50_000),
    ]
    assert mine[2].spoken == "Đã rút lại bảy mươi nghìn đồng"
    assert [event.sequence for event in mine] == list(range(mine[0].sequence, mine[0].sequence + 4))
    assert rows(database, "SELECT count(*) AS n FROM taking")[0].n == 5
    assert_books_hold(database)


def test_money_for_a_cancelled_an_expired_and_a_settled_sale_is_told_as_late(
    channel: grpc.Channel, database: Database, payments: Consumer, stall: OpenStall
) -> None:
    """It is the trader's all the same, and in the day's sum; the sale stays what its seller made it."""
    seller = owner(channel)
    cancelled, expired, settled = (open_sale(seller, stall.stall.id) for _ in range(3))
    seller.CancelSale(pb.CancelSaleRequest(request_id="c", id=cancelled.id))
    seller.SettleSale(pb.SettleSaleRequest(request_id="s", id=settled.id, rest_in_cash=True))
    pass_time(minutes=11)
    assert get_sale(seller, expired.id).expired
    moment = TEN.replace(minute=12)
    facts = [paying(sale.id, 50_000, moment=moment)[0] for sale in (cancelled, expired, settled)]
    payments.handle(deliveries(facts))
    events = money_told(database)
    assert all(event.late for event in events)
    assert {event.spoken for event in events} == {"Tiền đến muộn, đã nhận năm mươi nghìn đồng"}
    assert [event.sale_state for event in events] == ["cancelled", "paid", "settled"]
    assert sums(get_day(seller, stall.stall.id)) == {"transfer": (3, 150_000), "cash": (1, 50_000)}
    assert_books_hold(database)


def test_money_in_time_told_after_expiry_is_not_late(
    channel: grpc.Channel, database: Database, payments: Consumer, stall: OpenStall
) -> None:
    """A consumer that was away judges by when the money arrived."""
    sale = open_sale(owner(channel), stall.stall.id)
    pass_time(hours=1)
    payments.handle(deliveries(paying(sale.id, 50_000, moment=TEN.replace(minute=9))))
    (event,) = money_told(database)
    assert not event.late


def test_bills_of_schools_and_broken_bytes(
    channel: grpc.Channel, database: Database, payments: Consumer, stall: OpenStall
) -> None:
    """What is not ours leaves no trace; what cannot be read waits for a person; the rest goes on."""
    ours = make_applied(stall.stall.id)
    broken = replace(event_of(make_applied(uuid4())), payload=b"\xff\xff\xff")
    batch = deliveries([make_applied(uuid4()), ours])
    handled = payments.handle([batch[0], replace(batch[0], event=broken, offset=9), batch[1]])
    assert handled.dead_letters == 1
    assert rows(database, "SELECT count(*) AS n FROM taking")[0].n == 1
    assert rows(database, "SELECT count(*) AS n FROM inbox")[0].n <= 1
    assert_books_hold(database)


def test_an_amount_that_no_clip_can_say_is_shown_in_silence(
    database: Database, payments: Consumer, stall: OpenStall
) -> None:
    """Whatever came is recorded; the phone then says nothing rather than something wrong."""
    payments.handle(deliveries([make_applied(stall.stall.id, amount=2 * 10**12)]))
    (event,) = money_told(database)
    assert (event.amount, list(event.clips), event.spoken) == (2 * 10**12, [], "")
    assert_books_hold(database)
