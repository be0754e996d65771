"""Before and at the release: sums to compare, one family's notice, the release itself, and how far it is."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from starlette.responses import Response

from gateway.access import holds
from gateway.fields import fields_of
from gateway.guards import CurrentPage, page_routes
from gateway.web.school.frame import School, pupil_of, round_of, school_of
from gateway.web.school.items import legal_names
from gateway.web.school.overview import READ
from kit import clock
from kit.errors import Error, NotFound
from xoai.invoices.v1 import invoices_service_pb2 as invoices_pb
from xoai.schools.v1 import schools_service_pb2 as pb

routes = page_routes()
RELEASE = holds("schools.release")
_SECONDS_BEFORE_A_GUESS = 10
_FOUND = 8


async def _show(
    school: School, round_: pb.Round, *, errors: dict[str, str] | None = None, sought: str = ""
) -> Response:
    page, schools = school.page, school.page.state.clients.schools
    preview, sample = await asyncio.gather(
        page.call(schools.PreviewRound, pb.PreviewRoundRequest(round_id=round_.id), timeout=15.0),
        page.call(
            schools.ListPupils,
            pb.ListPupilsRequest(
                organisation_id=school.id,
                school_year=round_.school_year,
                page_size=_FOUND if sought else 1,
                class_name="" if sought else _some(round_),
                search=sought,
            ),
        ),
    )
    title = page.gettext("Xem trước")
    return school.render(
        "preview",
        title,
        tab="dot-thu",
        crumbs=[
            (page.gettext("Đợt thu"), school.url("dot-thu")),
            (round_.title, school.round_url(round_.id)),
            (title, ""),
        ],
        round=round_,
        preview=preview,
        warnings=preview.warnings_en if page.locale == "en" else preview.warnings_vi,
        sample=None if sought else next(iter(sample.pupils), None),
        sought=sought,
        found=sample.pupils if sought else [],
        errors=errors or {},
        status=409 if errors else 200,
    )


def _some(round_: pb.Round) -> str:
    """A class within the scope, for the first sample; empty for any."""
    return round_.scope_values[0] if round_.scope == pb.Round.SCOPE_CLASS and round_.scope_values else ""


@routes.get("/truong/{org}/dot-thu/{rnd}/xem-truoc", READ, include_in_schema=False)
async def preview(page: CurrentPage, org: str, rnd: str, tim: str = "") -> Response:
    """Sums by class and item as they would be released now; with `tim` the families whose notice is wanted."""
    school = await school_of(page, org)
    return await _show(school, await round_of(school, rnd), sought=tim.strip()[:100])


@routes.get("/truong/{org}/dot-thu/{rnd}/gia-dinh/{pup}", READ, include_in_schema=False)
async def family(page: CurrentPage, org: str, rnd: str, pup: str) -> Response:
    """One family's notice, as it would be or is."""
    school = await school_of(page, org)
    round_, pupil = await asyncio.gather(round_of(school, rnd), pupil_of(school, pup))
    notice, states = await asyncio.gather(notice_of(school, round_, pupil), _states(school, round_, pupil))
    title = page.gettext("Phiếu của %(name)s", name=pupil.full_name)
    return school.render(
        "notice",
        title,
        tab="dot-thu",
        crumbs=[
            (page.gettext("Đợt thu"), school.url("dot-thu")),
            (round_.title, school.round_url(round_.id)),
            (pupil.full_name, ""),
        ],
        round=round_,
        pupil=pupil,
        notice=notice,
        is_issued=any(part.reference for part in notice.parts),
        states=states,
        legal=legal_names(page.gettext),
        banks={part.account.bin: await page.state.bills.bank_name(part.account.bin) for part in notice.parts},
    )


async def _states(school: School, round_: pb.Round, pupil: pb.Pupil) -> dict[str, int]:
    """The states of a pupil's invoices in a round, by reference: a code is shown only for what is still to be paid."""
    if not school.may("invoices.read"):
        return {}
    request = invoices_pb.ListInvoicesRequest(
        organisation_id=school.id, batch_id=round_.id, payer_id=pupil.id, page_size=50
    )
    reply = await school.page.call(school.page.state.clients.invoices.ListInvoices, request)
    return {row.reference: row.state for row in reply.invoices}


async def notice_of(school: School, round_: pb.Round, pupil: pb.Pupil) -> pb.Notice:
    """What stands on a family's notice."""
    request = pb.PreviewNoticeRequest(round_id=round_.id, pupil_id=pupil.id)
    found: pb.Notice = await school.page.call(
        school.page.state.clients.schools.PreviewNotice, request, timeout=5.0
    )
    return found


@routes.post("/truong/{org}/dot-thu/{rnd}/phat-hanh", RELEASE, include_in_schema=False)
async def release(page: CurrentPage, org: str, rnd: str) -> Response:
    """Release what was seen; if the figures are others by now, they are shown first."""
    school = await school_of(page, org, "schools.release")
    round_, fields = await asyncio.gather(round_of(school, rnd), fields_of(page))
    pupils, amount = fields.text("expected_pupils"), fields.text("expected_amount")
    request = pb.ReleaseRoundRequest(
        request_id=fields.request_id,
        round_id=round_.id,
        expected_pupils=int(pupils) if pupils.isdecimal() and len(pupils) < 9 else 0,
        expected_amount=int(amount) if amount.isdecimal() and len(amount) < 16 else 0,
    )
    try:
        await page.call(page.state.clients.schools.ReleaseRound, request, timeout=30.0)
    except Error as error:
        fields.refuse(error, {}, "phat-hanh")
        return await _show(school, round_, errors=fields.errors)
    return page.redirect(school.round_url(round_.id, "phat-hanh"))


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a release is. `seconds_left` None: too early to say."""

    job: pb.IssueJob
    seconds_left: int | None

    @property
    def is_done(self) -> bool:
        return self.job.state == pb.IssueJob.STATE_DONE


def progress_of(job: pb.IssueJob) -> Progress:
    """A job with the time that it still takes, said only once ten seconds have shown its pace."""
    if job.state != pb.IssueJob.STATE_RUNNING or not job.done or not job.start_time.seconds:
        return Progress(job, None)
    seconds = int(clock.now().timestamp()) - job.start_time.seconds
    if seconds < _SECONDS_BEFORE_A_GUESS:
        return Progress(job, None)
    return Progress(job, -(-seconds * (job.total - job.done) // job.done))


async def newest_job(school: School, round_id: str) -> pb.IssueJob | None:
    """The last release of a round; None before the first."""
    try:
        job: pb.IssueJob = await school.page.call(
            school.page.state.clients.schools.GetIssueJob, pb.GetIssueJobRequest(round_id=round_id)
        )
    except NotFound:
        return None
    return job


@routes.get("/truong/{org}/dot-thu/{rnd}/phat-hanh", READ, include_in_schema=False)
async def progress(page: CurrentPage, org: str, rnd: str, phan: str = "") -> Response:
    """How far the release is; it goes on whether somebody looks or not."""
    school = await school_of(page, org)
    round_ = await round_of(school, rnd)
    job = await newest_job(school, round_.id)
    if job is None:
        return page.redirect(school.round_url(round_.id, "xem-truoc"))
    title = page.gettext("Phát hành")
    template = "progress_part" if phan else "progress"
    return school.render(
        template,
        title,
        tab="dot-thu",
        crumbs=[
            (page.gettext("Đợt thu"), school.url("dot-thu")),
            (round_.title, school.round_url(round_.id)),
            (title, ""),
        ],
        round=round_,
        progress=progress_of(job),
    )
