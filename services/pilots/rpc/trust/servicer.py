"""The servicer: who may call what, what is asked of other services first, and each call's transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import grpc
from prometheus_client import Counter
from sqlalchemy.orm import Session

from kit import pages
from kit.auth import Permission, Subject
from kit.grpc_server import Edge, caller_of
from kit.references.code import Kind, kind_of
from services.pilots.domain.errors_trust import NothingScanned, VisitReferenceUnknown
from services.pilots.domain.visits import consent_of, reference_of
from services.pilots.flows import alarms, boards, checks, feeds, visits
from services.pilots.flows.checks import Scan
from services.pilots.ports.bills import Bills
from services.pilots.ports.scans import Scans
from services.pilots.rpc.trust.messages import (
    alarm_to,
    board_stall_to,
    check_to,
    feed_to,
    summary_to,
    uuid_in,
    visit_to,
)
from xoai.pilots.v1 import trust_service_pb2 as pb
from xoai.pilots.v1 import trust_service_pb2_grpc as pb_grpc

CHECKS: Final = Counter("xoai_stand_checks_total", "Checks of stalls' boards by outcome", ["outcome"])
VISITS: Final = Counter("xoai_helper_visits_total", "Visits of volunteers that began")

_INSPECT: Final = Permission("pilots.inspect")
_SERVE: Final = Permission("helper.serve")
PERMISSIONS: Final[Mapping[str, Permission]] = {
    # Two permissions open it, and a look at others' stalls is needed to say whose a code is: the flow decides.
    "CheckStand": Permission(anyone=True),
    "ReportStand": Permission(anyone=True),
    "ListAlarms": _INSPECT,
    "CloseAlarm": _INSPECT,
    "ListBoards": _INSPECT,
    "GetBoard": _INSPECT,
    "ListBankFeeds": Permission(anyone=True),
    "BeginHelperVisit": _SERVE,
    "GetHelperVisit": _SERVE,
    "ListHelperVisits": _SERVE,
    "MarkGuidePrinted": _SERVE,
}


class TrustServicer(pb_grpc.TrustServiceServicer):
    """RPCs of the trust area; `page_key` signs page tokens, `visits_a_day` is the most a volunteer may begin."""

    PERMISSIONS: Mapping[str, Permission] = PERMISSIONS

    def __init__(self, edge: Edge, scans: Scans, bills: Bills, page_key: str, visits_a_day: int) -> None:
        self._edge = edge
        self._scans = scans
        self._bills = bills
        self._page_key = page_key
        self._most = visits_a_day

    def CheckStand(self, request: pb.CheckStandRequest, context: grpc.ServicerContext) -> pb.StandCheck:
        checks.require_checker(caller_of(context).subject, of_own_stall=bool(request.stall_id))
        payload = request.payload.strip()
        if not payload:
            raise NothingScanned()
        stall_id = uuid_in("stall_id", request.stall_id) if request.stall_id else None
        scan = Scan(payload[: checks.MOST_KEPT], self._scans.read(payload), stall_id)
        banks = self._scans.banks()

        def effect(session: Session, subject: Subject) -> pb.StandCheck:
            return check_to(checks.check_stand(session, subject, scan, banks))

        checked = self._edge.command(context, request, pb.StandCheck, effect)
        CHECKS.labels(pb.StandCheck.Outcome.Name(checked.outcome).removeprefix("OUTCOME_").lower()).inc()
        return checked

    def ReportStand(
        self, request: pb.ReportStandRequest, context: grpc.ServicerContext
    ) -> pb.ReportStandResponse:
        def report(session: Session, _: Subject) -> pb.ReportStandResponse:
            alarms.report_stand(session, request.code, request.text)
            return pb.ReportStandResponse()

        return self._edge.query(context, report)

    def ListAlarms(
        self, request: pb.ListAlarmsRequest, context: grpc.ServicerContext
    ) -> pb.ListAlarmsResponse:
        programme_id = uuid_in("programme_id", request.programme_id) if request.programme_id else None
        banks = self._scans.banks()

        def read(session: Session, _: Subject) -> pb.ListAlarmsResponse:
            found = alarms.list_alarms(session, programme_id=programme_id, with_closed=request.with_closed)
            return pb.ListAlarmsResponse(alarms=[alarm_to(alarm, banks) for alarm in found])

        return self._edge.query(context, read)

    def CloseAlarm(self, request: pb.CloseAlarmRequest, context: grpc.ServicerContext) -> pb.Alarm:
        id = uuid_in("id", request.id)
        banks = self._scans.banks()
        return self._edge.command(
            context,
            request,
            pb.Alarm,
            lambda session, subject: alarm_to(alarms.close_alarm(session, subject, id, request.note), banks),
        )

    def ListBoards(
        self, request: pb.ListBoardsRequest, context: grpc.ServicerContext
    ) -> pb.ListBoardsResponse:
        return self._edge.query(
            context,
            lambda session, _: pb.ListBoardsResponse(
                boards=[summary_to(each) for each in boards.list_boards(session)]
            ),
        )

    def GetBoard(self, request: pb.GetBoardRequest, context: grpc.ServicerContext) -> pb.Board:
        parts = ["board", request.programme_id]
        size = pages.size(request.page_size)
        after = pages.position(request.page_token, parts, self._page_key)

        def read(session: Session, _: Subject) -> pb.Board:
            summary, found = boards.get_board(session, request.programme_id, after, size + 1)
            page, token = pages.cut(
                found, size, lambda each: (each.number_key, str(each.id)), parts, self._page_key
            )
            return pb.Board(
                summary=summary_to(summary),
                stalls=[board_stall_to(stall) for stall in page],
                next_page_token=token,
            )

        return self._edge.query(context, read)

    def ListBankFeeds(
        self, request: pb.ListBankFeedsRequest, context: grpc.ServicerContext
    ) -> pb.ListBankFeedsResponse:
        banks = self._scans.banks()
        return self._edge.query(
            context,
            lambda session, _: pb.ListBankFeedsResponse(
                feeds=[feed_to(*each, banks) for each in sorted(feeds.list_feeds(session).items())]
            ),
        )

    def BeginHelperVisit(
        self, request: pb.BeginHelperVisitRequest, context: grpc.ServicerContext
    ) -> pb.HelperVisit:
        consent = consent_of(request.consent, consented=request.consented)
        reference = reference_of(request.reference)
        if kind_of(reference) is Kind.INVOICE and not self._bills.exists(reference):
            raise VisitReferenceUnknown(reference=reference)

        def effect(session: Session, subject: Subject) -> pb.HelperVisit:
            visit, today = visits.begin(session, subject, reference, consent, self._most)
            return visit_to(visit, today, self._most)

        # The stored answer to the request holds no reference: it is wiped from the visit, and from nowhere else.
        begun = self._edge.command(context, request, pb.HelperVisit, effect, shown_once="reference")
        VISITS.inc()
        return begun

    def GetHelperVisit(
        self, request: pb.GetHelperVisitRequest, context: grpc.ServicerContext
    ) -> pb.HelperVisit:
        id = uuid_in("id", request.id)
        return self._edge.query(
            context,
            lambda session, subject: visit_to(*visits.get(session, subject, id), self._most),
        )

    def ListHelperVisits(
        self, request: pb.ListHelperVisitsRequest, context: grpc.ServicerContext
    ) -> pb.ListHelperVisitsResponse:
        def read(session: Session, subject: Subject) -> pb.ListHelperVisitsResponse:
            found = visits.list_today(session, subject)
            return pb.ListHelperVisitsResponse(
                visits=[visit_to(visit, len(found), self._most) for visit in found],
                visits_today=len(found),
                most_a_day=self._most,
            )

        return self._edge.query(context, read)

    def MarkGuidePrinted(
        self, request: pb.MarkGuidePrintedRequest, context: grpc.ServicerContext
    ) -> pb.HelperVisit:
        id = uuid_in("id", request.id)

        def effect(session: Session, subject: Subject) -> pb.HelperVisit:
            return visit_to(*visits.mark_printed(session, subject, id), self._most)

        return self._edge.command(context, request, pb.HelperVisit, effect, shown_once="reference")
