"""Held money, from the bank's telling to the merchant's decision and back: what he may say, and what only proof says."""

from __future__ import annotations

import threading
from typing import Any
from uuid import uuid4

import grpc
import pytest

from kit.db import Database
from kit.errors import Error, FailedPrecondition, InvalidArgument, NotFound, PermissionDenied
from kit.testing.service import Client, staff
from tests.integration.services.pilot_sales.calls import (
    EventType,
    audited,
    get_day,
    money_told,
    owner,
    phone,
    rows,
    sums,
    told,
)
from tests.integration.services.pilot_sales.reconciled.town import Town
from tests.support import reconciliation as make
from tests.support.stalls import ORGANISATION, OTHER_ORGANISATION, OpenStall, open_stall, waiting_stall
from xoai.pilots.v1 import sales_service_pb2 as pb

OWN, SAME, CITY = (
    pb.DecideHeldRequest.DECISION_OWN_MONEY,
    pb.DecideHeldRequest.DECISION_SAME_MONEY,
    pb.DecideHeldRequest.DECISION_HAND_OVER,
)


@pytest.fixture
def stall(database: Database, town: Town) -> OpenStall:
    """A stall of a merchant with two, so that money without a code is nobody's by itself."""
    found = open_stall(database)
    waiting_stall(database, found.programme)
    town.know(found)
    return found


def held(merchant: Any) -> list[pb.HeldMoney]:
    return list(merchant.ListHeld(pb.ListHeldRequest(organisation_id=str(ORGANISATION))).held)


def decide(merchant: Any, money: pb.HeldMoney, decision: int, **values: Any) -> None:
    fields: dict[str, Any] = {"request_id": str(uuid4()), "version": money.version} | values
    merchant.DecideHeld(pb.DecideHeldRequest(credit_id=money.credit_id, decision=decision, **fields))  # type: ignore[arg-type]


def listed(merchant: Any) -> list[int]:
    request = pb.ListUnassignedRequest(organisation_id=str(ORGANISATION))
    return [credit.amount for credit in merchant.ListUnassigned(request).credits]


def pay_twice(town: Town, stall: OpenStall) -> None:
    """Two buyers pay the same; the bank's list tells of one more, which may be either or a third."""
    first = town.pay(stall, 50_000, "MUA HANG")
    town.pay(stall, 50_000, "MUA HANG")
    town.report(make.told_again(first, bank_reference="LIST1"))


def test_two_equal_payments_and_a_third_telling(
    channel: grpc.Channel, town: Town, database: Database, stall: OpenStall
) -> None:
    """The owner sees all three; that one is told twice leaves two on the list, whatever the repeats."""
    pay_twice(town, stall)
    merchant = owner(channel)
    (money,) = held(merchant)
    assert (money.amount, money.reason, money.bank_reference) == (50_000, "POSSIBLE_DUPLICATE", "LIST1")
    assert [(each.amount, each.place) for each in money.alike] == [(50_000, "")] * 2
    # Phones heard of two: the third may not be there.
    assert [event.type for event in told(database, stall.stall.id)].count(EventType.TYPE_UNASSIGNED) == 2
    for _ in range(2):
        decide(merchant, money, SAME, request_id="a", same_as_credit_id=money.alike[0].credit_id)
    town.settle()
    assert held(merchant) == []
    assert listed(merchant) == [50_000, 50_000]
    assert audited(database) == ["held.same_money"]
    with pytest.raises(FailedPrecondition, match="decided already"):
        decide(merchant, money, OWN)
    decide(merchant, money, SAME, request_id="a", same_as_credit_id=money.alike[0].credit_id)
    town.assert_sound()


def test_money_of_its_own_is_listed_and_put_on_a_stall(
    channel: grpc.Channel, town: Town, database: Database, stall: OpenStall
) -> None:
    """All three are true: the third waits for its stall as the others do, and is put there."""
    pay_twice(town, stall)
    merchant = owner(channel)
    (money,) = held(merchant)
    decide(merchant, money, OWN)
    town.settle()
    assert (held(merchant), listed(merchant)) == ([], [50_000] * 3)
    request = pb.AssignToStallRequest(request_id="s", credit_id=money.credit_id, stall_id=str(stall.stall.id))
    merchant.AssignToStall(request)
    town.settle()
    assert sums(get_day(merchant, stall.stall.id)) == {"transfer": (1, 50_000)}
    town.assert_sound()


def test_two_phones_of_the_owner_decide_at_once(
    channel: grpc.Channel, town: Town, database: Database, stall: OpenStall
) -> None:
    """One decision counts; the other says that it was decided; neither is noted twice."""
    pay_twice(town, stall)
    merchant = owner(channel)
    (money,) = held(merchant)
    start = threading.Barrier(2)
    outcomes: list[str] = []

    def tap(decision: int, same_as: str) -> None:
        start.wait()
        try:
            decide(owner(channel), money, decision, same_as_credit_id=same_as)
            outcomes.append("done")
        except Error as error:
            outcomes.append(error.reason)

    taps = ((OWN, ""), (SAME, money.alike[0].credit_id))
    threads = [threading.Thread(target=tap, args=each) for each in taps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(outcomes) == ["CREDIT_NOT_HELD", "done"]
    town.settle()
    assert len(audited(database)) == 1
    assert len(listed(merchant)) == (3 if audited(database) == ["held.own_money"] else 2)
    town.assert_sound()


def test_unproven_money_is_not_made_good_by_a_tap(
    channel: grpc.Channel, town: Town, database: Database, stall: OpenStall
) -> None:
    """No stall hears of it, no decision of the owner's moves it; the bank's own list does."""
    merchant = owner(channel)
    report = town.pay(stall, 25_000_000, "MUA XE", needs_confirmation=True)
    (money,) = held(merchant)
    assert (money.reason, list(money.alike)) == ("AWAITING_CONFIRMATION", [])
    for decision, values in ((OWN, {}), (SAME, {"same_as_credit_id": str(uuid4())})):
        with pytest.raises(FailedPrecondition):
            decide(merchant, money, decision, **values)
    with pytest.raises(FailedPrecondition):
        merchant.AssignToStall(
            pb.AssignToStallRequest(request_id="x", credit_id=money.credit_id, stall_id=str(stall.stall.id))
        )
    assert money_told(database) == []
    assert EventType.TYPE_UNASSIGNED not in [event.type for event in told(database, stall.stall.id)]
    assert sums(get_day(merchant, stall.stall.id)) == {}
    town.report(make.told_again(report, needs_confirmation=False))
    town.sweep()
    assert (held(merchant), listed(merchant)) == ([], [25_000_000])
    assert [event.type for event in told(database, stall.stall.id)].count(EventType.TYPE_UNASSIGNED) == 1
    town.assert_sound()


def test_the_owner_hands_unproven_money_to_the_city(
    channel: grpc.Channel, town: Town, database: Database, stall: OpenStall
) -> None:
    """She sees when, and what the desk answered; it stays held until the desk has it proven."""
    merchant = owner(channel)
    town.pay(stall, 25_000_000, "MUA XE", needs_confirmation=True)
    (money,) = held(merchant)
    assert not money.HasField("hand_over_time")
    for _ in range(2):
        decide(merchant, money, CITY, request_id="c")
    (money,) = held(merchant)
    assert money.HasField("hand_over_time")
    assert listed(merchant) == [25_000_000]
    assert audited(database) == ["held.hand_over"]
    (row,) = town.audit("credit.hand_over")
    assert "nhờ thành phố" in row
    town.assert_sound()


def test_who_sees_and_decides(
    channel: grpc.Channel, town: Town, database: Database, stall: OpenStall
) -> None:
    """The owner alone: no phone, no other merchant, nobody of the city's; nonsense is refused."""
    pay_twice(town, stall)
    (money,) = held(owner(channel))
    strangers = (
        phone(database, channel, stall.stall.id),
        owner(channel, OTHER_ORGANISATION),
        Client(owner(channel)._stub, staff("pilots.manage")),
    )
    for caller in strangers:
        with pytest.raises(PermissionDenied):
            held(caller)
        with pytest.raises((PermissionDenied, FailedPrecondition)):
            decide(caller, money, OWN)
    with pytest.raises(InvalidArgument):
        decide(owner(channel), money, pb.DecideHeldRequest.DECISION_UNSPECIFIED)
    with pytest.raises(InvalidArgument):
        decide(owner(channel), money, SAME, same_as_credit_id="x")
    with pytest.raises(NotFound):
        decide(owner(channel), money, SAME, same_as_credit_id=str(uuid4()))
    assert [row.reason for row in rows(database, "SELECT reason FROM unassigned WHERE is_open")].count(
        "POSSIBLE_DUPLICATE"
    ) == 1
