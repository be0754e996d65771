"""RPCs on the audit trail."""

from __future__ import annotations

import json
from datetime import date

import grpc
from sqlalchemy.orm import Session

from kit import audit, pages
from kit.auth import Subject
from kit.errors import PermissionDenied
from kit.grpc_server import caller_of
from kit.messages import timestamp
from services.directory.domain import BadField
from services.directory.flows import naming
from services.directory.rpc import forms
from services.directory.rpc.desk import Desk
from xoai.directory.v1 import directory_service_pb2 as pb


class TrailDesk(Desk):
    """Who did what, and whether the trail is whole."""

    def ListAuditEntries(
        self, request: pb.ListAuditEntriesRequest, context: grpc.ServicerContext
    ) -> pb.ListAuditEntriesResponse:
        organisation_id = forms.uuid(request.organisation_id) if request.organisation_id else None
        day = _day(request.date)
        filters = ("audit", request.organisation_id, request.subject, request.date)
        size = pages.size(request.page_size)
        position = pages.position(request.page_token, filters, self._key)
        before = int(position[0]) if position else None

        def work(session: Session, _: Subject) -> pb.ListAuditEntriesResponse:
            rows = audit.find(
                session,
                organisation_id=organisation_id,
                subject=request.subject,
                day=day,
                before=before,
                limit=size + 1,
            )
            page, token = pages.cut(rows, size, lambda row: [row.id], filters, self._key)
            entries = [
                pb.AuditEntry(
                    id=row.id,
                    create_time=timestamp(row.create_time),
                    subject=row.subject,
                    action=row.action,
                    object=row.object,
                    organisation_id=str(row.organisation_id or ""),
                    detail_json=json.dumps(row.detail, ensure_ascii=False),
                )
                for row in page
            ]
            return pb.ListAuditEntriesResponse(entries=entries, next_page_token=token)

        return self._edge.query(context, work)

    def VerifyAudit(
        self, request: pb.VerifyAuditRequest, context: grpc.ServicerContext
    ) -> pb.VerifyAuditResponse:
        # The chain runs over all organisations: who sees a part of it only cannot follow it.
        if not caller_of(context).subject.tenants("audit.read").everywhere:
            raise PermissionDenied(permission="audit.read")
        with self._database.begin() as session:
            broken = audit.broken_link(session)
            return pb.VerifyAuditResponse(entries=audit.count(session), broken_id=broken or 0)

    def NameSubjects(
        self, request: pb.NameSubjectsRequest, context: grpc.ServicerContext
    ) -> pb.NameSubjectsResponse:
        return self._edge.query(
            context,
            lambda session, _: pb.NameSubjectsResponse(names=naming.names_of(session, request.labels)),
        )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise BadField(
            field="date", what_vi="Ngày có dạng 2026-11-30.", what_en="A day has the form 2026-11-30."
        ) from error
