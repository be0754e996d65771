"""The directory in memory: one school, one accountant who signs in, one API key."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import grpc

from kit import auth, clock, errors
from kit.auth import Kind, Permission, Subject
from tests.support.fake_access import SUBJECT_KEY, everybody
from tests.support.fake_bills import ACCOUNT, OTHER_SCHOOL, SCHOOL, stamp
from xoai.directory.v1 import directory_service_pb2 as directory_pb
from xoai.directory.v1 import directory_service_pb2_grpc as directory_grpc

if TYPE_CHECKING:
    from tests.support.fake_platform import FakePlatform

PASSWORD = "mot cau de nho cua toi"
API_KEY = "xoai_key_of_the_school"


class LoginRefused(errors.Unauthenticated):
    reason = "LOGIN_REFUSED"
    vi = "Tên đăng nhập hoặc mật khẩu chưa đúng."
    en = "The sign-in name or the password is not right."


class WeakPassword(errors.InvalidArgument):
    reason = "WEAK_PASSWORD"
    vi = "Mật khẩu cần ít nhất 12 ký tự."
    en = "The password needs at least 12 characters."


class Directory(directory_grpc.DirectoryServiceServicer):
    """One school, one accountant, one API key."""

    PERMISSIONS = everybody(directory_pb, "DirectoryService", ListAccounts=Permission("directory.read"))

    def __init__(self, platform: FakePlatform) -> None:
        self._platform = platform

    def _session(self, token: str, *, shown: bool = False) -> directory_pb.Session:
        subject = self._platform.subject()
        school = directory_pb.Membership(
            organisation_id=SCHOOL,
            organisation_name="Trường Tiểu học Hoa Mai",
            organisation_kind=directory_pb.Organisation.KIND_SCHOOL,
            role="school_accountant",
        )
        return directory_pb.Session(
            session_token=token if shown else "",
            subject_token=auth.sign(subject, SUBJECT_KEY),
            csrf_token=f"csrf of {token}",
            person=directory_pb.Person(
                id=subject.id,
                name=subject.name,
                login="lan.chi@hoamai.example",
                memberships=[school],
                permissions=sorted(self._platform.permissions),
            ),
        )

    def _open(self) -> directory_pb.Session:
        token = uuid.uuid4().hex
        self._platform.sessions[token] = "person"
        return self._session(token, shown=True)

    def Login(self, request: Any, context: grpc.ServicerContext) -> directory_pb.Session:
        if request.login != "lan.chi@hoamai.example" or request.password != self._platform.password:
            raise LoginRefused()
        return self._open()

    def ResolveSession(self, request: Any, context: grpc.ServicerContext) -> directory_pb.Session:
        if request.session_token not in self._platform.sessions:
            raise errors.Unauthenticated()
        return self._session(request.session_token)

    def Logout(self, request: Any, context: grpc.ServicerContext) -> directory_pb.LogoutResponse:
        self._platform.sessions.pop(request.session_token, None)
        return directory_pb.LogoutResponse()

    def ChangePassword(self, request: Any, context: grpc.ServicerContext) -> directory_pb.Session:
        if request.old_password != self._platform.password:
            raise LoginRefused()
        if len(request.new_password) < 12:
            raise WeakPassword()
        self._platform.password = request.new_password
        self._platform.sessions.clear()
        return self._open()

    def ResolveApiKey(self, request: Any, context: grpc.ServicerContext) -> directory_pb.SubjectToken:
        if request.api_key != API_KEY:
            raise errors.Unauthenticated()
        subject = Subject(
            Kind.API_KEY, str(uuid.UUID(int=8)), "Phần mềm trường", {SCHOOL: self._platform.permissions}
        )
        return directory_pb.SubjectToken(subject_token=auth.sign(subject, SUBJECT_KEY), name=subject.name)

    def GetInvitation(self, request: Any, context: grpc.ServicerContext) -> directory_pb.Invitation:
        if request.token != "invited":
            raise errors.NotFound()
        return directory_pb.Invitation(
            person_name="Trịnh Hoài Nam",
            login="hoai.nam@example",
            expire_time=stamp(clock.now() + timedelta(days=7)),
        )

    def AcceptInvitation(self, request: Any, context: grpc.ServicerContext) -> directory_pb.Session:
        if len(request.password) < 12:
            raise WeakPassword()
        return self._open()

    def GetPublicOrganisation(
        self, request: Any, context: grpc.ServicerContext
    ) -> directory_pb.PublicOrganisation:
        kinds = directory_pb.Organisation.Kind
        names = {
            SCHOOL: ("Trường Tiểu học Hoa Mai", kinds.KIND_SCHOOL),
            OTHER_SCHOOL: ("Điện lực Đồng Xoài (thử)", kinds.KIND_UTILITY),
        }
        if request.id not in names:
            raise errors.NotFound()
        name, kind = names[request.id]
        return directory_pb.PublicOrganisation(
            id=request.id, kind=kind, name=name, address="Phường Bình Phước", phone="0271 000 1122"
        )

    def ListOrganisations(
        self, request: Any, context: grpc.ServicerContext
    ) -> directory_pb.ListOrganisationsResponse:
        kinds = directory_pb.Organisation.Kind
        return directory_pb.ListOrganisationsResponse(
            organisations=[
                directory_pb.Organisation(
                    id=SCHOOL, kind=kinds.KIND_SCHOOL, name="Trường Tiểu học Hoa Mai", code="th-hoa-mai"
                ),
                directory_pb.Organisation(
                    id=OTHER_SCHOOL, kind=kinds.KIND_UTILITY, name="Điện lực Đồng Xoài (thử)", code="dien"
                ),
            ]
        )

    def ListAccounts(self, request: Any, context: grpc.ServicerContext) -> directory_pb.ListAccountsResponse:
        account = directory_pb.Account(
            id=ACCOUNT,
            organisation_id=SCHOOL,
            bin="970436",
            account_number="9021000011187",
            holder_name="TRUONG TIEU HOC HOA MAI",
            purpose="Thu dịch vụ",
            state=directory_pb.Account.STATE_ACTIVE,
        )
        return directory_pb.ListAccountsResponse(accounts=[account])
