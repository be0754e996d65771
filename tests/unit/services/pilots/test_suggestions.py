"""What is offered beside a wrong cell of a list: what was probably meant, or nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.pilots.domain.bank_names import Bank, BankNames
from services.pilots.domain.enrolment_values import Line, Values, check
from tests.support.stall_lists import stall_row

SECTIONS = {"A": "Đoạn đầu chợ", "B-2": "Đoạn giữa"}
BANKS = BankNames.of(
    [
        Bank("970436", "Vietcombank", ("VCB", "Ngân hàng TMCP Ngoại Thương Việt Nam")),
        Bank("970415", "VietinBank", ("CTG", "Ngân hàng TMCP Công thương Việt Nam")),
        Bank("970454", "BVBank", ("BVB",)),
        Bank("970438", "BaoViet Bank", ("BVB",)),
    ]
)


def line(**cells: object) -> Line:
    return Line(2, Values(**{name: str(value) for name, value in stall_row(1, **cells).items()}))


def suggested(**cells: Any) -> dict[str, str]:
    """What is offered for the wrong cells of a row."""
    return {problem.field: problem.suggestion for problem in check(line(**cells), SECTIONS, BANKS).problems}


@pytest.mark.parametrize(
    ("field", "found", "meant"),
    [
        ("phone", "O912 345 67B", "0912345678"),
        ("phone", "9.12345678E+08", "0912345678"),
        ("phone", "9,12345678E+08", "0912345678"),
        ("phone", "9,12E+08", ""),
        ("phone", "0912.345.678 / 0987 654 321", "0912345678"),
        ("phone", "Số 0912345678 (chị Bé)", "0912345678"),
        ("phone", "0168 234 5678", "0382345678"),
        ("phone", "+84 120 234 5678", "0702345678"),
        ("phone", "912", ""),
        ("phone", "gọi sau", ""),
        ("bank", "Vietcombnk", "Vietcombank"),
        ("bank", "BVB", ""),
        ("bank", "tiền mặt", ""),
        ("account_number", "1017-738.842", "1017738842"),
        ("account_number", "không biết", ""),
        ("section_code", "đoạn đầu chợ 1", "A"),
        ("section_code", "B22", "B-2"),
        ("section_code", "khu ăn uống", ""),
        ("stall_number", "A_05", "A-05"),
        ("stall_number", "0:/0", "0-0"),
        ("stall_number", "???", ""),
        ("unit_kind", "hộ kinh doang", "Hộ"),
        ("relation", "vợ chồg", "Vợ/chồng"),
        ("relation", "xyz", ""),
    ],
)
def test_what_was_meant(field: str, found: str, meant: str) -> None:
    """A near miss is offered as it may stand in the cell; what may mean anything is left to people."""
    assert suggested(**{field: found})[field] == meant


_CELLS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), max_size=24)


@given(
    st.sampled_from(["phone", "bank", "account_number", "section_code", "stall_number", "unit_kind"]), _CELLS
)
def test_what_is_offered_is_right(field: str, found: str) -> None:
    """Whatever stands in the cell: the suggestion, taken, is no problem any more."""
    meant = suggested(**{field: found}).get(field, "")
    if meant:
        wrong = line(**{field: found})
        taken = check(replace(wrong, values=replace(wrong.values, **{field: meant})), SECTIONS, BANKS)
        assert taken.is_right(field)
