"""Sales and reconciliation together, each with its own database and over gRPC: what one announces the other hears."""

from __future__ import annotations

from uuid import uuid4

import grpc
import pytest

from cli.verify import payments_agree
from kit.db import Database
from kit.errors import FailedPrecondition
from kit.postgres import Server
from kit.testing.service import service_database
from tests.integration.services.pilot_sales.calls import (
    EventType,
    get_day,
    get_sale,
    money_told,
    open_sale,
    owner,
    pass_time,
    phone,
    sums,
    told,
)
from tests.integration.services.pilot_sales.reconciled.town import Town
from tests.support import reconciliation as make
from tests.support.stalls import OpenStall, open_stall, waiting_stall
from xoai.pilots.v1 import sales_service_pb2 as pb


def _own(stall: OpenStall) -> pb.ListUnassignedRequest:
    return pb.ListUnassignedRequest(organisation_id=str(stall.stall.organisation_id))


def answer(seller: object, credit_id: str, *, yes: bool) -> None:
    request = pb.AnswerQuestionRequest(request_id=str(uuid4()), credit_id=credit_id, yes=yes)
    seller.AnswerQuestion(request)  # type: ignore[attr-defined]


def test_money_with_the_sales_code(
    channel: grpc.Channel, town: Town, database: Database, books: Database, postgres_server: Server
) -> None:
    """From the sale to the spoken sentence, short, over and late; both sides' books agree payable by payable."""
    stall = open_stall(database)
    town.know(stall)
    seller = phone(database, channel, stall.stall.id)
    sale = open_sale(seller, stall.stall.id)
    town.settle()
    for amount in (20_000, 45_000):
        town.pay(stall, amount, f"CHUYEN TIEN {sale.reference}")
    found = get_sale(seller, sale.id)
    assert (found.state, found.amount_paid, found.paid_again) == (pb.Sale.STATE_PAID, 65_000, True)
    gone = open_sale(seller, stall.stall.id, 10_000)
    seller.CancelSale(pb.CancelSaleRequest(request_id="c", id=gone.id))
    town.settle()
    town.pay(stall, 10_000, gone.reference)
    assert [event.spoken for event in money_told(database)] == [
        "Đã nhận hai mươi nghìn đồng, còn thiếu ba mươi nghìn đồng",
        "Đã nhận bốn mươi lăm nghìn đồng, thừa mười lăm nghìn đồng",
        "Tiền đến muộn, đã nhận mười nghìn đồng",
    ]
    assert sums(get_day(seller, stall.stall.id)) == {"transfer": (3, 75_000)}
    town.assert_sound()
    with service_database(postgres_server, "invoices") as invoices:
        assert payments_agree(books, invoices, database) == []


def test_yes_to_the_question(channel: grpc.Channel, town: Town, database: Database) -> None:
    """Money without a code that equals the waiting sale asks; yes makes the sale paid and closes the question."""
    stall = open_stall(database)
    town.know(stall)
    seller = phone(database, channel, stall.stall.id)
    sale = open_sale(seller, stall.stall.id)
    town.settle()
    town.pay(stall, 50_000)
    (question,) = get_day(seller, stall.stall.id).questions
    assert (question.sale_id, question.amount) == (sale.id, 50_000)
    answer(seller, question.credit_id, yes=True)
    for yes in (True, False):
        # A second phone, which has not heard yet.
        with pytest.raises(FailedPrecondition, match="answered for"):
            answer(seller, question.credit_id, yes=yes)
    town.settle()
    assert get_sale(seller, sale.id).state == pb.Sale.STATE_PAID
    assert list(get_day(seller, stall.stall.id).questions) == []
    types = [event.type for event in told(database, stall.stall.id)]
    assert EventType.TYPE_QUESTION_CLOSED in types
    assert EventType.TYPE_SALE_PAID in types
    town.assert_sound()


def test_no_to_the_question_then_the_merchant_decides(
    channel: grpc.Channel, town: Town, database: Database
) -> None:
    """With two stalls on the account nobody is its default: the money waits on the merchant's list for a stall of his."""
    stall = open_stall(database)
    sibling = waiting_stall(database, stall.programme)
    town.know(stall)
    seller, merchant = phone(database, channel, stall.stall.id), owner(channel)
    sale = open_sale(seller, stall.stall.id)
    town.settle()
    town.pay(stall, 50_000)
    (question,) = get_day(seller, stall.stall.id).questions
    answer(seller, question.credit_id, yes=False)
    town.settle()
    assert list(get_day(seller, stall.stall.id).questions) == []
    request = _own(stall)
    (waiting,) = merchant.ListUnassigned(request).credits
    assert (waiting.credit_id, waiting.reason) == (question.credit_id, "NO_REFERENCE")
    merchant.AssignToStall(
        pb.AssignToStallRequest(request_id="a", credit_id=waiting.credit_id, stall_id=str(sibling.id))
    )
    town.settle()
    assert list(merchant.ListUnassigned(request).credits) == []
    assert sums(get_day(merchant, sibling.id)) == {"transfer": (1, 50_000)}
    assert get_sale(merchant, sale.id).amount_paid == 0
    town.assert_sound()


def test_a_second_telling_does_not_take_the_merchants_decision_away(
    channel: grpc.Channel, town: Town, database: Database
) -> None:
    """The bank's list tells again of money that waits: nothing about it moved, and the merchant decides as before."""
    stall = open_stall(database)
    sibling = waiting_stall(database, stall.programme)
    town.know(stall)
    merchant = owner(channel)
    report = town.pay(stall, 50_000)
    town.report(make.told_again(report))
    (waiting,) = merchant.ListUnassigned(_own(stall)).credits
    merchant.AssignToStall(
        pb.AssignToStallRequest(request_id="a", credit_id=waiting.credit_id, stall_id=str(sibling.id))
    )
    town.settle()
    assert sums(get_day(merchant, sibling.id)) == {"transfer": (1, 50_000)}
    town.assert_sound()


def test_a_sale_that_a_seller_ended_is_not_asked_about(
    channel: grpc.Channel, town: Town, database: Database
) -> None:
    """Cancelled, settled or ten minutes old: money without a code goes to the merchant's list at once."""
    stall = open_stall(database)
    waiting_stall(database, stall.programme)
    town.know(stall)
    seller = phone(database, channel, stall.stall.id)
    gone, old = open_sale(seller, stall.stall.id), open_sale(seller, stall.stall.id, 70_000)
    seller.CancelSale(pb.CancelSaleRequest(request_id="c", id=gone.id))
    pass_time(minutes=11)
    town.settle()
    town.pay(stall, 50_000)
    town.pay(stall, 70_000)
    assert list(get_day(seller, stall.stall.id).questions) == []
    request = _own(stall)
    assert [credit.amount for credit in owner(channel).ListUnassigned(request).credits] == [50_000, 70_000]
    assert get_sale(seller, old.id).expired
    town.assert_sound()
