"""How many credits wait for a person, and how long, for those who run the city: no amounts, no organisations."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

import grpc

from kit import clock
from kit.auth import Permission
from kit.grpc_server import Edge
from kit.messages import timestamp
from services.reconciliation.store import queue
from xoai.reconciliation.v1 import reconciliation_service_pb2 as pb

PERMISSIONS: Final[Mapping[str, Permission]] = {"SummariseExceptions": Permission("city.read")}
_OLD: Final = timedelta(hours=24)


class ExceptionsDesk:
    """Counts and ages, no more."""

    _edge: Edge

    def SummariseExceptions(
        self, request: pb.SummariseExceptionsRequest, context: grpc.ServicerContext
    ) -> pb.ExceptionsSummary:
        now = clock.now()
        found = self._edge.query(context, lambda session, _: queue.ages(session, now - _OLD))
        waiting = [row for row in found if not row.is_parked]
        oldest = min((row.oldest_time for row in waiting), default=None)
        return pb.ExceptionsSummary(
            as_of=timestamp(now),
            count=sum(row.count for row in waiting),
            oldest_time=timestamp(oldest) if oldest else None,
            reasons=[
                pb.ExceptionCount(reason=row.reason, count=row.count, oldest_time=timestamp(row.oldest_time))
                for row in sorted(waiting, key=lambda row: (-row.count, row.reason))
            ],
            parked=sum(row.count for row in found if row.is_parked),
            old=sum(row.old for row in waiting),
        )
