"""The one offset of demo and tests, kept by the directory and followed by other processes over real gRPC."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import grpc
import pytest
from sqlalchemy import text

from kit import auth, clock, errors
from kit.db import Database
from kit.grpc_client import OPTIONS
from kit.grpc_server import Server
from kit.rpc.clock_feed import ClockFeed
from kit.settings import Settings
from kit.testing.service import SUBJECT_KEY, Client, served, staff
from services.directory import jobs
from services.directory.rpc import ClockServicer
from tests.integration.services.directory.offices import caller, key, make_school
from xoai.common.v1 import clock_service_pb2 as pb
from xoai.common.v1 import clock_service_pb2_grpc as pb_grpc
from xoai.directory.v1 import directory_service_pb2 as directory_pb

DESCRIPTOR = pb.DESCRIPTOR.services_by_name["ClockService"]
DAY = 86_400


@contextmanager
def desk(database: Database, *permissions: str, is_trial: bool = True) -> Iterator[Client]:
    """A client of the clock, as a person with permissions."""
    servicer = ClockServicer(database, is_trial=is_trial)
    with served(DESCRIPTOR, servicer, pb_grpc.add_ClockServiceServicer_to_server) as channel:
        yield Client(pb_grpc.ClockServiceStub(channel), staff(*permissions))


def shift_seconds() -> int:
    """How far this process's clock is from the true time."""
    return round((clock.now() - datetime.now(UTC)).total_seconds())


def test_the_clock_is_moved_kept_and_audited(database: Database) -> None:
    """The directory itself moves at once, tells others, writes down who did it, and knows it after a restart."""
    with desk(database, "organisations.manage") as client:
        client.MoveClock(pb.MoveClockRequest(offset_seconds=DAY))
        assert shift_seconds() == DAY
        assert client.GetClock(pb.GetClockRequest()).offset_seconds == DAY
    with database.begin() as session:
        action = session.execute(text("SELECT action FROM audit ORDER BY id DESC LIMIT 1")).scalar_one()
    assert action == "clock.move"
    clock.set_offset(timedelta())
    ClockServicer(database, is_trial=True).restore()
    assert shift_seconds() == DAY


def test_production_refuses_to_move_and_forgets_what_was_left(database: Database) -> None:
    """Even with an offset in its table a production directory says zero and does not take it up."""
    with desk(database, "organisations.manage") as client:
        client.MoveClock(pb.MoveClockRequest(offset_seconds=DAY))
    clock.set_offset(timedelta())
    with desk(database, "organisations.manage", is_trial=False) as client:
        with pytest.raises(errors.NotFound) as refused:
            client.MoveClock(pb.MoveClockRequest(offset_seconds=DAY))
        assert refused.value.reason == "ONLY_IN_TRIAL"
        assert client.GetClock(pb.GetClockRequest()).offset_seconds == 0
    ClockServicer(database, is_trial=False).restore()
    assert shift_seconds() == 0


def test_not_everybody_may_move_it(database: Database) -> None:
    with desk(database, "directory.read") as client:
        with pytest.raises(errors.PermissionDenied):
            client.MoveClock(pb.MoveClockRequest(offset_seconds=DAY))
        assert client.GetClock(pb.GetClockRequest()).offset_seconds == 0
    with desk(database, "organisations.manage") as client, pytest.raises(errors.InvalidArgument):
        client.MoveClock(pb.MoveClockRequest(offset_seconds=20 * 365 * DAY))


def test_a_process_follows_however_far_behind_it_is(database: Database) -> None:
    """A process that starts at the true time finds a directory three years on, follows, and comes back with it."""
    server = Server("127.0.0.1:0", SUBJECT_KEY)
    server.add(DESCRIPTOR, _Fixed(), pb_grpc.add_ClockServiceServicer_to_server)
    server.start()
    settings = Settings(mode="test", subject_key=SUBJECT_KEY, grpc_addresses=f"127.0.0.1:{server.port}")  # type: ignore[arg-type]
    stop = threading.Event()
    feed = threading.Thread(target=ClockFeed(settings).run, args=(stop,))
    feed.start()
    try:
        for wanted in (3 * 365 * DAY, 60, 0):
            _Fixed.offset = wanted
            deadline = time.monotonic() + 10
            while shift_seconds() != wanted and time.monotonic() < deadline:
                time.sleep(0.05)
            assert shift_seconds() == wanted
    finally:
        stop.set()
        feed.join()
        server.stop(0)


class _Fixed(pb_grpc.ClockServiceServicer):
    """A directory whose answer the test sets; it judges the asker's token by a clock three years on."""

    PERMISSIONS = {"GetClock": auth.Permission(anyone=True), "MoveClock": auth.Permission(anyone=True)}
    offset = 0

    def GetClock(self, request: pb.GetClockRequest, context: grpc.ServicerContext) -> pb.Clock:
        token = dict(context.invocation_metadata())["authorization"].removeprefix("Bearer ")
        clock_then = clock._offset
        clock.set_offset(timedelta(days=3 * 365))
        try:
            auth.verify(str(token), SUBJECT_KEY)
        finally:
            clock.set_offset(clock_then)
        return pb.Clock(offset_seconds=_Fixed.offset)

    def MoveClock(self, request: pb.MoveClockRequest, context: grpc.ServicerContext) -> pb.Clock:
        raise errors.NotFound()


def test_a_cooling_off_ends_by_moving_the_clock(channel: grpc.Channel, database: Database) -> None:
    """Twenty-three hours are not enough; a day and a minute on, the account receives."""
    school = make_school(channel).id
    accounts = []
    for number in ("777", "778"):
        proposed = caller(channel, "accounts.propose", id="1").ProposeAccount(
            directory_pb.ProposeAccountRequest(
                request_id=key(), organisation_id=school, bin="970436", account_number=number, holder_name="A"
            )
        )
        accounts.append(proposed.id)
        approve = directory_pb.ApproveAccountRequest(request_id=key(), id=proposed.id)
        state = caller(channel, "accounts.approve", id="2").ApproveAccount(approve).state
    assert state == directory_pb.Account.STATE_COOLING
    with desk(database, "organisations.manage") as client:
        for hours, ended in ((23, 0), (24.02, 1)):
            clock.set_offset(timedelta())
            client.MoveClock(pb.MoveClockRequest(offset_seconds=round(hours * 3600)))
            assert jobs.end_cooling_off(database) == ended
            clock.set_offset(timedelta())


def test_a_process_without_neighbours_stops_when_told() -> None:
    """Nobody to ask: it waits quietly and ends."""
    settings = Settings(mode="test", subject_key=SUBJECT_KEY, grpc_addresses="invoices=127.0.0.1:1")  # type: ignore[arg-type]
    stop = threading.Event()
    feed = threading.Thread(target=ClockFeed(settings).run, args=(stop,))
    feed.start()
    assert OPTIONS
    stop.set()
    feed.join(5)
    assert not feed.is_alive()
