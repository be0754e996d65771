"""Rows of the directory as protobuf, and fields of requests as values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from kit import auth
from kit.messages import timestamp
from services.directory.domain import Account, OrganisationKind, OrganisationNotFound, csrf_token
from services.directory.flows.logins import LoggedIn
from services.directory.flows.people import Invited
from services.directory.roles import Role, needs_second_factor
from xoai.directory.v1 import directory_service_pb2 as pb


def uuid(text: str) -> UUID:
    """An id out of a request. An empty or damaged one is answered like one that nobody has."""
    try:
        return UUID(text)
    except ValueError as error:
        raise OrganisationNotFound() from error


def kind_to_proto(kind: str) -> pb.Organisation.Kind.ValueType:
    return pb.Organisation.Kind.Value(f"KIND_{kind.upper()}")


def kind_from_proto(kind: pb.Organisation.Kind.ValueType) -> OrganisationKind:
    return OrganisationKind(pb.Organisation.Kind.Name(kind).removeprefix("KIND_").lower())


def organisation(row: Row[Any]) -> pb.Organisation:
    return pb.Organisation(
        id=str(row.organisation_id),
        kind=kind_to_proto(row.kind),
        name=row.name,
        code=row.code,
        address=row.address,
        ward_code=row.ward_code,
        phone=row.phone,
        budget_code=row.budget_code,
        disabled=row.disabled,
        create_time=timestamp(row.create_time),
        version=row.version,
    )


def account(value: Account, names: Mapping[str, str] = MappingProxyType({})) -> pb.Account:
    """An account; `names` are those of its two persons, by label."""
    return pb.Account(
        id=str(value.id),
        organisation_id=str(value.organisation_id),
        bin=value.bin,
        account_number=value.account_number,
        holder_name=value.holder_name,
        purpose=value.purpose,
        state=pb.Account.State.Value(f"STATE_{value.state.value.upper()}"),
        propose_person_id=value.propose_person_id,
        approve_person_id=value.approve_person_id,
        propose_time=timestamp(value.propose_time),
        active_time=timestamp(value.active_time),
        retire_time=timestamp(value.retire_time),
        replaces_account_id=str(value.replaces_account_id or ""),
        reason=value.reason,
        approve_time=timestamp(value.approve_time),
        propose_person_name=names.get(value.propose_person_id, ""),
        approve_person_name=names.get(value.approve_person_id, ""),
    )


def notice(row: Row[Any], names: Mapping[str, str]) -> pb.Notice:
    return pb.Notice(
        id=str(row.notice_id),
        kind=pb.Notice.Kind.Value(f"KIND_{row.kind.upper()}"),
        organisation_id=str(row.organisation_id),
        organisation_name=row.organisation_name,
        create_time=timestamp(row.notice_time),
        account=pb.Account(
            id=str(row.id),
            organisation_id=str(row.organisation_id),
            bin=row.bin,
            account_number=row.account_number,
            holder_name=row.holder_name,
            purpose=row.purpose,
            state=pb.Account.State.Value(f"STATE_{row.state.upper()}"),
            active_time=timestamp(row.active_time),
            reason=row.reason,
        ),
        person_name=names.get(row.subject, ""),
        read_time=timestamp(row.read_time),
    )


def person(row: Row[Any], memberships: Sequence[Row[Any]], permissions: Sequence[str] = ()) -> pb.Person:
    return pb.Person(
        id=str(row.id),
        name=row.name,
        login=row.login,
        disabled=row.disabled,
        invited_only=not row.password_hash,
        memberships=[
            pb.Membership(
                organisation_id=str(item.organisation_id),
                organisation_name=item.organisation_name,
                organisation_kind=kind_to_proto(item.organisation_kind),
                role=item.role,
            )
            for item in memberships
        ],
        permissions=sorted(permissions),
        has_second_factor=row.confirm_time is not None,
        needs_second_factor=any(needs_second_factor(Role(item.role)) for item in memberships),
        login_time=timestamp(row.login_time),
    )


def session(value: LoggedIn, subject_key: str, session_token: str) -> pb.Session:
    """The answer of a login; the session token is repeated only where it is new."""
    permissions = {permission for held in value.subject.grants.values() for permission in held}
    return pb.Session(
        session_token=value.token,
        subject_token=auth.sign(value.subject, subject_key),
        person=person(value.person, value.memberships, sorted(permissions)),
        expire_time=timestamp(value.expire_time),
        csrf_token=csrf_token(value.token or session_token),
        second_factor=pb.Session.SecondFactor.Value(f"SECOND_FACTOR_{value.second_factor.value.upper()}"),
        prove_time=timestamp(value.prove_time),
        unread_notices=value.unread_notices,
        idle_seconds=int(value.idle.total_seconds()),
    )


def invitation(value: Invited) -> pb.Invitation:
    return pb.Invitation(
        id=str(value.id),
        token=value.token,
        person_name=value.person.name,
        login=value.person.login,
        expire_time=timestamp(value.expire_time),
        person_id=str(value.person.id),
    )


def api_key(row: Row[Any], secret: str = "") -> pb.ApiKey:
    return pb.ApiKey(
        id=str(row.id),
        organisation_id=str(row.organisation_id),
        name=row.name,
        permissions=list(row.permissions),
        secret=secret,
        last_four=row.last_four,
        create_time=timestamp(row.create_time),
        revoke_time=timestamp(row.revoke_time),
        use_time=timestamp(row.use_time),
    )
