"""Lists of a school: read with an outcome per row, applied once, harmless when repeated."""

from __future__ import annotations

import threading

import pytest

from kit import errors
from kit.clock import today
from kit.testing.service import staff
from sandbox.city.rosters import roster
from sandbox.city.schools import make_schools
from services.schools.domain.errors import ImportApplied, UnknownItemColumns
from tests.integration.services.school_lists.offices import (
    AN,
    BINH,
    CLERK,
    CUONG,
    HEADINGS,
    PUPILS,
    YEAR,
    City,
    School,
    key,
    sheet,
)
from tests.support import bombs
from xoai.schools.v1 import schools_service_pb2 as pb

NEW, CHANGED = pb.ImportRow.OUTCOME_NEW, pb.ImportRow.OUTCOME_CHANGED
UNCHANGED, WRONG = pb.ImportRow.OUTCOME_UNCHANGED, pb.ImportRow.OUTCOME_WRONG


def outcomes(school: School, import_id: str) -> list[int]:
    return [row.outcome for row in school.rows(import_id)]


def classes(school: School) -> dict[str, int]:
    found = school.desk.ListClasses(pb.ListClassesRequest(organisation_id=school.id))
    return {item.name: item.pupil_count for item in found.classes}


def test_a_list_changes_nothing_until_it_is_applied(school: School) -> None:
    """Reading gives outcomes; applying gives pupils, in classes of natural order."""
    read = school.read(sheet([*PUPILS, ("HS004", "Đỗ Mai Dung", "01/02/2015", "6A10")]))
    assert (read.rows, read.rows_new, read.rows_wrong) == (4, 4, 0)
    assert classes(school) == {}
    applied = school.apply(read.id)
    assert applied.state == pb.Import.STATE_APPLIED
    assert list(classes(school).items()) == [("6A1", 2), ("6A2", 1), ("6A10", 1)]
    assert school.pupil("HS004").birth_date == "2015-02-01"


def test_wrong_rows_wait_and_good_ones_go_on(school: School) -> None:
    """A row with a mistake says where, what was found and what was expected."""
    read = school.read(sheet([AN, ("HS002", "Trần Thị Bình", "31/02/2015", "6A1"), CUONG]))
    assert outcomes(school, read.id) == [NEW, WRONG, NEW]
    (problem,) = school.rows(read.id)[1].problems
    assert (problem.column, problem.found, problem.reason) == ("Ngày sinh", "31/02/2015", "DATE_NOT_REAL")
    assert problem.expected_vi
    assert problem.expected_en
    school.apply(read.id)
    assert classes(school) == {"6A1": 1, "6A2": 1}


def test_the_same_list_twice_changes_nothing(school: School) -> None:
    """All rows are unchanged, amounts included, and applying again leaves one pupil of each."""
    opened = school.round(school.item("Tiền ăn", 0, fee_kind="AN", per_pupil=True), school.item())
    content = sheet([(*AN, "500.000", ""), (*BINH, "", "10.000")], "Tiền ăn", "Nước uống")
    school.apply(school.read(content, opened.id).id)
    again = school.read(content, opened.id)
    assert outcomes(school, again.id) == [UNCHANGED, UNCHANGED]
    school.apply(again.id)
    assert classes(school) == {"6A1": 2}
    assert school.preview(opened.id).amount == 510_000


def test_a_list_of_names_and_classes_only_is_found_again(school: School) -> None:
    """Without codes and birth dates the seat in the class tells who is meant; namesakes need codes."""
    content = sheet(
        [
            ("Nguyễn Văn An", "6A1"),
            ("Nguyễn Văn An", "6A2"),
            ("Trần Thị Bình", "6A1"),
            ("NGUYỄN VĂN AN", "6A1"),
        ],
        headings=("Họ và tên", "Lớp"),
    )
    first = school.read(content)
    assert outcomes(school, first.id) == [NEW, NEW, NEW, WRONG]
    assert [item.reason for item in school.rows(first.id)[3].problems] == ["REPEATED_PUPIL"]
    school.apply(first.id)
    assert outcomes(school, school.read(content).id) == [UNCHANGED, UNCHANGED, UNCHANGED, WRONG]
    dated = school.read(sheet([("HS001", "Nguyễn Văn An", "05/09/2015", "6A1")]))
    assert outcomes(school, dated.id) == [CHANGED]
    assert "ngày sinh: — → 05/09/2015" in school.rows(dated.id)[0].changes


def test_a_pupil_who_moves_to_another_class_sits_in_one(school: School) -> None:
    """A list with another class moves the pupil, who keeps the id."""
    school.enrol()
    before = school.pupil("HS001")
    moved = school.read(sheet([(*AN[:3], "6A2")]))
    assert [list(row.changes) for row in school.rows(moved.id)] == [["lớp: 6A1 → 6A2"]]
    school.apply(moved.id)
    assert classes(school) == {"6A1": 1, "6A2": 2}
    assert (school.pupil("HS001").id, school.pupil("HS001").class_name) == (before.id, "6A2")


def test_columns_that_are_no_items_of_the_round_are_named(school: School) -> None:
    """Nothing of the list goes on while a fee column has no item."""
    opened = school.round()
    read = school.read(sheet([(*AN, "50.000")], "Tiền lạ"), opened.id)
    with pytest.raises(errors.FailedPrecondition) as refusal:
        school.apply(read.id)
    assert refusal.value.reason == UnknownItemColumns.reason
    assert "Tiền lạ" in refusal.value.metadata["columns"]
    assert classes(school) == {}


def test_an_applied_list_is_closed(school: School) -> None:
    """A second application by another request is refused; the same request gets its first answer."""
    read = school.read(sheet(PUPILS))
    request = pb.ApplyImportRequest(request_id=key(), import_id=read.id)
    assert school.desk.ApplyImport(request) == school.desk.ApplyImport(request)
    with pytest.raises(errors.FailedPrecondition) as refusal:
        school.apply(read.id)
    assert refusal.value.reason == ImportApplied.reason


def test_two_clerks_with_the_same_pupils_make_one_of_each(school: School) -> None:
    """Both lists were read while nobody was known; whoever applies second finds the pupils of the first."""
    reads = [
        school.read(sheet(PUPILS)),
        school.read(sheet([*PUPILS, ("HS009", "Vũ Gia Huy", "02/03/2015", "6A1")])),
    ]
    failed: list[Exception] = []

    def apply(import_id: str) -> None:
        try:
            school.apply(import_id)
        except errors.Error as error:
            failed.append(error)

    threads = [threading.Thread(target=apply, args=[item.id]) for item in reads]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert classes(school) == {"6A1": 3, "6A2": 1}


def test_codes_of_two_pupils_in_one_row_are_wrong(school: School) -> None:
    """Nobody is guessed where the codes of a row name two children."""
    headings = (*HEADINGS, "Mã định danh Bộ GD&ĐT")
    school.apply(school.read(sheet([(*AN, "7500000001"), (*BINH, "7500000002")], headings=headings)).id)
    mixed = school.read(sheet([(*AN, "7500000002")], headings=headings))
    assert [item.reason for item in school.rows(mixed.id)[0].problems] == ["TWO_PUPILS"]


def test_a_school_sees_its_own_lists_only(city: City, school: School) -> None:
    """Another school's clerk finds neither the import nor the pupils, and may not import for this school."""
    read = school.read(sheet(PUPILS))
    school.apply(read.id)
    other = city.school()
    with pytest.raises(errors.NotFound):
        other.desk.GetImport(pb.GetImportRequest(id=read.id))
    listed = other.desk.ListPupils(pb.ListPupilsRequest(organisation_id=school.id, school_year=YEAR))
    assert list(listed.pupils) == []
    with pytest.raises(errors.PermissionDenied):
        School(city, school.id, school.accounts, staff(*CLERK, organisation=other.id)).read(sheet(PUPILS))


def test_every_made_up_list_of_the_city_reads_without_a_mistake(school: School) -> None:
    """The six lists of the demo, each in its school's own layout."""
    found = []
    for plan in make_schools(20261122, today()):
        read = school.read(roster(plan, 20261122), file_name=f"{plan.code}.xlsx")
        found.append((plan.code, read.rows - plan.pupils, read.rows_wrong))
    assert found == [(code, 0, 0) for code, _, _ in found]
    assert len(found) == 6


def test_a_bomb_is_refused_and_the_service_goes_on(school: School) -> None:
    """Files that are none, locked or made to exhaust: a reason each, nothing kept, and the next list is read."""
    cell = b"<row><c><v>1</v></c></row>"
    for content, reason in (
        (bombs.package(bombs.sheet_xml(cell * 3_000_000)), "ROSTER_TOO_MANY_ROWS"),
        (bombs.package(bytes(200 << 20)), "ROSTER_UNPACKS_TOO_LARGE"),
        (bombs.renamed_stream("EncryptedPackage"), "ROSTER_ENCRYPTED"),
        (b"%PDF-1.7\n", "ROSTER_NOT_A_SPREADSHEET"),
        (b"a" * (10 * 1024 * 1024 + 1), "ROSTER_TOO_LARGE"),
    ):
        with pytest.raises(errors.Error) as refused:
            school.read(content)
        assert refused.value.reason == reason
    assert not school.desk.ListImports(pb.ListImportsRequest(organisation_id=school.id)).imports
    assert school.read(sheet(PUPILS)).rows_new == 3


def test_another_school_s_clerk_has_no_file_read(city: City, school: School) -> None:
    """Whether the caller may manage the school is settled before the file is looked at."""
    request = pb.CreateImportRequest(
        request_id=key(),
        organisation_id=school.id,
        school_year=YEAR,
        file_name="ds.csv",
        content=b"%PDF-1.7\n",
    )
    with pytest.raises(errors.PermissionDenied):
        city.school().desk.CreateImport(request)
