"""The way in: which school, and what stands there now."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from starlette.responses import Response

from gateway.access import holds
from gateway.guards import CurrentPage, page_routes
from gateway.page import Page
from gateway.shell import Shell
from gateway.web.school.frame import School, outside, school_of
from gateway.web.school.money_in import Sums, sums_of
from xoai.directory.v1 import directory_service_pb2 as directory_pb
from xoai.schools.v1 import schools_service_pb2 as pb

routes = page_routes()
READ = holds("schools.read")
_ROUNDS, _IMPORTS = 6, 5


@dataclass(frozen=True, slots=True)
class RoundCard:
    """A round with its sums; None before anything is released."""

    round: pb.Round
    total: Sums | None


@routes.get("/truong", READ, include_in_schema=False)
async def choose(page: CurrentPage, chon: bool = False) -> Response:
    """Leads to the viewer's school; who acts for several chooses one."""
    schools = {
        row.organisation_id: row
        for row in page.viewer.memberships(directory_pb.Organisation.KIND_SCHOOL)
        if page.viewer.may("schools.read", row.organisation_id)
    }
    if len(schools) == 1 and not chon:
        return page.redirect(f"/truong/{outside('org', next(iter(schools)))}")
    return _chooser(page, list(schools.values()))


def _chooser(page: Page, schools: list[directory_pb.Membership]) -> Response:
    rows = [(row.organisation_name, f"/truong/{outside('org', row.organisation_id)}") for row in schools]
    return page.render("school/choose.html", shell=Shell(unit="Xoài", home="/"), schools=rows)


@routes.get("/truong/{org}", READ, include_in_schema=False)
async def overview(page: CurrentPage, org: str) -> Response:
    """Rounds that are open, and the last files."""
    school = await school_of(page, org)
    clients = page.state.clients
    rounds, imports = await asyncio.gather(
        page.call(
            clients.schools.ListRounds, pb.ListRoundsRequest(organisation_id=school.id, page_size=_ROUNDS)
        ),
        page.call(
            clients.schools.ListImports, pb.ListImportsRequest(organisation_id=school.id, page_size=_IMPORTS)
        ),
    )
    cards = await cards_of(school, rounds.rounds)
    waiting = sum(card.total.unpaid for card in cards if card.total)
    return school.render(
        "overview",
        page.gettext("Tổng quan"),
        tab="",
        cards=cards,
        waiting=waiting,
        imports=imports.imports,
    )


async def cards_of(school: School, rounds: list[pb.Round]) -> list[RoundCard]:
    """Rounds with what came in for them, asked together."""

    async def card(round_: pb.Round) -> RoundCard:
        if round_.state != pb.Round.STATE_RELEASED:
            return RoundCard(round_, None)
        return RoundCard(round_, (await sums_of(school, round_.id))[1])

    return list(await asyncio.gather(*(card(round_) for round_ in rounds)))
