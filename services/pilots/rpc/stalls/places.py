"""Stalls: read by their merchants, their phones, the market board and the city; changed by merchants and the city."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from uuid import UUID

import grpc
from sqlalchemy.orm import Session

from kit import pages
from kit.auth import Kind, Permission, Subject
from kit.grpc_server import caller_of
from services.pilots.domain.stalls import Stall
from services.pilots.flows import access
from services.pilots.flows import stalls as flows
from services.pilots.rpc.stalls import forms
from services.pilots.rpc.stalls.desk import Desk
from services.pilots.store.stalls import StallFilter
from xoai.pilots.v1 import stalls_service_pb2 as pb

READ: Final = Permission(access.READ, services=("cli",), others=(access.CITY_READ, access.CITY_MANAGE))
MANAGE: Final = Permission(access.MANAGE, services=("cli",), others=(access.CITY_MANAGE,))
PERMISSIONS: Final[Mapping[str, Permission]] = {
    "GetStall": READ,
    "ListStalls": READ,
    "UpdateStall": MANAGE,
    "WithdrawStall": MANAGE,
}


class Places(Desk):
    """Stalls, one and many."""

    def GetStall(self, request: pb.GetStallRequest, context: grpc.ServicerContext) -> pb.Stall:
        key = _id_or_code(request.id)

        def read(session: Session, subject: Subject) -> Stall:
            stall = flows.get(session, key)
            access.require_read(session, subject, stall)
            return stall

        stall = self._edge.query(context, read)
        is_person = caller_of(context).subject.kind is Kind.PERSON
        return forms.stall_to(
            stall,
            self._codes.bank_name,
            account_changes=is_person and self._tools.directory.account_waits(stall.organisation_id),
        )

    def ListStalls(
        self, request: pb.ListStallsRequest, context: grpc.ServicerContext
    ) -> pb.ListStallsResponse:
        filter = StallFilter(
            forms.optional_uuid("programme_id", request.programme_id),
            forms.optional_uuid("organisation_id", request.organisation_id),
            request.query,
        )
        size = pages.size(request.page_size)
        after = pages.position(request.page_token, filter.parts(), self._tools.page_key)
        found = self._edge.query(
            context, lambda session, subject: flows.find(session, subject, filter, after, size + 1)
        )
        page, token = pages.cut(found, size, lambda each: each.place, filter.parts(), self._tools.page_key)
        stalls = [forms.stall_to(each.stall, self._codes.bank_name) for each in page]
        return pb.ListStallsResponse(stalls=stalls, next_page_token=token)

    def UpdateStall(self, request: pb.UpdateStallRequest, context: grpc.ServicerContext) -> pb.Stall:
        id, change = forms.uuid("id", request.stall.id), forms.change_from(request.stall)

        def effect(session: Session, subject: Subject) -> pb.Stall:
            stall = flows.update_stall(session, subject, id, change)
            return forms.stall_to(stall, self._codes.bank_name)

        self._codes.load_banks()
        return self._edge.command(context, request, pb.Stall, effect)

    def WithdrawStall(self, request: pb.WithdrawStallRequest, context: grpc.ServicerContext) -> pb.Stall:
        id = forms.uuid("id", request.id)

        def effect(session: Session, subject: Subject) -> pb.Stall:
            stall = flows.withdraw_stall(session, subject, id, request.reason)
            return forms.stall_to(stall, self._codes.bank_name)

        self._codes.load_banks()
        return self._edge.command(context, request, pb.Stall, effect)


def _id_or_code(key: str) -> UUID | str:
    try:
        return UUID(key)
    except ValueError:
        return key
