"""Trust in memory: checks of stands against the registered text, and how the banks' feeds are."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any
from uuid import UUID

import grpc

from kit import clock
from services.pilots.domain.checks import Code, Named, Naming, Outcome, Place, Unreadable, judge
from services.vietqr.domain.decode import decode
from services.vietqr.domain.errors import BadCode
from tests.support.fake_access import everybody
from tests.support.fake_bills import stamp
from xoai.pilots.v1 import trust_service_pb2 as pb
from xoai.pilots.v1 import trust_service_pb2_grpc as pb_grpc

if TYPE_CHECKING:
    from tests.support.fake_platform import FakePlatform


class Trust(pb_grpc.TrustServiceServicer):
    """Judges a scanned stand as the real service does; tests set the feeds."""

    PERMISSIONS = everybody(pb, "TrustService")

    def __init__(self, platform: FakePlatform) -> None:
        self._platform = platform
        self.feeds: list[pb.BankFeed] = []
        self.reports: list[tuple[str, str]] = []
        self.checks: list[pb.StandCheck] = []

    def CheckStand(self, request: Any, context: grpc.ServicerContext) -> pb.StandCheck:
        stall = self._platform.stalls.stalls[request.stall_id]
        place = Place(
            UUID(stall.id), UUID(stall.organisation_id), UUID(stall.programme_id), stall.number, stall.name,
            stall.reference, stall.bin, stall.account_number, stall.account_holder,
        )  # fmt: skip
        scanned = _read(request.payload)
        is_own = isinstance(scanned, Code) and scanned.reference == stall.reference
        verdict = judge(scanned, place, Named(Naming.STALL, place) if is_own else None, {})
        check = pb.StandCheck(
            id=str(uuid.uuid4()),
            stall_id=stall.id,
            stall_number=stall.number,
            stall_name=stall.name,
            outcome=pb.StandCheck.Outcome.Value(f"OUTCOME_{verdict.outcome.name}"),
            differences=[
                pb.Difference(what=each.what.value, registered=each.registered, found=each.found)
                for each in verdict.differences
            ],
            check_time=stamp(clock.now()),
            text=verdict.vi,
            text_en=verdict.en,
        )
        if verdict.outcome is Outcome.DIFFERS:
            check.alarm_id = str(uuid.uuid4())
        elif verdict.outcome is Outcome.SAME:
            stall.stand.check_time.CopyFrom(check.check_time)
        self.checks.append(check)
        return check

    def ReportStand(self, request: Any, context: grpc.ServicerContext) -> pb.ReportStandResponse:
        self.reports.append((request.code, request.text))
        return pb.ReportStandResponse()

    def ListBankFeeds(self, request: Any, context: grpc.ServicerContext) -> pb.ListBankFeedsResponse:
        return pb.ListBankFeedsResponse(feeds=self.feeds)


def _read(payload: str) -> Code | Unreadable:
    """What a scanned text says, as the real service reads it."""
    try:
        code = decode(payload).code
    except BadCode as error:
        return Unreadable(error.reason, error.text_vi, error.text_en)
    return Code(code.bin, code.account, code.additional.purpose or "", code.amount)
