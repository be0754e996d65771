"""What a row of an enrolment list means: each cell by itself, rows beside each other, and what is known."""

from __future__ import annotations

from uuid import UUID

import pytest

from services.pilots.domain.bank_names import Bank, BankNames
from services.pilots.domain.enrolment import Judged, Known, KnownStall, KnownUnit, Outcome, judge
from services.pilots.domain.enrolment_values import Line, Values
from services.pilots.domain.tax_duty import account_notice
from services.pilots.domain.units import match_key
from tests.support.stall_lists import stall_row, unit_rows

SECTIONS = {"A": "Đoạn đầu chợ", "B-2": "Đoạn giữa"}
BANKS = BankNames.of(
    [
        Bank("970436", "Vietcombank", ("VCB", "Ngân hàng TMCP Ngoại Thương Việt Nam")),
        Bank("970415", "VietinBank", ("CTG", "ICB", "Ngân hàng TMCP Công thương Việt Nam")),
        Bank("970454", "BVBank", ("BVB", "VCCB", "Ngân hàng TMCP Bản Việt")),
        Bank("970438", "BaoViet Bank", ("BAOVIETBANK", "BVB", "Ngân hàng TMCP Bảo Việt")),
        Bank("422589", "CIMB Bank", ("CIMB",)),
        Bank("970459", "CIMBBank", ("CIMB",)),
    ]
)
UNIT = UUID(int=7)
STALL = UUID(int=70)


def lines(*rows: dict[str, object], numbers: frozenset[str] = frozenset()) -> list[Line]:
    return [
        Line(place, Values(**{name: str(value) for name, value in row.items()}), numbers)
        for place, row in enumerate(rows, 2)
    ]


def judged(
    *rows: dict[str, object], known: Known | None = None, numbers: frozenset[str] = frozenset()
) -> list[Judged]:
    return judge(lines(*rows, numbers=numbers), SECTIONS, BANKS, known or Known())


def known_first(**changes: object) -> Known:
    """The city knows the unit and the stall of `stall_row(1)`."""
    unit = KnownUnit(
        UNIT,
        "Hộ Nguyễn Thị Số 1",
        "household",
        "Nguyễn Thị Số Một",
        "+84900000001",
        {("970436", "0071000000001"): "NGUYEN THI SO MOT"},
        UUID(int=71),
    )
    values: dict[str, object] = {
        "id": STALL,
        "organisation_id": UNIT,
        "name": "Quầy 1",
        "goods": "Rau củ",
        "section_code": "A",
        "relation": "self",
        "consent": "",
    }
    stall = KnownStall(**(values | changes))  # type: ignore[arg-type]
    return Known(
        units={match_key(unit.name, unit.phone): unit},
        stalls={"1": stall},
        holders={UNIT: unit},
        owners={("970436", "0071000000001"): UNIT},
    )


def test_a_good_row_is_written_in_one_way() -> None:
    """Capitals, blanks, another form of the telephone and the bank's long name change nothing."""
    (row,) = judged(
        stall_row(
            1,
            unit_name="  Hộ  Nguyễn Thị Số 1",
            phone="+84 900 000 001",
            stall_number="a 05",
            bank="Ngân hàng TMCP Ngoại thương Việt Nam - CN Đồng Xoài",
            account_number="0071 000 000 001",
            section_code="đoạn b2",
        )
    )
    assert row.outcome is Outcome.NEW
    assert row.problems == ()
    values = row.values
    assert (values.unit_name, values.phone, values.stall_number) == (
        "Hộ Nguyễn Thị Số 1",
        "+84900000001",
        "A05",
    )
    assert (values.bank, values.bin, values.account_number) == ("Vietcombank", "970436", "0071000000001")
    assert (values.unit_kind, values.relation, values.section_code) == ("household", "self", "B-2")


def test_what_was_put_into_one_way_is_read_again_as_it_is() -> None:
    """Rows are judged when they are read, corrected and applied: the outcome may not wander."""
    (first,) = judged(stall_row(1, relation="vợ", account_holder="TRAN B", consent="Đồng ý, ký 20/11/2026"))
    (second,) = judge([Line(2, first.values)], SECTIONS, BANKS, Known())
    assert first.outcome is Outcome.NEW
    assert second.values == first.values


WRONG: list[tuple[str, dict[str, object], str]] = [
    ("no unit", {"unit_name": ""}, "unit_name"),
    ("a unit of digits", {"unit_name": "12345"}, "unit_name"),
    ("a unit that is a formula", {"unit_name": "=HYPERLINK(A1)"}, "unit_name"),
    ("a unit that is too long", {"unit_name": "Hộ " + "a" * 200}, "unit_name"),
    ("an unknown kind", {"unit_kind": "trường học"}, "unit_kind"),
    ("no kind", {"unit_kind": ""}, "unit_kind"),
    ("no holder", {"holder_name": ""}, "holder_name"),
    ("no telephone", {"phone": ""}, "phone"),
    ("a short telephone", {"phone": "091234"}, "phone"),
    ("a telephone rounded by Excel", {"phone": "9.12346E+08"}, "phone"),
    ("no stall number", {"stall_number": ""}, "stall_number"),
    ("a stall number with signs", {"stall_number": "12*"}, "stall_number"),
    ("a stall number that is too long", {"stall_number": "1234567890123"}, "stall_number"),
    ("an unknown block", {"section_code": "Z"}, "section_code"),
    ("no block", {"section_code": ""}, "section_code"),
    ("an unknown bank", {"bank": "Ngân hàng Sao Hoả"}, "bank"),
    ("a code of two banks", {"bank": "BVB"}, "bank"),
    ("no bank", {"bank": ""}, "bank"),
    ("a BIN that no bank has", {"bank": "970499"}, "bank"),
    ("no account", {"account_number": ""}, "account_number"),
    ("an account with signs", {"account_number": "0071-0001"}, "account_number"),
    ("an account of twenty digits", {"account_number": "0" * 20}, "account_number"),
    ("an account rounded by Excel", {"account_number": "7.1E+12"}, "account_number"),
    ("no account holder", {"account_holder": ""}, "account_holder"),
    ("an unknown relation", {"relation": "hàng xóm"}, "relation"),
    ("somebody else's account as one's own", {"account_holder": "LE VAN KHAC"}, "relation"),
    ("a relation left out", {"relation": "", "account_holder": "LE VAN KHAC"}, "relation"),
    ("no consent", {"relation": "vợ", "account_holder": "LE VAN KHAC"}, "consent"),
    ("a cross for consent", {"relation": "con", "account_holder": "LE VAN KHAC", "consent": "x"}, "consent"),
    ("a refusal", {"relation": "cha", "account_holder": "LE VAN KHAC", "consent": "Không đồng ý"}, "consent"),
    ("goods that are a formula", {"goods": "=1+1"}, "goods"),
]  # fmt: skip


@pytest.mark.parametrize(("cells", "column"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG])
def test_each_wrong_cell_is_named_with_what_was_found_and_what_is_expected(
    cells: dict[str, object], column: str
) -> None:
    (row,) = judged(stall_row(1, **cells))
    assert row.outcome is Outcome.WRONG
    (problem,) = [problem for problem in row.problems if problem.field == column]
    assert problem.column
    assert problem.found == str(cells.get(column, "bản thân" if column == "relation" else ""))[:100]
    assert problem.expected
    assert problem.expected_en


def test_a_number_cell_is_no_account_number() -> None:
    """0912345678 as a number is 912345678, somebody else's account."""
    (row,) = judged(stall_row(1, account_number="912345678"), numbers=frozenset({"account_number", "phone"}))
    assert [problem.field for problem in row.problems] == ["account_number"]


def test_a_telephone_that_lost_its_zero_gets_it_back() -> None:
    (row,) = judged(stall_row(1, phone="912345678"), numbers=frozenset({"phone"}))
    assert (row.outcome, row.values.phone) == (Outcome.NEW, "+84912345678")


@pytest.mark.parametrize(
    ("written", "bin"),
    [
        ("VCB", "970436"), ("vietcombank", "970436"), ("Ngoại thương", "970436"), ("970436", "970436"),
        ("Vietinbank", "970415"), ("NH Công Thương VN", "970415"), ("ICB", "970415"), ("Bản Việt", "970454"),
    ],
)  # fmt: skip
def test_a_bank_is_known_by_name_code_and_bin(written: str, bin: str) -> None:
    assert BANKS.find(written).bin == bin


def test_a_close_name_is_suggested_and_two_banks_are_both_named() -> None:
    assert BANKS.find("Vietconbank").candidates == ("Vietcombank",)
    assert BANKS.find("BVB").candidates == ("BaoViet Bank (970438)", "BVBank (970454)")
    (row,) = judged(stall_row(1, bank="Vietconbank"))
    assert "Vietcombank" in row.problems[0].expected


def test_a_bank_whose_name_two_share_is_written_by_its_bin() -> None:
    found = BANKS.find("422589")
    assert BANKS.find(found.short_name).bin == "422589"


def test_a_firm_may_own_its_account_under_its_own_name() -> None:
    (row,) = judged(
        stall_row(
            1,
            unit_name="Công ty TNHH Trái Cây",
            unit_kind="DN",
            account_holder="CTY TNHH TRAI CAY",
            relation="chính chủ",
        )
    )
    assert row.outcome is Outcome.NEW


def test_somebody_elses_account_is_allowed_with_consent_in_words() -> None:
    """Relation and consent are kept; the duty to notify the tax office is said with its law, nothing is forbidden."""
    (row,) = judged(
        stall_row(1, account_holder="LE VAN KHAC", relation="Chồng", consent="Tôi đồng ý cho vợ nhận tiền")
    )
    assert (row.outcome, row.values.relation) == (Outcome.NEW, "spouse")
    notice = account_notice()
    assert "NĐ 68/2026" in notice.legal
    assert notice.legal in notice.vi
    assert notice.is_confirmed


def test_the_later_row_of_a_repeated_stall_number_is_wrong() -> None:
    first, second = judged(stall_row(1, stall_number="A-5"), stall_row(2, stall_number="a-5"))
    assert (first.outcome, second.outcome) == (Outcome.NEW, Outcome.WRONG)
    assert "dòng 2" in second.problems[0].expected


def test_one_unit_may_hold_several_stalls() -> None:
    """Name with or without accents and the same telephone are one unit."""
    rows = judged(*unit_rows(1, "1", "2"), stall_row(1, stall_number="3", unit_name="HO NGUYEN THI SO 1"))
    assert [row.outcome for row in rows] == [Outcome.NEW] * 3
    assert len({row.match_key for row in rows}) == 1


def test_one_unit_has_one_account() -> None:
    rows = judged(stall_row(1), stall_row(1, stall_number="2", account_number="999"))
    assert [row.outcome for row in rows] == [Outcome.NEW, Outcome.WRONG]
    assert rows[1].problems[0].field == "account_number"


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        ({"holder_name": "Trần Văn Khác", "account_holder": "TRAN VAN KHAC"}, "account_holder"),
        ({"unit_kind": "doanh nghiệp"}, "unit_kind"),
    ],
)
def test_rows_of_one_unit_may_not_contradict_each_other(cells: dict[str, object], column: str) -> None:
    rows = judged(stall_row(1), stall_row(1, stall_number="2", **cells))
    assert rows[1].outcome is Outcome.WRONG
    assert column in [problem.field for problem in rows[1].problems]


def test_two_units_may_not_share_an_account() -> None:
    rows = judged(stall_row(1), stall_row(2, account_number="0071000000001"))
    assert [row.outcome for row in rows] == [Outcome.NEW, Outcome.WRONG]


def test_a_known_stall_without_news_is_unchanged() -> None:
    (row,) = judged(stall_row(1), known=known_first())
    assert (row.outcome, row.organisation_id, row.stall_id) == (Outcome.UNCHANGED, UNIT, STALL)


@pytest.mark.parametrize(
    "cells",
    [
        {"goods": "Trái cây"},
        {"stall_name": "Quầy Cô Một"},
        {"section_code": "B-2"},
        {"account_number": "0071999999999"},
        {"unit_name": "Hộ NGUYỄN Thị Số 1"},
    ],
)
def test_a_known_stall_with_news_is_changed(cells: dict[str, object]) -> None:
    (row,) = judged(stall_row(1, **cells), known=known_first())
    assert (row.outcome, row.stall_id) == (Outcome.CHANGED, STALL)


def test_a_stall_that_another_unit_holds_is_wrong() -> None:
    (row,) = judged(stall_row(2, stall_number="1"), known=known_first())
    assert row.outcome is Outcome.WRONG
    assert "Hộ Nguyễn Thị Số 1" in row.problems[0].expected
    assert "+84900000001" not in row.problems[0].expected


def test_an_account_that_another_unit_has_registered_is_wrong() -> None:
    (row,) = judged(stall_row(2, account_number="0071000000001"), known=known_first())
    assert [problem.field for problem in row.problems] == ["account_number"]


def test_the_holder_of_a_registered_account_cannot_change_by_a_list() -> None:
    (row,) = judged(
        stall_row(1, account_holder="NGUYEN THI KHAC", relation="chị", consent="đồng ý"), known=known_first()
    )
    assert [problem.field for problem in row.problems] == ["account_holder"]


def test_a_new_stall_does_not_change_the_account_of_its_unit_by_the_way() -> None:
    (row,) = judged(stall_row(1, stall_number="2", account_number="0071999999999"), known=known_first())
    assert [problem.field for problem in row.problems] == ["account_number"]


def test_a_wrong_row_does_not_bind_the_rows_after_it() -> None:
    """A unit's first good row says what its account is."""
    rows = judged(stall_row(1, goods="=1"), stall_row(1, stall_number="2", account_number="999"))
    assert [row.outcome for row in rows] == [Outcome.WRONG, Outcome.NEW]
