"""An account in force opens the stalls of its unit, another one moves them; reconciliation and phones hear of it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

from kit import auth
from kit.db import Database
from kit.inbox import Consumer
from services.pilots.domain.stall_events import StallEvent, StallEventType
from services.pilots.domain.stalls import DefaultRule, StallState
from services.pilots.flows import accounts, events, stalls
from tests.integration.services.pilot_stalls.rows import payables, rows, stall_events
from tests.support.stalls import (
    MOMENT,
    OTHER_ORGANISATION,
    account_deliveries,
    make_account,
    open_programme,
    open_stall,
    waiting_stall,
)
from xoai.payables.v1 import payables_events_pb2 as payables_pb
from xoai.pilots.v1 import pilots_events_pb2 as events_pb


def test_a_stall_waits_until_its_unit_has_an_account(database: Database, consumer: Consumer) -> None:
    """It is announced with its first account, not before; an account of somebody else does nothing."""
    stall = waiting_stall(database)
    assert (stall.state, stall.account) == (StallState.WAITING, None)
    assert payables(database) == []
    consumer.handle(account_deliveries(make_account(OTHER_ORGANISATION)))
    assert payables(database) == []
    account = make_account()
    consumer.handle(account_deliveries(account, start=1))
    found = database.run(lambda session: stalls.get(session, stall.id))
    assert (found.state, found.account) == (StallState.ACTIVE, account.account)
    (payable,) = payables(database)
    assert payable.payable_id == str(stall.id)
    assert payable.kind == payables_pb.PayableChanged.KIND_STANDING
    assert payable.reference == stall.reference
    assert payable.reference.startswith("XQ")
    assert not payable.HasField("amount_due")
    assert not payable.HasField("account_default")
    assert [line.ledger_class for line in payable.lines] == ["stall_takings"]
    assert (payable.bin, payable.account_number) == (account.account.bin, account.account.number)
    assert rows(database, "SELECT needs_stand FROM stall")[0].needs_stand


def test_a_stall_made_after_its_account_is_active_at_once(database: Database) -> None:
    """The order in which the list and the directory come does not matter."""
    opened = open_stall(database)
    assert opened.stall.state is StallState.ACTIVE
    assert len(payables(database)) == 1


def test_a_newer_account_moves_all_stalls_of_the_unit(database: Database, consumer: Consumer) -> None:
    """Codes are announced anew, phones hear of it once, and what the directory repeats changes nothing."""
    opened = open_stall(database)
    second = open_stall(database, opened.programme, account=opened.account).stall
    newer = make_account(active_time=MOMENT + timedelta(days=2))
    before = len(payables(database))
    consumer.handle(account_deliveries(newer))
    moved = payables(database)[before:]
    assert {payable.payable_id for payable in moved} == {str(opened.stall.id), str(second.id)}
    assert {payable.account_number for payable in moved} == {newer.account.number}
    told = [event.sequence for event in stall_events(database) if event.stall_id == str(second.id)]
    assert told == [1]
    consumer.handle(account_deliveries(newer, start=1))
    consumer.handle(account_deliveries(replace(opened.account, version=2, is_active=False), start=2))
    assert len(payables(database)) == before + 2


def test_a_retired_account_without_another_stops_the_stall(database: Database, consumer: Consumer) -> None:
    """Nothing is asked to an account that is no longer in force."""
    opened = open_stall(database)
    consumer.handle(account_deliveries(replace(opened.account, version=2, is_active=False)))
    found = database.run(lambda session: stalls.get(session, opened.stall.id))
    assert (found.state, found.account) == (StallState.WAITING, None)


def test_an_account_and_a_list_at_the_same_moment_find_each_other(database: Database) -> None:
    """Whichever commits first, no stall is left waiting for an account that its unit has."""
    programme = open_programme(database)
    units = [uuid4() for _ in range(8)]

    def account(organisation: UUID) -> None:
        found = make_account(organisation)
        database.run(lambda session: accounts.take_in(session, [found]))

    with ThreadPoolExecutor(4) as pool:
        for organisation in units:
            pool.submit(account, organisation)
            pool.submit(waiting_stall, database, programme, organisation)
    states = rows(database, "SELECT state, needs_stand FROM stall")
    assert [(row.state, row.needs_stand) for row in states] == [("active", True)] * len(units)
    assert len(payables(database)) == len(units)


def test_one_stall_is_its_accounts_default_two_are_none(database: Database) -> None:
    """Money without a code is a stall's only while nobody else could have earned it."""
    opened = open_stall(database, default_rule=DefaultRule.ALWAYS)
    assert payables(database)[-1].HasField("account_default")
    assert payables(database)[-1].account_default.open_minute == 0
    open_stall(database, opened.programme, account=opened.account, default_rule=DefaultRule.ALWAYS)
    newest = {payable.payable_id: payable for payable in payables(database)}
    assert len(newest) == 2
    assert not any(payable.HasField("account_default") for payable in newest.values())
    assert newest[str(opened.stall.id)].version == 3


def test_opening_hours_go_with_the_default(database: Database) -> None:
    """A default in opening hours names them."""
    open_stall(database, default_rule=DefaultRule.OPENING_HOURS)
    default = payables(database)[-1].account_default
    assert (default.open_minute, default.close_minute) == (360, 1_200)


def test_sequences_have_no_gap(database: Database) -> None:
    """Events of two stalls in one call get their own sequences in the order given, kept as they were announced."""
    one = open_stall(database).stall
    two = waiting_stall(database, organisation_id=OTHER_ORGANISATION)
    wanted = [
        StallEvent(stall.id, stall.organisation_id, StallEventType.STANDING_PAID, MOMENT, amount=amount)
        for stall, amount in ((one, 1), (two, 2), (one, 3))
    ]
    assert database.run(lambda session: events.add(session, wanted)) == [1, 1, 2]
    assert database.run(lambda session: events.add(session, wanted)) == [3, 2, 4]
    kept = rows(database, "SELECT sequence, content FROM stall_event ORDER BY stall_id, sequence")
    told = [events_pb.StallEvent.FromString(bytes(row.content)) for row in kept]
    assert [event.sequence for event in told] == [row.sequence for row in kept]
    assert [event.amount for event in stall_events(database)] == [1, 2, 3, 1, 2, 3]
    assert rows(database, "SELECT sequence FROM stall ORDER BY sequence")[1].sequence == 4


def test_stalls_of_a_programme_stand_in_natural_order(database: Database) -> None:
    """A2 stands before A10, and words find stalls with or without accents."""
    programme = open_programme(database)
    for place, number in enumerate(("A10", "A2", "B1")):
        waiting_stall(database, programme, number=number, name=f"Bún riêu {place}")
    filter = stalls.StallFilter(programme.id, query="bun rieu")

    found = database.run(lambda session: stalls.find(session, auth.service("cli"), filter, None, 10))
    assert [each.stall.number for each in found] == ["A2", "A10", "B1"]
