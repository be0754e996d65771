"""Money on no stall: the question to a stall, the merchant's own list, and the answers."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID, uuid4

import grpc
import pytest

from kit.db import Database
from kit.errors import FailedPrecondition, NotFound, PermissionDenied
from kit.inbox import Consumer
from services.pilots.domain.unassigned import Credit
from services.pilots.jobs import sales as jobs
from tests.integration.services.pilot_sales.calls import (
    EventType,
    audited,
    get_day,
    open_sale,
    owner,
    pass_time,
    phone,
    rows,
    told,
)
from tests.support.sales import FakeCredits, credit_deliveries, make_credit
from tests.support.stalls import ORGANISATION, OTHER_ORGANISATION, OpenStall, open_stall, waiting_stall
from xoai.pilots.v1 import sales_service_pb2 as pb

QUESTIONS = (EventType.TYPE_QUESTION, EventType.TYPE_QUESTION_CLOSED)


def ask(consumer: Consumer, sale: pb.Sale, **overrides: object) -> Credit:
    """Money that equals the sale, as reconciliation tells of it."""
    credit = make_credit(reason="ASKED", asked_sale_id=UUID(sale.id), **overrides)
    consumer.handle(credit_deliveries(credit))
    return credit


def answer(seller: object, credit: Credit, yes: bool, request_id: str = "") -> None:
    request = pb.AnswerQuestionRequest(
        request_id=request_id or str(uuid4()), credit_id=str(credit.credit_id), yes=yes
    )
    seller.AnswerQuestion(request)  # type: ignore[attr-defined]


def unassigned(seller: object, organisation: UUID = ORGANISATION) -> list[str]:
    request = pb.ListUnassignedRequest(organisation_id=str(organisation))
    return [credit.credit_id for credit in seller.ListUnassigned(request).credits]  # type: ignore[attr-defined]


def events_of(database: Database, stall_id: UUID, *types: int) -> list[tuple[int, int]]:
    return [(event.type, event.amount) for event in told(database, stall_id) if event.type in types]


def test_a_question_is_asked_at_the_sales_stall_and_closed_when_answered(
    channel: grpc.Channel, database: Database, followed: Consumer, stall: OpenStall, credits: FakeCredits
) -> None:
    """It is spoken once; the answer goes to reconciliation with who gave it; its decision closes the question."""
    seller = phone(database, channel, stall.stall.id)
    sale = open_sale(seller, stall.stall.id)
    credit = ask(followed, sale)
    question = told(database, stall.stall.id)[-1]
    assert (question.type, question.amount, question.sale_id) == (EventType.TYPE_QUESTION, 50_000, sale.id)
    assert question.spoken == "Có phải khách này, năm mươi nghìn đồng"
    assert question.credit_id == str(credit.credit_id)
    (shown,) = get_day(seller, stall.stall.id).questions
    assert (shown.amount, shown.sale_id, shown.account_last_four) == (50_000, sale.id, "5678")
    for _ in range(2):
        answer(seller, credit, True, "yes")
    ((told_id, version, payable, amount, reason),) = credits.assigned.values()
    assert (told_id, version, payable, amount) == (credit.credit_id, 1, UUID(sale.id), 50_000)
    assert "Máy của Hạnh" in reason
    assert stall.stall.number in reason
    assert audited(database) == ["question.yes"]
    followed.handle(credit_deliveries(replace(credit, version=2, amount=0, reason=""), start=1))
    assert events_of(database, stall.stall.id, *QUESTIONS) == [
        (EventType.TYPE_QUESTION, 50_000),
        (EventType.TYPE_QUESTION_CLOSED, 50_000),
    ]
    assert list(get_day(seller, stall.stall.id).questions) == []
    answer(seller, credit, True, "yes")
    with pytest.raises(FailedPrecondition, match="answered for"):
        answer(seller, credit, False)


def test_an_answer_that_comes_too_late(
    channel: grpc.Channel, database: Database, followed: Consumer, stall: OpenStall, credits: FakeCredits
) -> None:
    """Another phone was faster, or the ten minutes were over: said in words, and noted nowhere as an answer."""
    seller = phone(database, channel, stall.stall.id)
    credit = ask(followed, open_sale(seller, stall.stall.id))
    credits.has_moved = True
    for yes in (True, False):
        with pytest.raises(FailedPrecondition, match="answered for"):
            answer(seller, credit, yes)
    request = pb.AssignToStallRequest(
        request_id="a", credit_id=str(credit.credit_id), stall_id=str(stall.stall.id)
    )
    with pytest.raises(FailedPrecondition, match="list of money"):
        owner(channel).AssignToStall(request)
    assert audited(database) == []


def test_no_leaves_it_to_the_merchant(
    channel: grpc.Channel, database: Database, followed: Consumer, stall: OpenStall, credits: FakeCredits
) -> None:
    """Reconciliation hears the no; what it then says puts the money on the merchant's list and tells every stall of his."""
    sibling = waiting_stall(database, stall.programme).id
    asleep = open_stall(database, stall.programme, OTHER_ORGANISATION).stall.id
    seller = owner(channel)
    credit = ask(followed, open_sale(seller, stall.stall.id))
    answer(seller, credit, False)
    ((told_id, reason),) = credits.declined.values()
    assert told_id == credit.credit_id
    assert "không phải" in reason
    followed.handle(credit_deliveries(replace(credit, version=2, reason="NO_REFERENCE"), start=1))
    assert unassigned(seller) == [str(credit.credit_id)]
    for stall_id in (stall.stall.id, sibling):
        assert events_of(database, stall_id, EventType.TYPE_UNASSIGNED) == [
            (EventType.TYPE_UNASSIGNED, 50_000)
        ]
    assert events_of(database, asleep, EventType.TYPE_UNASSIGNED) == []
    assert events_of(database, stall.stall.id, *QUESTIONS)[-1][0] == EventType.TYPE_QUESTION_CLOSED
    before = len(told(database, sibling))
    followed.handle(credit_deliveries(replace(credit, version=3, amount=0, reason=""), start=2))
    assert unassigned(seller) == []
    assert told(database, sibling)[before:][-1].type == EventType.TYPE_STALL_CHANGED


def test_old_and_foreign_snapshots_change_nothing(
    channel: grpc.Channel, database: Database, followed: Consumer, stall: OpenStall
) -> None:
    """A version that is not newer, an organisation without stalls, and money that never waited leave no trace."""
    credit = make_credit(version=3)
    followed.handle(credit_deliveries(credit))
    count = len(told(database))
    followed.handle(
        credit_deliveries(
            replace(credit, amount=1),
            replace(credit, version=2, amount=0),
            make_credit(organisation_id=uuid4()),
            make_credit(amount=0, reason=""),
            start=1,
        )
    )
    assert len(told(database)) == count
    (row,) = rows(database, "SELECT version, amount, is_open FROM unassigned")
    assert tuple(row) == (3, 50_000, True)


def test_a_batch_with_all_of_a_credits_life(
    channel: grpc.Channel, database: Database, followed: Consumer, stall: OpenStall
) -> None:
    """Asked, declined and assigned within one batch: each step is told in order, and nothing is open at the end."""
    sale = open_sale(owner(channel), stall.stall.id)
    asked = make_credit(reason="ASKED", asked_sale_id=UUID(sale.id))
    lost = make_credit(reason="ASKED", asked_sale_id=uuid4())
    followed.handle(
        credit_deliveries(
            asked,
            lost,
            replace(asked, version=2, reason="NO_REFERENCE", asked_sale_id=None),
            replace(asked, version=3, amount=0, reason=""),
        )
    )
    types = [event.type for event in told(database, stall.stall.id)][-5:]
    assert types == [
        EventType.TYPE_QUESTION,
        EventType.TYPE_UNASSIGNED,
        EventType.TYPE_QUESTION_CLOSED,
        EventType.TYPE_UNASSIGNED,
        EventType.TYPE_STALL_CHANGED,
    ]
    assert unassigned(owner(channel)) == [str(lost.credit_id)]


def test_the_merchant_puts_money_on_a_stall(
    channel: grpc.Channel, database: Database, followed: Consumer, stall: OpenStall, credits: FakeCredits
) -> None:
    """On the standing code of his own stall, by the owner alone, once."""
    seller = owner(channel)
    theirs = open_stall(database, stall.programme, OTHER_ORGANISATION).stall
    credit = make_credit()
    followed.handle(credit_deliveries(credit))

    def assign(caller: object, stall_id: UUID, request_id: str) -> None:
        request = pb.AssignToStallRequest(
            request_id=request_id, credit_id=str(credit.credit_id), stall_id=str(stall_id)
        )
        caller.AssignToStall(request)  # type: ignore[attr-defined]

    with pytest.raises(PermissionDenied, match="owner"):
        assign(phone(database, channel, stall.stall.id), stall.stall.id, "a")
    with pytest.raises((PermissionDenied, NotFound)):
        assign(seller, theirs.id, "b")
    with pytest.raises(FailedPrecondition, match="list of money"):
        assign(owner(channel, OTHER_ORGANISATION), theirs.id, "c")
    assert credits.assigned == {}
    for _ in range(2):
        assign(seller, stall.stall.id, "d")
    ((_, _, payable, amount, _),) = credits.assigned.values()
    assert (payable, amount) == (stall.stall.id, 50_000)
    followed.handle(credit_deliveries(replace(credit, version=2, amount=0, reason=""), start=1))
    assign(seller, stall.stall.id, "d")
    with pytest.raises(FailedPrecondition, match="list of money"):
        assign(seller, stall.stall.id, "e")
    assert audited(database) == ["credit.to_stall"]


def test_who_sees_and_answers(
    channel: grpc.Channel, database: Database, followed: Consumer, stall: OpenStall, credits: FakeCredits
) -> None:
    """A phone sees what is asked of its own stall; neighbours and listeners answer nothing."""
    seller = phone(database, channel, stall.stall.id)
    credit = ask(followed, open_sale(seller, stall.stall.id))
    listed = make_credit()
    followed.handle(credit_deliveries(listed, start=1))
    sibling = waiting_stall(database, stall.programme).id
    assert unassigned(seller) == [str(credit.credit_id)]
    assert unassigned(phone(database, channel, sibling)) == []
    assert set(unassigned(owner(channel))) == {str(credit.credit_id), str(listed.credit_id)}
    with pytest.raises(PermissionDenied):
        unassigned(owner(channel, OTHER_ORGANISATION))
    for caller in (
        phone(database, channel, sibling),
        phone(database, channel, stall.stall.id, role="listener"),
    ):
        with pytest.raises(PermissionDenied):
            answer(caller, credit, True)
    with pytest.raises((PermissionDenied, FailedPrecondition)):
        answer(owner(channel, OTHER_ORGANISATION), credit, True)
    assert credits.assigned == {}


def test_credits_that_found_their_stall_are_forgotten_later(
    channel: grpc.Channel, database: Database, followed: Consumer, stall: OpenStall
) -> None:
    """What waits is kept, however old."""
    waiting, done = make_credit(), make_credit()
    followed.handle(credit_deliveries(waiting, done, replace(done, version=2, amount=0)))
    pass_time(days=91)
    jobs.tidy_up(database)
    assert [row.credit_id for row in rows(database, "SELECT credit_id FROM unassigned")] == [
        waiting.credit_id
    ]
