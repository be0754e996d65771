"""ClockService: the one offset of demo and tests, kept by the directory and asked for by every process."""

from __future__ import annotations

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

_FARTHEST: Final = timedelta(days=3_660)


class ClockServicer(pb_grpc.ClockServiceServicer):
    """Moves the clock in demo and tests; in production it always stands on the true time."""

    PERMISSIONS: Mapping[str, Permission] = {
        "GetClock": Permission(anyone=True),
        "MoveClock": Permission("organisations.manage", services=("cli",)),
    }

    def __init__(self, database: Database, *, is_trial: bool) -> None:
        self._database, self._is_trial = database, is_trial

    def restore(self) -> None:
        """Take up the offset again after a restart."""
        if self._is_trial:
            with self._database.begin() as session:
                clock.set_offset(timedelta(seconds=store.clock_offset(session)))

    def GetClock(self, request: pb.GetClockRequest, context: grpc.ServicerContext) -> pb.Clock:
        if not self._is_trial:
            return pb.Clock()
        with self._database.begin() as session:
            return pb.Clock(offset_seconds=store.clock_offset(session))

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
        clock.set_offset(timedelta(seconds=seconds))
        return pb.Clock(offset_seconds=seconds)
