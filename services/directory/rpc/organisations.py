"""RPCs on organisations and their API keys."""

from __future__ import annotations

import grpc
from sqlalchemy.orm import Session

from kit import pages
from kit.auth import Subject
from services.directory.flows import api_keys, organisations
from services.directory.rpc import forms
from services.directory.rpc.desk import Desk
from xoai.directory.v1 import directory_service_pb2 as pb


class OrganisationDesk(Desk):
    """Made, edited, found; keys of their own systems."""

    def CreateOrganisation(
        self, request: pb.CreateOrganisationRequest, context: grpc.ServicerContext
    ) -> pb.Organisation:
        def work(session: Session, subject: Subject) -> pb.Organisation:
            value = request.organisation
            fields = {
                name: getattr(value, name)
                for name in ("name", "address", "ward_code", "phone", "budget_code")
            }
            kind = forms.kind_from_proto(value.kind)
            return forms.organisation(organisations.create(session, subject, kind, value.code, fields))

        return self._edge.command(context, request, pb.Organisation, work)

    def UpdateOrganisation(
        self, request: pb.UpdateOrganisationRequest, context: grpc.ServicerContext
    ) -> pb.Organisation:
        def work(session: Session, subject: Subject) -> pb.Organisation:
            value = request.organisation
            id = forms.uuid(value.id)
            subject.require("organisations.manage", id)
            fields = {name: getattr(value, name) for name in organisations.FIELDS}
            return forms.organisation(organisations.edit(session, subject, id, value.version, fields))

        return self._edge.command(context, request, pb.Organisation, work)

    def GetOrganisation(
        self, request: pb.GetOrganisationRequest, context: grpc.ServicerContext
    ) -> pb.Organisation:
        return self._edge.query(
            context, lambda session, _: forms.organisation(organisations.get(session, forms.uuid(request.id)))
        )

    def GetPublicOrganisation(
        self, request: pb.GetPublicOrganisationRequest, context: grpc.ServicerContext
    ) -> pb.PublicOrganisation:
        def work(session: Session, _: Subject) -> pb.PublicOrganisation:
            row = organisations.get(session, forms.uuid(request.id))
            return pb.PublicOrganisation(
                id=str(row.organisation_id),
                kind=forms.kind_to_proto(row.kind),
                name=row.name,
                address=row.address,
                phone=row.phone,
            )

        return self._edge.query(context, work)

    def ListOrganisations(
        self, request: pb.ListOrganisationsRequest, context: grpc.ServicerContext
    ) -> pb.ListOrganisationsResponse:
        kind = forms.kind_from_proto(request.kind).value if request.kind else ""
        filters = ("organisations", kind, request.query)
        size = pages.size(request.page_size)
        after = pages.position(request.page_token, filters, self._key)

        def work(session: Session, _: Subject) -> pb.ListOrganisationsResponse:
            rows = organisations.find_all(session, kind, request.query, after, size + 1)
            page, token = pages.cut(rows, size, lambda row: [row.code], filters, self._key)
            return pb.ListOrganisationsResponse(
                organisations=[forms.organisation(row) for row in page], next_page_token=token
            )

        return self._edge.query(context, work)

    def CreateApiKey(self, request: pb.CreateApiKeyRequest, context: grpc.ServicerContext) -> pb.ApiKey:
        def work(session: Session, subject: Subject) -> pb.ApiKey:
            place = forms.uuid(request.organisation_id)
            row, secret = api_keys.create(session, subject, place, request.name, list(request.permissions))
            return forms.api_key(row, secret)

        return self._edge.command(context, request, pb.ApiKey, work, shown_once="secret")

    def RevokeApiKey(self, request: pb.RevokeApiKeyRequest, context: grpc.ServicerContext) -> pb.ApiKey:
        return self._edge.command(
            context,
            request,
            pb.ApiKey,
            lambda session, subject: forms.api_key(api_keys.revoke(session, subject, forms.uuid(request.id))),
        )

    def ListApiKeys(
        self, request: pb.ListApiKeysRequest, context: grpc.ServicerContext
    ) -> pb.ListApiKeysResponse:
        found = self._edge.query(
            context, lambda session, _: api_keys.find_all(session, forms.uuid(request.organisation_id))
        )
        return pb.ListApiKeysResponse(api_keys=[forms.api_key(row) for row in found])
