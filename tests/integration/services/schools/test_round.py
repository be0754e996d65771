"""A collection round from the school's list to the paper, with the real services around it."""

from __future__ import annotations

import io
import subprocess
import threading
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import xlsxwriter

from kit import auth, clock, errors
from kit.postgres import Server
from kit.testing.service import staff
from services.schools import jobs
from services.schools.ports import Neighbours
from tests.integration.services.schools.office import (
    OFFICE,
    Office,
    Place,
    enrol,
    open_place,
    page_count,
    propose,
    school_year,
)
from xoai.invoices.v1 import invoices_service_pb2 as invoices_pb
from xoai.schools.v1 import schools_service_pb2 as pb


@pytest.fixture(scope="module")
def place(postgres_server: Server) -> Iterator[Place]:
    """One place for all tests here; each enrols schools of its own."""
    with open_place(postgres_server) as place:
        yield place


@pytest.fixture(autouse=True)
def _clock_stands() -> Iterator[None]:
    yield
    clock.set_offset(timedelta())


def test_a_whole_school_from_its_list_to_its_papers(place: Place) -> None:
    office = enrol(place)
    number = office.plan.pupils
    assert number > 600  # More than one chunk of drafts.
    opened = office.open()
    read = office.upload(opened.id)
    assert (read.rows, read.rows_new, read.rows_wrong) == (number, number, 0)
    assert office.apply(read.id).state == pb.Import.STATE_APPLIED

    seen = office.preview(opened.id)
    from_list = sum(item.amount for item in read.item_totals)
    for_all = sum(item.price for item in office.plan.items)
    assert (seen.pupils, seen.amount) == (number, from_list + for_all * number)
    assert len(seen.classes) == len(office.plan.classes)
    assert sum(line.amount for line in seen.items) == seen.amount

    assert office.release(opened.id, seen).total == seen.invoices
    assert place.work()
    assert not place.work()
    job = office.job(opened.id)
    assert (job.state, job.issued, job.existing, job.refused) == (pb.IssueJob.STATE_DONE, seen.invoices, 0, 0)
    billed = office.billed(opened.id)
    assert (billed.invoices, billed.amount_due, billed.payers) == (seen.invoices, seen.amount, number)

    pdf, pages = office.print(opened.id)
    assert page_count(pdf) == pages
    assert pages >= number
    one_class, class_pages = office.print(opened.id, class_name=office.plan.classes[0].name)
    assert page_count(one_class) == class_pages
    assert len(office.plan.classes[0].pupils) <= class_pages < pages


def test_the_same_file_again_changes_nothing_and_bills_nothing(place: Place) -> None:
    office = enrol(place, classes=2)
    opened = office.filled()
    office.release(opened.id)
    place.work()
    before, pupils = office.billed(opened.id), office.pupils()

    again = office.upload(opened.id)
    assert (again.rows_unchanged, again.rows) == (office.plan.pupils, office.plan.pupils)
    office.apply(again.id)
    assert office.pupils() == pupils
    assert (office.preview(opened.id).amount, office.preview(opened.id).invoices) == (0, 0)
    with pytest.raises(errors.Error) as refused:
        office.release(opened.id)
    assert refused.value.reason == "NOTHING_TO_ISSUE"
    assert not place.work()
    assert office.billed(opened.id) == before


def test_a_release_sent_twice_is_one_release(place: Place) -> None:
    office = enrol(place, classes=1)
    opened = office.filled()
    seen = office.preview(opened.id)
    request = pb.ReleaseRoundRequest(
        request_id=str(uuid4()),
        round_id=opened.id,
        expected_pupils=seen.pupils,
        expected_amount=seen.amount,
    )
    first = office.desk.ReleaseRound(request)
    assert office.desk.ReleaseRound(request) == first
    place.work()
    assert not place.work()
    assert office.billed(opened.id).invoices == seen.invoices


class _DiesAfterSending(Neighbours):
    """The worker's process ends between the answer of invoices and its own commit."""

    def issue(
        self, organisation_id: UUID, request_id: str, drafts: Sequence[invoices_pb.InvoiceDraft]
    ) -> Sequence[invoices_pb.IssueOutcome]:
        super().issue(organisation_id, request_id, drafts)
        raise RuntimeError("the process ended here")


def test_a_worker_that_dies_after_sending_bills_nobody_twice(place: Place) -> None:
    office = enrol(place, classes=2)
    opened = office.filled()
    seen = office.preview(opened.id)
    office.release(opened.id, seen)
    dying = jobs.IssueWorker(place.database, _DiesAfterSending(place.channels))
    with pytest.raises(RuntimeError):
        dying.step(threading.Event())
    assert office.billed(opened.id).invoices == seen.invoices
    assert not place.work(), "the lease of the dead worker still runs"

    clock.set_offset(timedelta(seconds=61))
    assert place.work()
    job = office.job(opened.id)
    assert (job.state, job.done, job.refused) == (pb.IssueJob.STATE_DONE, seen.invoices, 0)
    billed = office.billed(opened.id)
    assert (billed.invoices, billed.amount_due) == (seen.invoices, seen.amount)


def test_an_exemption_is_on_the_paper_with_its_reason(place: Place, tmp_path: Path) -> None:
    office = enrol(place, classes=1)
    opened = office.filled()
    pupil = office.pupils()[0]
    before = office.preview(opened.id)
    care = next(item for item in opened.fee_items if item.title == "Chăm sóc bán trú")
    office.desk.SetExemption(
        pb.SetExemptionRequest(
            request_id=str(uuid4()),
            exemption=pb.Exemption(
                round_id=opened.id,
                pupil_id=pupil.id,
                fee_item_id=care.id,
                percent_hundredths=5000,
                reason="Hộ cận nghèo",
            ),
        )
    )
    seen = office.preview(opened.id)
    assert (before.amount - seen.amount, seen.exempted) == (140_000, 140_000)
    (listed,) = office.desk.ListExemptions(pb.ListExemptionsRequest(round_id=opened.id)).exemptions
    assert (listed.pupil_name, listed.reason) == (pupil.full_name, "Hộ cận nghèo")

    office.release(opened.id, seen)
    place.work()
    assert office.billed(opened.id).amount_due == seen.amount
    pdf, _ = office.print(opened.id, pupil_id=pupil.id)
    text = _text(pdf, tmp_path)
    assert "Hộ cận nghèo" in text
    assert "140.000" in text
    assert "Ngân hàng Thử Xoài" in text
    assert "hocphi.example.vn/p/" in text


def test_an_item_added_after_release_is_billed_alone(place: Place) -> None:
    office = enrol(place, classes=1)
    opened = office.filled()
    office.release(opened.id)
    place.work()
    first = office.billed(opened.id)
    late = pb.FeeItem(
        title="Vệ sinh lớp học",
        fee_kind="VS",
        unit_price=20_000,
        quantity_milli=1000,
        unit="tháng",
        account_id=office.account,
    )
    office.desk.AddFeeItem(pb.AddFeeItemRequest(request_id=str(uuid4()), round_id=opened.id, fee_item=late))
    seen = office.preview(opened.id)
    assert (seen.invoices, seen.amount) == (office.plan.pupils, 20_000 * office.plan.pupils)
    office.release(opened.id, seen)
    place.work()
    both = office.billed(opened.id)
    assert both.invoices - first.invoices == office.plan.pupils
    assert both.amount_due - first.amount_due == seen.amount
    issued = next(item for item in office.desk.GetRound(pb.GetRoundRequest(id=opened.id)).fee_items)
    with pytest.raises(errors.Error) as refused:
        office.desk.RemoveFeeItem(
            pb.RemoveFeeItemRequest(request_id=str(uuid4()), round_id=opened.id, fee_item_id=issued.id)
        )
    assert refused.value.reason == "FEE_ITEM_IN_USE"


def test_totals_that_changed_since_the_preview_are_not_released(place: Place) -> None:
    office = enrol(place, classes=1)
    opened = office.filled()
    seen = office.preview(opened.id)
    office.desk.RemoveFeeItem(
        pb.RemoveFeeItemRequest(
            request_id=str(uuid4()), round_id=opened.id, fee_item_id=opened.fee_items[0].id
        )
    )
    with pytest.raises(errors.Error) as refused:
        office.release(opened.id, seen)
    assert refused.value.reason == "PREVIEW_OUTDATED"
    assert not place.work()
    assert office.billed(opened.id).invoices == 0


def test_wrong_rows_wait_and_the_good_ones_go_on(place: Place) -> None:
    office = enrol(place, classes=1)
    opened = office.open()
    headings = ["STT", "Mã học sinh", "Họ và tên", "Ngày sinh", "Lớp", "Tiền ăn bán trú"]
    content = _list(
        headings,
        [1, "HS001", "Nguyễn Thị Ánh", "05/09/2019", "1A", "660.000"],
        [2, "HS002", "Trần Văn Bình", "31/02/2019", "1A", "630.000"],
        [3, "HS003", "Lê Gia Khang", "17/03/2019", "1B", "sáu trăm"],
    )
    read = office.upload(opened.id, content)
    assert (read.rows_new, read.rows_wrong) == (1, 2)
    wrong = office.desk.ListImportRows(
        pb.ListImportRowsRequest(import_id=read.id, outcome=pb.ImportRow.OUTCOME_WRONG)
    ).rows
    assert [(row.row, [item.column for item in row.problems]) for row in wrong] == [
        (3, ["Ngày sinh"]),
        (4, ["Tiền ăn bán trú"]),
    ]
    assert wrong[0].problems[0].found == "31/02/2019"
    assert office.pupils() == []  # Nothing changes until it is applied.
    office.apply(read.id)
    (pupil,) = office.pupils()
    assert (pupil.full_name, pupil.birth_date, pupil.class_name) == ("Nguyễn Thị Ánh", "2019-09-05", "1A")
    with pytest.raises(errors.Error) as refused:
        office.apply(read.id)
    assert refused.value.reason == "IMPORT_APPLIED"


def test_a_pupil_in_another_class_moves_and_stays_the_same_pupil(place: Place) -> None:
    office = enrol(place, classes=1)
    headings = ["STT", "Mã học sinh", "Họ và tên", "Ngày sinh", "Lớp"]
    office.apply(office.upload("", _list(headings, [1, "HS1", "Lê Gia Khang", "17/03/2019", "1A"])).id)
    (before,) = office.pupils()
    read = office.upload("", _list(headings, [1, "HS1", "Lê Gia Khang", "17/03/2019", "1B"]))
    assert (read.rows_changed, read.rows_new) == (1, 0)
    (row,) = office.desk.ListImportRows(pb.ListImportRowsRequest(import_id=read.id)).rows
    assert list(row.changes) == ["lớp: 1A → 1B"]
    office.apply(read.id)
    (after,) = office.pupils()
    assert (after.id, after.class_name) == (before.id, "1B")
    classes = office.desk.ListClasses(pb.ListClassesRequest(organisation_id=office.id))
    assert classes.school_year == school_year()
    assert [(item.name, item.pupil_count) for item in classes.classes] == [("1A", 0), ("1B", 1)]


def test_only_accounts_in_force_of_the_school_itself_receive(place: Place) -> None:
    office, other = enrol(place, classes=1), enrol(place, number=2, classes=1)
    proposer = place.directory(staff("accounts.propose", organisation=office.id, id=str(uuid4())))
    proposed = propose(proposer, office.id, office.plan.holder)
    for account in (proposed.id, other.account, str(uuid4())):
        with pytest.raises(errors.Error) as refused:
            office.open(accounts=(account, account))
        assert refused.value.reason == "ACCOUNT_UNUSABLE"
    assert list(office.desk.ListRounds(pb.ListRoundsRequest(organisation_id=office.id)).rounds) == []


def test_another_school_sees_and_changes_nothing(place: Place) -> None:
    office, other = enrol(place, classes=1), enrol(place, number=2, classes=1)
    opened = office.filled()
    pupil = office.pupils()[0]
    read = office.desk.ListImports(pb.ListImportsRequest(organisation_id=office.id)).imports[0]
    forbidden: list[tuple[str, Any]] = [
        ("GetRound", pb.GetRoundRequest(id=opened.id)),
        ("PreviewRound", pb.PreviewRoundRequest(round_id=opened.id)),
        ("GetPupil", pb.GetPupilRequest(id=pupil.id)),
        ("GetImport", pb.GetImportRequest(id=read.id)),
    ]
    for method, request in forbidden:
        with pytest.raises(errors.NotFound):
            getattr(other.desk, method)(request)
    assert list(other.desk.ListPupils(pb.ListPupilsRequest(organisation_id=office.id)).pupils) == []
    assert list(other.desk.ListRounds(pb.ListRoundsRequest(organisation_id=office.id)).rounds) == []
    with pytest.raises(errors.NotFound):
        other.release(opened.id, office.preview(opened.id))
    stranger = Office(place, office.id, office.plan, office.account, office.second_account, other.desk)
    with pytest.raises(errors.PermissionDenied):
        stranger.open()
    with pytest.raises(errors.PermissionDenied):
        stranger.upload("")


def test_a_reader_changes_nothing_and_the_city_sees_sums_only(place: Place) -> None:
    office = enrol(place, classes=1)
    opened = office.filled()
    reader = place.schools(staff("schools.read", organisation=office.id, id=str(uuid4())))
    assert reader.GetRound(pb.GetRoundRequest(id=opened.id)).id == opened.id
    clerk = place.schools(staff(*OFFICE[:2], organisation=office.id, id=str(uuid4())))
    seen = office.preview(opened.id)
    for desk in (reader, clerk):
        with pytest.raises(errors.PermissionDenied):
            Office(place, office.id, office.plan, "", "", desk).release(opened.id, seen)
    with pytest.raises(errors.PermissionDenied):
        reader.SummariseSchools(pb.SummariseSchoolsRequest())
    before = place.schools(auth.service("gateway")).SummariseSchools(pb.SummariseSchoolsRequest())
    office.release(opened.id, seen)
    place.work()
    after = place.schools(auth.service("cli")).SummariseSchools(pb.SummariseSchoolsRequest())
    assert after.rounds_released == before.rounds_released + 1
    assert after.pupils >= office.plan.pupils


def test_kinds_of_fees_name_their_source(place: Place) -> None:
    office = enrol(place, classes=1)
    listed = office.desk.ListFeeKinds(pb.ListFeeKindsRequest())
    kinds = {kind.code: kind.legal_kind for kind in listed.fee_kinds}
    assert kinds["BHYT"] == "thu_ho"
    assert listed.source
    # Pupils' accident insurance is collected for others and still nobody's duty.
    voluntary = {kind.code for kind in listed.fee_kinds if kind.voluntary}
    assert {kind.code for kind in listed.fee_kinds if kind.legal_kind == "tu_nguyen"} < voluntary
    assert "BHYT" not in voluntary


def _list(headings: list[str], *rows: list[Any]) -> bytes:
    output = io.BytesIO()
    book = xlsxwriter.Workbook(output, {"in_memory": True})
    sheet = book.add_worksheet("Danh sách")
    for number, row in enumerate([headings, *rows]):
        sheet.write_row(number, 0, row)
    book.close()
    return output.getvalue()


def _text(pdf: bytes, folder: Path) -> str:
    path = folder / "paper.pdf"
    path.write_bytes(pdf)
    # One line: names and addresses may break over lines on the page.
    command = ["pdftotext", "-raw", str(path), "-"]
    return " ".join(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())
