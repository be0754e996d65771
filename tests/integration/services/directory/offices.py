"""What people of the directory's tests do: administrators, schools, invitations, codes."""

from __future__ import annotations

import itertools
from typing import Any
from uuid import uuid4

import grpc

from kit import auth
from kit.db import Database
from kit.testing.service import Client, staff
from services.directory import bootstrap
from xoai.directory.v1 import directory_service_pb2 as pb
from xoai.directory.v1 import directory_service_pb2_grpc as pb_grpc

PASSWORD = "xoài chín mùa hè gió"
EVERYTHING = ("directory.read", "organisations.manage", "people.manage", "api_keys.manage", "audit.read")
States = pb.Session
_numbers = itertools.count(1)


def caller(
    channel: grpc.Channel,
    *permissions: str,
    organisation: str = auth.EVERYWHERE,
    id: str = "1",
    is_proved: bool = True,
) -> Any:
    """A client of a person with permissions."""
    subject = staff(*permissions, organisation=organisation, id=id, is_proved=is_proved)
    return Client(pb_grpc.DirectoryServiceStub(channel), subject)


def visitor(channel: grpc.Channel) -> Any:
    """A client of nobody in particular."""
    return Client(pb_grpc.DirectoryServiceStub(channel), auth.public())


def key() -> str:
    return f"request-{uuid4()}"


def make_school(channel: grpc.Channel, name: str = "") -> pb.Organisation:
    number = next(_numbers)
    organisation = pb.Organisation(
        kind=pb.Organisation.KIND_SCHOOL,
        name=name or f"Trường Tiểu học Số {number}",
        code=f"th-truong-{number}",
    )
    return caller(channel, *EVERYTHING).CreateOrganisation(
        pb.CreateOrganisationRequest(request_id=key(), organisation=organisation)
    )


def first_administrator(
    channel: grpc.Channel, database: Database, login: str = "admin@city.vn"
) -> pb.Session:
    """The session of a new administrator of the city, before the second factor."""
    token = bootstrap.invite_administrator(
        database, name="Lê Quản Trị", login=login, city_name="Thành phố Đồng Xoài"
    )
    return visitor(channel).AcceptInvitation(pb.AcceptInvitationRequest(token=token, password=PASSWORD))


def invite(
    channel: grpc.Channel, organisation: str, login: str, role: str, name: str = "Nguyễn Văn Mời"
) -> str:
    """The token of an invitation; empty for somebody who needs none."""
    request = pb.InvitePersonRequest(
        request_id=key(), name=name, login=login, organisation_id=organisation, role=role
    )
    return caller(channel, *EVERYTHING).InvitePerson(request).token


def member(
    channel: grpc.Channel, organisation: str, login: str, role: str, name: str = "Nguyễn Văn Mời"
) -> pb.Session:
    """The session of somebody who was invited and has set a password."""
    token = invite(channel, organisation, login, role, name)
    return visitor(channel).AcceptInvitation(pb.AcceptInvitationRequest(token=token, password=PASSWORD))


def log_in(channel: grpc.Channel, login: str) -> pb.Session:
    return visitor(channel).Login(pb.LoginRequest(login=login, password=PASSWORD, address="10.0.0.1"))


def resolve(channel: grpc.Channel, token: str) -> pb.Session:
    return visitor(channel).ResolveSession(pb.ResolveSessionRequest(session_token=token))


def enrol(channel: grpc.Channel, token: str) -> str:
    """The secret for the app of the person behind a session."""
    return visitor(channel).StartSecondFactor(pb.StartSecondFactorRequest(session_token=token)).secret


def prove(channel: grpc.Channel, token: str, code: str) -> pb.Session:
    return visitor(channel).ProveSecondFactor(pb.ProveSecondFactorRequest(session_token=token, code=code))


def as_person(channel: grpc.Channel, session: pb.Session, subject_key: str) -> Any:
    """A client of the person of a session."""
    return Client(pb_grpc.DirectoryServiceStub(channel), auth.verify(session.subject_token, subject_key))
