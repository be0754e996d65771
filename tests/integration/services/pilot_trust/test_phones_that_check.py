"""The morning check from a stall's paired phone, and many checks in the same moment."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from sqlalchemy import text

from kit import clock
from kit.auth import Kind, Subject
from kit.db import Database
from kit.errors import Error
from kit.testing.service import staff
from services.pilots.domain.stalls import Stall
from tests.integration.services.pilot_trust.conftest import Desk
from tests.support.boards import board_of, put_up, scanned
from tests.support.stalls import open_stall
from xoai.pilots.v1 import trust_service_pb2 as pb


def paired(database: Database, stall: Stall) -> Subject:
    """A listener's phone of a stall."""
    id = uuid4()
    with database.begin() as session:
        session.execute(
            text(
                "INSERT INTO device (id, organisation_id, stall_id, role, name, user_agent, key_hash, pair_time,"
                " expire_time, see_time) VALUES (:id, :organisation, :stall, 'listener', 'Máy của Hạnh', '', :hash,"
                " :now, CAST(:now AS timestamptz) + interval '90 days', :now)"
            ),
            {
                "id": id,
                "organisation": stall.organisation_id,
                "stall": stall.id,
                "hash": id.bytes,
                "now": clock.now(),
            },
        )
    held = {str(stall.organisation_id): frozenset({"stalls.read"})}
    return Subject(Kind.DEVICE, str(id), "Máy của Hạnh", held)


def check(desk: Desk, subject: Subject, stall: Stall, payload: str) -> pb.StandCheck:
    request = pb.CheckStandRequest(request_id=str(uuid4()), stall_id=str(stall.id), payload=payload)
    answer: pb.StandCheck = desk.of(subject).CheckStand(request)
    return answer


def test_a_phone_checks_its_own_stall_and_no_other(database: Database, desk: Desk) -> None:
    """Also a phone that only listens; another stall of the same merchant is not its business."""
    first = open_stall(database)
    other = open_stall(database, first.programme, account=first.account).stall
    for stall in (first.stall, other):
        put_up(database, stall)
    phone = paired(database, first.stall)
    assert check(desk, phone, first.stall, board_of(first.stall)).outcome == pb.StandCheck.OUTCOME_SAME
    mixed_up = check(desk, phone, first.stall, board_of(other))
    assert [each.what for each in mixed_up.differences] == ["other_stall"]
    with pytest.raises(Error) as raised:
        check(desk, phone, other, board_of(other))
    assert raised.value.reason == "OTHER_STALL"
    with pytest.raises(Error) as raised:
        desk.of(phone).CheckStand(pb.CheckStandRequest(request_id="1", payload=board_of(first.stall)))
    assert raised.value.reason == "PERMISSION_DENIED"


def test_checks_in_the_same_moment_are_one_alarm(database: Database, desk: Desk) -> None:
    """Eight people scan the same pasted-over board: one alarm that counts eight."""
    stall = open_stall(database).stall
    put_up(database, stall)
    swapped = scanned("970405", "9704050000001", stall.reference)
    inspector = staff("pilots.inspect")
    with ThreadPoolExecutor(8) as pool:
        checks = list(pool.map(lambda _: check(desk, inspector, stall, swapped), range(8)))
    assert len({each.alarm_id for each in checks}) == 1
    (alarm,) = desk.of(inspector).ListAlarms(pb.ListAlarmsRequest()).alarms
    assert alarm.count == 8
