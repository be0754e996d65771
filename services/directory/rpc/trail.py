"""RPCs on the audit trail."""

from __future__ import annotations

import grpc

from kit.rpc.trail import Trail
from services.directory.flows import naming
from services.directory.rpc.desk import Desk
from xoai.directory.v1 import directory_service_pb2 as pb


class TrailDesk(Desk):
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

    def NameSubjects(
        self, request: pb.NameSubjectsRequest, context: grpc.ServicerContext
    ) -> pb.NameSubjectsResponse:
        return self._edge.query(
            context,
            lambda session, _: pb.NameSubjectsResponse(names=naming.names_of(session, request.labels)),
        )

    @property
    def _trail(self) -> Trail:
        return Trail(self._edge, self._key, pb)
