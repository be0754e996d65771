"""RPCs on sessions, passwords, second factors and API keys at the door."""

from __future__ import annotations

from uuid import UUID

import grpc

from kit import auth
from kit.errors import PermissionDenied
from kit.grpc_server import caller_of
from services.directory.domain import OnlyInTrial, SecondFactorMissing
from services.directory.flows import logins, people, second_factor
from services.directory.one_time_codes import CodeKeeper
from services.directory.rpc import forms
from services.directory.rpc.desk import Desk
from xoai.directory.v1 import directory_service_pb2 as pb


class LoginDesk(Desk):
    """Sessions run as the worker: before the answer nobody knows whose rows they are."""

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

    def StartSecondFactor(
        self, request: pb.StartSecondFactorRequest, context: grpc.ServicerContext
    ) -> pb.SecondFactorSecret:
        with self._database.begin() as session:
            secret, uri = second_factor.start(session, self._keeper(), request.session_token)
        return pb.SecondFactorSecret(secret=secret, uri=uri)

    def ProveSecondFactor(
        self, request: pb.ProveSecondFactorRequest, context: grpc.ServicerContext
    ) -> pb.Session:
        with self._database.begin() as session:
            result = second_factor.prove(session, self._keeper(), request.session_token, request.code)
        return self._session(result, "")

    def ShowSecondFactorCode(
        self, request: pb.ShowSecondFactorCodeRequest, context: grpc.ServicerContext
    ) -> pb.SecondFactorCode:
        if not self._is_trial:
            raise OnlyInTrial()
        with self._database.begin() as session:
            code, seconds_left = second_factor.show_code(session, self._keeper(), request.session_token)
        return pb.SecondFactorCode(code=code, seconds_left=seconds_left)

    def _keeper(self) -> CodeKeeper:
        if self._codes is None:
            raise SecondFactorMissing()
        return self._codes

    def _session(self, result: logins.LoggedIn | logins.Failed, session_token: str) -> pb.Session:
        if isinstance(result, logins.Failed):
            raise result.error
        return forms.session(result, self._key, session_token)
