"""Rows that were wrong when the others went on: corrected later, they go on by themselves, each row once."""

from __future__ import annotations

import io
from collections.abc import Iterator
from uuid import uuid4

import pytest
import xlsxwriter

from kit import errors
from kit.postgres import Server
from tests.integration.services.schools.office import Office, Place, enrol, open_place
from xoai.schools.v1 import schools_service_pb2 as pb

MEALS = "Tiền ăn bán trú"


@pytest.fixture(scope="module")
def place(postgres_server: Server) -> Iterator[Place]:
    """One place for all tests here; each enrols schools of its own."""
    with open_place(postgres_server) as place:
        yield place


def pupils_list(*rows: tuple[str, str, str, str]) -> bytes:
    """A list of name, birth date, class and amount."""
    output = io.BytesIO()
    with xlsxwriter.Workbook(output, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for number, cells in enumerate((("Họ và tên", "Ngày sinh", "Lớp", MEALS), *rows)):
            for column, text in enumerate(cells):
                sheet.write_string(number, column, text)
    return output.getvalue()


def correct(office: Office, import_id: str, row: int, **values: str) -> pb.ImportRow:
    corrected: pb.ImportRow = office.desk.CorrectImportRow(
        pb.CorrectImportRowRequest(request_id=str(uuid4()), import_id=import_id, row=row, values=values)
    )
    return corrected


def amounts(office: Office, round_id: str) -> int:
    seen = office.preview(round_id)
    return next((line.amount for line in seen.items if line.title == MEALS), 0)


def test_a_corrected_row_goes_on_after_the_others(place: Place) -> None:
    """The second time only that row is taken in; what a later list has said of the others stays."""
    office = enrol(place, classes=1)
    opened = office.open()
    content = pupils_list(
        ("Nguyễn Thị Một", "1/2/2019", "1A", "100.000"), ("Trần Văn Hai", "31/2/2019", "1A", "200.000")
    )
    read = office.upload(opened.id, content)
    assert (read.rows_pending, read.rows_wrong) == (1, 1)
    applied = office.apply(read.id)
    assert (applied.rows_pending, applied.rows_wrong, len(office.pupils())) == (0, 1, 1)
    with pytest.raises(errors.Error) as nothing_to_do:
        office.apply(read.id)
    assert nothing_to_do.value.reason == "IMPORT_APPLIED"

    newer = office.upload(opened.id, pupils_list(("Nguyễn Thị Một", "1/2/2019", "1A", "150.000")))
    office.apply(newer.id)
    assert amounts(office, opened.id) == 150_000

    assert correct(office, read.id, 3, birth_date="1/3/2019").outcome == pb.ImportRow.OUTCOME_NEW
    assert office.desk.GetImport(pb.GetImportRequest(id=read.id)).rows_pending == 1
    again = office.apply(read.id)
    assert (again.rows_pending, again.rows_wrong, len(office.pupils())) == (0, 0, 2)
    assert amounts(office, opened.id) == 150_000 + 200_000


def test_a_row_that_has_gone_on_is_not_corrected(place: Place) -> None:
    """It is known already: a new list says what is different."""
    office = enrol(place, classes=1)
    read = office.upload(office.open().id, pupils_list(("Lê Thị Ba", "1/2/2019", "1A", "100.000")))
    office.apply(read.id)
    with pytest.raises(errors.Error) as refused:
        correct(office, read.id, 2, class_name="1B")
    assert refused.value.reason == "IMPORT_APPLIED"
    assert [pupil.class_name for pupil in office.pupils()] == ["1A"]
