"""Trust in memory: checks of stands against the registered text, and how the banks' feeds are."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import grpc

from kit import clock
from services.vietqr.domain.decode import decode
from services.vietqr.domain.errors import BadCode
from tests.support.fake_access import everybody
from tests.support.fake_bills import stamp
from xoai.pilots.v1 import trust_service_pb2 as pb
from xoai.pilots.v1 import trust_service_pb2_grpc as pb_grpc

if TYPE_CHECKING:
    from tests.support.fake_platform import FakePlatform


class Trust(pb_grpc.TrustServiceServicer):
    """Compares account and bank of a scanned stand; tests set the feeds."""

    PERMISSIONS = everybody(pb, "TrustService")

    def __init__(self, platform: FakePlatform) -> None:
        self._platform = platform
        self.feeds: list[pb.BankFeed] = []
        self.reports: list[tuple[str, str]] = []
        self.checks: list[pb.StandCheck] = []

    def CheckStand(self, request: Any, context: grpc.ServicerContext) -> pb.StandCheck:
        stall = self._platform.stalls.stalls[request.stall_id]
        check = pb.StandCheck(
            id=str(uuid.uuid4()),
            stall_id=stall.id,
            stall_number=stall.number,
            stall_name=stall.name,
            outcome=pb.StandCheck.OUTCOME_SAME,
            check_time=stamp(clock.now()),
        )
        try:
            code = decode(request.payload).code
        except BadCode:
            check.outcome = pb.StandCheck.OUTCOME_UNREADABLE
        else:
            for what, registered, found in (
                ("bank", stall.bin, code.bin),
                ("account", stall.account_number, code.account),
                ("reference", stall.reference, code.additional.purpose or ""),
            ):
                if registered != found:
                    check.differences.add(what=what, registered=registered, found=found)
        if check.differences:
            check.outcome = pb.StandCheck.OUTCOME_DIFFERS
            check.alarm_id = str(uuid.uuid4())
        else:
            stall.stand.check_time.CopyFrom(check.check_time)
        self.checks.append(check)
        return check

    def ReportStand(self, request: Any, context: grpc.ServicerContext) -> pb.ReportStandResponse:
        self.reports.append((request.code, request.text))
        return pb.ReportStandResponse()

    def ListBankFeeds(self, request: Any, context: grpc.ServicerContext) -> pb.ListBankFeedsResponse:
        return pb.ListBankFeedsResponse(feeds=self.feeds)
