"""Organisations: listed, made, edited; one organisation with all that belongs to it."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from starlette.responses import Response

from gateway.access import holds
from gateway.fields import Fields, fields_of
from gateway.guards import CurrentPage, page_routes
from gateway.page import Page
from gateway.roles import role_names
from gateway.web.admin.connections import providers
from gateway.web.admin.frame import ROOT, kinds, organisation_of, organisation_url, show
from kit.errors import Error
from kit.text import fold
from xoai.directory.v1 import directory_service_pb2 as pb
from xoai.intake.v1 import intake_service_pb2 as intake_pb

routes = page_routes()
MANAGE: Final = holds("organisations.manage")
_TEXTS: Final = ("name", "address", "ward_code", "phone", "budget_code")
_PEOPLE: Final = 50


@routes.get("/quan-tri/don-vi", MANAGE, include_in_schema=False)
async def listed(page: CurrentPage, loai: int = 0, trang: str = "") -> Response:
    """All organisations by code, of one kind if one is chosen."""
    known = kinds(page)
    kind = loai if loai in known else 0
    request = pb.ListOrganisationsRequest(kind=kind, page_token=trang)  # type: ignore[arg-type]
    found = await page.call(page.state.clients.directory.ListOrganisations, request)
    return show(
        page,
        "organisations",
        page.gettext("Đơn vị"),
        tab="/don-vi",
        organisations=found.organisations,
        next=found.next_page_token,
        first=not trang,
        kinds=known,
        kind=kind,
    )


def _form(page: Page, fields: Fields | None = None, organisation: pb.Organisation | None = None) -> Response:
    values: dict[str, Any] = {}
    if fields is not None:
        values = fields.values()
    elif organisation is not None:
        values = {name: getattr(organisation, name) for name in (*_TEXTS, "version")}
    crumbs = [(page.gettext("Đơn vị"), f"{ROOT}/don-vi")]
    title = page.gettext("Thêm đơn vị")
    if organisation is not None:
        crumbs.append((organisation.name, organisation_url(organisation.id)))
        title = page.gettext("Sửa thông tin đơn vị")
    return show(
        page,
        "organisation_form",
        title,
        tab="/don-vi",
        crumbs=[*crumbs, (title, "")],
        errors=fields.errors if fields else {},
        values=values,
        organisation=organisation,
        kinds=[(str(kind), name) for kind, name in kinds(page).items() if kind != pb.Organisation.KIND_CITY],
    )


def _code_of(name: str) -> str:
    """A code to begin with: the name's words without accents, joined by hyphens."""
    words = "".join(character if character.isalnum() else " " for character in fold(name).lower()).split()
    return "-".join(words)[:60].strip("-")


def _read(page: Page, fields: Fields) -> pb.Organisation:
    _ = page.gettext
    texts = {name: fields.text(name) for name in _TEXTS}
    if not texts["name"]:
        fields.errors["name"] = _("Ghi tên đơn vị")
    found = pb.Organisation(code=fields.text("code") or _code_of(texts["name"]))
    for name, value in texts.items():
        setattr(found, name, value)
    return found


@routes.get("/quan-tri/don-vi/moi", MANAGE, include_in_schema=False)
async def new(page: CurrentPage) -> Response:
    """The form of a new organisation."""
    return _form(page)


@routes.post("/quan-tri/don-vi/moi", MANAGE, include_in_schema=False)
async def create(page: CurrentPage) -> Response:
    """Make an organisation; its page shows what to do next."""
    fields = await fields_of(page)
    organisation = _read(page, fields)
    kind = fields.text("kind")
    if not kind.isdecimal() or int(kind) not in kinds(page):
        fields.errors["kind"] = page.gettext("Chọn loại đơn vị")
    if fields.errors:
        return _form(page, fields)
    organisation.kind = int(kind)  # type: ignore[assignment]
    request = pb.CreateOrganisationRequest(request_id=fields.request_id, organisation=organisation)
    try:
        made = await page.call(page.state.clients.directory.CreateOrganisation, request)
    except Error as error:
        fields.refuse(error, {"name": "name", "code": "code"}, "code")
        return _form(page, fields)
    return page.redirect(f"{organisation_url(made.id)}?xong=them")


@routes.get("/quan-tri/don-vi/{org}/sua", MANAGE, include_in_schema=False)
async def edit(page: CurrentPage, org: str) -> Response:
    """The form with what is known."""
    return _form(page, organisation=await organisation_of(page, org))


@routes.post("/quan-tri/don-vi/{org}/sua", MANAGE, include_in_schema=False)
async def save(page: CurrentPage, org: str) -> Response:
    """Save what was edited; who was slower than somebody else is told so."""
    before = await organisation_of(page, org)
    fields = await fields_of(page)
    wanted = _read(page, fields)
    if fields.errors:
        return _form(page, fields, before)
    wanted.id, wanted.code, wanted.disabled = before.id, before.code, before.disabled
    version = fields.text("version")
    wanted.version = int(version) if version.isdecimal() else 0
    return await _update(page, fields, before, wanted, "sua")


@routes.post("/quan-tri/don-vi/{org}/ngung", MANAGE, include_in_schema=False)
async def switch(page: CurrentPage, org: str) -> Response:
    """Stop an organisation, or let it work again: its people and keys can do nothing meanwhile."""
    before = await organisation_of(page, org)
    fields = await fields_of(page)
    wanted = pb.Organisation()
    wanted.CopyFrom(before)
    wanted.disabled = fields.text("disabled") == "1"
    return await _update(page, fields, before, wanted, "ngung" if wanted.disabled else "mo")


async def _update(
    page: Page, fields: Fields, before: pb.Organisation, wanted: pb.Organisation, done: str
) -> Response:
    request = pb.UpdateOrganisationRequest(request_id=fields.request_id, organisation=wanted)
    try:
        await page.call(page.state.clients.directory.UpdateOrganisation, request)
    except Error as error:
        fields.refuse(error, {"name": "name"}, "name")
        return _form(page, fields, before)
    return page.redirect(f"{organisation_url(before.id)}?xong={done}")


async def _allowed(page: Page, permission: str, method: Any, request: Any) -> Any:
    """What a list holds, or None where the viewer may not see it."""
    return await page.call(method, request) if page.viewer.may(permission) else None


@routes.get("/quan-tri/don-vi/{org}", MANAGE, include_in_schema=False)
async def one(page: CurrentPage, org: str) -> Response:
    """An organisation with its accounts, people, connections and keys."""
    organisation = await organisation_of(page, org)
    id, directory, intake = organisation.id, page.state.clients.directory, page.state.clients.intake
    accounts, people, connections, keys = await asyncio.gather(
        page.call(directory.ListAccounts, pb.ListAccountsRequest(organisation_id=id)),
        _allowed(
            page,
            "people.manage",
            directory.ListPeople,
            pb.ListPeopleRequest(organisation_id=id, page_size=_PEOPLE),
        ),
        _allowed(
            page,
            "intake.read",
            intake.ListConnections,
            intake_pb.ListConnectionsRequest(organisation_id=id),
        ),
        _allowed(page, "api_keys.manage", directory.ListApiKeys, pb.ListApiKeysRequest(organisation_id=id)),
    )
    bins = sorted({row.bin for row in accounts.accounts})
    banks = dict(zip(bins, await asyncio.gather(*map(page.state.bills.bank_name, bins)), strict=True))
    return show(
        page,
        "organisation",
        organisation.name,
        tab="/don-vi",
        crumbs=[(page.gettext("Đơn vị"), f"{ROOT}/don-vi"), (organisation.name, "")],
        organisation=organisation,
        kind=kinds(page)[organisation.kind],
        # The city's own organisation holds its administrators; it collects nothing.
        receives=organisation.kind != pb.Organisation.KIND_CITY,
        accounts=sorted(accounts.accounts, key=_order),
        people=people,
        connections=connections.connections if connections else None,
        keys=keys.api_keys if keys else None,
        providers=providers(page),
        roles=role_names(page.gettext),
        banks=banks,
    )


def _order(account: pb.Account) -> tuple[int, int]:
    """What waits first, then what receives, then what was."""
    states = pb.Account
    places = {states.STATE_PROPOSED: 0, states.STATE_COOLING: 1, states.STATE_ACTIVE: 2}
    return places.get(account.state, 3), -account.propose_time.seconds
