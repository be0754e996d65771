"""Programmes are the city's to make and change, everybody's to read."""

from __future__ import annotations

from uuid import UUID

import grpc
import pytest

from kit import errors
from kit.db import Database
from services.pilots.domain.errors_stalls import (
    BadStallField,
    ChangedMeanwhile,
    ProgrammeCodeTaken,
    ProgrammeHasNoSections,
    ProgrammeNotFound,
    SectionInUse,
    SectionTwice,
)
from services.pilots.domain.stalls import DefaultRule
from tests.integration.services.pilot_stalls.callers import city, inspector, key, merchant, refused, visitor
from tests.integration.services.pilot_stalls.rows import payables, rows, stall_events
from tests.support.stalls import (
    OTHER_ORGANISATION,
    make_programme,
    open_stall,
    programme_message,
    waiting_stall,
)
from xoai.pilots.v1 import stalls_service_pb2 as pb


def create(channel: grpc.Channel, **overrides: object) -> pb.Programme:
    request = pb.CreateProgrammeRequest(request_id=key(), programme=programme_message(**overrides))
    programme: pb.Programme = city(channel).CreateProgramme(request)
    return programme


def update(channel: grpc.Channel, programme: pb.Programme) -> pb.Programme:
    request = pb.UpdateProgrammeRequest(request_id=key(), programme=programme)
    changed: pb.Programme = city(channel).UpdateProgramme(request)
    return changed


def seen(channel: grpc.Channel, stall_id: UUID) -> pb.Stall:
    stall: pb.Stall = city(channel).GetStall(pb.GetStallRequest(id=str(stall_id)))
    return stall


def hours(channel: grpc.Channel, stall_id: UUID) -> tuple[int, int]:
    stall = seen(channel, stall_id)
    return stall.open_minute, stall.close_minute


def test_a_programme_is_found_by_id_and_by_code(channel: grpc.Channel) -> None:
    """Anybody may read it, with its ward's name of today's list and its sections in order."""
    made = create(channel, code="le-duan")
    for wanted in (made.id, "le-duan", "LE-DUAN"):
        assert visitor(channel).GetProgramme(pb.GetProgrammeRequest(id=wanted)) == made
    assert made.ward_name == "Phường Bình Phước"
    assert [section.code for section in made.sections] == ["A", "B"]
    assert list(visitor(channel).ListProgrammes(pb.ListProgrammesRequest()).programmes) == [made]


def test_wards_are_told_with_those_that_they_were(channel: grpc.Channel) -> None:
    """Anybody may read them; every former ward is in the ward of today for which a programme may name it."""
    wards = visitor(channel).ListWards(pb.ListWardsRequest()).wards
    assert [ward.name for ward in wards] == ["Phường Bình Phước", "Phường Đồng Xoài"]
    assert sum(len(ward.former) for ward in wards) == 8
    for ward in wards:
        for former in ward.former:
            made = create(channel, ward_code=ward.code, former_ward_code=former.code)
            assert (made.ward_name, made.former_ward_code) == (ward.name, former.code)


def test_a_request_sent_twice_makes_one_programme(channel: grpc.Channel, database: Database) -> None:
    """The second answer is the first one's, and the trail has one row."""
    request = pb.CreateProgrammeRequest(request_id=key(), programme=programme_message())
    assert city(channel).CreateProgramme(request) == city(channel).CreateProgramme(request)
    assert rows(database, "SELECT count(*) FROM programme")[0][0] == 1
    trail = rows(database, "SELECT action, subject FROM audit")
    assert [row.action for row in trail] == ["programme.create"]
    assert trail[0].subject.startswith("person:")


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("code", "Hùng Vương", "code"),
        ("code", "", "code"),
        ("name", " ", "name"),
        ("ward_code", "25205", "ward_code"),
        ("former_ward_code", "25210", "former_ward_code"),
        ("former_ward_code", "99999", "former_ward_code"),
        ("start_date", "01/01/2026", "start_date"),
        ("end_date", "2025-12-31", "end_date"),
        ("close_minute", 300, "close_minute"),
        ("cut_off_minute", 1_441, "cut_off_minute"),
        ("sale_seconds", 30, "sale_seconds"),
        ("kind", pb.Programme.KIND_UNSPECIFIED, "kind"),
    ],
)
def test_a_wrong_field_is_named(channel: grpc.Channel, field: str, value: object, named: str) -> None:
    """A ward that is only on the list of 2023 is as wrong as a date in words."""
    with refused(BadStallField) as facts:
        create(channel, **{field: value})
    assert facts["field"] == named


def test_sections_are_needed_once_each_and_on_the_sheet(channel: grpc.Channel) -> None:
    """A stall has to stand somewhere that can be drawn."""
    with refused(ProgrammeHasNoSections):
        create(channel, sections=[])
    twice = [pb.Section(code=code, name="Dãy", width=1, height=1) for code in ("a", "A")]
    with refused(SectionTwice):
        create(channel, sections=twice)
    for wrong in (
        {"code": "A", "name": "Dãy", "x": 999, "width": 2},
        {"code": "A", "name": "Dãy", "width": 0},
        {"code": "Dãy A", "name": "Dãy", "width": 1},
        {"code": "A", "name": "", "width": 1},
    ):
        with refused(BadStallField):
            create(channel, sections=[pb.Section(height=1, **wrong)])
    many = [pb.Section(code=f"A{place}", name="Dãy", width=1, height=1) for place in range(61)]
    with refused(BadStallField):
        create(channel, sections=many)


def test_a_taken_code_is_refused(channel: grpc.Channel) -> None:
    """For a new programme and for one that changes its code."""
    create(channel, code="cho-dem")
    with refused(ProgrammeCodeTaken):
        create(channel, code="Cho-Dem")
    other = create(channel, code="cho-sang")
    other.code = "cho-dem"
    with refused(ProgrammeCodeTaken):
        update(channel, other)


def test_stalls_follow_their_programme(channel: grpc.Channel, database: Database) -> None:
    """Hours, dates and name reach codes and phones at once; a stall with hours of its own keeps these."""
    made = create(channel)
    place = make_programme(id=UUID(made.id))
    own = open_stall(database, place, number="A1", default_rule=DefaultRule.OPENING_HOURS).stall
    given = seen(channel, own.id)
    given.open_minute, given.close_minute = 300, 700
    city(channel).UpdateStall(pb.UpdateStallRequest(request_id=key(), stall=given))
    follows = open_stall(
        database, place, OTHER_ORGANISATION, number="A2", default_rule=DefaultRule.OPENING_HOURS
    ).stall
    waits = waiting_stall(database, place, UUID(int=7), number="A3")
    gone = open_stall(database, place, UUID(int=8), number="A4").stall
    withdraw = pb.WithdrawStallRequest(request_id=key(), id=str(gone.id), reason="Nghỉ bán")
    city(channel).WithdrawStall(withdraw)
    told, before = len(stall_events(database)), seen(channel, follows.id)
    made.name, made.open_minute, made.close_minute, made.end_date = "Phố đêm", 420, 1_320, "2026-12-31"
    update(channel, made)
    assert [hours(channel, id) for id in (own.id, follows.id, waits.id)] == [
        (300, 700),
        (420, 1_320),
        (420, 1_320),
    ]
    assert {event.stall_id for event in stall_events(database)[told:]} == {
        str(each.id) for each in (own, follows, waits)
    }
    newest = {payable.payable_id: payable for payable in payables(database)}
    default = newest[str(follows.id)].account_default
    assert (default.open_minute, default.close_minute) == (420, 1_320)
    assert newest[str(follows.id)].group_name == "Phố đêm"
    assert newest[str(own.id)].account_default.open_minute == 300
    # Who had the stall before his eyes meanwhile has to look again: its old hours do not become its own.
    with refused(ChangedMeanwhile):
        city(channel).UpdateStall(pb.UpdateStallRequest(request_id=key(), stall=before))


def test_hours_like_the_programmes_are_no_hours_of_its_own(channel: grpc.Channel, database: Database) -> None:
    """A stall that was given other hours and then the programme's again follows it again."""
    made = create(channel)
    stall = waiting_stall(database, make_programme(id=UUID(made.id)))
    for wanted in ((300, 700), (made.open_minute, made.close_minute)):
        message = seen(channel, stall.id)
        message.open_minute, message.close_minute = wanted
        city(channel).UpdateStall(pb.UpdateStallRequest(request_id=key(), stall=message))
        assert hours(channel, stall.id) == wanted
    made.open_minute = 480
    update(channel, made)
    assert hours(channel, stall.id) == (480, made.close_minute)


def test_another_block_is_no_news_for_stalls(channel: grpc.Channel, database: Database) -> None:
    """What stalls and phones do not show of their programme does not wake them."""
    made = create(channel)
    stall = waiting_stall(database, make_programme(id=UUID(made.id)))
    before = seen(channel, stall.id)
    made.sections.add(code="C", name="Dãy C", y=10, width=10, height=4)
    update(channel, made)
    assert seen(channel, stall.id) == before
    assert stall_events(database) == []


def test_an_update_needs_the_version_that_was_seen(channel: grpc.Channel) -> None:
    """Of two persons who change it, the second hears that the first was faster."""
    made = create(channel)
    made.name = "Chợ đêm"
    changed = update(channel, made)
    assert (changed.name, changed.version) == ("Chợ đêm", 2)
    with refused(ChangedMeanwhile):
        update(channel, made)
    unknown = pb.Programme()
    unknown.CopyFrom(changed)
    unknown.id = key()
    with refused(ProgrammeNotFound):
        update(channel, unknown)
    with refused(ProgrammeNotFound):
        visitor(channel).GetProgramme(pb.GetProgrammeRequest(id="khong-co"))


def test_sections_keep_their_ids_and_may_change_places(channel: grpc.Channel) -> None:
    """Two sections swap their codes, a third is new; stalls stay where they stand."""
    made = create(channel)
    first, second = made.sections[0].id, made.sections[1].id
    made.sections[0].code, made.sections[1].code = "B", "A"
    made.sections.add(code="C", name="Dãy C", width=1, height=1)
    changed = update(channel, made)
    assert [section.code for section in changed.sections] == ["B", "A", "C"]
    assert [section.id for section in changed.sections][:2] == [first, second]


def test_a_section_with_stalls_cannot_go(channel: grpc.Channel, database: Database) -> None:
    """An empty one can."""
    made = create(channel)
    waiting_stall(database, make_programme(id=UUID(made.id)), section_code="A")
    only_b = pb.Programme()
    only_b.CopyFrom(made)
    del only_b.sections[0]
    with refused(SectionInUse):
        update(channel, only_b)
    del made.sections[1]
    assert [section.code for section in update(channel, made).sections] == ["A"]


def test_only_the_city_makes_programmes(channel: grpc.Channel) -> None:
    """A merchant, a market inspector and a visitor are refused."""
    request = pb.CreateProgrammeRequest(request_id=key(), programme=programme_message())
    for caller in (merchant(channel), inspector(channel), visitor(channel)):
        with refused(errors.PermissionDenied):
            caller.CreateProgramme(request)
