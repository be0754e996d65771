"""A stall's day over gRPC: sums, late money, cash, private transfers, the close, and what phones missed."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import grpc
import pytest

from kit import auth
from kit.db import Database
from kit.errors import FailedPrecondition, InvalidArgument, NotFound, PermissionDenied
from kit.inbox import Consumer
from kit.pages import BadPageToken
from services.pilots.jobs import sales as jobs
from tests.integration.services.pilot_sales.calls import (
    EventType,
    assert_books_hold,
    audited,
    client,
    close_day,
    enter_cash,
    get_day,
    mark_private,
    open_sale,
    owner,
    pass_time,
    phone,
    rows,
    set_clock,
    sums,
    told,
)
from tests.support.sales import TEN, deliveries, make_applied, make_reversed
from tests.support.stalls import OpenStall
from xoai.pilots.v1 import sales_service_pb2 as pb

EVENING = TEN + timedelta(hours=10)  # 20:00 in the city, the closing hour
CUT_OFF = TEN + timedelta(hours=12)


def pay(consumer: Consumer, stall: OpenStall, *amounts: int, **overrides: object) -> list[UUID]:
    """Money on the standing code; the payments' ids."""
    facts = [make_applied(stall.stall.id, amount=amount, **overrides) for amount in amounts]
    consumer.handle(deliveries(facts))
    return [fact.payment_id for fact in facts]


def test_the_gateway_asks_where_many_stalls_stand(
    database: Database, channel: grpc.Channel, payments: Consumer, stall: OpenStall
) -> None:
    """All in one question, in its order, 0 for what is no stall; nobody else may ask."""
    pay(payments, stall, 10_000, 20_000)
    stand = get_day(owner(channel), stall.stall.id).sequence
    request = pb.ListStallSequencesRequest(stall_ids=[str(uuid4()), str(stall.stall.id), str(uuid4())])
    gateway = client(channel, auth.service("gateway"))
    assert list(gateway.ListStallSequences(request).sequences) == [0, stand, 0]
    assert stand >= 2
    for other in (owner(channel), phone(database, channel, stall.stall.id)):
        with pytest.raises(PermissionDenied):
            other.ListStallSequences(request)
    for wrong in (["no id"], [str(stall.stall.id)] * 5_001):
        with pytest.raises(InvalidArgument):
            gateway.ListStallSequences(pb.ListStallSequencesRequest(stall_ids=wrong))


def test_money_that_came_after_the_close_stands_apart(
    channel: grpc.Channel, database: Database, payments: Consumer, stall: OpenStall
) -> None:
    """It belongs to its day by the bank's time and is in no other sum; the next day begins at the cut-off."""
    seller = owner(channel)
    pay(payments, stall, 10_000, 20_000)
    set_clock(EVENING)
    closed = close_day(seller, stall.stall.id)
    assert closed.HasField("close_time")
    assert closed.cut_off_time.ToDatetime(TEN.tzinfo) == CUT_OFF
    pay(payments, stall, 7_000, moment=EVENING)
    pay(payments, stall, 5_000, moment=CUT_OFF)
    day = get_day(seller, stall.stall.id)
    assert sums(day) == {"transfer": (2, 30_000), "late": (1, 7_000)}
    assert [(taking.amount, taking.late) for taking in day.takings] == [
        (7_000, True),
        (20_000, False),
        (10_000, False),
    ]
    next_day = get_day(seller, stall.stall.id, "2026-09-16")
    assert sums(next_day) == {"transfer": (1, 5_000)}
    set_clock(CUT_OFF)
    assert get_day(seller, stall.stall.id).book_date == "2026-09-16"
    assert_books_hold(database)


def test_money_that_arrives_after_its_days_cut_off_is_late(
    channel: grpc.Channel, database: Database, payments: Consumer, stall: OpenStall
) -> None:
    """A bank that tells in the morning of last evening's money; nobody had closed the day."""
    set_clock(CUT_OFF + timedelta(hours=9))
    pay(payments, stall, 9_000, bank_time=TEN, arrive_time=CUT_OFF + timedelta(hours=8))
    pay(payments, stall, 4_000, bank_time=TEN, arrive_time=CUT_OFF - timedelta(seconds=1))
    assert sums(get_day(owner(channel), stall.stall.id, "2026-09-15")) == {
        "late": (1, 9_000),
        "transfer": (1, 4_000),
    }
    assert sums(get_day(owner(channel), stall.stall.id)) == {}
    assert_books_hold(database)


def test_closing(channel: grpc.Channel, database: Database, stall: OpenStall) -> None:
    """From the closing hour on, by the seller; twice is harmless; no day to come; phones load anew."""
    seller = phone(database, channel, stall.stall.id)
    with pytest.raises(FailedPrecondition, match="20:00"):
        close_day(seller, stall.stall.id)
    with pytest.raises(InvalidArgument, match="17/09/2026"):
        close_day(seller, stall.stall.id, "2026-09-17")
    with pytest.raises(InvalidArgument, match="book_date"):
        close_day(seller, stall.stall.id, "today")
    set_clock(EVENING)
    first = close_day(seller, stall.stall.id)
    pass_time(minutes=5)
    assert close_day(seller, stall.stall.id).close_time == first.close_time
    assert audited(database).count("day.close") == 1
    changed = [each for each in told(database) if each.type == EventType.TYPE_STALL_CHANGED]
    assert changed[-1].book_date == "2026-09-15"
    assert rows(database, "SELECT close_subject FROM stall_day")[0].close_subject.startswith("device:")


def test_a_forgotten_day_is_closed_a_day_later(
    channel: grpc.Channel, database: Database, payments: Consumer, stall: OpenStall
) -> None:
    """Not earlier; what comes for it then is late."""
    pay(payments, stall, 10_000)
    set_clock(CUT_OFF + timedelta(hours=23, minutes=59))
    assert jobs.close_days(database) == 0
    set_clock(CUT_OFF + timedelta(days=1, minutes=1))
    assert jobs.close_days(database) == 1
    assert jobs.close_days(database) == 0
    pay(payments, stall, 6_000, bank_time=TEN, arrive_time=TEN)
    day = get_day(owner(channel), stall.stall.id, "2026-09-15")
    assert day.HasField("close_time")
    assert sums(day) == {"transfer": (1, 10_000), "late": (1, 6_000)}
    assert_books_hold(database)


def test_cash_stands_beside_the_transfers(
    channel: grpc.Channel, database: Database, stall: OpenStall
) -> None:
    """Entered, taken back on an open day, listed all the same; fast once the day is closed."""
    seller = phone(database, channel, stall.stall.id)
    kept, wrong = enter_cash(seller, stall.stall.id, 15_000), enter_cash(seller, stall.stall.id, 99_000)
    for request_id in ("a", "b"):
        back = seller.TakeBackCash(pb.TakeBackCashRequest(request_id=request_id, id=wrong.id))
        assert back.reversed
    day = get_day(seller, stall.stall.id)
    assert sums(day) == {"cash": (1, 15_000)}
    assert [(taking.kind, taking.amount, taking.reversed) for taking in day.takings] == [
        (pb.Taking.KIND_CASH, 99_000, True),
        (pb.Taking.KIND_CASH, 15_000, False),
    ]
    with pytest.raises(InvalidArgument, match="cash entry"):
        enter_cash(seller, stall.stall.id, 0)
    with pytest.raises(NotFound):
        enter_cash(seller, stall.stall.id, 1_000, sale_id=str(uuid4()))
    set_clock(EVENING)
    close_day(seller, stall.stall.id)
    with pytest.raises(FailedPrecondition, match="22:00"):
        enter_cash(seller, stall.stall.id, 1_000)
    with pytest.raises(FailedPrecondition, match="closed"):
        seller.TakeBackCash(pb.TakeBackCashRequest(request_id="c", id=kept.id))
    sale = open_sale(seller, stall.stall.id)
    with pytest.raises(FailedPrecondition, match="closed"):
        seller.SettleSale(pb.SettleSaleRequest(request_id="s", id=sale.id, rest_in_cash=True))
    assert audited(database).count("cash.enter") == 2
    assert_books_hold(database)


def test_private_transfers_are_kept_apart(
    channel: grpc.Channel, database: Database, payments: Consumer, stall: OpenStall
) -> None:
    """Marked, marked back, late ones too; a reversal takes the money out of the sum in which it stands."""
    seller = phone(database, channel, stall.stall.id)
    first, second = pay(payments, stall, 10_000, 2_000_000)
    (late,) = pay(payments, stall, 30_000, bank_time=TEN - timedelta(days=1))
    assert mark_private(seller, second).private
    assert mark_private(seller, second).private
    assert mark_private(seller, late).late
    assert sums(get_day(seller, stall.stall.id)) == {"transfer": (1, 10_000), "private": (1, 2_000_000)}
    assert sums(get_day(seller, stall.stall.id, "2026-09-14")) == {"private": (1, 30_000)}
    mark_private(seller, late, private=False)
    assert sums(get_day(seller, stall.stall.id, "2026-09-14")) == {"late": (1, 30_000)}
    facts = [make_applied(stall.stall.id, payment_id=second, amount=2_000_000)]
    payments.handle(deliveries([make_reversed(fact) for fact in facts]))
    day = get_day(seller, stall.stall.id)
    assert sums(day) == {"transfer": (1, 10_000)}
    assert [taking.reversed for taking in day.takings] == [True, False]
    with pytest.raises(FailedPrecondition, match="taken back"):
        mark_private(seller, second, private=False)
    with pytest.raises(NotFound):
        mark_private(seller, uuid4())
    assert mark_private(owner(channel), first).private
    assert audited(database) == [
        "taking.private",
        "taking.private",
        "taking.not_private",
        "taking.private",
    ]
    assert_books_hold(database)


def test_a_long_list_is_turned_in_pages(
    channel: grpc.Channel, database: Database, payments: Consumer, stall: OpenStall
) -> None:
    """Newest first, transfers and cash in one order; money that comes meanwhile shifts nothing."""
    seller = owner(channel)
    pay(payments, stall, *range(1_000, 1_005))
    enter_cash(seller, stall.stall.id, 2_000)
    pay(payments, stall, 3_000)
    page = get_day(seller, stall.stall.id, page_size=3)
    seen = [taking.amount for taking in page.takings]
    pay(payments, stall, 4_000)
    while page.next_page_token:
        page = get_day(seller, stall.stall.id, page_size=3, page_token=page.next_page_token)
        seen += [taking.amount for taking in page.takings]
    assert seen == [3_000, 2_000, 1_004, 1_003, 1_002, 1_001, 1_000]
    token = get_day(seller, stall.stall.id, page_size=3).next_page_token
    with pytest.raises(InvalidArgument) as refused:
        get_day(seller, stall.stall.id, "2026-09-14", page_token=token)
    assert refused.value.reason == BadPageToken.reason


def test_a_phone_that_was_away_asks_for_what_it_missed(
    channel: grpc.Channel, database: Database, payments: Consumer, stall: OpenStall
) -> None:
    """Every event after its last one, in order, as it was announced; at most 500 at once."""
    seller = phone(database, channel, stall.stall.id)
    start = get_day(seller, stall.stall.id).sequence
    for _ in range(3):
        pay(payments, stall, *range(1, 201))

    def after(sequence: int) -> pb.ListStallEventsResponse:
        request = pb.ListStallEventsRequest(stall_id=str(stall.stall.id), after=sequence)
        answer: pb.ListStallEventsResponse = seller.ListStallEvents(request)
        return answer

    first = after(start)
    assert (len(first.events), first.more, first.sequence) == (500, True, start + 600)
    rest = after(first.events[-1].sequence)
    assert (len(rest.events), rest.more) == (100, False)
    missed = [*first.events, *rest.events]
    assert [event.sequence for event in missed] == list(range(start + 1, start + 601))
    assert missed == told(database, stall.stall.id)[-600:]
    assert missed[-1].day_count == 600
    assert get_day(seller, stall.stall.id).sequence == start + 600
    pass_time(days=31)
    jobs.tidy_up(database)
    forgotten = after(start)
    assert (len(forgotten.events), forgotten.sequence) == (0, start + 600)
    assert_books_hold(database)
