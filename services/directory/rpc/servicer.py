"""DirectoryService: one method per RPC."""

from __future__ import annotations

import json
from collections.abc import Mapping
from uuid import UUID

import grpc
from sqlalchemy.orm import Session

from kit import auth, pages
from kit.auth import Permission, Subject
from kit.db import Database
from kit.errors import PermissionDenied
from kit.grpc_server import Edge, caller_of
from services.directory import store
from services.directory.flows import accounts, api_keys, logins, organisations, people
from services.directory.rpc import forms
from xoai.directory.v1 import directory_service_pb2 as pb
from xoai.directory.v1 import directory_service_pb2_grpc as pb_grpc

_SERVICES = ("invoices", "schools", "documents", "intake", "reconciliation", "cli")


class DirectoryServicer(pb_grpc.DirectoryServiceServicer):
    """Organisations, accounts, people, logins."""

    PERMISSIONS: Mapping[str, Permission] = {
        "Login": Permission(anyone=True),
        "ResolveSession": Permission(anyone=True),
        "Logout": Permission(anyone=True),
        "ChangePassword": Permission(anyone=True),
        "ResolveApiKey": Permission(anyone=True),
        "GetInvitation": Permission(anyone=True),
        "AcceptInvitation": Permission(anyone=True),
        "GetPublicOrganisation": Permission(anyone=True),
        "CreateOrganisation": Permission("organisations.manage", services=("cli",)),
        "UpdateOrganisation": Permission("organisations.manage"),
        "GetOrganisation": Permission("directory.read", services=_SERVICES),
        "ListOrganisations": Permission("directory.read", services=_SERVICES),
        "ProposeAccount": Permission("accounts.propose"),
        "ApproveAccount": Permission("accounts.approve"),
        "RejectAccount": Permission("accounts.approve"),
        "RetireAccount": Permission("accounts.approve"),
        "ListAccounts": Permission("directory.read", services=_SERVICES),
        "InvitePerson": Permission("people.manage", services=("cli",)),
        "ResetPassword": Permission("people.manage"),
        "ListPeople": Permission("people.manage"),
        "DisablePerson": Permission("people.manage"),
        "GrantMembership": Permission("people.manage"),
        "RevokeMembership": Permission("people.manage"),
        "CreateApiKey": Permission("api_keys.manage"),
        "RevokeApiKey": Permission("api_keys.manage"),
        "ListApiKeys": Permission("api_keys.manage"),
        "ListAuditEntries": Permission("audit.read"),
    }

    def __init__(self, database: Database, subject_key: str) -> None:
        self._edge = Edge(database)
        self._database = database
        self._key = subject_key

    # Sessions run as the worker: before the answer nobody knows whose rows they are.
    def Login(self, request: pb.LoginRequest, context: grpc.ServicerContext) -> pb.Session:
        with self._database.begin() as session:
            result = logins.login(session, request.login, request.password, request.address)
        return self._session(result, "")

    def ResolveSession(self, request: pb.ResolveSessionRequest, context: grpc.ServicerContext) -> pb.Session:
        with self._database.begin() as session:
            result = logins.resolve(session, request.session_token)
        return self._session(result, request.session_token)

    def Logout(self, request: pb.LogoutRequest, context: grpc.ServicerContext) -> pb.LogoutResponse:
        with self._database.begin() as session:
            logins.logout(session, request.session_token)
        return pb.LogoutResponse()

    def ChangePassword(self, request: pb.ChangePasswordRequest, context: grpc.ServicerContext) -> pb.Session:
        subject = caller_of(context).subject
        if subject.kind.value != "person":
            raise PermissionDenied(permission="a person's own password")
        with self._database.begin() as session:
            result = logins.change_password(
                session, UUID(subject.id), request.old_password, request.new_password
            )
        return self._session(result, "")

    def GetInvitation(self, request: pb.GetInvitationRequest, context: grpc.ServicerContext) -> pb.Invitation:
        return self._edge.query(
            context, lambda session, _: forms.invitation(people.find_invitation(session, request.token))
        )

    def AcceptInvitation(
        self, request: pb.AcceptInvitationRequest, context: grpc.ServicerContext
    ) -> pb.Session:
        with self._database.begin() as session:
            result = logins.accept_invitation(session, request.token, request.password)
        return self._session(result, "")

    def ResolveApiKey(
        self, request: pb.ResolveApiKeyRequest, context: grpc.ServicerContext
    ) -> pb.SubjectToken:
        with self._database.begin() as session:
            subject, organisation_id = logins.resolve_api_key(session, request.api_key)
        return pb.SubjectToken(
            subject_token=auth.sign(subject, self._key),
            name=subject.name,
            organisation_ids=[str(organisation_id)],
        )

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
        filters = ("organisations", kind)
        size = pages.size(request.page_size)
        after = pages.position(request.page_token, filters, self._key)

        def work(session: Session, _: Subject) -> pb.ListOrganisationsResponse:
            rows = organisations.find_all(session, kind, after, size + 1)
            page, token = pages.cut(rows, size, lambda row: [row.code], filters, self._key)
            return pb.ListOrganisationsResponse(
                organisations=[forms.organisation(row) for row in page], next_page_token=token
            )

        return self._edge.query(context, work)

    def ProposeAccount(self, request: pb.ProposeAccountRequest, context: grpc.ServicerContext) -> pb.Account:
        def work(session: Session, subject: Subject) -> pb.Account:
            organisation_id = forms.uuid(request.organisation_id)
            subject.require("accounts.propose", organisation_id)
            return forms.account(
                accounts.propose(
                    session,
                    subject,
                    organisation_id,
                    bin=request.bin,
                    account_number=request.account_number,
                    holder_name=request.holder_name,
                    purpose=request.purpose,
                    replaces_account_id=forms.uuid(request.replaces_account_id)
                    if request.replaces_account_id
                    else None,
                    reason=request.reason,
                )
            )

        return self._edge.command(context, request, pb.Account, work)

    def ApproveAccount(self, request: pb.ApproveAccountRequest, context: grpc.ServicerContext) -> pb.Account:
        return self._edge.command(
            context,
            request,
            pb.Account,
            lambda session, subject: forms.account(
                accounts.approve(session, subject, forms.uuid(request.id))
            ),
        )

    def RejectAccount(self, request: pb.RejectAccountRequest, context: grpc.ServicerContext) -> pb.Account:
        return self._edge.command(
            context,
            request,
            pb.Account,
            lambda session, subject: forms.account(
                accounts.reject(session, subject, forms.uuid(request.id), request.reason)
            ),
        )

    def RetireAccount(self, request: pb.RetireAccountRequest, context: grpc.ServicerContext) -> pb.Account:
        return self._edge.command(
            context,
            request,
            pb.Account,
            lambda session, subject: forms.account(
                accounts.retire(session, subject, forms.uuid(request.id), request.reason)
            ),
        )

    def ListAccounts(
        self, request: pb.ListAccountsRequest, context: grpc.ServicerContext
    ) -> pb.ListAccountsResponse:
        organisation_id = forms.uuid(request.organisation_id) if request.organisation_id else None
        found = self._edge.query(context, lambda session, _: store.list_accounts(session, organisation_id))
        return pb.ListAccountsResponse(accounts=[forms.account(value) for value in found])

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

        return self._edge.command(context, request, pb.Invitation, work)

    def ResetPassword(self, request: pb.ResetPasswordRequest, context: grpc.ServicerContext) -> pb.Invitation:
        return self._edge.command(
            context,
            request,
            pb.Invitation,
            lambda session, subject: forms.invitation(
                people.reset_password(session, subject, forms.uuid(request.person_id))
            ),
        )

    def ListPeople(
        self, request: pb.ListPeopleRequest, context: grpc.ServicerContext
    ) -> pb.ListPeopleResponse:
        organisation_id = forms.uuid(request.organisation_id)
        filters = ("people", str(organisation_id))
        size = pages.size(request.page_size)
        after = pages.position(request.page_token, filters, self._key)

        def work(session: Session, _: Subject) -> pb.ListPeopleResponse:
            rows, memberships = people.find_all(session, organisation_id, after, size + 1)
            page, token = pages.cut(rows, size, lambda row: [row.name, row.id], filters, self._key)
            return pb.ListPeopleResponse(
                people=[forms.person(row, memberships[row.id]) for row in page], next_page_token=token
            )

        return self._edge.query(context, work)

    def DisablePerson(self, request: pb.DisablePersonRequest, context: grpc.ServicerContext) -> pb.Person:
        def work(session: Session, subject: Subject) -> pb.Person:
            row = people.disable(session, subject, forms.uuid(request.person_id))
            return forms.person(row, people.memberships_of(session, [row.id])[row.id])

        return self._edge.command(context, request, pb.Person, work)

    def GrantMembership(self, request: pb.GrantMembershipRequest, context: grpc.ServicerContext) -> pb.Person:
        def work(session: Session, subject: Subject) -> pb.Person:
            place = forms.uuid(request.organisation_id)
            row = people.grant(session, subject, forms.uuid(request.person_id), place, request.role)
            return forms.person(row, people.memberships_of(session, [row.id])[row.id])

        return self._edge.command(context, request, pb.Person, work)

    def RevokeMembership(
        self, request: pb.RevokeMembershipRequest, context: grpc.ServicerContext
    ) -> pb.Person:
        def work(session: Session, subject: Subject) -> pb.Person:
            place = forms.uuid(request.organisation_id)
            row = people.revoke(session, subject, forms.uuid(request.person_id), place, request.role)
            return forms.person(row, people.memberships_of(session, [row.id])[row.id])

        return self._edge.command(context, request, pb.Person, work)

    def CreateApiKey(self, request: pb.CreateApiKeyRequest, context: grpc.ServicerContext) -> pb.ApiKey:
        def work(session: Session, subject: Subject) -> pb.ApiKey:
            place = forms.uuid(request.organisation_id)
            row, secret = api_keys.create(session, subject, place, request.name, list(request.permissions))
            return forms.api_key(row, secret)

        return self._edge.command(context, request, pb.ApiKey, work)

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

    def ListAuditEntries(
        self, request: pb.ListAuditEntriesRequest, context: grpc.ServicerContext
    ) -> pb.ListAuditEntriesResponse:
        organisation_id = forms.uuid(request.organisation_id) if request.organisation_id else None
        filters = ("audit", request.organisation_id)
        size = pages.size(request.page_size)
        position = pages.position(request.page_token, filters, self._key)
        before = int(position[0]) if position else None

        def work(session: Session, _: Subject) -> pb.ListAuditEntriesResponse:
            rows = store.list_audit(session, organisation_id, before, size + 1)
            page, token = pages.cut(rows, size, lambda row: [row.id], filters, self._key)
            entries = [
                pb.AuditEntry(
                    id=row.id,
                    create_time=forms.timestamp(row.create_time),
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

    def _session(self, result: logins.LoggedIn | logins.Failed, session_token: str) -> pb.Session:
        if isinstance(result, logins.Failed):
            raise result.error
        return forms.session(result, self._key, session_token)
