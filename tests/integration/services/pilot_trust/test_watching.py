"""Alarms by the clock, out of payments as they arrive: late banks, silent stalls, signs of fraud."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import text

from kit import auth, clock
from kit.db import Database
from kit.testing.service import staff
from services.pilots.domain.stalls import Stall
from services.pilots.flows import feeds
from services.pilots.jobs import trust
from tests.integration.services.pilot_trust.conftest import Desk
from tests.support.boards import arrival, arrive
from tests.support.stalls import open_programme, open_stall
from xoai.pilots.v1 import trust_service_pb2 as pb

INSPECTOR = staff("pilots.inspect")
QUIET = timedelta(minutes=60)


def alarms(desk: Desk, *, with_closed: bool = False) -> list[pb.Alarm]:
    return list(desk.of(INSPECTOR).ListAlarms(pb.ListAlarmsRequest(with_closed=with_closed)).alarms)


def feed(desk: Desk, bin_code: str = "970405") -> pb.BankFeed:
    """A bank's feed as any visitor sees it."""
    listed = desk.of(auth.public()).ListBankFeeds(pb.ListBankFeedsRequest()).feeds
    found: pb.BankFeed = next(each for each in listed if each.bin == bin_code)
    return found


@pytest.fixture(autouse=True)
def _half_past_ten() -> None:
    """Ten thirty of today in the city, so that the market is open whenever the test runs."""
    now = clock.now()
    wanted = now.astimezone(clock.CITY_ZONE).replace(hour=10, minute=30, second=5, microsecond=0)
    clock.set_offset(wanted.astimezone(UTC) - now)


def move(seconds: int) -> None:
    """Time goes on."""
    clock.set_offset(clock.now() - datetime.now(UTC) + timedelta(seconds=seconds))


def test_a_bank_that_tells_late_is_said_to_be_late(database: Database, desk: Desk) -> None:
    """Credits come three minutes after their time: late since the first one's bank time, one alarm, gauges set."""
    late = [arrival(bin_code="970405", delay=timedelta(minutes=3)) for _ in range(3)]
    arrive(database, *late, arrival(bin_code="970436"))
    trust.watch_feeds(database)
    trust.watch_feeds(database)
    found = feed(desk)
    assert found.bank_name == "Agribank"
    assert found.late_since.ToDatetime(UTC) == late[0].bank_time
    assert found.last_arrive_time.ToDatetime(UTC) == max(each.arrive_time for each in late)
    assert 150_000 < found.median_milliseconds < 240_000
    assert not feed(desk, "970436").HasField("late_since")
    (alarm,) = alarms(desk)
    assert (alarm.kind, alarm.bin, alarm.count) == (pb.Alarm.KIND_BANK_LATE, "970405", 1)
    assert alarm.text == "Agribank đang gửi tin chậm, từ 10:27."
    assert REGISTRY.get_sample_value("xoai_bank_feed_late", {"bin": "970405"}) == 1


def test_a_bank_in_time_again_closes_its_alarm(database: Database, desk: Desk) -> None:
    """Three credits in time end it; a run later is a new alarm, the same run closed by hand is none."""
    arrive(database, *[arrival(bin_code="970405", delay=timedelta(minutes=3)) for _ in range(3)])
    trust.watch_feeds(database)
    request = pb.CloseAlarmRequest(request_id=str(uuid4()), id=alarms(desk)[0].id, note="Đã gọi ngân hàng")
    desk.of(INSPECTOR).CloseAlarm(request)
    trust.watch_feeds(database)
    assert alarms(desk) == []
    for _ in range(3):
        move(60)
        arrive(database, arrival(bin_code="970405"))
    trust.watch_feeds(database)
    assert not feed(desk).HasField("late_since")
    move(900)
    arrive(database, *[arrival(bin_code="970405", delay=timedelta(minutes=5)) for _ in range(4)])
    trust.watch_feeds(database)
    assert [alarm.text for alarm in alarms(desk)] == ["Agribank đang gửi tin chậm, từ 10:43."]
    for _ in range(3):
        move(60)
        arrive(database, arrival(bin_code="970405"))
    trust.watch_feeds(database)
    assert alarms(desk) == []
    assert alarms(desk, with_closed=True)[0].close_note == "in_time_again"


def test_nothing_is_known_of_a_bank_after_hours(database: Database, desk: Desk) -> None:
    """A late bank that tells nothing more is not called late for ever."""
    arrive(database, *[arrival(bin_code="970405", delay=timedelta(minutes=3)) for _ in range(3)])
    trust.watch_feeds(database)
    move(3_600)
    trust.watch_feeds(database)
    assert feed(desk).HasField("late_since")
    move(6 * 3_600)
    trust.watch_feeds(database)
    assert not feed(desk).HasField("late_since")


def test_payments_are_counted_by_bank_minute_and_stall_hour(database: Database) -> None:
    """Batches add up in the same rows; what is on no stall counts for its bank alone."""
    stall = open_stall(database).stall
    now = clock.now()
    arrive(database, arrival(stall, at=now), arrival(stall, at=now), arrival(at=now))
    arrive(database, arrival(stall, at=now + timedelta(seconds=1)))
    with database.begin() as session:
        minutes = session.execute(text("SELECT programme_id, credits FROM feed_minute")).all()
        hours = session.execute(text("SELECT stall_id, payments, last_time FROM stall_hour")).all()
    assert sorted((str(row.programme_id), row.credits) for row in minutes) == [
        ("00000000-0000-0000-0000-000000000000", 1),
        (str(stall.programme_id), 3),
    ]
    assert [(row.stall_id, row.payments, row.last_time) for row in hours] == [
        (stall.id, 3, now + timedelta(seconds=1))
    ]


@pytest.fixture
def street(database: Database) -> list[Stall]:
    """Five stalls of one block that have sold around this hour on each of the last seven days."""
    programme = open_programme(database, start_date=date(2026, 1, 1))
    stalls = [open_stall(database, programme).stall for _ in range(5)]
    now = clock.now()
    for day in range(1, 8):
        past = now - timedelta(days=day)
        arrive(
            database, *[arrival(stall, at=past - timedelta(minutes=5)) for stall in stalls for _ in range(5)]
        )
    return stalls


def test_a_stall_falls_silent_and_is_heard_again(database: Database, desk: Desk, street: list[Stall]) -> None:
    """Its neighbours take money and it takes none for an hour: one alarm, which money closes."""
    quiet, *neighbours = street
    now = clock.now()
    arrive(database, arrival(quiet, at=now - timedelta(minutes=75)))
    arrive(database, *[arrival(stall, at=now - timedelta(minutes=10)) for stall in neighbours])
    trust.watch_stalls(database, QUIET)
    trust.watch_stalls(database, QUIET)
    (alarm,) = alarms(desk)
    assert (alarm.kind, alarm.stall_id, alarm.count) == (pb.Alarm.KIND_SILENT, str(quiet.id), 1)
    assert "từ 09:15" in alarm.text
    assert "4 quầy" in alarm.text
    assert REGISTRY.get_sample_value("xoai_alarms_open", {"kind": "silent"}) == 1
    move(120)
    arrive(database, arrival(quiet))
    trust.watch_stalls(database, QUIET)
    assert alarms(desk) == []
    assert alarms(desk, with_closed=True)[0].close_note == "money_came"


def test_a_silence_that_somebody_closed_is_not_told_again(
    database: Database, desk: Desk, street: list[Stall]
) -> None:
    """The board knows: the stall is ill today. Only after it took money it can fall silent anew."""
    arrive(database, *[arrival(stall) for stall in street[1:]])
    trust.watch_stalls(database, QUIET)
    request = pb.CloseAlarmRequest(request_id=str(uuid4()), id=alarms(desk)[0].id, note="Chủ quầy nghỉ ốm")
    desk.of(INSPECTOR).CloseAlarm(request)
    trust.watch_stalls(database, QUIET)
    assert alarms(desk) == []


def test_the_end_of_the_day_closes_what_was_silent(
    database: Database, desk: Desk, street: list[Stall]
) -> None:
    """A market that has closed has no silent stalls."""
    arrive(database, *[arrival(stall) for stall in street[1:]])
    trust.watch_stalls(database, QUIET)
    assert len(alarms(desk)) == 1
    move(11 * 3_600)
    trust.watch_stalls(database, QUIET)
    assert alarms(desk) == []
    assert alarms(desk, with_closed=True)[0].close_note == "closed_for_the_day"


def test_a_stall_that_seldom_sells_at_this_hour_is_left_alone(database: Database, desk: Desk) -> None:
    """New stalls have no usual trade: nothing is said of them."""
    programme = open_programme(database, start_date=date(2026, 1, 1))
    stalls = [open_stall(database, programme).stall for _ in range(5)]
    arrive(database, *[arrival(stall) for stall in stalls[1:]])
    trust.watch_stalls(database, QUIET)
    assert alarms(desk) == []


def test_signs_of_fraud_come_together(database: Database, desk: Desk) -> None:
    """Three near misses or two payments taken back in a day are an alarm; what it told is not told again."""
    stall, other = (open_stall(database).stall for _ in range(2))
    near = [arrival(stall, amount=5_000, sale_amount=50_000) for _ in range(3)]
    arrive(database, *near[:2])
    trust.watch_stalls(database, QUIET)
    assert alarms(desk) == []
    arrive(database, near[2], arrival(other, amount=49_000, sale_amount=50_000))
    trust.watch_stalls(database, QUIET)
    trust.watch_stalls(database, QUIET)
    (alarm,) = alarms(desk)
    assert (alarm.kind, alarm.stall_id, alarm.count) == (pb.Alarm.KIND_RISK, str(stall.id), 1)
    assert "3 lần" in alarm.text
    taken_back = [(uuid4(), other.id) for _ in range(2)]
    for _ in range(2):
        database.run(lambda session: feeds.record_reversals(session, taken_back))
    trust.watch_stalls(database, QUIET)
    assert {each.stall_id for each in alarms(desk)} == {str(stall.id), str(other.id)}


def test_what_is_old_is_forgotten(database: Database) -> None:
    """Minutes after a hundred days, hours and signs after nine."""
    stall = open_stall(database).stall
    arrive(database, arrival(stall, amount=5_000, sale_amount=50_000))
    move(10 * 86_400)
    trust.tidy_up(database)
    with database.begin() as session:
        left = session.execute(
            text(
                "SELECT (SELECT count(*) FROM stall_hour), (SELECT count(*) FROM stall_sign),"
                " (SELECT count(*) FROM feed_minute)"
            )
        ).one()
    assert tuple(left) == (0, 0, 1)
    move(91 * 86_400)
    trust.tidy_up(database)
    with database.begin() as session:
        assert session.execute(text("SELECT count(*) FROM feed_minute")).scalar_one() == 0
