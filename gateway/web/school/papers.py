"""Notices as PDF: of a class, of the round, of one family; A5, or A4 in large print."""

from __future__ import annotations

import asyncio

from starlette.responses import Response

from gateway.access import holds
from gateway.guards import CurrentPage, page_routes
from gateway.web.school.downloads import send_file
from gateway.web.school.frame import pupil_of, round_of, school_of
from gateway.web.school.money_in import sums_of
from gateway.web.school.overview import READ
from gateway.web.school.releases import notice_of
from xoai.schools.v1 import schools_service_pb2 as pb

routes = page_routes()
PRINT = holds("schools.read")


@routes.get("/truong/{org}/thong-bao", READ, include_in_schema=False)
async def rounds_to_print(page: CurrentPage, org: str) -> Response:
    """Released rounds, to print their notices."""
    school = await school_of(page, org)
    request = pb.ListRoundsRequest(organisation_id=school.id, page_size=50)
    reply = await page.call(page.state.clients.schools.ListRounds, request)
    released = [round_ for round_ in reply.rounds if round_.state == pb.Round.STATE_RELEASED]
    return school.render("papers", page.gettext("Thông báo"), tab="thong-bao", rounds=released)


@routes.get("/truong/{org}/dot-thu/{rnd}/thong-bao", PRINT, include_in_schema=False)
async def round_papers(page: CurrentPage, org: str, rnd: str) -> Response:
    """The notices of a round, by class."""
    school = await school_of(page, org)
    round_ = await round_of(school, rnd)
    classes, total = await sums_of(school, round_.id)
    title = page.gettext("In thông báo")
    return school.render(
        "round_papers",
        title,
        tab="thong-bao",
        crumbs=[
            (page.gettext("Thông báo"), school.url("thong-bao")),
            (round_.title, school.round_url(round_.id)),
            (title, ""),
        ],
        round=round_,
        classes=classes,
        total=total,
    )


@routes.get("/truong/{org}/dot-thu/{rnd}/thong-bao.pdf", PRINT, include_in_schema=False)
async def notices(page: CurrentPage, org: str, rnd: str, lop: str = "", co: str = "") -> Response:
    """Notices of a class, or of all classes, as one PDF."""
    school = await school_of(page, org)
    round_ = await round_of(school, rnd)
    request = pb.RenderNoticesRequest(round_id=round_.id, class_name=lop, large_print=co == "lon")
    name = "-".join(part for part in (round_.title, lop) if part)
    return await send_file(
        page, page.state.clients.schools.RenderNotices, request, name=f"{name}.pdf", timeout=120.0
    )


@routes.get("/truong/{org}/dot-thu/{rnd}/gia-dinh/{pup}/phieu.pdf", PRINT, include_in_schema=False)
async def family_notice(page: CurrentPage, org: str, rnd: str, pup: str, co: str = "") -> Response:
    """One family's notice as PDF: the real one once it is issued, before that a preview without a code."""
    school = await school_of(page, org)
    round_, pupil = await asyncio.gather(round_of(school, rnd), pupil_of(school, pup))
    notice = await notice_of(school, round_, pupil)
    is_issued = any(part.reference for part in notice.parts)
    request = pb.RenderNoticesRequest(
        round_id=round_.id, pupil_id=pupil.id, large_print=co == "lon", preview=not is_issued
    )
    name = f"{round_.title}-{pupil.full_name}.pdf"
    return await send_file(page, page.state.clients.schools.RenderNotices, request, name=name)
