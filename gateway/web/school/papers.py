"""Notices as PDF: of a class, of the round, of one family; A5, or A4 in large print."""

from __future__ import annotations

import asyncio
from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp
from starlette.responses import Response

from gateway.access import holds
from gateway.guards import CurrentPage, page_routes
from gateway.web.school.downloads import answer, send_file
from gateway.web.school.frame import School, pupil_of, round_of, school_of
from gateway.web.school.items import kinds_of
from gateway.web.school.money_in import sums_of
from gateway.web.school.overview import READ
from gateway.web.school.releases import notice_of
from kit import auth, clock
from xoai.documents.v1 import documents_service_pb2 as documents_pb
from xoai.schools.v1 import schools_service_pb2 as pb

routes = page_routes()
PRINT = holds("schools.read")
_KINDS: Final = {
    "hoc_phi": documents_pb.ITEM_KIND_TUITION,
    "dich_vu": documents_pb.ITEM_KIND_SERVICE,
    "thoa_thuan": documents_pb.ITEM_KIND_AGREED,
    "thu_ho": documents_pb.ITEM_KIND_PASS_THROUGH,
    "tu_nguyen": documents_pb.ITEM_KIND_VOLUNTARY,
}


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
    name, large = f"{round_.title}-{pupil.full_name}.pdf", co == "lon"
    if any(part.reference for part in notice.parts):
        request = pb.RenderNoticesRequest(round_id=round_.id, pupil_id=pupil.id, large_print=large)
        return await send_file(page, page.state.clients.schools.RenderNotices, request, name=name)
    kinds = {kind.code: kind for kind in (await kinds_of(school)).fee_kinds}
    content = await _preview(school, round_, notice, kinds)
    request_ = documents_pb.RenderNoticesRequest(large_print=large, file_name=name, notices=[content])
    pieces = page.state.clients.stream(
        page.state.clients.documents.RenderNotices,
        [request_],  # type: ignore[arg-type]  # a method that takes a stream takes an iterable
        page.state.clients.sign(auth.service("gateway")),
        timeout=20.0,
    )
    return await answer(pieces, name=name)


async def _preview(
    school: School, round_: pb.Round, notice: pb.Notice, kinds: dict[str, pb.FeeKind]
) -> documents_pb.NoticeContent:
    """What a paper would hold if the round were released now."""
    public = await school.page.state.bills.organisation(school.id)
    printed = Timestamp()
    printed.FromDatetime(clock.now())
    return documents_pb.NoticeContent(
        unit_name=school.name,
        unit_address=public.address,
        school_year=round_.school_year,
        round_name=round_.period,
        title=round_.title,
        pupil_name=notice.pupil_name,
        class_name=notice.class_name,
        pupil_code=notice.pupil_code,
        parts=[
            documents_pb.NoticePart(
                lines=[paper for line in part.lines for paper in _lines(line, kinds.get(line.fee_kind))],
                amount_due=part.amount,
            )
            for part in notice.parts
        ],
        due_date=round_.due_date,
        contact=round_.contact or f"{school.name} {public.phone}",
        print_time=printed,
        preview=True,
        trial=school.page.settings.is_sandbox,
    )


def _lines(line: pb.NoticeLine, kind: pb.FeeKind | None) -> list[documents_pb.NoticeLine]:
    """An item at its full amount, and what is taken off as a row of its own."""
    full = documents_pb.NoticeLine(
        title=line.title,
        amount=line.amount + line.exempted,
        kind=_KINDS.get(line.legal_kind, documents_pb.ITEM_KIND_UNSPECIFIED),
        quantity_milli=line.quantity_milli if line.unit_price else 0,
        unit=line.unit,
        source=kind.legal_basis if kind else "",
        confirmed=kind.confirmed if kind else False,
    )
    if line.unit_price:
        full.unit_price = line.unit_price
    if not line.exempted:
        return [full]
    # A paper is Vietnamese whatever the page's language.
    title = f"Miễn giảm {line.title}"
    return [full, documents_pb.NoticeLine(title=title, amount=-line.exempted, note=line.exemption_reason)]
