"""Boards and packs: numbered, with codes for the account in force; what anybody may know of a stall."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import grpc
import pytest

from kit import clock, errors
from kit.db import Database
from kit.inbox import Consumer
from kit.testing.service import DATA_KEY
from services.pilots.domain.errors_stalls import (
    BadPackAmount,
    ChangedMeanwhile,
    StallNotFound,
    StallReasonMissing,
    StallWaitsForAccount,
    TooManyPackCodes,
)
from services.pilots.domain.keys import derived
from services.pilots.domain.words_of_the_day import WORD_OF_THE_DAY, word_of
from services.pilots.flows import stands as flows
from services.pilots.jobs import stands as jobs
from services.pilots.ports.codes import Codes
from services.vietqr.domain import decode
from tests.integration.services.pilot_stalls.callers import (
    city,
    inspector,
    key,
    merchant,
    refused,
    visitor,
)
from tests.integration.services.pilot_stalls.rows import payables, rows, stall_events
from tests.support.stalls import (
    CITY,
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
from xoai.pilots.v1 import stalls_service_pb2 as pb


def issue(channel: grpc.Channel, stall_id: object, reason: str = "Bảng mờ") -> pb.Stand:
    request = pb.IssueStandRequest(request_id=key(), stall_id=str(stall_id), reason=reason)
    stand: pb.Stand = merchant(channel).IssueStand(request)
    return stand


def stands(channel: grpc.Channel, stall_id: object) -> list[pb.Stand]:
    return list(inspector(channel).ListStands(pb.ListStandsRequest(stall_id=str(stall_id))).stands)


def public(channel: grpc.Channel, code: str) -> pb.PublicStall:
    found: pb.PublicStall = visitor(channel).GetPublicStall(pb.GetPublicStallRequest(code=code))
    return found


def pack(channel: grpc.Channel, stall_id: object, *amounts: int) -> pb.Pack:
    request = pb.IssuePackRequest(request_id=key(), stall_id=str(stall_id), amounts=amounts)
    issued: pb.Pack = merchant(channel).IssuePack(request)
    return issued


def test_the_first_board_is_made_by_itself(channel: grpc.Channel, database: Database, codes: Codes) -> None:
    """Once, as soon as there is an account, and the phones load their stall anew."""
    stall = open_stall(database).stall
    assert jobs.issue_wanted(database, codes) == 1
    assert jobs.issue_wanted(database, codes) == 0
    (stand,) = stands(channel, stall.id)
    assert (stand.issue_number, stand.state) == (1, pb.Stand.STATE_IN_USE)
    read = decode(stand.payload).code
    assert (read.initiation, read.amount) == ("11", None)
    assert read.additional.purpose == stall.reference
    assert stall.account is not None
    assert (read.bin, read.account) == (stall.account.bin, stall.account.number)
    shown = merchant(channel).GetStall(pb.GetStallRequest(id=str(stall.id)))
    assert (shown.payload, shown.stand) == (stand.payload, stand)
    assert [event.type for event in stall_events(database)] == [events_pb.StallEvent.TYPE_STALL_CHANGED]


def test_a_new_board_flags_the_one_before(channel: grpc.Channel, database: Database) -> None:
    """Numbers rise, check codes differ, the trail says why."""
    stall = open_stall(database).stall
    first, second = issue(channel, stall.id), issue(channel, stall.id, "Bị rách")
    assert (first.issue_number, second.issue_number) == (1, 2)
    assert first.check_code != second.check_code
    newest, oldest = stands(channel, stall.id)
    assert (newest, oldest.state) == (second, pb.Stand.STATE_FLAGGED)
    assert oldest.flag_reason == "Đã phát bảng mới: Bị rách"
    trail = rows(database, "SELECT detail FROM audit WHERE action = 'stand.issue' ORDER BY id")
    assert [row.detail["issue_number"] for row in trail] == [1, 2]


def test_a_board_needs_a_reason_and_an_account(channel: grpc.Channel, database: Database) -> None:
    """A stall that waits for its account has nothing to print."""
    with refused(StallReasonMissing):
        issue(channel, open_stall(database).stall.id, "")
    with refused(StallWaitsForAccount):
        merchant(channel, OTHER_ORGANISATION).IssueStand(
            pb.IssueStandRequest(
                request_id=key(),
                stall_id=str(waiting_stall(database, organisation_id=OTHER_ORGANISATION).id),
                reason="x",
            )
        )


def test_a_request_sent_twice_prints_one_board(channel: grpc.Channel, database: Database) -> None:
    """The second answer is the first one's."""
    request = pb.IssueStandRequest(
        request_id=key(), stall_id=str(open_stall(database).stall.id), reason="Bảng mờ"
    )
    assert merchant(channel).IssueStand(request) == merchant(channel).IssueStand(request)
    assert rows(database, "SELECT count(*) FROM stand")[0][0] == 1


def test_two_persons_who_issue_at_once_get_a_number_each(channel: grpc.Channel, database: Database) -> None:
    """One board is in use at the end, whoever was faster."""
    stall = open_stall(database).stall
    with ThreadPoolExecutor(4) as pool:
        issued = list(pool.map(lambda _: issue(channel, stall.id).issue_number, range(4)))
    assert sorted(issued) == [1, 2, 3, 4]
    states = [stand.state for stand in stands(channel, stall.id)]
    assert states == [pb.Stand.STATE_IN_USE, *[pb.Stand.STATE_FLAGGED] * 3]


def test_another_account_flags_the_board_and_makes_a_new_one(
    channel: grpc.Channel, database: Database, consumer: Consumer, codes: Codes
) -> None:
    """The old board says why it goes, the new one names the new account; codes of the pack follow."""
    stall = open_stall(database).stall
    jobs.issue_wanted(database, codes)
    pack(channel, stall.id, 10_000)
    newer = make_account(active_time=MOMENT + timedelta(days=1))
    consumer.handle(account_deliveries(newer))
    (old,) = stands(channel, stall.id)
    assert (old.state, old.flag_reason) == (pb.Stand.STATE_FLAGGED, "Tài khoản nhận tiền đã đổi")
    assert jobs.issue_wanted(database, codes) == 1
    assert decode(stands(channel, stall.id)[0].payload).code.account == newer.account.number
    (code,) = merchant(channel).GetPack(pb.GetPackRequest(stall_id=str(stall.id))).codes
    assert decode(code.payload).code.account == newer.account.number
    newest = [payable for payable in payables(database) if payable.reference == code.reference][-1]
    assert (newest.version, newest.account_number) == (2, newer.account.number)


def test_a_code_written_for_the_account_before_is_printed_on_nothing(
    database: Database, consumer: Consumer
) -> None:
    """The account moved on while the code was written: a person looks again, the job waits for its next round."""
    opened = open_stall(database)
    stall, old = opened.stall, opened.account.account
    written = flows.WrittenCode(old.bin, old.number, "000201")
    consumer.handle(account_deliveries(make_account(active_time=MOMENT + timedelta(days=1))))
    with pytest.raises(ChangedMeanwhile):
        database.run(lambda session: flows.issue(session, CITY, stall.id, "Bảng mờ", written))
    assert database.run(lambda session: flows.issue_wanted(session, {stall.id: written})) == 0
    assert rows(database, "SELECT count(*) FROM stand")[0][0] == 0
    assert rows(database, "SELECT needs_stand FROM stall")[0].needs_stand


def test_a_pack_holds_codes_with_an_amount_that_stand(channel: grpc.Channel, database: Database) -> None:
    """Each is a payable of its own without an amount due; a code once issued stays, in order of amounts."""
    stall = open_stall(database).stall
    first = pack(channel, stall.id, 50_000, 10_000, 50_000)
    assert [code.amount for code in first.codes] == [10_000, 50_000]
    second = pack(channel, stall.id, 20_000, 50_000)
    assert [code.amount for code in second.codes] == [10_000, 20_000, 50_000]
    assert second.codes[0] == first.codes[0]
    assert second == inspector(channel).GetPack(pb.GetPackRequest(stall_id=str(stall.id)))
    read = decode(first.codes[1].payload).code
    assert (read.initiation, read.amount, read.additional.purpose) == ("11", 50_000, first.codes[1].reference)
    announced = [payable for payable in payables(database) if payable.payable_id != str(stall.id)]
    assert len(announced) == 3
    assert {payable.kind for payable in announced} == {payables_pb.PayableChanged.KIND_STANDING}
    assert not any(payable.HasField("amount_due") for payable in announced)


@pytest.mark.parametrize("amount", [0, -1_000, 500_000_000])
def test_an_amount_that_no_transfer_carries_is_refused(
    channel: grpc.Channel, database: Database, amount: int
) -> None:
    """Nothing, less than nothing, and what NAPAS 247 does not take."""
    stall = open_stall(database).stall
    with refused(BadPackAmount) as facts:
        pack(channel, stall.id, 1_000, amount)
    assert facts == {"amount": str(amount), "most": "499999999"}
    assert pack(channel, stall.id, 499_999_999).codes[0].amount == 499_999_999


def test_a_pack_holds_twelve_codes(channel: grpc.Channel, database: Database) -> None:
    """The thirteenth is refused, also one by one."""
    stall = open_stall(database).stall
    pack(channel, stall.id, *range(1_000, 13_000, 1_000))
    with refused(TooManyPackCodes):
        pack(channel, stall.id, 13_000)


def test_anybody_may_ask_whether_a_board_is_genuine(
    channel: grpc.Channel, database: Database, codes: Codes
) -> None:
    """By its code as people type it: whose account, which stall, which issue, today's word, never money."""
    opened = open_stall(database)
    jobs.issue_wanted(database, codes)
    reference = opened.stall.reference
    found = public(channel, f" {reference[:3].lower()}.{reference[3:]}")
    assert found.standing == pb.PublicStall.STANDING_GENUINE
    assert (found.code, found.issue_number) == (reference, 1)
    assert (found.account_holder, found.bank_name) == ("TRAN THI HANH", "Vietcombank")
    assert found.account_last_four == opened.account.account.number[-4:]
    assert found.word_of_the_day == word_of(clock.today(), derived(DATA_KEY, WORD_OF_THE_DAY))
    assert len(found.check_code) == 5
    assert decode(found.payload).code.additional.purpose == reference
    assert not found.outside_dates


def test_a_code_of_a_pack_leads_to_its_stall(channel: grpc.Channel, database: Database) -> None:
    """As the board's code does, under the stall's own code; after the stall is gone it says so."""
    stall = open_stall(database).stall
    code = pack(channel, stall.id, 20_000, 50_000).codes[1].reference
    assert public(channel, code) == public(channel, stall.reference)
    assert public(channel, code).code == stall.reference
    city(channel).WithdrawStall(pb.WithdrawStallRequest(request_id=key(), id=str(stall.id), reason="Nghỉ"))
    assert public(channel, code).standing == pb.PublicStall.STANDING_WITHDRAWN


def test_a_code_that_nobody_has_is_not_found(channel: grpc.Channel, database: Database) -> None:
    """One letter off, no code at all, and a bill's code are answered alike."""
    open_stall(database)
    for code in ("XQ2345678", "", "xin chào", "XDK7M4P9RT3HQ"):
        with refused(StallNotFound):
            public(channel, code)


def test_whom_nobody_should_pay_is_not_named(channel: grpc.Channel, database: Database) -> None:
    """A stall without an account, and one that was withdrawn, show neither account nor code."""
    waiting = waiting_stall(database, organisation_id=OTHER_ORGANISATION)
    found = public(channel, waiting.reference)
    assert found.standing == pb.PublicStall.STANDING_WAITING
    gone = open_stall(database).stall
    city(channel).WithdrawStall(pb.WithdrawStallRequest(request_id=key(), id=str(gone.id), reason="Nghỉ"))
    ended = public(channel, gone.reference)
    assert ended.standing == pb.PublicStall.STANDING_WITHDRAWN
    for shown in (found, ended):
        assert (shown.account_holder, shown.account_last_four, shown.payload) == ("", "", "")
        assert shown.stall_number


def test_a_fair_outside_its_dates_says_so(channel: grpc.Channel, database: Database) -> None:
    """Before its first day and after its last."""
    today = clock.today()
    for start, end in ((today + timedelta(days=1), None), (date(2026, 1, 1), today - timedelta(days=1))):
        programme = open_programme(database, start_date=start, end_date=end)
        assert public(channel, waiting_stall(database, programme).reference).outside_dates


def test_a_visitor_sees_the_public_page_alone(channel: grpc.Channel, database: Database) -> None:
    """Boards and packs are for those whom the stall concerns."""
    stall_id = str(open_stall(database).stall.id)
    for call, request in (
        (visitor(channel).ListStands, pb.ListStandsRequest(stall_id=stall_id)),
        (visitor(channel).GetPack, pb.GetPackRequest(stall_id=stall_id)),
    ):
        with refused(errors.PermissionDenied):
            call(request)
    with refused(StallNotFound):
        merchant(channel, OTHER_ORGANISATION).ListStands(pb.ListStandsRequest(stall_id=stall_id))
