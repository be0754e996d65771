"""What waits at the desks, in memory: two reasons and what was set aside, or no answer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import grpc

from kit import clock, errors
from kit.auth import Permission
from tests.support.fake_access import everybody
from tests.support.fake_bills import stamp
from xoai.reconciliation.v1 import reconciliation_service_pb2 as pb
from xoai.reconciliation.v1 import reconciliation_service_pb2_grpc as pb_grpc


class Waiting(pb_grpc.ReconciliationServiceServicer):
    """Answers with `counts`: how much waits for each reason, and for how many hours."""

    PERMISSIONS = everybody(pb, "ReconciliationService", SummariseExceptions=Permission("city.read"))

    def __init__(self) -> None:
        self.counts = {"NO_REFERENCE": (11, 50), "UNKNOWN_ACCOUNT": (3, 5)}
        self.parked = 2
        self.is_away = False

    def SummariseExceptions(self, request: Any, context: grpc.ServicerContext) -> pb.ExceptionsSummary:
        if self.is_away:
            raise errors.Unavailable()
        now = clock.now()
        reasons = [
            pb.ExceptionCount(reason=reason, count=count, oldest_time=stamp(now - timedelta(hours=hours)))
            for reason, (count, hours) in self.counts.items()
        ]
        oldest = max((hours for _, hours in self.counts.values()), default=None)
        return pb.ExceptionsSummary(
            as_of=stamp(now),
            count=sum(count for count, _ in self.counts.values()),
            oldest_time=stamp(now - timedelta(hours=oldest)) if oldest is not None else None,
            reasons=reasons,
            parked=self.parked,
        )
