"""The year's book of a household business, and as a workbook."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any
from uuid import UUID

import grpc
import pytest
from python_calamine import CalamineWorkbook

from kit.clock import CITY_ZONE
from kit.db import Database
from kit.errors import InvalidArgument, PermissionDenied
from kit.inbox import Consumer
from tests.integration.services.pilot_sales.calls import (
    close_day,
    enter_cash,
    mark_private,
    owner,
    phone,
    set_clock,
)
from tests.support.sales import TEN, deliveries, make_applied
from tests.support.stalls import ORGANISATION, OTHER_ORGANISATION, OpenStall, open_stall, waiting_stall
from xoai.pilots.v1 import sales_service_pb2 as pb


def book(caller: Any, year: int = 2026, organisation: UUID = ORGANISATION) -> pb.DayBook:
    found: pb.DayBook = caller.GetDayBook(pb.GetDayBookRequest(organisation_id=str(organisation), year=year))
    return found


def test_revenue_leaves_private_transfers_out_and_late_money_in(
    channel: grpc.Channel, database: Database, payments: Consumer, stall: OpenStall
) -> None:
    """A line a day and stall; the last year's days are not in it, nor another merchant's."""
    seller = owner(channel)
    sibling = waiting_stall(database, stall.programme, number="A2").id
    other = open_stall(database, stall.programme, OTHER_ORGANISATION).stall.id
    private = make_applied(stall.stall.id, amount=5_000_000)
    year_before = TEN - timedelta(days=300)
    facts = [
        make_applied(stall.stall.id, amount=100_000),
        private,
        make_applied(stall.stall.id, amount=30_000, bank_time=TEN - timedelta(days=1)),
        make_applied(sibling, amount=40_000),
        make_applied(other, amount=77_000),
        make_applied(stall.stall.id, amount=66_000, moment=year_before),
    ]
    payments.handle(deliveries(facts))
    mark_private(seller, private.payment_id)
    enter_cash(seller, stall.stall.id, 20_000)
    set_clock(TEN + timedelta(hours=10))
    close_day(seller, stall.stall.id)
    found = book(seller)
    lines = [
        (day.book_date, day.transfer_sum, day.cash_sum, day.late_sum, day.private_sum, day.closed)
        for day in found.days
    ]
    assert lines[0] == ("2026-09-14", 0, 0, 30_000, 0, False)
    assert sorted(lines[1:]) == [
        ("2026-09-15", 40_000, 0, 0, 0, False),
        ("2026-09-15", 100_000, 20_000, 0, 5_000_000, True),
    ]
    assert found.revenue == 190_000
    assert found.threshold.amount == 1_000_000_000
    assert found.threshold.confirmed
    assert "sửa bởi NĐ 141/2026" in found.threshold.legal
    assert "amended by NĐ 141/2026" in found.threshold.legal_en
    assert {day.stall_id for day in found.days} == {str(stall.stall.id), str(sibling)}
    assert {day.programme_name for day in found.days} == {stall.programme.name}
    assert [day.current for day in found.days] == [False, True, True]
    assert (found.near_threshold, found.above_threshold) == (False, False)
    before = book(seller, 2025)
    assert (before.revenue, before.threshold.amount, before.threshold.confirmed) == (
        66_000,
        100_000_000,
        False,
    )


@pytest.mark.parametrize(
    ("cash", "near", "above"),
    [
        (799_999_999, False, False),
        (800_000_000, True, False),
        (1_000_000_000, True, False),
        (1_000_000_001, True, True),
    ],
)
def test_near_and_above_the_threshold(
    channel: grpc.Channel,
    database: Database,
    payments: Consumer,
    stall: OpenStall,
    cash: int,
    near: bool,
    above: bool,
) -> None:
    """Near from 80 % on; the threshold itself is not above it."""
    payments.handle(deliveries([make_applied(stall.stall.id, amount=cash)]))
    found = book(owner(channel))
    assert (found.near_threshold, found.above_threshold) == (near, above)


def test_the_day_that_runs_is_the_one_of_the_cut_off(
    channel: grpc.Channel, payments: Consumer, stall: OpenStall
) -> None:
    """After the cut-off the next day runs, before midnight already."""
    cut_off = stall.programme.cut_off_minute
    payments.handle(deliveries([make_applied(stall.stall.id)]))
    (day,) = book(owner(channel)).days
    midnight = TEN.astimezone(CITY_ZONE).replace(hour=0, minute=0)
    for minutes, is_current in ((cut_off - 1, True), (cut_off + 1, False)):
        set_clock(midnight + timedelta(minutes=minutes))
        (day,) = book(owner(channel)).days
        assert day.current is is_current
        running = owner(channel).GetDay(pb.GetDayRequest(stall_id=str(stall.stall.id)))
        assert (running.book_date == day.book_date) is is_current


def test_a_firm_has_no_such_threshold(channel: grpc.Channel, database: Database, stall: OpenStall) -> None:
    """The rule is for household businesses; years before the data know none either."""
    assert not book(owner(channel), 2020).HasField("threshold")
    with database.begin() as session:
        session.connection().exec_driver_sql("UPDATE unit SET kind = 'firm'")
    assert not book(owner(channel)).HasField("threshold")


def test_the_workbook_says_the_same(channel: grpc.Channel, database: Database, payments: Consumer) -> None:
    """Amounts are numbers, texts are texts: a stall number that looks like a formula does nothing."""
    opened = open_stall(database, number="=1+1")
    stall = opened.stall
    payments.handle(deliveries([make_applied(stall.id, amount=900_000_000)]))
    request = pb.ExportDayBookRequest(organisation_id=str(ORGANISATION), year=2026)
    exported = owner(channel).ExportDayBook(request)
    assert exported.file_name == "so-ban-hang-2026.xlsx"
    workbook = CalamineWorkbook.from_filelike(io.BytesIO(exported.content))
    sheet = workbook.get_sheet_by_index(0).to_python()
    assert sheet[3][1:8] == [
        f"'=1+1, {stall.name}",
        opened.programme.name,
        900_000_000,
        0,
        0,
        900_000_000,
        0,
    ]
    assert sheet[4][0] == "Cộng"
    assert sheet[4][6] == 900_000_000
    notes = " ".join(str(row[0]) for row in sheet[5:])
    assert "không tính thuế" in notes
    assert "80 %" in notes
    assert "NĐ 68/2026" in notes


def test_an_empty_year_is_a_book_too(channel: grpc.Channel, stall: OpenStall) -> None:
    """No day, sums of nothing."""
    request = pb.ExportDayBookRequest(organisation_id=str(ORGANISATION), year=2024)
    content = owner(channel).ExportDayBook(request).content
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    assert sheet[3][0] == "Cộng"


def test_who_reads_a_book(channel: grpc.Channel, database: Database, stall: OpenStall) -> None:
    """The owner alone: neither his phones nor another merchant; a year that is none is refused."""
    with pytest.raises(PermissionDenied, match="owner"):
        book(phone(database, channel, stall.stall.id))
    with pytest.raises(PermissionDenied):
        book(owner(channel, OTHER_ORGANISATION))
    with pytest.raises(InvalidArgument, match="year"):
        book(owner(channel), 0)
