"""One pupil, one round, one family at a time: what the clerk does between the lists."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kit import auth, clock, errors
from kit.testing.service import SUBJECT_KEY
from services.vietqr.domain import decode
from tests.integration.services.documents.pdf_reading import codes_of, text_of
from tests.integration.services.school_lists.offices import AN, BINH, PUPILS, YEAR, City, School, key
from xoai.schools.v1 import schools_service_pb2 as pb
from xoai.schools.v1 import schools_service_pb2_grpc as pb_grpc

DUNG = {"full_name": "Đỗ Mai Dung", "class_name": "6A1", "birth_date": "2015-02-01", "pupil_code": "HS004"}


def create(school: School, **fields: str) -> pb.Pupil:
    request = pb.CreatePupilRequest(
        request_id=key(), organisation_id=school.id, school_year=YEAR, pupil=pb.PupilFields(**fields)
    )
    created: pb.Pupil = school.desk.CreatePupil(request)
    return created


def move(school: School, id: str, class_name: str, day: str = "") -> pb.Pupil:
    request = pb.MovePupilRequest(request_id=key(), id=id, class_name=class_name, date=day)
    moved: pb.Pupil = school.desk.MovePupil(request)
    return moved


def notice(school: School, round_id: str, pupil_id: str) -> pb.Notice:
    request = pb.PreviewNoticeRequest(round_id=round_id, pupil_id=pupil_id)
    seen: pb.Notice = school.desk.PreviewNotice(request)
    return seen


def printed(school: School, **fields: Any) -> bytes:
    stub = pb_grpc.SchoolsServiceStub(school.city.channel)
    token = auth.sign(school.clerk, SUBJECT_KEY)
    pieces = stub.RenderNotices(
        pb.RenderNoticesRequest(**fields), timeout=30, metadata=(("authorization", f"Bearer {token}"),)
    )
    return b"".join(piece.content for piece in pieces)


def test_a_late_pupil_is_taken_up_alone(school: School) -> None:
    """The fields are read like cells of a list; the next release bills that pupil."""
    school.enrol([AN])
    opened = school.round()
    school.issue(opened.id)
    created = create(school, **DUNG, phone="0912 345 678", sex="Nữ")
    assert (created.class_name, created.birth_date, created.sex) == ("6A1", "2015-02-01", "nữ")
    assert created.phone == "+84912345678"
    school.issue(opened.id)
    assert [name for name, _, _ in school.billed(opened.id)] == ["Nguyễn Văn An", "Đỗ Mai Dung"]


@pytest.mark.parametrize(
    ("fields", "reason", "field"),
    [
        ({**DUNG, "birth_date": "31/02/2015"}, "BAD_FIELD", "birth_date"),
        ({"full_name": "Đỗ Mai Dung"}, "BAD_FIELD", "class_name"),
        ({**DUNG, "ministry_code": "123"}, "BAD_FIELD", "ministry_code"),
        ({**DUNG, "pupil_code": "HS001"}, "PUPIL_KNOWN", None),
    ],
)
def test_a_pupil_who_cannot_be_taken_up(
    school: School, fields: dict[str, str], reason: str, field: str | None
) -> None:
    """The field that is wrong is named; a known code is not taken twice."""
    school.enrol([AN])
    with pytest.raises(errors.Error) as refusal:
        create(school, **fields)
    assert (refusal.value.reason, refusal.value.metadata.get("field")) == (reason, field)


def test_a_pupil_changes_class_once(school: School) -> None:
    """The invoice stays; a class that is not there or a day to come is refused."""
    school.enrol(PUPILS)
    opened = school.round()
    school.issue(opened.id)
    moved = move(school, school.pupil("HS001").id, "6A2", clock.today().isoformat())
    assert moved.class_name == "6A2"
    assert school.preview(opened.id).invoices == 0
    for class_name, day, reason in (
        ("9Z", "", "CLASS_NOT_FOUND"),
        ("6A1", (clock.today() + timedelta(days=1)).isoformat(), "BAD_FIELD"),
    ):
        with pytest.raises(errors.Error) as refusal:
            move(school, moved.id, class_name, day)
        assert refusal.value.reason == reason


def test_a_round_is_changed_by_one_person_at_a_time(school: School) -> None:
    """Whoever saves an older version is told; what is printed on notices stays after release."""
    school.enrol([AN])
    opened = school.round()

    def update(version: int, **fields: Any) -> pb.Round:
        wish = pb.Round()
        wish.CopyFrom(opened)
        for name, value in fields.items():
            setattr(wish, name, value)
        wish.version = version
        changed: pb.Round = school.desk.UpdateRound(pb.UpdateRoundRequest(request_id=key(), round=wish))
        return changed

    changed = update(opened.version, title="Khoản thu đầu năm", due_date="2026-12-20")
    assert (changed.title, changed.due_date, changed.version) == (
        "Khoản thu đầu năm",
        "2026-12-20",
        opened.version + 1,
    )
    with pytest.raises(errors.Error) as refusal:
        update(opened.version, title="Tên khác")
    assert refusal.value.reason == "ROUND_CHANGED"
    school.issue(opened.id)
    released = school.desk.GetRound(pb.GetRoundRequest(id=opened.id))
    with pytest.raises(errors.Error) as refusal:
        update(released.version, title="Tên khác")
    assert refusal.value.reason == "ROUND_RELEASED"
    later = update(released.version, title=released.title, due_date="2026-12-31")
    assert later.due_date == "2026-12-31"


def test_a_familys_notice_before_and_after_release(school: School) -> None:
    """Before: what a release would issue, without a code. After: what was issued, with the codes of each account."""
    school.enrol([AN, BINH])
    fund = school.item("Quỹ phụ huynh", 100_000, fee_kind="QPH")
    insurance = school.item("Bảo hiểm y tế", 631_800, fee_kind="BHYT", account_id=school.accounts[1])
    opened = school.round(school.item(), insurance, fund)
    pupil = school.pupil("HS001")
    seen = notice(school, opened.id, pupil.id)
    assert (seen.pupil_name, seen.class_name, seen.pupil_code) == ("Nguyễn Văn An", "6A1", "HS001")
    assert (seen.amount, seen.amount_words) == (
        651_800,
        "Sáu trăm năm mươi mốt nghìn tám trăm đồng",
    )
    assert [(part.amount, part.reference, part.qr_payload) for part in seen.parts] == [
        (631_800, "", ""),
        (20_000, "", ""),
    ]
    assert [line.title for line in seen.voluntary_lines] == ["Quỹ phụ huynh"]

    school.issue(opened.id)
    after = notice(school, opened.id, pupil.id)
    assert after.amount == seen.amount
    for part in after.parts:
        code = decode(part.qr_payload).code
        assert (code.account, code.amount, code.additional.purpose) == (
            part.account.account_number,
            part.amount,
            part.reference,
        )


def test_the_printed_code_pays_the_invoice(city: City, school: School, tmp_path: Path) -> None:
    """What a phone reads from the paper is the invoice's account, amount and reference; a voluntary item is absent."""
    school.enrol([AN])
    opened = school.round(school.item(), school.item("Quỹ phụ huynh", 100_000, fee_kind="QPH"))
    school.issue(opened.id)
    (invoice,) = school.invoices(opened.id)
    pdf = printed(school, round_id=opened.id)
    ((payload,),) = codes_of(pdf, tmp_path)
    code = decode(payload).code
    assert (code.account, code.amount, code.additional.purpose) == (
        invoice.account_number,
        20_000,
        invoice.reference,
    )
    text = text_of(pdf, tmp_path)
    assert "Quỹ phụ huynh" not in text
    assert "Nguyễn Văn An" in text


def test_a_pupil_of_another_school_cannot_be_touched(city: City, school: School) -> None:
    """Not found is all that another school's clerk is told."""
    school.enrol([AN])
    opened = school.round()
    pupil = school.pupil("HS001")
    other = city.school()
    for attempt in (
        lambda: move(other, pupil.id, "6A1"),
        lambda: notice(other, opened.id, pupil.id),
        lambda: other.desk.WithdrawPupil(
            pb.WithdrawPupilRequest(request_id=key(), id=pupil.id, reason="Chuyển trường")
        ),
        lambda: other.desk.UpdateRound(pb.UpdateRoundRequest(request_id=key(), round=opened)),
    ):
        with pytest.raises(errors.NotFound):
            attempt()
