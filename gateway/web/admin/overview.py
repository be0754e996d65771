"""The way in: what waits for an administrator, and finding an organisation or a person."""

from __future__ import annotations

import asyncio

from starlette.responses import Response

from gateway.access import holds
from gateway.guards import CurrentPage, page_routes
from gateway.page import Page
from gateway.web.admin.frame import ROOT, kinds, require, show
from gateway.web.admin.trail import rows_of
from xoai.directory.v1 import directory_service_pb2 as pb
from xoai.intake.v1 import intake_service_pb2 as intake_pb

routes = page_routes()
_FOUND, _LATEST = 20, 8


async def _connections(page: Page) -> list[intake_pb.Connection]:
    if not page.viewer.may("intake.read"):
        return []
    intake = page.state.clients.intake
    reply = await page.call(intake.ListConnections, intake_pb.ListConnectionsRequest())
    return list(reply.connections)


async def _exceptions(page: Page) -> list[intake_pb.IntakeException]:
    if not page.viewer.may("intake.read"):
        return []
    request = intake_pb.ListExceptionsRequest(page_size=_LATEST)
    return list((await page.call(page.state.clients.intake.ListExceptions, request)).exceptions)


async def _entries(page: Page) -> list[pb.AuditEntry]:
    if not page.viewer.may("audit.read"):
        return []
    request = pb.ListAuditEntriesRequest(page_size=_LATEST)
    return list((await page.call(page.state.clients.directory.ListAuditEntries, request)).entries)


@routes.get("/quan-tri", holds("directory.read"), include_in_schema=False)
async def overview(page: CurrentPage) -> Response:
    """What waits, what is silent, what was done last."""
    require(page, "organisations.manage", "people.manage", "accounts.approve", "accounts.propose")
    if not page.viewer.may("organisations.manage"):
        return page.redirect(f"{ROOT}/tai-khoan")
    directory = page.state.clients.directory
    accounts, connections, exceptions, entries, listed = await asyncio.gather(
        page.call(directory.ListAccounts, pb.ListAccountsRequest(only_waiting=True)),
        _connections(page),
        _exceptions(page),
        _entries(page),
        page.call(directory.ListOrganisations, pb.ListOrganisationsRequest(page_size=200)),
    )
    names = {row.id: row.name for row in listed.organisations}
    proposed = [row for row in accounts.accounts if row.state == pb.Account.STATE_PROPOSED]
    return show(
        page,
        "overview",
        _title(page, len(proposed)),
        tab="",
        proposed=proposed,
        cooling=[row for row in accounts.accounts if row.state == pb.Account.STATE_COOLING],
        silent=[row for row in connections if not row.disabled and not row.HasField("last_callback_time")],
        connections=[row for row in connections if not row.disabled],
        exceptions=exceptions,
        entries=await rows_of(page, entries),
        organisations=names,
        count=len(listed.organisations),
        more=bool(listed.next_page_token),
    )


def _title(page: Page, waiting: int) -> str:
    if not waiting:
        return page.gettext("Không có việc nào chờ duyệt")
    return page.catalogue.ngettext(
        "%(num)s tài khoản chờ người thứ hai duyệt", "%(num)s tài khoản chờ người thứ hai duyệt", waiting
    ) % {"num": waiting}


@routes.get("/quan-tri/tim", holds("organisations.manage"), include_in_schema=False)
async def find(page: CurrentPage, tim: str = "") -> Response:
    """Organisations and people by words of their names."""
    directory, query = page.state.clients.directory, tim.strip()[:80]
    organisations: list[pb.Organisation] = []
    people: list[pb.Person] = []
    if query:
        found, persons = await asyncio.gather(
            page.call(
                directory.ListOrganisations, pb.ListOrganisationsRequest(query=query, page_size=_FOUND)
            ),
            page.call(directory.ListPeople, pb.ListPeopleRequest(query=query, page_size=_FOUND)),
        )
        organisations, people = list(found.organisations), list(persons.people)
    title = page.gettext("Tìm “%(query)s”", query=query) if query else page.gettext("Tìm đơn vị hoặc người")
    return show(
        page,
        "search",
        title,
        tab="/tim",
        searched=query,
        organisations=organisations,
        people=people,
        kinds=kinds(page),
    )
