"""A round in work: before release what is still to be done, afterwards who has paid, by class and one by one."""

from __future__ import annotations

import asyncio
from typing import Final

from starlette.responses import Response

from gateway.access import holds
from gateway.guards import CurrentPage, page_routes
from gateway.web.school.exports import csv_file, xlsx_file
from gateway.web.school.frame import Crumbs, School, accounts_of, outside, round_of, school_of
from gateway.web.school.items import legal_names
from gateway.web.school.money_in import late_invoices, sums_of, waiting_at_the_desk
from gateway.web.school.overview import READ
from gateway.web.school.releases import newest_job, progress_of
from xoai.invoices.v1 import invoices_service_pb2 as invoices_pb
from xoai.schools.v1 import schools_service_pb2 as pb

routes = page_routes()
READ_BILLS = holds("invoices.read")
_STATES: Final = {
    "chua-nop": (invoices_pb.Invoice.STATE_OPEN, invoices_pb.Invoice.STATE_PART_PAID),
    "thieu": (invoices_pb.Invoice.STATE_PART_PAID,),
    "du": (invoices_pb.Invoice.STATE_PAID,),
    "huy": (invoices_pb.Invoice.STATE_VOID,),
}
_EXPORT_MOST: Final = 20_000


@routes.get("/truong/{org}/dot-thu/{rnd}", READ, include_in_schema=False)
async def one_round(page: CurrentPage, org: str, rnd: str, phan: str = "", muon: int = 0) -> Response:
    """A round; with `phan` only the figures that change by themselves, beside the `muon` that the page has counted.

    What is not issued yet changes by what the office does, not by payments, and counting it means the whole school.
    """
    school = await school_of(page, org)
    round_ = await round_of(school, rnd)
    if round_.state != pb.Round.STATE_RELEASED:
        return await _draft(school, round_)
    (classes, total), waiting, late, job = await asyncio.gather(
        sums_of(school, round_.id),
        waiting_at_the_desk(school),
        _counted(muon) if phan else late_invoices(school, round_),
        newest_job(school, round_.id),
    )
    accounts = {item.account_id: item for item in round_.fee_items}
    return school.render(
        "round_part" if phan else "round",
        round_.title,
        tab="dot-thu",
        crumbs=[(page.gettext("Đợt thu"), school.url("dot-thu")), (round_.title, "")],
        round=round_,
        classes=classes,
        total=total,
        waiting=waiting,
        late=late,
        job=progress_of(job) if job else None,
        tails=[row.account_number[-4:] for row in await accounts_of(school) if row.id in accounts],
        channel=f"batch:{outside('rnd', round_.id)}",
    )


async def _counted(number: int) -> int:
    return max(number, 0)


async def _draft(school: School, round_: pb.Round) -> Response:
    """What is still to be done before release."""
    page, schools = school.page, school.page.state.clients.schools
    preview, exemptions, accounts = await asyncio.gather(
        page.call(schools.PreviewRound, pb.PreviewRoundRequest(round_id=round_.id), timeout=15.0),
        page.call(schools.ListExemptions, pb.ListExemptionsRequest(round_id=round_.id)),
        accounts_of(school),
    )
    return school.render(
        "round_draft",
        round_.title,
        tab="dot-thu",
        crumbs=[(page.gettext("Đợt thu"), school.url("dot-thu")), (round_.title, "")],
        round=round_,
        preview=preview,
        exemption_count=len(exemptions.exemptions),
        accounts={row.id: row for row in accounts},
        legal=legal_names(page.gettext),
    )


def _list_request(
    school: School, round_id: str, lop: str, trang_thai: str, tim: str
) -> invoices_pb.ListInvoicesRequest:
    return invoices_pb.ListInvoicesRequest(
        organisation_id=school.id,
        batch_id=round_id,
        group_name=lop,
        states=_STATES.get(trang_thai, ()),
        search=tim.strip()[:100],
    )


@routes.get("/truong/{org}/dot-thu/{rnd}/phieu", READ_BILLS, include_in_schema=False)
async def class_list(
    page: CurrentPage,
    org: str,
    rnd: str,
    lop: str = "",
    trang_thai: str = "",
    tim: str = "",
    trang: str = "",
    phan: str = "",
) -> Response:
    """The invoices of a round: of a class, of a state, found by a text."""
    school = await school_of(page, org, "invoices.read")
    round_ = await round_of(school, rnd)
    request = _list_request(school, round_.id, lop, trang_thai, tim)
    request.page_size, request.page_token = 60, trang
    (classes, total), reply = await asyncio.gather(
        sums_of(school, round_.id), page.call(page.state.clients.invoices.ListInvoices, request)
    )
    sums = next((item for item in classes if item.name == lop), None) if lop else total
    title = page.gettext("Lớp %(name)s", name=lop) if lop else page.gettext("Mọi phiếu")
    crumbs: Crumbs = [
        (page.gettext("Đợt thu"), school.url("dot-thu")),
        (round_.title, school.round_url(round_.id)),
        (title, ""),
    ]
    return school.render(
        "bills_part" if phan else "bills",
        title,
        tab="dot-thu",
        crumbs=crumbs,
        round=round_,
        invoices=reply.invoices,
        next=reply.next_page_token,
        is_first=not trang,
        sums=sums,
        classes=[item.name for item in classes],
        lop=lop,
        trang_thai=trang_thai if trang_thai in _STATES else "",
        sought=tim.strip(),
        several_accounts=len({item.account_id for item in round_.fee_items}) > 1,
        channel=f"batch:{outside('rnd', round_.id)}",
    )


async def _all(school: School, request: invoices_pb.ListInvoicesRequest) -> list[invoices_pb.Invoice]:
    """Every invoice of a list, page by page."""
    found: list[invoices_pb.Invoice] = []
    request.page_size = 200
    while True:
        reply = await school.page.call(school.page.state.clients.invoices.ListInvoices, request, timeout=10.0)
        found += reply.invoices
        if not reply.next_page_token or len(found) >= _EXPORT_MOST:
            return found
        request.page_token = reply.next_page_token


@routes.get("/truong/{org}/dot-thu/{rnd}/phieu.{form}", READ_BILLS, include_in_schema=False)
async def export(
    page: CurrentPage, org: str, rnd: str, form: str, lop: str = "", trang_thai: str = "", tim: str = ""
) -> Response:
    """The same list as a file, xlsx or csv."""
    school = await school_of(page, org, "invoices.read")
    round_ = await round_of(school, rnd)
    invoices = await _all(school, _list_request(school, round_.id, lop, trang_thai, tim))
    name = "-".join(part for part in (round_.title, lop) if part)
    if form == "csv":
        return csv_file(page, f"{name}.csv", invoices)
    return xlsx_file(page, f"{name}.xlsx", invoices)


@routes.get("/truong/{org}/da-nop", READ_BILLS, include_in_schema=False)
async def paid(page: CurrentPage, org: str, tim: str = "", lop: str = "", trang: str = "") -> Response:
    """Who has paid, over all rounds."""
    school = await school_of(page, org, "invoices.read")
    request = _list_request(school, "", lop, "du", tim)
    request.page_size, request.page_token = 60, trang
    reply = await page.call(page.state.clients.invoices.ListInvoices, request)
    return school.render(
        "paid",
        page.gettext("Đã nộp"),
        tab="da-nop",
        invoices=reply.invoices,
        next=reply.next_page_token,
        is_first=not trang,
        lop=lop,
        sought=tim.strip(),
    )
