"""ClockService: the one offset of demo and tests, kept by the directory and asked for by every process."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

import grpc

from kit import audit, clock
from kit.auth import Permission
from kit.db import Database
from kit.grpc_server import caller_of
from services.directory import store
from services.directory.domain import BadField, OnlyInTrial
from xoai.common.v1 import clock_service_pb2 as pb
from xoai.common.v1 import clock_service_pb2_grpc as pb_grpc

# How long what was read of the table is told on: another directory may move the clock as well.
_FRESH_SECONDS: Final = clock.FOLLOW_SECONDS / 2
_FARTHEST: Final = timedelta(days=3_660)


class ClockServicer(pb_grpc.ClockServiceServicer):
    """Moves the clock in demo and tests; in production it always stands on the true time."""

    PERMISSIONS: Mapping[str, Permission] = {
        "GetClock": Permission(anyone=True),
        "MoveClock": Permission("organisations.manage", services=("cli",)),
    }

    def __init__(self, database: Database, *, is_trial: bool) -> None:
        self._database, self._is_trial = database, is_trial
        self._lock = threading.Lock()
        self._known: tuple[float, int] | None = None

    def restore(self) -> None:
        """Take up the offset again after a restart."""
        if self._is_trial:
            with self._database.begin() as session:
                clock.set_offset(timedelta(seconds=store.clock_offset(session)))

    def GetClock(self, request: pb.GetClockRequest, context: grpc.ServicerContext) -> pb.Clock:
        if not self._is_trial:
            return pb.Clock()
        return pb.Clock(offset_seconds=self._offset())

    def MoveClock(self, request: pb.MoveClockRequest, context: grpc.ServicerContext) -> pb.Clock:
        if not self._is_trial:
            raise OnlyInTrial()
        seconds = request.offset_seconds
        if abs(seconds) > _FARTHEST.total_seconds():
            raise BadField(
                field="offset_seconds",
                what_vi="Đồng hồ dời được nhiều nhất mười năm.",
                what_en="The clock can be moved by ten years at most.",
            )
        with self._database.begin() as session:
            store.save_clock_offset(session, seconds)
            audit.record(
                session,
                subject=caller_of(context).subject.label,
                action="clock.move",
                object="clock",
                organisation_id=None,
                detail={"offset_seconds": seconds},
            )
        with self._lock:
            self._known = None
        clock.set_offset(timedelta(seconds=seconds))
        return pb.Clock(offset_seconds=seconds)

    def _offset(self) -> int:
        """Seconds, as the table says: every process asks each second, and hears what one of them has just read."""
        with self._lock:
            now = clock.monotonic()
            if self._known is None or now - self._known[0] > _FRESH_SECONDS:
                with self._database.begin() as session:
                    self._known = (now, store.clock_offset(session))
            return self._known[1]
