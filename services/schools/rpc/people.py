"""RPCs on single pupils: one who comes late, one who changes class, one who leaves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import grpc
from sqlalchemy import Row
from sqlalchemy.orm import Session

from kit.auth import Subject
from kit.grpc_server import Edge
from services.schools.domain.errors import PupilNotFound
from services.schools.flows import enrolling, withdrawals
from services.schools.rpc import forms
from services.schools.store import issuing as issuing_store
from services.schools.store import pupils as pupil_store
from xoai.schools.v1 import schools_service_pb2 as pb
from xoai.schools.v1 import schools_service_pb2_grpc as pb_grpc


class People(pb_grpc.SchoolsServiceServicer):
    """The part of the servicer that deals with one pupil at a time."""

    _edge: Edge
    _wake_worker: Callable[[], None]

    def GetPupil(self, request: pb.GetPupilRequest, context: grpc.ServicerContext) -> pb.Pupil:
        return self._edge.query(context, lambda session, _: _pupil(session, forms.uuid(request.id)))

    def CreatePupil(self, request: pb.CreatePupilRequest, context: grpc.ServicerContext) -> pb.Pupil:
        def work(session: Session, subject: Subject) -> pb.Pupil:
            organisation_id = forms.uuid(request.organisation_id)
            subject.require("schools.manage", organisation_id)
            texts = {field.name: value for field, value in request.pupil.ListFields()}
            id = enrolling.create(session, subject, organisation_id, request.school_year, texts)
            return _pupil(session, id)

        return self._edge.command(context, request, pb.Pupil, work)

    def MovePupil(self, request: pb.MovePupilRequest, context: grpc.ServicerContext) -> pb.Pupil:
        def work(session: Session, subject: Subject) -> pb.Pupil:
            id = forms.uuid(request.id)
            enrolling.move(session, subject, id, request.class_name, request.date)
            return _pupil(session, id)

        return self._edge.command(context, request, pb.Pupil, work)

    def WithdrawPupil(self, request: pb.WithdrawPupilRequest, context: grpc.ServicerContext) -> pb.Pupil:
        def work(session: Session, subject: Subject) -> pb.Pupil:
            id = forms.uuid(request.id)
            withdrawals.withdraw(session, subject, id, request.date, request.reason)
            return _pupil(session, id)

        pupil = self._edge.command(context, request, pb.Pupil, work)
        self._wake_worker()
        return pupil


def _pupil(session: Session, id: UUID) -> pb.Pupil:
    row: Row[Any] | None = pupil_store.get(session, id)
    if row is None:
        raise PupilNotFound()
    voids = issuing_store.voids_of(session, row.id)
    return forms.pupil(row, pupil_store.identifiers(session, row.id), voids)
