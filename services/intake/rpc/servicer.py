"""IntakeService: one method per RPC."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

import grpc
from sqlalchemy.orm import Session

from kit import clock, pages
from kit.auth import Permission, Subject
from kit.db import Database
from kit.grpc_server import Edge
from kit.rpc import trail
from kit.rpc.trail import Trail
from kit.seal import Sealer
from services.intake import jobs
from services.intake.flows import again, connections
from services.intake.rpc import forms, probe
from services.intake.store import connections as store
from xoai.intake.v1 import intake_service_pb2 as pb
from xoai.intake.v1 import intake_service_pb2_grpc as pb_grpc


class IntakeServicer(pb_grpc.IntakeServiceServicer):
    """Provider connections, callbacks and exceptions."""

    PERMISSIONS: Mapping[str, Permission] = {
        "CreateConnection": Permission("intake.manage"),
        "GetConnection": Permission("intake.read"),
        "ListConnections": Permission("intake.read"),
        "AddSecret": Permission("intake.manage"),
        "RemoveSecret": Permission("intake.manage"),
        "SetVirtualAccounts": Permission("intake.manage"),
        "ListVirtualAccounts": Permission("intake.read"),
        "SetConfirmAbove": Permission("intake.manage"),
        "GetActivity": Permission("intake.read"),
        **trail.PERMISSIONS,
        "DisableConnection": Permission("intake.manage"),
        "TestConnection": Permission("intake.manage"),
        "ListCallbacks": Permission("intake.read"),
        "GetCallback": Permission("intake.read"),
        "ListExceptions": Permission("intake.read"),
        "CloseException": Permission("intake.close"),
        "ReadAgain": Permission("intake.close"),
        "PullNow": Permission("intake.manage", services=("cli",)),
        "SummariseIntake": Permission("intake.read", services=("cli", "gateway")),
    }

    def __init__(self, database: Database, sealer: Sealer, subject_key: str, public_url: str) -> None:
        self._database, self._edge = database, Edge(database)
        self._sealer, self._key, self._public_url = sealer, subject_key, public_url
        self._trail = Trail(self._edge, subject_key, pb)

    def CreateConnection(
        self, request: pb.CreateConnectionRequest, context: grpc.ServicerContext
    ) -> pb.Connection:
        def work(session: Session, subject: Subject) -> pb.Connection:
            organisation_id = forms.uuid(request.organisation_id)
            subject.require("intake.manage", organisation_id)
            names = ("provider", "name", "auth", "secret", "bin", "confirm_above", "pull_url", "pull_secret")
            values: dict[str, Any] = {name: getattr(request, name) for name in names}
            values["account_numbers"] = list(request.account_numbers)
            values["allowed_addresses"] = list(request.allowed_addresses)
            return _shown(
                session, connections.create(session, subject, self._sealer, organisation_id, values)
            )

        return self._edge.command(context, request, pb.Connection, work)

    def GetConnection(self, request: pb.GetConnectionRequest, context: grpc.ServicerContext) -> pb.Connection:
        return self._edge.query(context, lambda session, _: _shown(session, forms.uuid(request.id)))

    def ListConnections(
        self, request: pb.ListConnectionsRequest, context: grpc.ServicerContext
    ) -> pb.ListConnectionsResponse:
        organisation_id = forms.uuid(request.organisation_id) if request.organisation_id else None

        def work(session: Session, _: Subject) -> pb.ListConnectionsResponse:
            rows = store.find(session, organisation_id)
            secrets = store.secrets(session, [row.id for row in rows])
            return pb.ListConnectionsResponse(connections=[forms.connection(row, secrets) for row in rows])

        return self._edge.query(context, work)

    def AddSecret(self, request: pb.AddSecretRequest, context: grpc.ServicerContext) -> pb.Connection:
        id = forms.uuid(request.connection_id)
        return self._change(
            context,
            request,
            id,
            lambda s, who: connections.add_secret(s, who, self._sealer, id, request.secret),
        )

    def RemoveSecret(self, request: pb.RemoveSecretRequest, context: grpc.ServicerContext) -> pb.Connection:
        id, secret_id = forms.uuid(request.connection_id), forms.uuid(request.secret_id)
        return self._change(
            context, request, id, lambda s, who: connections.remove_secret(s, who, id, secret_id)
        )

    def SetVirtualAccounts(
        self, request: pb.SetVirtualAccountsRequest, context: grpc.ServicerContext
    ) -> pb.Connection:
        id = forms.uuid(request.connection_id)
        rows = [
            (item.virtual_account, item.account_number, item.payer_id) for item in request.virtual_accounts
        ]
        return self._change(
            context, request, id, lambda s, who: connections.set_virtual_accounts(s, who, id, rows)
        )

    def ListVirtualAccounts(
        self, request: pb.ListVirtualAccountsRequest, context: grpc.ServicerContext
    ) -> pb.ListVirtualAccountsResponse:
        id = forms.uuid(request.connection_id)
        rows = self._edge.query(context, lambda session, _: store.list_virtual_accounts(session, id))
        return pb.ListVirtualAccountsResponse(
            virtual_accounts=[
                pb.VirtualAccount(
                    virtual_account=row.virtual_account,
                    account_number=row.account_number,
                    payer_id=row.payer_id,
                )
                for row in rows
            ]
        )

    def SetConfirmAbove(
        self, request: pb.SetConfirmAboveRequest, context: grpc.ServicerContext
    ) -> pb.Connection:
        id = forms.uuid(request.connection_id)
        return self._change(
            context,
            request,
            id,
            lambda s, who: connections.set_confirm_above(s, who, id, request.confirm_above),
        )

    def DisableConnection(
        self, request: pb.DisableConnectionRequest, context: grpc.ServicerContext
    ) -> pb.Connection:
        id = forms.uuid(request.connection_id)
        return self._change(
            context, request, id, lambda s, who: connections.disable(s, who, id, request.reason)
        )

    def TestConnection(
        self, request: pb.TestConnectionRequest, context: grpc.ServicerContext
    ) -> pb.TestConnectionResponse:
        # The secrets are read in one transaction; the calls over the network happen after it.
        row, secrets = self._edge.query(
            context, lambda session, _: self._secrets_in_force(session, request.connection_id)
        )
        since = clock.now()
        test = probe.Probe(self._public_url, row)
        test.run(
            secrets,
            lambda: self._edge.query(context, lambda session, _: store.kept_since(session, row.id, since)),
        )
        return test.answer

    def GetActivity(self, request: pb.GetActivityRequest, context: grpc.ServicerContext) -> pb.Activity:
        id = forms.uuid(request.connection_id)

        def work(session: Session, _: Subject) -> pb.Activity:
            connections.get(session, id)
            row = store.activity(session, id, clock.today())
            return pb.Activity(
                callbacks=row.callbacks,
                callbacks_today=row.callbacks_today,
                reports=row.reports,
                repeats=row.repeats,
                refused=row.refused,
                exceptions_open=row.exceptions,
            )

        return self._edge.query(context, work)

    def ListCallbacks(
        self, request: pb.ListCallbacksRequest, context: grpc.ServicerContext
    ) -> pb.ListCallbacksResponse:
        size, filters = pages.size(request.page_size), ("callbacks", request.connection_id)
        position = pages.position(request.page_token, filters, self._key)
        before = UUID(position[0]) if position else None

        def work(session: Session, _: Subject) -> pb.ListCallbacksResponse:
            rows = store.list_callbacks(session, forms.uuid(request.connection_id), before, size + 1)
            page, token = pages.cut(rows, size, lambda row: [row.id], filters, self._key)
            return pb.ListCallbacksResponse(
                callbacks=[forms.callback(row) for row in page], next_page_token=token
            )

        return self._edge.query(context, work)

    def GetCallback(self, request: pb.GetCallbackRequest, context: grpc.ServicerContext) -> pb.Callback:
        id = forms.uuid(request.id) if request.id else None
        report = forms.uuid(request.report_id) if request.report_id else None
        row = self._edge.query(context, lambda session, _: store.get_callback(session, id, report))
        if row is None:
            raise connections.ConnectionNotFound()
        return forms.callback(row)

    def ListExceptions(
        self, request: pb.ListExceptionsRequest, context: grpc.ServicerContext
    ) -> pb.ListExceptionsResponse:
        size, filters = (
            pages.size(request.page_size),
            ("exceptions", request.organisation_id, request.with_closed),
        )
        position = pages.position(request.page_token, filters, self._key)
        before = UUID(position[0]) if position else None
        organisation_id = forms.uuid(request.organisation_id) if request.organisation_id else None

        def work(session: Session, _: Subject) -> pb.ListExceptionsResponse:
            rows = store.list_exceptions(session, organisation_id, request.with_closed, before, size + 1)
            page, token = pages.cut(rows, size, lambda row: [row.id], filters, self._key)
            return pb.ListExceptionsResponse(
                exceptions=[forms.exception(row) for row in page], next_page_token=token
            )

        return self._edge.query(context, work)

    def CloseException(
        self, request: pb.CloseExceptionRequest, context: grpc.ServicerContext
    ) -> pb.IntakeException:
        return self._edge.command(
            context,
            request,
            pb.IntakeException,
            lambda s, who: forms.exception(
                connections.close_exception(s, who, forms.uuid(request.id), request.reason)
            ),
        )

    def ReadAgain(self, request: pb.ReadAgainRequest, context: grpc.ServicerContext) -> pb.ReadAgainResponse:
        id = forms.uuid(request.exception_id)

        def work(session: Session, subject: Subject) -> pb.ReadAgainResponse:
            row, new = again.read(session, subject, id)
            return pb.ReadAgainResponse(exception=forms.exception(row), reports_new=new)

        return self._edge.command(context, request, pb.ReadAgainResponse, work)

    def PullNow(self, request: pb.PullNowRequest, context: grpc.ServicerContext) -> pb.PullNowResponse:
        id = forms.uuid(request.connection_id) if request.connection_id else None
        if id is not None:
            self._edge.query(context, lambda session, _: connections.get(session, id))
        read, new = jobs.sweep(self._database, self._sealer, id)
        return pb.PullNowResponse(transactions_read=read, reports_new=new)

    def SummariseIntake(
        self, request: pb.SummariseIntakeRequest, context: grpc.ServicerContext
    ) -> pb.SummariseIntakeResponse:
        row = self._edge.query(context, lambda session, _: store.summary(session))
        return pb.SummariseIntakeResponse(
            callbacks_accepted=row.callbacks,
            reports=row.reports,
            duplicates_ignored=int(row.repeats),
            exceptions_open=row.exceptions,
            outbox_rows=row.outbox,
        )

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

    def _change(
        self,
        context: grpc.ServicerContext,
        request: Any,
        id: UUID,
        change: Callable[[Session, Subject], None],
    ) -> pb.Connection:
        def work(session: Session, subject: Subject) -> pb.Connection:
            change(session, subject)
            return _shown(session, id)

        return self._edge.command(context, request, pb.Connection, work)

    def _secrets_in_force(self, session: Session, connection_id: str) -> tuple[Any, list[tuple[str, str]]]:
        row = connections.get(session, forms.uuid(connection_id))
        return row, [
            (item.last_four, self._sealer.open(bytes(item.sealed), place=f"connection_secret:{item.id}"))
            for item in store.secrets(session, [row.id])
            if item.remove_time is None
        ]


def _shown(session: Session, id: UUID) -> pb.Connection:
    row = connections.get(session, id)
    return forms.connection(row, store.secrets(session, [row.id]))
