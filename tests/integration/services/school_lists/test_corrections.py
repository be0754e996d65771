"""What is corrected by hand: cells of a list, wrong rows given back as a file, an empty list, a pupil who leaves."""

from __future__ import annotations

import threading
from typing import Any

import grpc
import pytest

from kit import auth, errors, fault
from kit.grpc_errors import from_rpc_error
from kit.testing.service import SUBJECT_KEY
from tests.integration.services.school_lists.offices import (
    AN,
    BINH,
    CUONG,
    PUPILS,
    YEAR,
    City,
    School,
    key,
    sheet,
)
from xoai.invoices.v1 import invoices_service_pb2 as invoices_pb
from xoai.schools.v1 import schools_service_pb2 as pb
from xoai.schools.v1 import schools_service_pb2_grpc as pb_grpc

BAD_DAY = ("HS002", "Trần Thị Bình", "31/02/2015", "6A1")
OPEN, VOID = invoices_pb.Invoice.STATE_OPEN, invoices_pb.Invoice.STATE_VOID


def correct(school: School, import_id: str, row: int, **values: str) -> pb.ImportRow:
    request = pb.CorrectImportRowRequest(request_id=key(), import_id=import_id, row=row, values=values)
    found: pb.ImportRow = school.desk.CorrectImportRow(request)
    return found


def download(school: School, method: str, request: Any) -> tuple[bytes, str]:
    stub = getattr(pb_grpc.SchoolsServiceStub(school.city.channel), method)
    token = auth.sign(school.clerk, SUBJECT_KEY)
    try:
        pieces = list(stub(request, timeout=10, metadata=[("authorization", f"Bearer {token}")]))
    except grpc.RpcError as error:
        raise from_rpc_error(error) from error
    return b"".join(piece.content for piece in pieces), pieces[0].file_name


def withdraw(school: School, code: str, reason: str = "Chuyển trường") -> pb.Pupil:
    request = pb.WithdrawPupilRequest(request_id=key(), id=school.pupil(code).id, reason=reason)
    gone: pb.Pupil = school.desk.WithdrawPupil(request)
    return gone


def states(school: School, round_id: str) -> dict[str, int]:
    return {item.payer_name: item.state for item in school.invoices(round_id)}


def test_a_wrong_cell_is_corrected_in_place(school: School) -> None:
    """The text typed is read like the cell of a file; the row becomes new, or stays wrong with the new problem."""
    read = school.read(sheet([AN, BAD_DAY]))
    (problem,) = school.rows(read.id)[1].problems
    assert problem.field == "birth_date"
    still = correct(school, read.id, 3, birth_date="31/04/2015")
    assert [(item.found, item.reason) for item in still.problems] == [("31/04/2015", "DATE_NOT_REAL")]
    right = correct(school, read.id, 3, birth_date="28/2/2015")
    assert (right.outcome, right.pupil.birth_date) == (pb.ImportRow.OUTCOME_NEW, "2015-02-28")
    school.apply(read.id)
    assert school.pupil("HS002").birth_date == "2015-02-28"


def test_an_amount_is_corrected_in_place(school: School) -> None:
    """A fee cell is named by its heading and read as money."""
    opened = school.round(school.item("Tiền ăn", 0, fee_kind="AN", per_pupil=True))
    read = school.read(sheet([(*AN, "năm trăm")], "Tiền ăn"), opened.id)
    (problem,) = school.rows(read.id)[0].problems
    assert problem.field == "item:Tiền ăn"
    row = correct(school, read.id, 2, **{"item:Tiền ăn": "500.000 đ"})
    assert [(item.heading, item.amount) for item in row.items] == [("Tiền ăn", 500_000)]
    school.apply(read.id)
    assert school.preview(opened.id).amount == 500_000


def test_a_corrected_code_may_not_be_that_of_another_row(school: School) -> None:
    """Two rows of a list never become one pupil's."""
    read = school.read(sheet(PUPILS))
    row = correct(school, read.id, 3, pupil_code="hs001")
    assert row.outcome == pb.ImportRow.OUTCOME_WRONG
    assert [item.reason for item in row.problems] == ["REPEATED_PUPIL"]
    assert correct(school, read.id, 3, pupil_code="HS777").outcome == pb.ImportRow.OUTCOME_NEW


def test_what_cannot_be_corrected_is_refused(school: School) -> None:
    """An unknown row, a column that is not there, a list that was applied."""
    read = school.read(sheet([AN]))
    for row, field, reason in ((9, "sex", "ROW_NOT_FOUND"), (2, "item:Tiền lạ", "NOT_A_FIELD")):
        with pytest.raises(errors.Error) as refusal:
            correct(school, read.id, row, **{field: "Nam"})
        assert refusal.value.reason == reason
    school.apply(read.id)
    with pytest.raises(errors.Error) as refusal:
        correct(school, read.id, 2, sex="Nam")
    assert refusal.value.reason == "IMPORT_APPLIED"


def test_wrong_rows_come_back_in_the_layout_of_the_list(school: School) -> None:
    """Corrected in that file and sent again, they are read; the column that says what is wrong disturbs nothing."""
    opened = school.round(school.item("Tiền ăn", 0, fee_kind="AN", per_pupil=True))
    read = school.read(sheet([(*AN, "1.000"), (*BAD_DAY, "2.000"), (*CUONG, "ba")], "Tiền ăn"), opened.id)
    content, name = download(school, "DownloadWrongRows", pb.DownloadWrongRowsRequest(import_id=read.id))
    assert name == "danh-sach-can-sua.xlsx"
    again = school.read(content, opened.id, file_name=name)
    assert list(again.item_headings) == ["Tiền ăn"]
    assert [
        (row.pupil.full_name, [item.column for item in row.problems]) for row in school.rows(again.id)
    ] == [
        ("Trần Thị Bình", ["Ngày sinh"]),
        ("Lê Quốc Cường", ["Tiền ăn"]),
    ]
    with pytest.raises(errors.Error) as refusal:
        download(
            school, "DownloadWrongRows", pb.DownloadWrongRowsRequest(import_id=school.read(sheet([AN])).id)
        )
    assert refusal.value.reason == "NO_WRONG_ROWS"


def test_the_template_is_a_list_that_can_be_read(school: School) -> None:
    """Its headings are known, the items of the round are its fee columns, and it has no pupils yet."""
    opened = school.round(school.item(), school.item("Tiền ăn", 0, fee_kind="AN", per_pupil=True))
    request = pb.DownloadTemplateRequest(organisation_id=school.id, round_id=opened.id)
    content, name = download(school, "DownloadTemplate", request)
    read = school.read(content, opened.id, file_name=name)
    assert (read.rows, list(read.item_headings)) == (0, ["Tiền ăn"])


def test_a_pupil_who_leaves_owes_nothing_more(city: City, school: School) -> None:
    """The seat is free at once, the open invoice is voided with the reason, the next release bills nobody anew."""
    school.enrol()
    opened = school.round()
    school.issue(opened.id)
    gone = withdraw(school, "HS001")
    assert (gone.class_name, gone.voids_waiting) == ("", 1)
    city.work()
    assert states(school, opened.id) == {"Nguyễn Văn An": VOID, "Trần Thị Bình": OPEN, "Lê Quốc Cường": OPEN}
    assert {item.void_reason for item in school.invoices(opened.id) if item.state == VOID} == {
        "Chuyển trường"
    }
    assert school.desk.GetPupil(pb.GetPupilRequest(id=gone.id)).voids_waiting == 0
    assert (school.preview(opened.id).pupils, school.preview(opened.id).invoices) == (2, 0)
    with pytest.raises(errors.Error) as refusal:
        school.desk.WithdrawPupil(pb.WithdrawPupilRequest(request_id=key(), id=gone.id, reason="Lần nữa"))
    assert refusal.value.reason == "PUPIL_WITHDRAWN"


def test_a_crash_between_voiding_and_noting_it_is_repaired(city: City, school: School) -> None:
    """The wish stays until it is noted as done; voiding twice is once."""
    school.enrol([AN])
    opened = school.round()
    school.issue(opened.id)
    gone = withdraw(school, "HS001")
    fault.install(fault.parse("void.sent=fail"))
    with pytest.raises(fault.FaultInjected):
        city.worker.step(threading.Event())
    fault.install(None)
    assert school.desk.GetPupil(pb.GetPupilRequest(id=gone.id)).voids_waiting == 1
    city.work()
    after = school.desk.GetPupil(pb.GetPupilRequest(id=gone.id))
    assert (after.voids_waiting, list(after.void_problems)) == (0, [])
    assert states(school, opened.id) == {"Nguyễn Văn An": VOID}


def test_who_leaves_before_the_worker_comes_is_not_billed(city: City, school: School) -> None:
    """The bill is taken off the plan."""
    school.enrol([AN, BINH])
    opened = school.round()
    school.release(opened.id)
    withdraw(school, "HS001")
    city.work()
    job = school.job(opened.id)
    assert (job.state, job.total, job.issued) == (pb.IssueJob.STATE_DONE, 1, 1)
    assert states(school, opened.id) == {"Trần Thị Bình": OPEN}


def test_who_leaves_while_the_chunk_is_on_its_way_is_voided(city: City, school: School) -> None:
    """The invoice exists before the worker can know; it is voided right after."""
    school.enrol([AN, BINH])
    opened = school.round()
    school.release(opened.id)

    def leave(point: str) -> None:
        if point == "issue.sent":
            fault.install(None)
            withdraw(school, "HS001")

    fault.install(leave)
    city.work()
    assert states(school, opened.id) == {"Nguyễn Văn An": VOID, "Trần Thị Bình": OPEN}


def test_an_invoice_with_money_stays_for_a_person(
    city: City, school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was paid is not voided by itself; the pupil's page says so."""
    school.enrol([AN])
    opened = school.round()
    school.issue(opened.id)
    gone = withdraw(school, "HS001")
    paid = invoices_pb.Invoice(reference="XO123", state=invoices_pb.Invoice.STATE_PART_PAID)
    monkeypatch.setattr(city.worker._neighbours, "void", lambda *_: paid)
    city.work()
    after = school.desk.GetPupil(pb.GetPupilRequest(id=gone.id))
    assert after.voids_waiting == 0
    assert "XO123" in after.void_problems[0]


def test_a_pupil_who_comes_back_is_the_same_pupil(school: School) -> None:
    """The list says that the pupil is back; the id stays."""
    school.enrol([AN])
    before = withdraw(school, "HS001")
    read = school.read(sheet([AN]))
    (row,) = school.rows(read.id)
    assert "đã thôi học → đi học lại" in row.changes
    school.apply(read.id)
    after = school.pupil("HS001")
    assert (after.id, after.class_name, after.withdraw_date) == (before.id, "6A1", "")
    listed = school.desk.ListPupils(pb.ListPupilsRequest(organisation_id=school.id, school_year=YEAR))
    assert len(listed.pupils) == 1
