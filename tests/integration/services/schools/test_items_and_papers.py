"""What an accountant does around a round: changes an item, compares sums, looks at one family's paper, takes a template."""

from __future__ import annotations

import io
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import grpc
import pytest

from kit import errors
from kit.grpc_errors import from_rpc_error
from kit.postgres import Server
from tests.integration.services.schools.office import Place, enrol, open_place, page_count
from xoai.schools.v1 import schools_service_pb2 as pb


@pytest.fixture(scope="module")
def place(postgres_server: Server) -> Iterator[Place]:
    """One place for all tests here; each enrols schools of its own."""
    with open_place(postgres_server) as place:
        yield place


def test_a_changed_item_keeps_its_place_and_the_lists_amounts(place: Place) -> None:
    """Its id, its place on notices and what the list says of each pupil stay; a taken title and an issued item are refused."""
    office = enrol(place, classes=1)
    opened = office.filled()
    seen = office.preview(opened.id)
    meals = next(item for item in opened.fee_items if item.per_pupil)

    def change(wish: pb.FeeItem) -> pb.Round:
        request = pb.UpdateFeeItemRequest(request_id=str(uuid4()), round_id=opened.id, fee_item=wish)
        changed: pb.Round = office.desk.UpdateFeeItem(request)
        return changed

    meals.title = "Tiền ăn trưa"
    changed = change(meals)
    assert [item.id for item in changed.fee_items] == [item.id for item in opened.fee_items]
    assert "Tiền ăn trưa" in [item.title for item in changed.fee_items]
    assert office.preview(opened.id).amount == seen.amount

    taken = pb.FeeItem()
    taken.CopyFrom(meals)
    taken.title = next(item.title for item in opened.fee_items if item.id != meals.id)
    with pytest.raises(errors.Error) as refused:
        change(taken)
    assert refused.value.reason == "FEE_ITEM_KNOWN"

    meals.per_pupil, meals.unit_price, meals.quantity_milli = False, 500_000, 1000
    change(meals)
    line = next(item for item in office.preview(opened.id).items if item.title == meals.title)
    assert line.amount == 500_000 * office.plan.pupils

    office.release(opened.id)
    place.work()
    meals.unit_price = 1
    with pytest.raises(errors.Error) as refused:
        change(meals)
    assert refused.value.reason == "FEE_ITEM_IN_USE"


def test_the_sums_by_class_are_the_sums_by_item(place: Place) -> None:
    """Class by class in natural order, as a school compares with its paper book."""
    office = enrol(place, classes=12)
    read = office.upload(office.open().id)
    assert [line.class_name for line in read.class_totals] == [item.name for item in office.plan.classes]
    assert [line.pupils for line in read.class_totals] == [len(item.pupils) for item in office.plan.classes]
    assert sum(line.amount for line in read.class_totals) == sum(item.amount for item in read.item_totals)


def test_a_family_paper_before_release_has_no_code(place: Place, tmp_path: Path) -> None:
    """It says that it is a preview; nothing is billed by it, and after release there is nothing to preview."""
    office = enrol(place, classes=1)
    opened = office.filled()
    pupil = office.pupils()[0]
    pdf, pages = office.print(opened.id, pupil_id=pupil.id, preview=True)
    assert page_count(pdf) == pages == 1
    (tmp_path / "paper.pdf").write_bytes(pdf)
    words = subprocess.run(
        ["pdftotext", tmp_path / "paper.pdf", "-"], capture_output=True, text=True, check=True
    )
    assert pupil.full_name in words.stdout
    assert "Bản xem trước" in words.stdout
    assert office.billed(opened.id).invoices == 0
    office.release(opened.id)
    place.work()
    with pytest.raises(grpc.RpcError) as refused:
        office.print(opened.id, pupil_id=pupil.id, preview=True)
    assert from_rpc_error(refused.value).reason == "NO_NOTICES"


def test_the_template_offers_the_schools_classes(place: Place) -> None:
    """Whoever fills it in chooses a class that exists; the round's list columns stand in it."""
    office = enrol(place, classes=2)
    opened = office.filled()
    request = pb.DownloadTemplateRequest(organisation_id=office.id, round_id=opened.id)
    content = b"".join(chunk.content for chunk in office.desk.DownloadTemplate(request))
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        texts = book.read("xl/sharedStrings.xml").decode()
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert all(f">{item.name}<" in texts for item in office.plan.classes)
    assert "dataValidation" in sheet
    assert all(item.title in texts for item in opened.fee_items if item.per_pupil)


def test_a_large_list_is_known_to_the_planner_at_once(place: Place) -> None:
    """Pages right after the import do not wait for autovacuum: statistics of the roll are there with the answer."""
    office = enrol(place)
    assert office.plan.pupils >= 500
    office.filled()
    with place.database.connect() as connection:
        known = dict(
            connection.execute(
                "SELECT relname, reltuples FROM pg_class WHERE relname IN ('pupil', 'enrolment', 'assessment')"
            ).fetchall()
        )
    assert min(known.values()) >= office.plan.pupils
    assert len(known) == 3
