"""RPCs on a service's own audit trail, in the messages of its own contract: who did what, and whether it is whole."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import grpc
from sqlalchemy.orm import Session

from kit import audit, pages
from kit.auth import Permission, Subject
from kit.errors import FieldViolation, InvalidArgument, PermissionDenied
from kit.grpc_server import Edge, caller_of
from kit.messages import timestamp

READ = "audit.read"
PERMISSIONS = {"ListAuditEntries": Permission(READ), "VerifyAudit": Permission(READ)}


class Trail:
    """The trail behind `edge`. `messages` has AuditEntry and the responses of the two RPCs.

    `kinds`: only actions of these kinds, such as stall for stall.create, are shown to anybody; empty: all.
    """

    def __init__(self, edge: Edge, page_key: str, messages: Any, kinds: Sequence[str] = ()) -> None:
        self._edge, self._key, self._messages, self._kinds = edge, page_key, messages, tuple(kinds)

    def list(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Entries that the caller may see, newest first. Raises InvalidArgument, BadPageToken."""
        organisation_id = _organisation(request.organisation_id)
        day = _day(request.date)
        filters = ("audit", request.organisation_id, request.subject, request.date)
        size = pages.size(request.page_size)
        position = pages.position(request.page_token, filters, self._key)

        def work(session: Session, _: Subject) -> Any:
            rows = audit.find(
                session,
                organisation_id=organisation_id,
                subject=request.subject,
                day=day,
                kinds=self._kinds,
                before=int(position[0]) if position else None,
                limit=size + 1,
            )
            page, token = pages.cut(rows, size, lambda row: [row.id], filters, self._key)
            entries = [
                self._messages.AuditEntry(
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
            return self._messages.ListAuditEntriesResponse(entries=entries, next_page_token=token)

        return self._edge.query(context, work)

    def verify(self, context: grpc.ServicerContext) -> Any:
        """How many entries there are and the first that does not follow. Raises PermissionDenied."""
        # The chain runs over all organisations: who sees a part of it only cannot follow it.
        if not caller_of(context).subject.tenants(READ).everywhere:
            raise PermissionDenied(permission=READ)
        with self._edge.database.begin() as session:
            broken = audit.broken_link(session)
            return self._messages.VerifyAuditResponse(entries=audit.count(session), broken_id=broken or 0)


def _organisation(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError as error:
        field = FieldViolation(
            "organisation_id", "Mã đơn vị không đúng dạng.", "This is no organisation's id."
        )
        raise InvalidArgument(violations=[field]) from error


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        field = FieldViolation("date", "Ngày có dạng 2026-11-30.", "A day has the form 2026-11-30.")
        raise InvalidArgument(violations=[field]) from error
