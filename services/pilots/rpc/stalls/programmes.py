"""Programmes: made and changed by the city, read by anybody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import grpc
from sqlalchemy.orm import Session

from kit.auth import Permission, Subject
from services.pilots.domain.wards import wards_now
from services.pilots.flows import programmes as flows
from services.pilots.rpc.stalls import forms
from services.pilots.rpc.stalls.desk import Desk
from xoai.pilots.v1 import stalls_service_pb2 as pb

_MANAGE: Final = Permission("pilots.manage", services=("cli",))
PERMISSIONS: Final[Mapping[str, Permission]] = {
    "CreateProgramme": _MANAGE,
    "UpdateProgramme": _MANAGE,
    "GetProgramme": Permission(anyone=True),
    "ListProgrammes": Permission(anyone=True),
    "ListWards": Permission(anyone=True),
}


class Programmes(Desk):
    """Programmes with their sections."""

    def CreateProgramme(
        self, request: pb.CreateProgrammeRequest, context: grpc.ServicerContext
    ) -> pb.Programme:
        wish = forms.programme_from(request.programme)
        return self._edge.command(
            context,
            request,
            pb.Programme,
            lambda session, subject: forms.programme_to(flows.create(session, subject, wish)),
        )

    def UpdateProgramme(
        self, request: pb.UpdateProgrammeRequest, context: grpc.ServicerContext
    ) -> pb.Programme:
        wish = forms.programme_from(request.programme)
        return self._edge.command(
            context,
            request,
            pb.Programme,
            lambda session, subject: forms.programme_to(flows.update(session, subject, wish)),
        )

    def GetProgramme(self, request: pb.GetProgrammeRequest, context: grpc.ServicerContext) -> pb.Programme:
        return self._edge.query(
            context, lambda session, _: forms.programme_to(flows.get(session, request.id))
        )

    def ListProgrammes(
        self, request: pb.ListProgrammesRequest, context: grpc.ServicerContext
    ) -> pb.ListProgrammesResponse:
        def read(session: Session, _: Subject) -> pb.ListProgrammesResponse:
            return pb.ListProgrammesResponse(
                programmes=[forms.programme_to(each) for each in flows.every(session)]
            )

        return self._edge.query(context, read)

    def ListWards(self, request: pb.ListWardsRequest, context: grpc.ServicerContext) -> pb.ListWardsResponse:
        return pb.ListWardsResponse(
            wards=[
                pb.Ward(
                    code=ward.code,
                    name=ward.name,
                    former=[pb.Ward(code=former.code, name=former.name) for former in formers],
                )
                for ward, formers in wards_now()
            ]
        )
