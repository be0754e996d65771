"""`roster_10k`, `notices_1000`: a school's list becomes invoices, and notices on paper, on the embedded platform.

`roster_10k` is what an accountant waits for: an XLSX file of 10,000 pupils with two amounts each is uploaded, read,
applied, its round released, until every invoice is issued. `notices_1000` is the PDF of a round of 1,000 notices, each
with its QR, until the last byte is here. Making the files and enrolling the schools is set-up and not counted.
"""

from __future__ import annotations

import random
import time
from typing import Any, Final

import psycopg

from bench.ground import Ground, embedded
from bench.office import Office, School, open_round
from bench.results import Refused, Result, most
from cli.demo.offices import request_id
from cli.platform.embedded import Embedded
from kit import clock
from sandbox.city.people import People
from sandbox.city.rosters import roster
from sandbox.city.schools import MadeUpClass, MadeUpItem, MadeUpSchool
from xoai.schools.v1 import schools_service_pb2 as pb

NAMES: Final = ("roster_10k", "notices_1000")
_RUNS: Final = 3
_PUPILS: Final = 10_000
_NOTICES: Final = 1_000
_CLASS: Final = 40
_SEED: Final = 11
_JOB_SECONDS: Final = 120.0
_ITEMS: Final = (
    MadeUpItem(
        "Tiền ăn bán trú", "AN", 0, 1000, "tháng", per_pupil_prices=(660_000, 630_000, 600_000, 570_000)
    ),
    MadeUpItem("Chăm sóc bán trú", "BT", 280_000, 1000, "tháng"),
    MadeUpItem("Nước uống", "NU", 0, 1000, "tháng", per_pupil_prices=(12_000, 15_000)),
)


def _plan(number: int, pupils: int) -> MadeUpSchool:
    chance = random.Random(f"{_SEED}/{number}")
    people = People(chance)
    year = clock.today().year
    made = [people.pupil(code=f"{number:02d}{place:05d}", born_in=year - 8) for place in range(pupils)]
    classes = tuple(
        MadeUpClass(f"{1 + place // 50}A{1 + place % 50}", tuple(made[place * _CLASS : (place + 1) * _CLASS]))
        for place in range((pupils + _CLASS - 1) // _CLASS)
    )
    return MadeUpSchool(
        f"truong-{number}", f"Trường Đo số {number}", "TRUONG DO", "25195", "", "", "", "", "", "xoai", "plain",
        classes, _ITEMS,
    )  # fmt: skip


class Rounds:
    """Schools with a round each."""

    def __init__(self, platform: Embedded) -> None:
        self._platform = platform
        self.office = Office(platform)
        self._number = 0

    def issue(self, pupils: int) -> tuple[float, School, str]:
        """Seconds from the upload until all is issued, with the school and its round."""
        self._number += 1
        school = self.office.school(self._number)
        content = roster(_plan(self._number, pupils), _SEED)
        opened = open_round(school, _ITEMS)
        began = time.perf_counter()
        read = self._call(
            school,
            "CreateImport",
            pb.CreateImportRequest(
                request_id=request_id(),
                organisation_id=school.id,
                school_year=opened.school_year,
                round_id=opened.id,
                file_name="danh-sach.xlsx",
                content=content,
            ),
        )
        uploaded = time.perf_counter()
        self._call(school, "ApplyImport", pb.ApplyImportRequest(request_id=request_id(), import_id=read.id))
        applied = time.perf_counter()
        preview = self._call(school, "PreviewRound", pb.PreviewRoundRequest(round_id=opened.id))
        release = pb.ReleaseRoundRequest(
            request_id=request_id(),
            round_id=opened.id,
            expected_pupils=preview.pupils,
            expected_amount=preview.amount,
        )
        self._call(school, "ReleaseRound", release)
        job = self._await(school, opened.id)
        done = time.perf_counter()
        print(
            f"  {pupils} rows: read {uploaded - began:.2f} s, applied {applied - uploaded:.2f} s, issued"
            f" {done - applied:.2f} s, together {done - began:.2f} s",
            flush=True,
        )
        if (read.rows, read.rows_wrong, preview.pupils, job.issued, job.refused) != (
            pupils,
            0,
            pupils,
            pupils,
            0,
        ):
            raise Refused(f"{pupils} rows became {job.issued} invoices; {read.rows_wrong} were wrong")
        self._check(school, preview.amount, pupils)
        return done - began, school, opened.id

    def print(self, school: School, round_id: str, notices: int) -> float:
        """Seconds until the whole PDF of the round is here."""
        began = time.perf_counter()
        pages = size = 0
        request = pb.RenderNoticesRequest(round_id=round_id)
        for chunk in school.accountant.stream("schools", "RenderNotices", request):
            pages += chunk.page_count
            size += len(chunk.content)
        seconds = time.perf_counter() - began
        print(f"  {pages} notices, {size / 1024**2:.1f} MB: {seconds:.2f} s", flush=True)
        if pages != notices:
            raise Refused(f"{notices} notices became {pages} pages")
        return seconds

    def _await(self, school: School, round_id: str) -> pb.IssueJob:
        deadline = time.monotonic() + _JOB_SECONDS
        while time.monotonic() < deadline:
            job: pb.IssueJob = self._call(school, "GetIssueJob", pb.GetIssueJobRequest(round_id=round_id))
            if job.state == pb.IssueJob.STATE_DONE:
                return job
            time.sleep(0.1)
        raise Refused(f"nothing is issued after {_JOB_SECONDS:.0f} s")

    def _check(self, school: School, amount: int, invoices: int) -> None:
        with psycopg.connect(self._platform.server.dsn("xoai_invoices")) as connection:
            row = connection.execute(
                "SELECT count(*), sum(amount_due) FROM invoice WHERE organisation_id = %s",
                (school.id,),
            ).fetchone()
        if row != (invoices, amount):
            raise Refused(f"{invoices} invoices of {amount} were released, but the database holds {row}")

    @staticmethod
    def _call(school: School, method: str, request: Any) -> Any:
        return school.accountant.call("schools", method, request, timeout=120)


def measure(ground: Ground, runs: int = _RUNS) -> list[Result]:
    """Both, on one platform; a first small round, not counted, stands for a platform that was used before."""
    with embedded(ground) as platform:
        rounds = Rounds(platform)
        try:
            _, school, small = rounds.issue(_NOTICES)
            rounds.print(school, small, _NOTICES)
            issued = [rounds.issue(_PUPILS)[0] for _ in range(runs)]
            printed = [rounds.print(school, small, _NOTICES) for _ in range(runs)]
        finally:
            rounds.office.close()
    return [
        most("roster_10k", "10,000-row XLSX → invoices issued, embedded", "s", issued, 5),
        most("notices_1000", "1,000 notices with QR as one PDF, embedded", "s", printed, 5),
    ]
