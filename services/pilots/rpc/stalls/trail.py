"""RPCs on the audit trail: what the city decides about programmes, stalls, boards and phones."""

from __future__ import annotations

from typing import Final

import grpc

from kit.rpc import trail
from kit.rpc.trail import Trail
from services.pilots.domain.trail import TOLD
from services.pilots.rpc.stalls.desk import Desk
from xoai.pilots.v1 import stalls_service_pb2 as pb

PERMISSIONS: Final = trail.PERMISSIONS


class Trails(Desk):
    """Who did what, and whether the trail is whole."""

    def ListAuditEntries(
        self, request: pb.ListAuditEntriesRequest, context: grpc.ServicerContext
    ) -> pb.ListAuditEntriesResponse:
        listed: pb.ListAuditEntriesResponse = self._trail.list(request, context)
        return listed

    def VerifyAudit(
        self, request: pb.VerifyAuditRequest, context: grpc.ServicerContext
    ) -> pb.VerifyAuditResponse:
        verified: pb.VerifyAuditResponse = self._trail.verify(context)
        return verified

    @property
    def _trail(self) -> Trail:
        return Trail(self._edge, self._tools.page_key, pb, TOLD)
