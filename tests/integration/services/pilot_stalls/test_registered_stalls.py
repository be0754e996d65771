"""Stalls are seen by those whom they concern, changed by their merchants and the city, and end once."""

from __future__ import annotations

from uuid import UUID

import grpc
import pytest

from kit import errors
from kit.db import Database
from services.pilots.domain.errors_stalls import (
    BadStallField,
    ChangedMeanwhile,
    ConsentMissing,
    DeviceEnded,
    SectionNotFound,
    StallNotFound,
    StallNumberTaken,
    StallReasonMissing,
    StallWithdrawn,
)
from tests.integration.services.pilot_stalls.callers import (
    city,
    gateway,
    inspector,
    key,
    merchant,
    pair,
    pairing_code,
    refused,
    visitor,
)
from tests.integration.services.pilot_stalls.rows import payables, rows, stall_events
from tests.support.stalls import (
    ORGANISATION,
    OTHER_ORGANISATION,
    open_programme,
    open_stall,
    waiting_stall,
)
from xoai.payables.v1 import payables_events_pb2 as payables_pb
from xoai.pilots.v1 import pilots_events_pb2 as events_pb
from xoai.pilots.v1 import stalls_service_pb2 as pb


def get(channel: grpc.Channel, id: UUID | str) -> pb.Stall:
    stall: pb.Stall = merchant(channel).GetStall(pb.GetStallRequest(id=str(id)))
    return stall


def update(channel: grpc.Channel, stall: pb.Stall) -> pb.Stall:
    changed: pb.Stall = merchant(channel).UpdateStall(pb.UpdateStallRequest(request_id=key(), stall=stall))
    return changed


def withdraw(channel: grpc.Channel, id: UUID, reason: str = "Nghỉ bán") -> pb.Stall:
    request = pb.WithdrawStallRequest(request_id=key(), id=str(id), reason=reason)
    stall: pb.Stall = city(channel).WithdrawStall(request)
    return stall


def numbers(caller: object, **fields: object) -> list[str]:
    found = caller.ListStalls(pb.ListStallsRequest(**fields))  # type: ignore[attr-defined]
    return [stall.number for stall in found.stalls]


def test_a_merchant_sees_its_stall_by_id_and_by_code(channel: grpc.Channel, database: Database) -> None:
    """With its account's bank by name; typed as people type, too."""
    opened = open_stall(database)
    stall = get(channel, opened.stall.id)
    reference = opened.stall.reference
    assert get(channel, f"{reference[:3].lower()} {reference[3:7]}-{reference[7:]}") == stall
    assert stall.state == pb.Stall.STATE_ACTIVE
    assert (stall.bank_name, stall.account_holder) == ("Vietcombank", "TRAN THI HANH")
    assert not stall.account_changes


def test_others_do_not_see_it(channel: grpc.Channel, database: Database) -> None:
    """Another merchant finds nothing, a visitor may not ask; the city and the market board see which stalls there are."""
    stall = open_stall(database).stall
    request = pb.GetStallRequest(id=str(stall.id))
    with refused(StallNotFound):
        merchant(channel, OTHER_ORGANISATION).GetStall(request)
    with refused(errors.PermissionDenied):
        visitor(channel).GetStall(request)
    assert inspector(channel).GetStall(request) == city(channel).GetStall(request)


def test_lists_turn_pages_in_natural_order(channel: grpc.Channel, database: Database) -> None:
    """A2 stands before A10; a token is bound to its filter."""
    programme = open_programme(database)
    for number in ("A10", "B1", "A2", "A1"):
        waiting_stall(database, programme, number=number)
    request = pb.ListStallsRequest(programme_id=str(programme.id), page_size=3)
    first = inspector(channel).ListStalls(request)
    assert [stall.number for stall in first.stalls] == ["A1", "A2", "A10"]
    request.page_token = first.next_page_token
    last = inspector(channel).ListStalls(request)
    assert [stall.number for stall in last.stalls] == ["B1"]
    assert not last.next_page_token
    request.query = "rau"
    with pytest.raises(errors.InvalidArgument):
        inspector(channel).ListStalls(request)


def test_words_and_codes_find_stalls(channel: grpc.Channel, database: Database) -> None:
    """By goods, holder, unit and number, with and without accents; a whole code finds its stall."""
    programme = open_programme(database)
    stall = waiting_stall(database, programme, number="A1", goods="Bánh tráng nướng")
    waiting_stall(database, programme, number="A2", goods="Cà phê")
    caller = inspector(channel)
    assert numbers(caller, query="banh trang") == ["A1"]
    assert numbers(caller, query="Hạnh cà phê") == ["A2"]
    assert numbers(caller, query=stall.reference.lower()) == ["A1"]
    assert numbers(caller, query="%") == []


def test_lists_hold_what_the_caller_may_see(channel: grpc.Channel, database: Database) -> None:
    """A merchant gets its own stalls, and may not ask for another's."""
    programme = open_programme(database)
    waiting_stall(database, programme, number="A1")
    waiting_stall(database, programme, OTHER_ORGANISATION, number="A2")
    assert numbers(merchant(channel)) == ["A1"]
    assert numbers(city(channel)) == ["A1", "A2"]
    assert numbers(city(channel), organisation_id=str(OTHER_ORGANISATION)) == ["A2"]
    with refused(errors.PermissionDenied):
        numbers(merchant(channel), organisation_id=str(OTHER_ORGANISATION))


def test_a_change_is_told_to_phones_and_reconciliation(channel: grpc.Channel, database: Database) -> None:
    """Name, goods, place, default and hours change; the code and the account stay."""
    opened = open_stall(database)
    stall = get(channel, opened.stall.id)
    stall.name, stall.section_code, stall.number = "Rau cô Hạnh", "B", "b7"
    stall.default_rule = pb.Stall.DEFAULT_RULE_OPENING_HOURS
    stall.open_minute, stall.close_minute = 300, 700
    changed = update(channel, stall)
    assert (changed.name, changed.section_code, changed.number) == ("Rau cô Hạnh", "B", "B7")
    assert changed.reference == stall.reference
    newest = payables(database)[-1]
    assert (newest.title, newest.version) == ("B7 · Rau cô Hạnh", changed.version)
    assert (newest.account_default.open_minute, newest.account_default.close_minute) == (300, 700)
    assert [event.type for event in stall_events(database)] == [events_pb.StallEvent.TYPE_STALL_CHANGED]
    assert rows(database, "SELECT action FROM audit ORDER BY id")[-1].action == "stall.update"


def test_the_number_of_another_merchants_stall_is_taken(channel: grpc.Channel, database: Database) -> None:
    """Also for a merchant, who does not see that stall; a withdrawn stall's number is free."""
    programme = open_programme(database)
    other = waiting_stall(database, programme, OTHER_ORGANISATION, number="A2")
    stall = get(channel, waiting_stall(database, programme, number="A1").id)
    stall.number = "A2"
    with refused(StallNumberTaken):
        update(channel, stall)
    withdraw(channel, other.id)
    assert update(channel, stall).number == "A2"


def test_a_change_needs_the_version_that_was_seen(channel: grpc.Channel, database: Database) -> None:
    """Of two who change a stall, the second has to look again."""
    stall = get(channel, open_stall(database).stall.id)
    stall.goods = "Cá"
    update(channel, stall)
    with refused(ChangedMeanwhile):
        update(channel, stall)


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        ("name", "", BadStallField),
        ("section_code", "Z", SectionNotFound),
        ("number", "A2", StallNumberTaken),
        ("close_minute", 10, BadStallField),
        ("relation", "cousin", BadStallField),
        ("relation", "spouse", ConsentMissing),
        ("default_rule", pb.Stall.DEFAULT_RULE_UNSPECIFIED, BadStallField),
    ],
)
def test_a_wrong_change_is_refused(
    channel: grpc.Channel, database: Database, field: str, value: object, error: type[errors.Error]
) -> None:
    """Each with what is wrong."""
    programme = open_programme(database)
    waiting_stall(database, programme, number="A2")
    stall = get(channel, waiting_stall(database, programme, number="A1").id)
    setattr(stall, field, value)
    with refused(error):
        update(channel, stall)


def test_a_number_is_taken_until_its_stall_is_withdrawn(channel: grpc.Channel, database: Database) -> None:
    """The same number may then be another stall's, with another code."""
    programme = open_programme(database)
    first = waiting_stall(database, programme, number="A1")
    with pytest.raises(StallNumberTaken):
        waiting_stall(database, programme, OTHER_ORGANISATION, number="a1")
    withdraw(channel, first.id)
    assert waiting_stall(database, programme, OTHER_ORGANISATION, number="A1").reference != first.reference


def test_a_withdrawn_stall_is_ended(channel: grpc.Channel, database: Database) -> None:
    """Its phones go dark at once, its board is flagged, it is no account's default; its code stays the trader's."""
    opened = open_stall(database)
    stall_id = str(opened.stall.id)
    merchant(channel).IssueStand(pb.IssueStandRequest(request_id=key(), stall_id=stall_id, reason="Bảng đầu"))
    device = pair(channel, stall_id)
    unused = pairing_code(channel, stall_id)
    gone = withdraw(channel, opened.stall.id)
    assert gone.state == pb.Stall.STATE_WITHDRAWN
    assert not gone.HasField("stand")
    with refused(DeviceEnded):
        gateway(channel).ResolveDevice(pb.ResolveDeviceRequest(key=device.key))
    with pytest.raises(errors.NotFound):
        gateway(channel).PairDevice(pb.PairDeviceRequest(code=unused))
    (stand,) = city(channel).ListStands(pb.ListStandsRequest(stall_id=stall_id)).stands
    assert (stand.state, stand.flag_reason) == (pb.Stand.STATE_FLAGGED, "Quầy đã ngừng hoạt động")
    # Void, it would give back all that the stall ever took.
    assert payables(database)[-1].state == payables_pb.PayableChanged.STATE_OPEN
    assert not payables(database)[-1].HasField("account_default")


def test_what_cannot_be_done_at_a_withdrawn_stall(channel: grpc.Channel, database: Database) -> None:
    """Nothing but to look at it."""
    opened = open_stall(database)
    id = str(opened.stall.id)
    with refused(StallReasonMissing):
        withdraw(channel, opened.stall.id, " ")
    gone = withdraw(channel, opened.stall.id)
    owner = merchant(channel)
    for call, request in (
        (owner.UpdateStall, pb.UpdateStallRequest(request_id=key(), stall=gone)),
        (owner.WithdrawStall, pb.WithdrawStallRequest(request_id=key(), id=id, reason="x")),
        (owner.IssueStand, pb.IssueStandRequest(request_id=key(), stall_id=id, reason="x")),
        (owner.IssuePack, pb.IssuePackRequest(request_id=key(), stall_id=id, amounts=[1_000])),
        (owner.SetPin, pb.SetPinRequest(request_id=key(), stall_id=id, pin="4827")),
        (
            owner.CreatePairing,
            pb.CreatePairingRequest(request_id=key(), stall_id=id, role=pb.Device.ROLE_SELLER, name="Máy"),
        ),
    ):
        with refused(StallWithdrawn):
            call(request)


def test_an_inspector_changes_nothing(channel: grpc.Channel, database: Database) -> None:
    """Seeing which stalls there are is no right to change or end one."""
    stall = get(channel, open_stall(database).stall.id)
    caller = inspector(channel)
    for call, request in (
        (caller.UpdateStall, pb.UpdateStallRequest(request_id=key(), stall=stall)),
        (caller.WithdrawStall, pb.WithdrawStallRequest(request_id=key(), id=stall.id, reason="x")),
        (caller.IssueStand, pb.IssueStandRequest(request_id=key(), stall_id=stall.id, reason="x")),
        (caller.ListDevices, pb.ListDevicesRequest(stall_id=stall.id)),
        (caller.SetPin, pb.SetPinRequest(request_id=key(), stall_id=stall.id, pin="4827")),
    ):
        with refused(errors.PermissionDenied):
            call(request)
    assert stall.organisation_id == str(ORGANISATION)
