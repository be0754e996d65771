"""Organisations and their receiving accounts."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from gateway.access import holds
from gateway.guards import api_routes
from gateway.rest.wire import Body, CurrentApi, PageSize, PageToken, inside, name, outside, time
from xoai.directory.v1 import directory_service_pb2 as pb

routes = api_routes("Organisations")

Kind = Literal["school", "utility", "tax_office", "agency", "merchant", "city"]


class Organisation(Body):
    """A unit that collects."""

    id: str | None
    kind: Kind
    name: str
    code: str
    address: str
    ward_code: str
    phone: str
    budget_code: str
    disabled: bool
    version: int


class OrganisationPage(Body):
    organisations: list[Organisation]
    next_page_token: str


class Account(Body):
    """A receiving account. Proposed by one person, approved by another, in force after a cooling-off time."""

    id: str | None
    organisation_id: str | None
    bin: str
    account_number: str
    holder_name: str
    purpose: str
    state: Literal["proposed", "active", "rejected", "retired", "cooling"]
    active_time: datetime | None
    retire_time: datetime | None


class AccountList(Body):
    accounts: list[Account]


def to_json(organisation: pb.Organisation) -> Organisation:
    """An organisation for the outside."""
    return Organisation(
        id=outside("org", organisation.id),
        kind=name(pb.Organisation.Kind, organisation.kind, "KIND_"),  # type: ignore[arg-type]
        name=organisation.name,
        code=organisation.code,
        address=organisation.address,
        ward_code=organisation.ward_code,
        phone=organisation.phone,
        budget_code=organisation.budget_code,
        disabled=organisation.disabled,
        version=organisation.version,
    )


def account_to_json(account: pb.Account) -> Account:
    """An account for the outside."""
    return Account(
        id=outside("acc", account.id),
        organisation_id=outside("org", account.organisation_id),
        bin=account.bin,
        account_number=account.account_number,
        holder_name=account.holder_name,
        purpose=account.purpose,
        state=name(pb.Account.State, account.state, "STATE_"),  # type: ignore[arg-type]
        active_time=time(account.active_time),
        retire_time=time(account.retire_time),
    )


@routes.get("/v1/organisations", holds("directory.read"), summary="List organisations")
async def list_organisations(
    api: CurrentApi, kind: Kind | None = None, page_size: PageSize = 0, page_token: PageToken = ""
) -> OrganisationPage:
    """The organisations that the caller acts for."""
    request = pb.ListOrganisationsRequest(
        page_size=page_size,
        page_token=page_token,
        kind=pb.Organisation.Kind.Value(f"KIND_{kind.upper()}") if kind else pb.Organisation.KIND_UNSPECIFIED,
    )
    reply = await api.call(api.clients.directory.ListOrganisations, request)
    return OrganisationPage(
        organisations=[to_json(row) for row in reply.organisations], next_page_token=reply.next_page_token
    )


@routes.get("/v1/organisations/{organisation_id}", holds("directory.read"), summary="Get an organisation")
async def get_organisation(api: CurrentApi, organisation_id: str) -> Organisation:
    """One organisation."""
    request = pb.GetOrganisationRequest(id=inside("org", organisation_id))
    return to_json(await api.call(api.clients.directory.GetOrganisation, request))


@routes.get(
    "/v1/organisations/{organisation_id}/accounts", holds("directory.read"), summary="List receiving accounts"
)
async def list_accounts(api: CurrentApi, organisation_id: str) -> AccountList:
    """The receiving accounts of an organisation, former ones too."""
    request = pb.ListAccountsRequest(organisation_id=inside("org", organisation_id))
    reply = await api.call(api.clients.directory.ListAccounts, request)
    return AccountList(accounts=[account_to_json(row) for row in reply.accounts])
