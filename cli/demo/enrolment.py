"""Enrolling the city: administrators, schools, receiving accounts by two persons, accountants, bank connections."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

import httpx

from cli.demo.offices import Desk, Login, request_id
from sandbox.city.schools import SANDBOX_BIN, MadeUpSchool
from xoai.directory.v1 import directory_service_pb2 as directory_pb
from xoai.intake.v1 import intake_service_pb2 as intake_pb

# One easy password for every demo login; it exists on the machine of whoever runs the demo and nowhere else.
PASSWORD = "xoài chín Đồng Xoài 2026"


@dataclass
class EnrolledSchool:
    """A school with the ids that it got."""

    plan: MadeUpSchool
    id: str
    account: str
    second_account: str
    connection_id: str = ""
    secret: str = ""
    accountant: Desk | None = None
    login: str = ""


@dataclass
class City:
    """The enrolled city."""

    administrator: Desk
    approver: Desk
    id: str
    schools: list[EnrolledSchool] = field(default_factory=list)
    logins: list[Login] = field(default_factory=list)


def open_city(visitor: Desk, invitation_token: str) -> City:
    """The city's own organisation with its two administrators and its finance clerk."""
    administrator = visitor.accept(invitation_token, PASSWORD)
    listed = administrator.call("directory", "ListOrganisations", directory_pb.ListOrganisationsRequest())
    city_id = next(
        item.id for item in listed.organisations if item.kind == directory_pb.Organisation.KIND_CITY
    )
    approver = invite(
        visitor, administrator, "Trần Phê Duyệt", "duyet@xoai.example", city_id, "administrator"
    )
    invite(visitor, administrator, "Đỗ Đối Soát", "taichinh@xoai.example", city_id, "finance_clerk")
    city = City(administrator, approver, city_id)
    city.logins += [
        Login("Quản trị", "Lê Quản Trị", "quantri@xoai.example", PASSWORD, "Thành phố"),
        Login("Quản trị (người duyệt)", "Trần Phê Duyệt", "duyet@xoai.example", PASSWORD, "Thành phố"),
        Login("Tài chính thành phố", "Đỗ Đối Soát", "taichinh@xoai.example", PASSWORD, "Thành phố"),
    ]
    return city


def log_in(visitor: Desk, city: City) -> None:
    """The administrators log in anew: the nights have ended their sessions."""
    logins = {item.role: item.login for item in city.logins}
    city.administrator = visitor.log_in(logins["Quản trị"], PASSWORD)
    city.approver = visitor.log_in(logins["Quản trị (người duyệt)"], PASSWORD)


def add_schools(
    visitor: Desk, city: City, schools: list[MadeUpSchool], public_url: str, bank: httpx.Client
) -> None:
    """Make the schools with their people, accounts and connections."""
    for plan in schools:
        city.schools.append(_school(visitor, city, plan, public_url, bank))


def _school(
    visitor: Desk, city: City, plan: MadeUpSchool, public_url: str, bank: httpx.Client
) -> EnrolledSchool:
    organisation = city.administrator.call(
        "directory",
        "CreateOrganisation",
        directory_pb.CreateOrganisationRequest(
            request_id=request_id(),
            organisation=directory_pb.Organisation(
                kind=directory_pb.Organisation.KIND_SCHOOL,
                name=plan.name,
                code=plan.code,
                address=plan.address,
                ward_code=plan.ward_code,
                phone=plan.phone,
                budget_code=plan.budget_code,
            ),
        ),
    )
    # Both are proposed before one is in force: later accounts would wait out the cooling-off of a day.
    proposed = [
        _propose(city, organisation.id, plan, plan.account, "Thu dịch vụ"),
        _propose(city, organisation.id, plan, plan.second_account, "Thu hộ"),
    ]
    for account in proposed:
        request = directory_pb.ApproveAccountRequest(request_id=request_id(), id=account)
        city.approver.call("directory", "ApproveAccount", request)
    school = EnrolledSchool(plan, organisation.id, proposed[0], proposed[1])
    school.login = f"ketoan.{plan.code}@xoai.example"
    name = f"Kế toán {plan.name.removeprefix('Trường ')}"
    school.accountant = invite(
        visitor, city.administrator, name, school.login, organisation.id, "school_accountant"
    )
    city.logins.append(Login("Kế toán trường", name, school.login, PASSWORD, plan.name))
    school.connection_id = _connect(city, school, public_url, bank)
    return school


def _propose(city: City, organisation_id: str, plan: MadeUpSchool, number: str, purpose: str) -> str:
    proposed = city.administrator.call(
        "directory",
        "ProposeAccount",
        directory_pb.ProposeAccountRequest(
            request_id=request_id(),
            organisation_id=organisation_id,
            bin=SANDBOX_BIN,
            account_number=number,
            holder_name=plan.holder,
            purpose=purpose,
        ),
    )
    return str(proposed.id)


def invite(
    visitor: Desk, administrator: Desk, name: str, login: str, organisation_id: str, role: str
) -> Desk:
    """The desk of a new member, who has set the demo's password."""
    invitation = administrator.call(
        "directory",
        "InvitePerson",
        directory_pb.InvitePersonRequest(
            request_id=request_id(), name=name, login=login, organisation_id=organisation_id, role=role
        ),
    )
    return visitor.accept(invitation.token, PASSWORD)


def _connect(city: City, school: EnrolledSchool, public_url: str, bank: httpx.Client) -> str:
    """A provider connection for the school's accounts, known to the sandbox bank as well."""
    prefix = {"xoai": "whsec_", "vietqrvn": "xoai:"}.get(school.plan.provider, "")
    secret = school.secret = prefix + secrets.token_hex(24)
    auth = "hmac" if school.plan.provider == "sepay" else ""
    accounts = [school.plan.account, school.plan.second_account]
    connection = city.administrator.call(
        "intake",
        "CreateConnection",
        intake_pb.CreateConnectionRequest(
            request_id=request_id(),
            organisation_id=school.id,
            provider=school.plan.provider,
            name=f"Ngân hàng Thử, {school.plan.name}",
            auth=auth,
            secret=secret,
            account_numbers=accounts,
            bin=SANDBOX_BIN,
            pull_url="sandbox+" + str(bank.base_url).rstrip("/"),
        ),
    )
    answer = bank.post(
        "/connections",
        json={
            "provider": school.plan.provider,
            "url": public_url + connection.callback_path,
            "secret": secret,
            "auth": auth,
            "accounts": accounts,
            "bin": SANDBOX_BIN,
            "holder": school.plan.holder,
        },
    )
    answer.raise_for_status()
    return str(connection.id)
