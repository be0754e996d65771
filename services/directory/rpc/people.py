"""RPCs on people, their roles, passwords and second factors."""

from __future__ import annotations

from typing import Any

import grpc
from sqlalchemy import Row
from sqlalchemy.orm import Session

from kit import pages
from kit.auth import Subject
from services.directory.flows import people, second_factor
from services.directory.rpc import forms
from services.directory.rpc.desk import Desk
from xoai.directory.v1 import directory_service_pb2 as pb


class PeopleDesk(Desk):
    """Invited, found, given roles, reset, stopped."""

    def InvitePerson(self, request: pb.InvitePersonRequest, context: grpc.ServicerContext) -> pb.Invitation:
        def work(session: Session, subject: Subject) -> pb.Invitation:
            organisation_id = forms.uuid(request.organisation_id)
            invited = people.invite(
                session,
                subject,
                name=request.name,
                login=request.login,
                organisation_id=organisation_id,
                role=request.role,
            )
            return forms.invitation(invited)

        return self._edge.command(context, request, pb.Invitation, work, shown_once="token")

    def ResetPassword(self, request: pb.ResetPasswordRequest, context: grpc.ServicerContext) -> pb.Invitation:
        return self._edge.command(
            context,
            request,
            pb.Invitation,
            lambda session, subject: forms.invitation(
                people.reset_password(session, subject, forms.uuid(request.person_id))
            ),
            shown_once="token",
        )

    def GetPerson(self, request: pb.GetPersonRequest, context: grpc.ServicerContext) -> pb.Person:
        return self._edge.query(
            context, lambda session, _: _shown(session, people.get(session, forms.uuid(request.id)))
        )

    def ListPeople(
        self, request: pb.ListPeopleRequest, context: grpc.ServicerContext
    ) -> pb.ListPeopleResponse:
        organisation_id = forms.uuid(request.organisation_id) if request.organisation_id else None
        filters = ("people", request.organisation_id, request.query)
        size = pages.size(request.page_size)
        after = pages.position(request.page_token, filters, self._key)

        def work(session: Session, _: Subject) -> pb.ListPeopleResponse:
            rows, memberships = people.find_all(session, organisation_id, request.query, after, size + 1)
            page, token = pages.cut(rows, size, lambda row: [row.name, row.id], filters, self._key)
            return pb.ListPeopleResponse(
                people=[forms.person(row, memberships[row.id]) for row in page], next_page_token=token
            )

        return self._edge.query(context, work)

    def EnablePerson(self, request: pb.EnablePersonRequest, context: grpc.ServicerContext) -> pb.Person:
        return self._edge.command(
            context,
            request,
            pb.Person,
            lambda session, subject: _shown(
                session, people.enable(session, subject, forms.uuid(request.person_id))
            ),
        )

    def ResetSecondFactor(
        self, request: pb.ResetSecondFactorRequest, context: grpc.ServicerContext
    ) -> pb.Person:
        return self._edge.command(
            context,
            request,
            pb.Person,
            lambda session, subject: _shown(
                session, second_factor.reset(session, subject, forms.uuid(request.person_id))
            ),
        )

    def DisablePerson(self, request: pb.DisablePersonRequest, context: grpc.ServicerContext) -> pb.Person:
        def work(session: Session, subject: Subject) -> pb.Person:
            row = people.disable(session, subject, forms.uuid(request.person_id))
            return _shown(session, row)

        return self._edge.command(context, request, pb.Person, work)

    def GrantMembership(self, request: pb.GrantMembershipRequest, context: grpc.ServicerContext) -> pb.Person:
        def work(session: Session, subject: Subject) -> pb.Person:
            place = forms.uuid(request.organisation_id)
            row = people.grant(session, subject, forms.uuid(request.person_id), place, request.role)
            return _shown(session, row)

        return self._edge.command(context, request, pb.Person, work)

    def RevokeMembership(
        self, request: pb.RevokeMembershipRequest, context: grpc.ServicerContext
    ) -> pb.Person:
        def work(session: Session, subject: Subject) -> pb.Person:
            place = forms.uuid(request.organisation_id)
            row = people.revoke(session, subject, forms.uuid(request.person_id), place, request.role)
            return _shown(session, row)

        return self._edge.command(context, request, pb.Person, work)


def _shown(session: Session, row: Row[Any]) -> pb.Person:
    return forms.person(row, people.memberships_of(session, [row.id])[row.id])
