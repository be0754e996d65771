"""Checks of boards through the service: who may check what, what comes out, and which alarm is raised."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from kit import auth, clock, ids
from kit.auth import Kind, Subject
from kit.db import Database
from kit.errors import Error
from kit.references.code import Kind as ReferenceKind
from kit.references.code import new_reference
from kit.testing.service import staff
from services.pilots.domain.stalls import Account, Stall
from services.vietqr.domain.encode import checksum
from tests.integration.services.pilot_trust.conftest import Desk
from tests.support.boards import board_of, flag, put_up, scanned
from tests.support.sale_rows import add_sale
from tests.support.stalls import ORGANISATION, OTHER_ORGANISATION, make_account, open_programme, open_stall
from xoai.pilots.v1 import trust_service_pb2 as pb

INSPECTOR = staff("directory.read", "pilots.inspect")
MERCHANT = staff("stalls.read", organisation=str(ORGANISATION), id="00000000-0000-7000-8000-000000000002")
Outcome = pb.StandCheck


def check(
    desk: Desk, subject: Subject, payload: str, stall: Stall | None = None, **overrides: str
) -> pb.StandCheck:
    """What the service says of a scanned code."""
    request = pb.CheckStandRequest(
        request_id=overrides.get("request_id", str(uuid4())),
        stall_id=str(stall.id) if stall else "",
        payload=payload,
    )
    answer: pb.StandCheck = desk.of(subject).CheckStand(request)
    return answer


def alarms(desk: Desk, *, with_closed: bool = False) -> list[pb.Alarm]:
    """The alarms that an inspector sees."""
    return list(desk.of(INSPECTOR).ListAlarms(pb.ListAlarmsRequest(with_closed=with_closed)).alarms)


def stored(database: Database, statement: str) -> list[tuple[object, ...]]:
    with database.begin() as session:
        return [tuple(row) for row in session.execute(text(statement))]


@pytest.fixture
def stall(database: Database) -> Stall:
    opened = open_stall(database).stall
    put_up(database, opened)
    return opened


def test_the_merchants_own_board_is_right(database: Database, desk: Desk, stall: Stall) -> None:
    """The merchant scans it in the morning: it is the same, the board is marked, no alarm is raised."""
    checked = check(desk, MERCHANT, board_of(stall), stall)
    assert checked.outcome == Outcome.OUTCOME_SAME
    assert (checked.stall_number, checked.alarm_id) == (stall.number, "")
    assert alarms(desk) == []
    ((marked,),) = stored(database, "SELECT check_time FROM stand")
    assert marked is not None
    assert stored(database, "SELECT outcome, subject FROM stand_check") == [("same", MERCHANT.label)]


def test_a_swapped_board_raises_an_alarm_at_once(database: Database, desk: Desk, stall: Stall) -> None:
    """The account of somebody else under the stall's code: both accounts are told, letter by letter."""
    swapped = scanned("970405", "9704050000001", stall.reference)
    checked = check(desk, MERCHANT, swapped, stall)
    assert checked.outcome == Outcome.OUTCOME_DIFFERS
    found = {each.what: (each.registered, each.found) for each in checked.differences}
    assert stall.account is not None
    assert found["account"] == (stall.account.number, "9704050000001")
    assert found["bank"] == ("Vietcombank", "Agribank")
    (alarm,) = alarms(desk)
    assert alarm.id == checked.alarm_id
    assert alarm.kind == pb.Alarm.KIND_CODE_DIFFERS
    assert (alarm.stall_id, alarm.count) == (str(stall.id), 1)
    assert {each.what for each in alarm.differences} == {"account", "bank"}
    assert alarm.text == checked.text
    check(desk, INSPECTOR, swapped)
    assert [(each.id, each.count) for each in alarms(desk)] == [(alarm.id, 2)]
    assert stored(database, "SELECT check_time FROM stand") == [(None,)]


def test_a_repeated_request_is_one_check(database: Database, desk: Desk, stall: Stall) -> None:
    """A phone that lost the answer and asks again gets the first answer; the alarm counts one."""
    swapped = scanned("970405", "9704050000001", stall.reference)
    first = check(desk, MERCHANT, swapped, stall, request_id="morning")
    assert check(desk, MERCHANT, swapped, stall, request_id="morning") == first
    assert alarms(desk)[0].count == 1
    with pytest.raises(Error) as raised:
        check(desk, MERCHANT, board_of(stall), stall, request_id="morning")
    assert raised.value.reason == "IDEMPOTENCY_KEY_REUSED"


def test_an_inspector_scans_whatever_stands_there(database: Database, desk: Desk, stall: Stall) -> None:
    """Without a stall named, the code says whose it claims to be; an unknown one is nobody's, and an alarm."""
    assert check(desk, INSPECTOR, board_of(stall)).stall_id == str(stall.id)
    assert stall.account is not None
    ours = check(desk, INSPECTOR, scanned(stall.account.bin, stall.account.number, "tien rau"))
    assert (ours.stall_id, [each.what for each in ours.differences]) == (str(stall.id), ["reference"])
    unknown = new_reference(ReferenceKind.STALL)
    nobodys = check(desk, INSPECTOR, scanned("970405", "1", unknown))
    assert nobodys.outcome == Outcome.OUTCOME_DIFFERS
    assert nobodys.stall_id == ""
    assert {(each.what, each.registered, each.found) for each in nobodys.differences} == {
        ("reference", "", unknown),
        ("bank", "", "Agribank"),
        ("account", "", "1"),
    }
    assert {alarm.stall_id for alarm in alarms(desk)} == {str(stall.id), ""}


def test_an_account_of_two_stalls_names_neither(database: Database, desk: Desk) -> None:
    """Two stalls on one account: without a stall's code nobody knows which it should be."""
    shared = make_account(OTHER_ORGANISATION, bin="970405", number="77001")
    for _ in range(2):
        open_stall(database, organisation_id=OTHER_ORGANISATION, account=shared)
    assert check(desk, INSPECTOR, scanned("970405", "77001", "rau")).stall_id == ""


def test_another_stalls_board_is_told_apart(database: Database, desk: Desk, stall: Stall) -> None:
    """Another board at this stall: the merchant learns whose it is, the market board is told."""
    other = open_stall(database, organisation_id=OTHER_ORGANISATION, name="Bánh mì Tâm").stall
    checked = check(desk, MERCHANT, board_of(other), stall)
    assert checked.outcome == Outcome.OUTCOME_DIFFERS
    found = {each.what: each.found for each in checked.differences}
    # Of another programme, which may have the same number.
    assert found["other_stall"] == f"{other.number} · Bánh mì Tâm, {other.programme_name}"
    assert checked.stall_id == str(stall.id)


def test_an_old_board_is_old(database: Database, desk: Desk, stall: Stall) -> None:
    """After the account changed the board before is told as old, without an alarm; the new one is right."""
    flag(database, stall)
    newer = replace(stall, account=Account(ids.new(), "970405", "5500200012345", "TRAN THI HANH"))
    put_up(database, newer, 2)
    old = check(desk, MERCHANT, board_of(stall), stall)
    assert old.outcome == Outcome.OUTCOME_OLD_ISSUE
    assert "gỡ xuống" in old.text
    assert check(desk, MERCHANT, board_of(newer), stall).outcome == Outcome.OUTCOME_SAME
    assert alarms(desk) == []


def test_a_code_of_the_pack_is_right_but_is_not_the_board(
    database: Database, desk: Desk, stall: Stall
) -> None:
    """A sheet of round amounts may be checked; it does not count as the morning check of the board."""
    assert stall.account is not None
    pack = new_reference(ReferenceKind.STALL)
    with database.begin() as session:
        session.execute(
            text(
                "INSERT INTO pack_code (id, organisation_id, stall_id, amount, reference, version, create_time)"
                " VALUES (:id, :organisation, :stall, 20000, :reference, 1, now())"
            ),
            {
                "id": ids.new(),
                "organisation": stall.organisation_id,
                "stall": stall.id,
                "reference": pack,
            },
        )
    payload = scanned(stall.account.bin, stall.account.number, pack, 20_000)
    checked = check(desk, INSPECTOR, payload)
    assert (checked.outcome, checked.stall_id) == (Outcome.OUTCOME_SAME, str(stall.id))
    assert stored(database, "SELECT check_time FROM stand") == [(None,)]


@pytest.mark.parametrize(
    ("payload", "says"),
    [
        ("https://xoai.example/quay/XQ", "đường dẫn (xoai.example)"),
        ("chỉ là chữ", "không phải mã thanh toán"),
        ("0002010102112632", "hỏng"),
    ],
)
def test_what_is_no_vietqr_is_told_as_what_it_is(desk: Desk, stall: Stall, payload: str, says: str) -> None:
    """A wrong picture is no fraud: it is said what it is, and no alarm is raised."""
    checked = check(desk, MERCHANT, payload, stall)
    assert checked.outcome == Outcome.OUTCOME_UNREADABLE
    if payload[:2] != "00":
        assert says in checked.text
    assert checked.text_en
    assert alarms(desk) == []


def test_a_code_with_two_payees_is_an_alarm(desk: Desk, stall: Stall) -> None:
    """Object 38 twice: readers take the one or the other; that was made to deceive."""
    own = board_of(stall)
    start = own.index("38")
    length = int(own[start + 2 : start + 4])
    template = own[start : start + 4 + length]
    body = own[:start] + template + own[start:-4]
    checked = check(desk, MERCHANT, f"{body}{checksum(body):04X}", stall)
    assert checked.outcome == Outcome.OUTCOME_DIFFERS
    assert [each.what for each in checked.differences] == ["unreadable"]
    assert alarms(desk)[0].stall_id == str(stall.id)


@pytest.mark.parametrize("payload", ["", "   "])
def test_nothing_scanned_is_said(desk: Desk, stall: Stall, payload: str) -> None:
    """An empty field says what to do."""
    with pytest.raises(Error) as raised:
        check(desk, MERCHANT, payload, stall)
    assert raised.value.reason == "NOTHING_SCANNED"


def test_a_sale_on_the_screen_is_not_the_board(database: Database, desk: Desk, stall: Stall) -> None:
    """Who scans the stall's screen learns to scan the printed board; nothing is stored, no alarm is raised."""
    reference = new_reference(ReferenceKind.STALL)
    add_sale(database, stall, reference)
    assert stall.account is not None
    payload = scanned(stall.account.bin, stall.account.number, reference, 50_000)
    with pytest.raises(Error) as raised:
        check(desk, INSPECTOR, payload)
    assert raised.value.reason == "SALE_CODE_SCANNED"
    assert alarms(desk) == []


@pytest.mark.parametrize(
    ("subject", "with_stall", "reason"),
    [
        pytest.param(auth.public(), True, "PERMISSION_DENIED", id="a visitor"),
        pytest.param(staff("helper.serve"), True, "PERMISSION_DENIED", id="a volunteer"),
        pytest.param(staff("city.read", "directory.read"), True, "PERMISSION_DENIED", id="the city"),
        pytest.param(MERCHANT, False, "PERMISSION_DENIED", id="a merchant without a stall"),
        pytest.param(
            staff("stalls.read", organisation=str(OTHER_ORGANISATION)),
            True,
            "PERMISSION_DENIED",
            id="another merchant",
        ),
        pytest.param(
            Subject(Kind.DEVICE, str(UUID(int=9)), "Máy lạ", {str(ORGANISATION): frozenset({"stalls.read"})}),
            True,
            "DEVICE_ENDED",
            id="a phone that was revoked",
        ),
    ],
)
def test_who_may_not_check(desk: Desk, stall: Stall, subject: Subject, with_stall: bool, reason: str) -> None:
    """Only the stall's own people and phones check it, and the market board all."""
    with pytest.raises(Error) as raised:
        check(desk, subject, board_of(stall), stall if with_stall else None)
    assert raised.value.reason == reason


def test_a_stall_that_is_not_there(desk: Desk, stall: Stall) -> None:
    """An unknown stall is said to be unknown, a wrong id to be wrong."""
    for wrong, reason in ((str(ids.new()), "CHECKED_STALL_NOT_FOUND"), ("A07", "BAD_TRUST_FIELD")):
        request = pb.CheckStandRequest(request_id=str(uuid4()), stall_id=wrong, payload=board_of(stall))
        with pytest.raises(Error) as raised:
            desk.of(INSPECTOR).CheckStand(request)
        assert raised.value.reason == reason


def test_reports_of_anybody_count_up_one_alarm(desk: Desk, stall: Stall) -> None:
    """Two people report a code: one alarm, their words without links, newest first."""
    for words in ("Mã bị dán đè, xem http://lua.example/1", "Tên lạ\u202e hiện ra"):
        desk.of(auth.public()).ReportStand(pb.ReportStandRequest(code=stall.reference, text=words))
    (alarm,) = alarms(desk)
    assert (alarm.kind, alarm.count) == (pb.Alarm.KIND_REPORTED, 2)
    assert list(alarm.reports) == ["Tên lạ hiện ra", "Mã bị dán đè, xem"]
    for number in range(9):
        desk.of(auth.public()).ReportStand(pb.ReportStandRequest(code=stall.reference, text=f"lần {number}"))
    assert list(alarms(desk)[0].reports) == ["lần 8", "lần 7", "lần 6", "lần 5", "lần 4"]
    with pytest.raises(Error) as raised:
        desk.of(auth.public()).ReportStand(pb.ReportStandRequest(code=new_reference(ReferenceKind.STALL)))
    assert raised.value.reason == "CHECKED_STALL_NOT_FOUND"


def test_an_alarm_is_closed_with_what_was_done(database: Database, desk: Desk, stall: Stall) -> None:
    """Who closed it and why stays; it cannot be closed twice; the same thing later is a new alarm."""
    swapped = scanned("970405", "9704050000001", stall.reference)
    alarm_id = check(desk, INSPECTOR, swapped).alarm_id

    def close(note: str) -> pb.Alarm:
        request = pb.CloseAlarmRequest(request_id=str(uuid4()), id=alarm_id, note=note)
        closed: pb.Alarm = desk.of(INSPECTOR).CloseAlarm(request)
        return closed

    with pytest.raises(Error) as raised:
        close("  ")
    assert raised.value.reason == "ALARM_NOTE_MISSING"
    closed = close("Đã gỡ mã dán đè, báo công an phường")
    assert closed.close_person_name == "Người thử"
    assert closed.HasField("close_time")
    assert alarms(desk) == []
    assert [each.close_note for each in alarms(desk, with_closed=True)] == [
        "Đã gỡ mã dán đè, báo công an phường"
    ]
    with pytest.raises(Error) as raised:
        close("lần nữa")
    assert raised.value.reason == "ALARM_CLOSED_ALREADY"
    assert ("alarm.close", f"alarm:{alarm_id}") in stored(database, "SELECT action, object FROM audit")
    assert check(desk, INSPECTOR, swapped).alarm_id != alarm_id


def test_only_the_board_sees_alarms(desk: Desk) -> None:
    """Neither a merchant nor the city's viewer nor a visitor reads or closes alarms, or reads the board's lists."""
    for subject in (MERCHANT, staff("city.read"), auth.public(), staff("helper.serve")):
        calls = (
            lambda who=subject: desk.of(who).ListAlarms(pb.ListAlarmsRequest()),
            lambda who=subject: desk.of(who).CloseAlarm(
                pb.CloseAlarmRequest(request_id="1", id=str(uuid4()))
            ),
            lambda who=subject: desk.of(who).ListBoards(pb.ListBoardsRequest()),
            lambda who=subject: desk.of(who).GetBoard(pb.GetBoardRequest(programme_id="x")),
        )
        for call in calls:
            with pytest.raises(Error) as raised:
                call()
            assert raised.value.reason == "PERMISSION_DENIED"


def test_boards_show_what_is_to_be_done(database: Database, desk: Desk) -> None:
    """A programme in numbers and its stalls by number: checked today or not, old boards, alarms; no takings."""
    programme = open_programme(database, code="cho-dong-xoai")
    first = open_stall(database, programme, number="A2").stall
    second = open_stall(database, programme, OTHER_ORGANISATION, number="A10").stall
    open_stall(database, programme, OTHER_ORGANISATION, number="B1")
    open_stall(database)
    for stall in (first, second):
        put_up(database, stall)
    check(desk, INSPECTOR, board_of(first))
    check(desk, INSPECTOR, scanned("970405", "1", second.reference))
    flag(database, second)
    put_up(database, second, 2)
    boards = desk.of(INSPECTOR).ListBoards(pb.ListBoardsRequest()).boards
    mine = next(each for each in boards if each.programme_code == "cho-dong-xoai")
    assert (mine.stalls, mine.with_stand, mine.checked_today, mine.flagged, mine.open_alarms) == (
        3,
        2,
        1,
        1,
        1,
    )
    pages = []
    token = ""
    for _ in range(2):
        page = desk.of(INSPECTOR).GetBoard(
            pb.GetBoardRequest(programme_id="cho-dong-xoai", page_size=2, page_token=token)
        )
        pages.append([(stall.number, stall.checked_today, len(stall.flagged)) for stall in page.stalls])
        token = page.next_page_token
    assert pages == [[("A2", True, 0), ("A10", False, 1)], [("B1", False, 0)]]
    assert token == ""
    # Once the new board was found to be right, the old one has gone.
    check(desk, INSPECTOR, board_of(second))
    board = desk.of(INSPECTOR).GetBoard(pb.GetBoardRequest(programme_id=str(programme.id)))
    assert [len(stall.flagged) for stall in board.stalls] == [0, 0, 0]
    with pytest.raises(Error) as raised:
        desk.of(INSPECTOR).GetBoard(pb.GetBoardRequest(programme_id="cho-khac"))
    assert raised.value.reason == "BOARD_NOT_FOUND"


def test_a_check_of_yesterday_is_not_todays(database: Database, desk: Desk, stall: Stall) -> None:
    """The morning check counts for its day in the city."""
    check(desk, MERCHANT, board_of(stall), stall)
    clock.set_offset(timedelta(days=1))
    boards = desk.of(INSPECTOR).ListBoards(pb.ListBoardsRequest()).boards
    assert [each.checked_today for each in boards] == [0]
