"""The collection round of each school: items, list, preview, release, notices."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from cli.demo.enrolment import City, EnrolledSchool
from cli.demo.offices import Desk, request_id
from kit.errors import FailedPrecondition
from sandbox.city.rosters import roster
from xoai.schools.v1 import schools_service_pb2 as pb

_JOB_SECONDS = 120.0


class DemoStopped(FailedPrecondition):
    reason = "DEMO_STOPPED"
    vi = "Bản thử dừng lại: {what}"
    en = "The demo stopped: {what}"


@dataclass(frozen=True, slots=True)
class IssuedRound:
    """A released round."""

    school: EnrolledSchool
    id: str
    title: str
    pages: int


def issue(
    city: City, school: EnrolledSchool, seed: int, today: date, notices: Path, tell: Callable[[str], None]
) -> IssuedRound:
    """Open a round, import the list, look at the totals, release, print."""
    desk = school.accountant
    assert desk is not None
    year = today.year if today.month >= 8 else today.year - 1
    period = f"Tháng {today.month}/{today.year}"
    title = f"Khoản thu tháng {today.month}/{today.year}"
    opened = desk.call(
        "schools",
        "CreateRound",
        pb.CreateRoundRequest(
            request_id=request_id(),
            round=pb.Round(
                organisation_id=school.id,
                title=title,
                school_year=f"{year}-{year + 1}",
                period=period,
                due_date=(today + timedelta(days=12)).isoformat(),
                scope=pb.Round.SCOPE_SCHOOL,
                fee_items=_items(school),
                contact=f"Văn phòng trường {school.plan.phone}",
            ),
        ),
    )
    _import(desk, school, opened.id, opened.school_year, roster(school.plan, seed))
    preview = desk.call("schools", "PreviewRound", pb.PreviewRoundRequest(round_id=opened.id))
    job = desk.call(
        "schools",
        "ReleaseRound",
        pb.ReleaseRoundRequest(
            request_id=request_id(),
            round_id=opened.id,
            expected_pupils=preview.pupils,
            expected_amount=preview.amount,
        ),
    )
    job = _wait(desk, opened.id)
    tell(f"{school.plan.name}: {preview.pupils} học sinh, {job.issued} phiếu")
    pages = _print(desk, opened.id, notices / f"{school.plan.code}.pdf")
    return IssuedRound(school, opened.id, title, pages)


def _items(school: EnrolledSchool) -> list[pb.FeeItem]:
    return [
        pb.FeeItem(
            title=item.title,
            fee_kind=item.kind,
            unit_price=item.price,
            quantity_milli=item.quantity_milli,
            unit=item.unit,
            account_id=school.second_account if item.to_second_account else school.account,
            per_pupil=bool(item.per_pupil_prices),
        )
        for item in school.plan.items
    ]


def _import(desk: Desk, school: EnrolledSchool, round_id: str, school_year: str, content: bytes) -> None:
    read = desk.call(
        "schools",
        "CreateImport",
        pb.CreateImportRequest(
            request_id=request_id(),
            organisation_id=school.id,
            school_year=school_year,
            round_id=round_id,
            file_name=f"danh-sach-{school.plan.code}.xlsx",
            content=content,
        ),
        timeout=60,
    )
    if read.rows_wrong or read.rows != school.plan.pupils:
        raise DemoStopped(what=f"{school.plan.name}: {read.rows_wrong} dòng sai, {read.rows} dòng")
    desk.call(
        "schools",
        "ApplyImport",
        pb.ApplyImportRequest(request_id=request_id(), import_id=read.id),
        timeout=60,
    )


def _wait(desk: Desk, round_id: str) -> pb.IssueJob:
    deadline = time.monotonic() + _JOB_SECONDS
    while time.monotonic() < deadline:
        job: pb.IssueJob = desk.call("schools", "GetIssueJob", pb.GetIssueJobRequest(round_id=round_id))
        if job.state == pb.IssueJob.STATE_DONE:
            if job.refused:
                raise DemoStopped(what="; ".join(job.problems))
            return job
        time.sleep(0.05)
    raise DemoStopped(what=f"phát hành chưa xong sau {_JOB_SECONDS:.0f} giây")


def _print(desk: Desk, round_id: str, path: Path) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    pages = 0
    with path.open("wb") as file:
        for chunk in desk.stream("schools", "RenderNotices", pb.RenderNoticesRequest(round_id=round_id)):
            file.write(chunk.content)
            pages += chunk.page_count
    return pages
