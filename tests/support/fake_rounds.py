"""The part of the schools service in memory that makes invoices out of a round."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import grpc

from kit import clock, errors
from services.schools.domain.errors import PreviewOutdated
from tests.support.fake_bills import stamp
from tests.support.fake_lists import SchoolLists
from tests.support.fake_schools import Owed
from xoai.common.v1 import common_pb2
from xoai.schools.v1 import schools_service_pb2 as pb


class SchoolRounds(SchoolLists):
    """Sums, notices, release."""

    def _line(self, round_: pb.Round, pupil: pb.Pupil, item: pb.FeeItem) -> pb.NoticeLine | None:
        full = self.amounts.get(
            (round_.id, pupil.id, item.id),
            0 if item.per_pupil else item.unit_price * item.quantity_milli // 1000,
        )
        if item.voluntary or full <= 0:
            return None
        off, reason = 0, ""
        for key in ((round_.id, pupil.id, ""), (round_.id, pupil.id, item.id)):
            if exemption := self.exemptions.get(key):
                rest = full - off
                off += min(rest, exemption.amount or -(-rest * exemption.percent_hundredths // 10_000))
                reason = exemption.reason
        return pb.NoticeLine(
            title=item.title,
            unit_price=0 if item.per_pupil else item.unit_price,
            quantity_milli=0 if item.per_pupil else item.quantity_milli,
            unit=item.unit,
            exempted=off,
            exemption_reason=reason,
            amount=full - off,
            legal_kind=item.legal_kind,
            fee_kind=item.fee_kind,
        )

    def charges(self, round_: pb.Round, pupil: pb.Pupil, *, fresh: bool) -> list[Owed]:
        """One group of lines for each account; only what is not issued yet if `fresh`."""
        by_account: dict[str, Owed] = {}
        for item in round_.fee_items:
            line = self._line(round_, pupil, item)
            if line is None or (fresh and self.platform.is_issued(round_.id, pupil.id, item.title)):
                continue
            by_account.setdefault(item.account_id, Owed(pupil, item.account_id, [])).lines.append(line)
        return [group for group in by_account.values() if group.amount > 0]

    def _in_scope(self, round_: pb.Round) -> list[pb.Pupil]:
        from services.schools.domain.rounds import grade_of

        return self.in_order(
            [
                pupil
                for pupil in self.pupils.values()
                if pupil.organisation_id == round_.organisation_id
                and not pupil.withdraw_date
                and (
                    round_.scope == pb.Round.SCOPE_SCHOOL
                    or (
                        round_.scope == pb.Round.SCOPE_GRADE
                        and grade_of(pupil.class_name) in round_.scope_values
                    )
                    or (round_.scope == pb.Round.SCOPE_CLASS and pupil.class_name in round_.scope_values)
                )
            ]
        )

    def waiting(self, round_: pb.Round) -> list[Owed]:
        """What a release would issue now."""
        return [
            group for pupil in self._in_scope(round_) for group in self.charges(round_, pupil, fresh=True)
        ]

    def PreviewRound(self, request: Any, context: grpc.ServicerContext) -> pb.RoundPreview:
        round_ = self._round(context, request.round_id)
        preview = pb.RoundPreview()
        classes: dict[str, Any] = {}
        items: dict[str, Any] = {}
        for pupil in self._in_scope(round_):
            if pupil.class_name not in classes:
                classes[pupil.class_name] = preview.classes.add(class_name=pupil.class_name)
            classes[pupil.class_name].pupils += 1
            preview.pupils += 1
        for group in self.waiting(round_):
            line = classes[group.pupil.class_name]
            line.invoices += 1
            line.amount += group.amount
            preview.invoices += 1
            preview.amount += group.amount
            for charge in group.lines:
                if charge.title not in items:
                    items[charge.title] = preview.items.add(title=charge.title)
                items[charge.title].pupils += 1
                items[charge.title].amount += charge.amount
                line.exempted += charge.exempted
                preview.exempted += charge.exempted
        missing = sum(1 for pupil in self._in_scope(round_) if not pupil.birth_date)
        if missing:
            preview.warnings_vi.append(
                f"{missing} học sinh chưa có ngày sinh: gia đình chỉ mở được từng khoản bằng liên kết riêng."
            )
            preview.warnings_en.append(
                f"{missing} pupils without a birth date: their lines open by a link of their own only."
            )
        return preview

    def PreviewNotice(self, request: Any, context: grpc.ServicerContext) -> pb.Notice:
        round_ = self._round(context, request.round_id)
        pupil = self.pupils[request.pupil_id]
        groups = self.charges(round_, pupil, fresh=False)
        notice = pb.Notice(
            pupil_id=pupil.id,
            pupil_name=pupil.full_name,
            class_name=pupil.class_name,
            pupil_code=next((code.value for code in pupil.identifiers if code.kind == "pupil_code"), ""),
            round_title=round_.title,
            school_year=round_.school_year,
            due_date=round_.due_date,
            amount=sum(group.amount for group in groups),
            voluntary_lines=[pb.NoticeLine(title=item.title) for item in round_.fee_items if item.voluntary],
        )
        for group in groups:
            bill = self.platform.bill_of(round_.id, pupil.id, group.account)
            notice.parts.add(
                reference=bill.reference if bill else "",
                invoice_id=bill.id if bill else "",
                account=self.platform.account(group.account),
                amount=group.amount,
                lines=group.lines,
            )
        return notice

    def ReleaseRound(self, request: Any, context: grpc.ServicerContext) -> pb.IssueJob:
        round_ = self._round(context, request.round_id)
        seen = self.PreviewRound(pb.PreviewRoundRequest(round_id=round_.id), context)
        if (seen.pupils, seen.amount) != (request.expected_pupils, request.expected_amount):
            raise PreviewOutdated(pupils=seen.pupils, amount=seen.amount)
        round_.state = pb.Round.STATE_RELEASED
        round_.release_time.CopyFrom(stamp(clock.now()))
        job = pb.IssueJob(
            id=str(uuid.uuid4()),
            round_id=round_.id,
            state=pb.IssueJob.STATE_RUNNING,
            total=seen.invoices,
            start_time=stamp(clock.now()),
        )
        self.jobs[round_.id] = job
        if self.pace is None:
            self.work(round_, job, job.total)
        return job

    def work(self, round_: pb.Round, job: pb.IssueJob, most: int) -> None:
        """Issue some of what waits."""
        for group in self.waiting(round_)[:most]:
            self.platform.issue(round_, group)
            job.done += 1
            job.issued += 1
        if job.done >= job.total:
            job.state = pb.IssueJob.STATE_DONE
            job.end_time.CopyFrom(stamp(clock.now()))

    def GetIssueJob(self, request: Any, context: grpc.ServicerContext) -> pb.IssueJob:
        job = self.jobs.get(request.round_id)
        if job is None:
            raise errors.NotFound()
        if job.state == pb.IssueJob.STATE_RUNNING and self.pace:
            self.work(self.rounds[job.round_id], job, self.pace)
        return job

    def RenderNotices(self, request: Any, context: grpc.ServicerContext) -> Iterator[common_pb2.FileChunk]:
        self.platform.requests.append(("RenderNotices", request))
        yield common_pb2.FileChunk(
            content=b"%PDF-1.7 papers", file_name="phieu-thu.pdf", media_type="application/pdf", page_count=1
        )
