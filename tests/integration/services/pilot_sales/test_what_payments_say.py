"""What recorded payments say of their bank's feed, of their stall's usual trade, and of fraud."""

from __future__ import annotations

from datetime import timedelta

import grpc

from kit.db import Database
from kit.inbox import Consumer
from tests.integration.services.pilot_sales.calls import open_sale, owner, rows
from tests.support.sales import TEN, deliveries, make_applied, make_reversed, paying
from tests.support.stalls import OpenStall


def signs(database: Database) -> list[tuple[str, str]]:
    found = rows(database, "SELECT kind, payment_id FROM stall_sign ORDER BY kind, payment_id")
    return [(row.kind, str(row.payment_id)) for row in found]


def test_each_payment_counts_once(database: Database, payments: Consumer, stall: OpenStall) -> None:
    """By bank and minute of arrival with its delay, and by stall and hour; a repeat counts nothing."""
    late = make_applied(stall.stall.id, bank_time=TEN - timedelta(minutes=3), arrive_time=TEN)
    in_time = make_applied(
        stall.stall.id, bank_time=TEN, arrive_time=TEN + timedelta(seconds=1), applied_version=2
    )
    payments.handle(deliveries([late, in_time]))
    payments.handle(deliveries([late], start=2))
    minutes = rows(
        database,
        "SELECT bin, minute, programme_id, credits, first_bank_time FROM feed_minute ORDER BY bucket",
    )
    assert [(row.bin, row.minute, row.credits) for row in minutes] == [("970436", TEN, 1)] * 2
    assert {row.programme_id for row in minutes} == {stall.programme.id}
    assert minutes[1].first_bank_time == TEN - timedelta(minutes=3)
    (hour,) = rows(database, "SELECT stall_id, payments, last_time FROM stall_hour")
    assert (hour.stall_id, hour.payments) == (stall.stall.id, 2)
    assert hour.last_time == TEN + timedelta(seconds=1)


def test_without_the_banks_time_nothing_is_said_of_its_feed(
    database: Database, payments: Consumer, stall: OpenStall
) -> None:
    """The stall took money all the same."""
    payments.handle(deliveries([make_applied(stall.stall.id, bank_time=None)]))
    assert rows(database, "SELECT 1 FROM feed_minute") == []
    assert len(rows(database, "SELECT 1 FROM stall_hour")) == 1


def test_amounts_that_are_nearly_right_are_noted(
    channel: grpc.Channel, database: Database, payments: Consumer, stall: OpenStall
) -> None:
    """A nought too few is a sign; the rest of a sale that was paid in two parts is none."""
    seller = owner(channel)
    (near,) = paying(open_sale(seller, stall.stall.id).id, 5_000)
    parts = paying(open_sale(seller, stall.stall.id).id, 30_000, 20_000)
    payments.handle(deliveries([near, *parts]))
    assert signs(database) == [("near_miss", str(near.payment_id))]


def test_payments_taken_back_are_noted_once(database: Database, payments: Consumer, stall: OpenStall) -> None:
    """Told again, a reversal is one sign; told before its payment it is none: the stall never heard of that money."""
    first, second = (make_applied(stall.stall.id, applied_version=version) for version in (1, 3))
    back, early = make_reversed(first), make_reversed(second)
    payments.handle(deliveries([first, back, back]))
    payments.handle(deliveries([early, second], start=3))
    assert signs(database) == [("reversed", str(first.payment_id))]


def test_what_a_person_undid_is_no_sign(database: Database, payments: Consumer, stall: OpenStall) -> None:
    """A clerk or an owner who puts money elsewhere is no fraudster."""
    applied = make_applied(stall.stall.id)
    payments.handle(deliveries([applied, make_reversed(applied, is_by_person=True)]))
    assert rows(database, "SELECT reverse_reason FROM taking")[0].reverse_reason == "Gán nhầm quầy"
    assert signs(database) == []
