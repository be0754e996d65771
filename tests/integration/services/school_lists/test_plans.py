"""Issuing follows the plan that was released: whatever happens in between, each item is billed once and as released."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from kit import clock, errors, fault
from services.schools.flows import issuing
from tests.integration.services.school_lists.offices import AN, BINH, CUONG, City, School, key
from xoai.invoices.v1 import invoices_service_pb2 as invoices_pb
from xoai.schools.v1 import schools_service_pb2 as pb

LATE = ("HS004", "Đỗ Mai Dung", "01/02/2015", "6A1")


def add_item(school: School, round_id: str, item: pb.FeeItem) -> pb.Round:
    request = pb.AddFeeItemRequest(request_id=key(), round_id=round_id, fee_item=item)
    opened: pb.Round = school.desk.AddFeeItem(request)
    return opened


def exempt(school: School, round_id: str, pupil_id: str, **fields: object) -> None:
    wish = pb.Exemption(round_id=round_id, pupil_id=pupil_id, reason="Hộ nghèo", **fields)  # type: ignore[arg-type]
    school.desk.SetExemption(pb.SetExemptionRequest(request_id=key(), exemption=wish))


def die_at(point: str) -> None:
    fault.install(fault.parse(f"{point}=fail"))


def test_items_of_two_accounts_are_two_invoices_of_one_notice(school: School) -> None:
    """Each account has its own invoice; both carry the pupil's notice."""
    school.enrol([AN])
    insurance = school.item("Bảo hiểm y tế", 631_800, fee_kind="BHYT", account_id=school.accounts[1])
    opened = school.round(school.item(), insurance)
    job = school.issue(opened.id)
    assert (job.state, job.total, job.issued) == (pb.IssueJob.STATE_DONE, 2, 2)
    invoices = school.invoices(opened.id)
    assert {item.account_id for item in invoices} == set(school.accounts)
    assert len({item.notice_id for item in invoices}) == 1
    assert sorted((line.ledger_class, line.amount) for item in invoices for line in item.lines) == [
        ("thoa_thuan", 20_000),
        ("thu_ho", 631_800),
    ]


def test_what_changes_between_a_crash_and_the_next_try_is_not_billed(city: City, school: School) -> None:
    """The worker dies when invoices has the chunk; meanwhile an item, an amount and an exemption change."""
    meals = school.item("Tiền ăn", 0, fee_kind="AN", per_pupil=True)
    opened = school.round(school.item(), meals)
    school.enrol([(*AN, "500.000"), (*BINH, "600.000")], "Tiền ăn", round_id=opened.id)
    school.release(opened.id)
    die_at("issue.sent")
    with pytest.raises(fault.FaultInjected):
        city.worker.step(threading.Event())
    fault.install(None)
    billed = school.billed(opened.id)
    assert len(billed) == 4

    add_item(school, opened.id, school.item("Vệ sinh lớp", 30_000, fee_kind="VS"))
    school.enrol([(*AN, "1"), (*BINH, "2")], "Tiền ăn", round_id=opened.id)
    exempt(school, opened.id, school.pupil("HS001").id, percent_hundredths=5000)
    clock.set_offset(timedelta(seconds=61))
    city.work()
    job = school.job(opened.id)
    assert (job.state, job.total, job.done, job.refused) == (pb.IssueJob.STATE_DONE, 2, 2, 0)
    assert school.billed(opened.id) == billed

    seen = school.preview(opened.id)
    assert (seen.invoices, seen.amount) == (2, 45_000)
    school.issue(opened.id)
    assert sum(amount for _, _, amount in school.billed(opened.id)) == 1_140_000 + 45_000


@pytest.mark.parametrize("chunk", [1, 2, 3])
def test_a_worker_that_dies_between_chunks_bills_nobody_twice(
    city: City, school: School, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    """Whatever was sent, recorded or only read by then: the next worker bills the rest, each pupil once."""
    monkeypatch.setattr(issuing, "CHUNK", 1)
    school.enrol([AN, BINH, CUONG])
    opened = school.round()
    school.release(opened.id)
    fault.install(fault.parse(f"issue.sent=fail@{chunk}"))
    with pytest.raises(fault.FaultInjected):
        city.worker.step(threading.Event())
    fault.install(None)
    assert len(school.billed(opened.id)) == chunk
    assert school.job(opened.id).issued == chunk - 1

    clock.set_offset(timedelta(seconds=61))
    city.work()
    job = school.job(opened.id)
    assert (job.state, job.total, job.done) == (pb.IssueJob.STATE_DONE, 3, 3)
    assert sorted(name for name, _, _ in school.billed(opened.id)) == sorted([AN[1], BINH[1], CUONG[1]])


def test_what_is_added_while_a_job_runs_waits_for_a_release(city: City, school: School) -> None:
    """Nobody pays what nobody released: a late item is issued by the next release only."""
    school.enrol([AN, BINH])
    opened = school.round()
    school.release(opened.id)
    add_item(school, opened.id, school.item("Vệ sinh lớp", 30_000, fee_kind="VS"))
    city.work()
    assert [title for _, title, _ in school.billed(opened.id)] == ["Nước uống", "Nước uống"]


def test_a_release_during_a_job_joins_it(city: City, school: School) -> None:
    """One job of a round at a time: what the second release planned is done by the first one's job."""
    school.enrol([AN, BINH])
    opened = school.round()
    first = school.release(opened.id)
    school.enrol([LATE])
    second = school.release(opened.id)
    assert (second.id, second.total) == (first.id, 3)
    city.work()
    assert school.job(opened.id).issued == 3
    assert len(school.billed(opened.id)) == 3


def test_a_late_pupil_is_billed_and_nobody_else_again(school: School) -> None:
    """After the notices are out a pupil comes; the next release bills that one."""
    school.enrol([AN, BINH])
    opened = school.round()
    school.issue(opened.id)
    school.enrol([LATE])
    assert (school.preview(opened.id).pupils, school.preview(opened.id).invoices) == (3, 1)
    school.issue(opened.id)
    assert [name for name, _, _ in school.billed(opened.id)] == [
        "Nguyễn Văn An",
        "Trần Thị Bình",
        "Đỗ Mai Dung",
    ]


def test_amounts_of_issued_items_stay_and_the_list_says_so(school: School) -> None:
    """A list with another amount for an issued item changes no invoice and names the way to change it."""
    meals = school.item("Tiền ăn", 0, fee_kind="AN", per_pupil=True)
    opened = school.round(meals)
    school.enrol([(*AN, "500.000")], "Tiền ăn", round_id=opened.id)
    school.issue(opened.id)
    applied = school.enrol([(*AN, "700.000")], "Tiền ăn", round_id=opened.id)
    (row,) = school.rows(applied.id)
    assert list(row.changes) == ["Tiền ăn: 500.000 → 700.000 (đã phát hành: đổi số tiền bằng Sửa phiếu)"]
    assert school.preview(opened.id).invoices == 0
    assert school.billed(opened.id) == [("Nguyễn Văn An", "Tiền ăn", 500_000)]


def test_an_emptied_cell_takes_the_item_off(school: School) -> None:
    """A column of the list decides for each pupil of the list: an amount, or nothing."""
    opened = school.round(school.item("Tiền ăn", 0, fee_kind="AN", per_pupil=True), school.item())
    school.enrol([(*AN, "500.000", "5.000"), (*BINH, "1", "")], "Tiền ăn", "Nước uống", round_id=opened.id)
    assert school.preview(opened.id).amount == 505_001
    school.enrol([(*AN, "", "5.000")], "Tiền ăn", "Nước uống", round_id=opened.id)
    assert school.preview(opened.id).amount == 5_001


def test_an_outage_of_invoices_is_waited_out(
    city: City, school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The job is given back and taken up again a second later, with nothing lost."""
    school.enrol([AN, CUONG])
    opened = school.round()
    school.release(opened.id)
    neighbours = city.worker._neighbours

    def away(*_: object) -> list[invoices_pb.IssueOutcome]:
        raise errors.Unavailable(service="invoices")

    with monkeypatch.context() as patched:
        patched.setattr(neighbours, "issue", away)
        with pytest.raises(errors.Unavailable):
            city.worker.step(threading.Event())
    assert not city.worker.step(threading.Event())
    clock.set_offset(timedelta(seconds=2))
    assert city.worker.step(threading.Event())
    assert school.job(opened.id).issued == 2


def test_a_chunk_that_is_refused_is_seen_and_tried_later(
    city: City, school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What invoices refuses as a whole stands among the job's problems; other jobs go on."""
    school.enrol([AN])
    opened, other = school.round(), school.round(title="Khoản thu khác")
    school.release(opened.id)

    def refuse(*_: object) -> list[invoices_pb.IssueOutcome]:
        raise errors.InvalidArgument(field="drafts")

    with monkeypatch.context() as patched:
        patched.setattr(city.worker._neighbours, "issue", refuse)
        with pytest.raises(errors.InvalidArgument):
            city.worker.step(threading.Event())
    job = school.job(opened.id)
    assert (job.state, len(job.problems)) == (pb.IssueJob.STATE_RUNNING, 1)
    school.issue(other.id)
    assert school.job(other.id).issued == 1
    clock.set_offset(timedelta(seconds=31))
    city.work()
    assert school.job(opened.id).state == pb.IssueJob.STATE_DONE


def test_bills_that_were_refused_are_planned_again(
    city: City, school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refusal names the pupil; the next release tries once more."""
    school.enrol([AN, BINH])
    opened = school.round()
    school.release(opened.id)

    def refuse(_: object, __: str, drafts: list[invoices_pb.InvoiceDraft]) -> list[invoices_pb.IssueOutcome]:
        refused = invoices_pb.IssueOutcome.OUTCOME_REFUSED
        return [
            invoices_pb.IssueOutcome(source_id=item.source_id, outcome=refused, detail_vi="Số tiền quá lớn.")
            for item in drafts
        ]

    with monkeypatch.context() as patched:
        patched.setattr(city.worker._neighbours, "issue", refuse)
        city.work()
    job = school.job(opened.id)
    assert (job.state, job.refused) == (pb.IssueJob.STATE_DONE, 2)
    assert job.problems[0] == "Nguyễn Văn An (6A1): Số tiền quá lớn."
    assert school.preview(opened.id).invoices == 2
    assert school.issue(opened.id).issued == 2
    assert len(school.billed(opened.id)) == 2
