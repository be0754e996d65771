"""RPCs on receiving accounts, and what is told about them."""

from __future__ import annotations

import grpc
from sqlalchemy.orm import Session

from kit.auth import Kind, Subject
from kit.errors import PermissionDenied
from kit.grpc_server import caller_of
from services.directory import store
from services.directory.flows import accounts, naming, notices
from services.directory.rpc import forms
from services.directory.rpc.desk import Desk
from xoai.directory.v1 import directory_service_pb2 as pb


class AccountDesk(Desk):
    """Proposed, approved, rejected, retired; listed; told."""

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

        def work(session: Session, _: Subject) -> pb.ListAccountsResponse:
            found = store.list_accounts(session, organisation_id, only_waiting=request.only_waiting)
            labels = [label for item in found for label in (item.propose_person_id, item.approve_person_id)]
            names = naming.names_of(session, labels)
            return pb.ListAccountsResponse(accounts=[forms.account(value, names) for value in found])

        return self._edge.query(context, work)

    def ListNotices(
        self, request: pb.ListNoticesRequest, context: grpc.ServicerContext
    ) -> pb.ListNoticesResponse:
        subject = _member(context)

        def work(session: Session, _: Subject) -> pb.ListNoticesResponse:
            rows = notices.find_all(session, forms.uuid(subject.id), with_read=request.with_read)
            names = naming.names_of(session, [row.subject for row in rows])
            return pb.ListNoticesResponse(notices=[forms.notice(row, names) for row in rows])

        return self._edge.query(context, work)

    def ReadNotices(
        self, request: pb.ReadNoticesRequest, context: grpc.ServicerContext
    ) -> pb.ReadNoticesResponse:
        subject = _member(context)
        ids = [forms.uuid(id) for id in request.ids]
        self._edge.query(context, lambda session, _: notices.read(session, forms.uuid(subject.id), ids))
        return pb.ReadNoticesResponse()


def _member(context: grpc.ServicerContext) -> Subject:
    """The person who asks, with a session that is full. Raises PermissionDenied."""
    subject = caller_of(context).subject
    if subject.kind is not Kind.PERSON or not subject.grants:
        raise PermissionDenied(permission="a member's own notices")
    return subject
