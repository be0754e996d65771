"""What a row of a list means for the pupils that are known."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from services.schools.domain.imports import (
    Charged,
    KnownPupil,
    Outcome,
    Roll,
    RoundColumn,
    heading_key,
    judge,
)
from services.schools.roster.rows import Problem, Pupil, Row

BORN = date(2015, 9, 5)
AN = KnownPupil(UUID(int=1), "Nguyễn Văn An", BORN, "nam", "6A1", "+84912345678", {"pupil_code": "HS001"})


def row(number: int = 2, *, items: dict[str, int] | None = None, **fields: object) -> Row:
    values: dict[str, object] = {"full_name": "Nguyễn Văn An", "birth_date": BORN, "class_name": "6A1"}
    return Row(number, "ok", Pupil(**(values | fields)), items or {})  # type: ignore[arg-type]


def outcomes(rows: list[Row], *known: KnownPupil) -> list[Outcome]:
    return [item.outcome for item in judge(rows, Roll(known), (), Charged())]


def test_codes_find_a_pupil_before_the_name_does() -> None:
    """Another name under a known code is a change of that pupil, not a new one."""
    (judged,) = judge([row(full_name="Nguyễn Văn Anh", pupil_code="HS001")], Roll([AN]), (), Charged())
    assert (judged.outcome, judged.pupil_id) == (Outcome.CHANGED, AN.id)
    assert judged.changes == ("họ tên: Nguyễn Văn An → Nguyễn Văn Anh",)


def test_name_and_birth_date_find_a_pupil_however_the_name_is_written() -> None:
    assert outcomes([row(full_name="NGUYỄN  VĂN AN")], AN) == [Outcome.CHANGED]
    assert outcomes([row()], AN) == [Outcome.UNCHANGED]


def test_another_code_of_the_same_kind_tells_namesakes_apart() -> None:
    assert outcomes([row(pupil_code="HS999")], AN) == [Outcome.NEW]


def test_the_class_tells_namesakes_of_one_birth_date_apart() -> None:
    twin = KnownPupil(UUID(int=2), AN.full_name, BORN, "nam", "6A2", "", {})
    (judged,) = judge([row(class_name="6A2")], Roll([AN, twin]), (), Charged())
    assert judged.pupil_id == twin.id
    assert outcomes([row(class_name="6A3")], AN, twin) == [Outcome.NEW]


def test_the_seat_finds_a_pupil_where_a_birth_date_is_missing() -> None:
    undated = KnownPupil(UUID(int=3), "Trần Bình", None, "", "6A1", "", {})
    assert outcomes([row(full_name="Trần Bình", birth_date=None)], undated) == [Outcome.UNCHANGED]
    assert outcomes([row(full_name="Trần Bình")], undated) == [Outcome.CHANGED]
    assert outcomes([row(birth_date=date(2014, 1, 1))], AN) == [Outcome.NEW]


def test_an_empty_cell_takes_nothing_from_a_known_pupil() -> None:
    assert outcomes([row(phone=None, sex=None, pupil_code=None)], AN) == [Outcome.UNCHANGED]


def test_a_second_row_of_the_same_pupil_is_wrong() -> None:
    """By the known pupil, by a new code, by name, birth date and class; the message names the first row."""
    assert outcomes([row(2), row(3)], AN) == [Outcome.UNCHANGED, Outcome.WRONG]
    assert outcomes([row(2, pupil_code="X1"), row(3, pupil_code="x1")]) == [Outcome.NEW, Outcome.WRONG]
    judged = judge([row(2), row(3)], Roll([]), (), Charged())
    assert [item.outcome for item in judged] == [Outcome.NEW, Outcome.WRONG]
    assert "dòng 2" in judged[1].problems[0].expected_vi
    assert outcomes([row(2, pupil_code="X1"), row(3, pupil_code="X2")]) == [Outcome.NEW, Outcome.NEW]


def test_codes_of_two_pupils_are_wrong() -> None:
    other = KnownPupil(UUID(int=4), "Trần Bình", BORN, "", "6A1", "", {"ministry_code": "7500000001"})
    (judged,) = judge([row(pupil_code="HS001", ministry_code="7500000001")], Roll([AN, other]), (), Charged())
    assert judged.outcome is Outcome.WRONG
    assert judged.problems[0].reason == "TWO_PUPILS"


def test_a_wrong_row_stays_wrong_and_is_nobody() -> None:
    problem = Problem("Ngày sinh", "31/02", "DATE_NOT_REAL", "Ngày có thật", "A day that exists")
    wrong = Row(2, "wrong", Pupil(full_name="Nguyễn Văn An", pupil_code="HS001"), {}, (problem,))
    (judged,) = judge([wrong], Roll([AN]), (), Charged())
    assert (judged.outcome, judged.pupil_id, judged.problems) == (Outcome.WRONG, None, (problem,))


def test_amounts_differ_from_the_last_list_or_from_the_price() -> None:
    """An empty cell is 0; what stands on an invoice is named as such; unknown columns are no change."""
    columns = {"tien an": RoundColumn("Tiền ăn", 0), "nuoc": RoundColumn("Nước", 20_000)}
    columns = {heading_key(title): column for title, column in columns.items()}
    headings = ("Tiền ăn", "NƯỚC", "Cột lạ")
    charged = Charged(columns, {(AN.id, heading_key("Tiền ăn")): 500_000}, {(AN.id, heading_key("Nước"))})
    (judged,) = judge([row(items={"Tiền ăn": 600_000, "Cột lạ": 5})], Roll([AN]), headings, charged)
    assert judged.changes == (
        "Tiền ăn: 500.000 → 600.000",
        "Nước: 20.000 → — (đã phát hành: đổi số tiền bằng Sửa phiếu)",
    )
    same = row(items={"Tiền ăn": 500_000, "NƯỚC": 20_000})
    assert judge([same], Roll([AN]), headings, charged)[0].outcome is Outcome.UNCHANGED


def test_a_pupil_who_left_is_found_again() -> None:
    gone = KnownPupil(UUID(int=5), "Trần Bình", BORN, "", "", "", {"pupil_code": "HS5"}, is_withdrawn=True)
    (judged,) = judge([row(full_name="Trần Bình", pupil_code="HS5")], Roll([gone]), (), Charged())
    assert judged.pupil_id == gone.id
    assert judged.changes[0] == "đã thôi học → đi học lại"
