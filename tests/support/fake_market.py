"""What the market board and volunteers see, in memory: boards, alarms, visits, and a printer of guides."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import grpc

from kit import clock
from kit.auth import Permission
from kit.errors import NotFound
from tests.support.fake_access import everybody
from tests.support.fake_bills import stamp
from tests.support.fake_trust import Trust
from xoai.common.v1 import common_pb2
from xoai.documents.v1 import documents_service_pb2 as documents_pb
from xoai.documents.v1 import documents_service_pb2_grpc as documents_grpc
from xoai.pilots.v1 import trust_service_pb2 as pb

if TYPE_CHECKING:
    from tests.support.fake_platform import FakePlatform

_INSPECT = Permission("pilots.inspect")
_SERVE = Permission("helper.serve")
MOST_VISITS = 40
PDF = b"%PDF-1.7 guide"


class Market(Trust):
    """Boards, alarms and visits that tests set."""

    PERMISSIONS = everybody(
        pb,
        "TrustService",
        ListAlarms=_INSPECT,
        CloseAlarm=_INSPECT,
        ListBoards=_INSPECT,
        GetBoard=_INSPECT,
        BeginHelperVisit=_SERVE,
        GetHelperVisit=_SERVE,
        ListHelperVisits=_SERVE,
        MarkGuidePrinted=_SERVE,
    )

    def __init__(self, platform: FakePlatform) -> None:
        super().__init__(platform)
        self.boards: list[pb.Board] = []
        self.alarms: list[pb.Alarm] = []
        self.answer: pb.StandCheck | None = None
        self.checked: list[pb.CheckStandRequest] = []
        self.visits: list[pb.HelperVisit] = []
        self.already = 0

    def CheckStand(self, request: Any, context: grpc.ServicerContext) -> pb.StandCheck:
        if request.stall_id:
            return super().CheckStand(request, context)
        self.checked.append(request)
        assert self.answer is not None
        return self.answer

    def ListBoards(self, request: Any, context: grpc.ServicerContext) -> pb.ListBoardsResponse:
        return pb.ListBoardsResponse(boards=[board.summary for board in self.boards])

    def GetBoard(self, request: Any, context: grpc.ServicerContext) -> pb.Board:
        for board in self.boards:
            if request.programme_id in (board.summary.programme_id, board.summary.programme_code):
                return board
        raise NotFound()

    def ListAlarms(self, request: Any, context: grpc.ServicerContext) -> pb.ListAlarmsResponse:
        return pb.ListAlarmsResponse(
            alarms=[
                alarm
                for alarm in self.alarms
                if (request.with_closed or not alarm.HasField("close_time"))
                and request.programme_id in ("", alarm.programme_id)
            ]
        )

    def CloseAlarm(self, request: Any, context: grpc.ServicerContext) -> pb.Alarm:
        alarm = next(each for each in self.alarms if each.id == request.id)
        alarm.close_time.CopyFrom(stamp(clock.now()))
        alarm.close_note, alarm.close_person_name = request.note, self._platform.subject().name
        return alarm

    def BeginHelperVisit(self, request: Any, context: grpc.ServicerContext) -> pb.HelperVisit:
        sales = {sale.reference for sale in self._platform.sales.sales.values()}
        if request.reference not in self._platform.bills.keys() | sales:
            raise NotFound()
        now = clock.now()
        visit = pb.HelperVisit(
            id=str(uuid.uuid4()),
            reference=request.reference,
            consent=request.consent,
            helper_name=self._platform.subject().name,
            begin_time=stamp(now),
            view_until=stamp(now + timedelta(minutes=30)),
        )
        self.visits.insert(0, visit)
        return visit

    def end_visits(self, now: datetime) -> None:
        """Every visit may be seen until now and no longer."""
        for visit in self.visits:
            visit.view_until.CopyFrom(stamp(now))
            visit.reference = ""

    def GetHelperVisit(self, request: Any, context: grpc.ServicerContext) -> pb.HelperVisit:
        for visit in self.visits:
            if visit.id == request.id:
                return visit
        raise NotFound()

    def ListHelperVisits(self, request: Any, context: grpc.ServicerContext) -> pb.ListHelperVisitsResponse:
        return pb.ListHelperVisitsResponse(
            visits=self.visits,
            visits_today=self.already + len(self.visits),
            most_a_day=MOST_VISITS,
        )

    def MarkGuidePrinted(self, request: Any, context: grpc.ServicerContext) -> pb.HelperVisit:
        visit = self.GetHelperVisit(request, context)
        visit.print_time.CopyFrom(stamp(clock.now()))
        return visit


class Documents(documents_grpc.DocumentsServiceServicer):
    """Keeps what it was asked to print."""

    PERMISSIONS = everybody(documents_pb, "DocumentsService", RenderGuide=Permission(services=("gateway",)))

    def __init__(self) -> None:
        self.guides: list[documents_pb.RenderGuideRequest] = []

    def RenderGuide(self, request: Any, context: grpc.ServicerContext) -> Iterator[common_pb2.FileChunk]:
        self.guides.append(request)
        yield common_pb2.FileChunk(content=PDF)
