"""The words and numbers on notices and receipts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from services.documents import wording
from services.documents.domain import Basis, ItemKind, NoticeLine
from services.documents.receipts import receipt_sheet
from tests.support.documents import AGREED, CARE, INSURANCE, LINES, make_receipt


def test_amounts_have_dots_and_a_true_minus() -> None:
    assert wording.digits(-56_000) == "−56.000"
    assert wording.money(1_250_000) == "1.250.000\u00a0₫"
    assert wording.money(300_000, "đ") == "300.000\u00a0đ"


@pytest.mark.parametrize(
    ("quantity", "unit", "said"),
    [
        (20, "ngày", "20\u00a0ngày"),
        (Decimal("2.5"), "giờ", "2,5\u00a0giờ"),
        (Decimal("20.000"), "ngày", "20\u00a0ngày"),
        (Decimal("1000"), "tờ", "1.000\u00a0tờ"),
        (None, "ngày", ""),
        (3, "", "3"),
    ],
)
def test_quantities(quantity: Decimal | int | None, unit: str, said: str) -> None:
    assert wording.quantity(NoticeLine("Nước", 0, quantity=quantity, unit=unit)) == said


@pytest.mark.parametrize(
    ("day", "short", "long"),
    [
        (date(2026, 9, 5), "05/9/2026", "ngày 05 tháng 9 năm 2026"),
        (date(2026, 2, 11), "11/02/2026", "ngày 11 tháng 02 năm 2026"),
        (date(2026, 11, 30), "30/11/2026", "ngày 30 tháng 11 năm 2026"),
    ],
)
def test_dates(day: date, short: str, long: str) -> None:
    """Two digits for days and for the months that could be misread (1 and 2)."""
    assert wording.short_date(day) == short
    assert wording.long_date(day) == long


def test_times_are_the_citys() -> None:
    """A moment late in the evening in UTC is the next day in the city."""
    moment = datetime(2026, 11, 21, 23, 15, 2, tzinfo=UTC)
    assert wording.city_day(moment) == date(2026, 11, 22)
    assert wording.city_time(moment) == "06:15"
    assert wording.city_time(moment, seconds=True) == "06:15:02"


@pytest.mark.parametrize(
    ("account", "shown"),
    [("9021000011187", "9021 0000 11187"), ("12345678", "1234 5678"), ("A1B", "A1B"), ("123456", "1234 56")],
)
def test_accounts_are_grouped_to_be_read(account: str, shown: str) -> None:
    assert wording.grouped_account(account) == shown


def test_footnotes_say_kind_ceiling_source_and_doubt() -> None:
    """Each kind has its words; what nobody has confirmed says so; equal notes share a number."""
    insurance = NoticeLine("Bảo hiểm y tế", 1_366_200, INSURANCE)
    notes, numbers = wording.footnotes([*LINES, insurance])
    assert notes == [
        "Dịch vụ hỗ trợ giáo dục, mức trần 300.000\u00a0đ một tháng theo NQ 08/2025/NQ-HĐND (chưa xác nhận).",
        "Thoả thuận bằng văn bản với phụ huynh ngày 05/9/2026.",
        "Thu hộ, chi hộ, nhà trường chuyển hết cho Bảo hiểm xã hội.",
    ]
    assert [numbers.get(wording.line_note(line)) for line in LINES] == [None, 1, 2, 2, 2, None]


@pytest.mark.parametrize(
    ("basis", "note"),
    [
        (
            replace(CARE, is_confirmed=True, source=""),
            "Dịch vụ hỗ trợ giáo dục, mức trần 300.000\u00a0đ một tháng.",
        ),
        (replace(AGREED, agreed_date=None, is_confirmed=False), "Thoả thuận với phụ huynh (chưa xác nhận)."),
        (Basis(ItemKind.PASS_THROUGH, is_confirmed=True), "Thu hộ, chi hộ."),
        (
            Basis(ItemKind.TUITION, ceiling=540_000, source="NĐ 238/2025/NĐ-CP", is_confirmed=True),
            "Học phí, mức trần 540.000\u00a0đ một tháng theo NĐ 238/2025/NĐ-CP.",
        ),
    ],
)
def test_footnotes_leave_out_what_is_not_known(basis: Basis, note: str) -> None:
    assert wording.basis_note(basis) == note


def test_a_receipt_says_whether_it_is_signed_and_what_it_follows() -> None:
    sheet = receipt_sheet(make_receipt())
    assert (sheet["signed"], sheet["chain"], sheet["number"]) == (
        "Bản chưa ký",
        "Dấu 9f20 c4a1, nối sau số 00001283",
        "00001284",
    )
    assert receipt_sheet(make_receipt(key_id="31fa09c2d4e8b677"))["signed"] == "Đã ký số, khoá 31fa09c2"
    assert receipt_sheet(make_receipt(chain_mark="", previous_number=7))["chain"] == "Nối sau số 00000007"
    assert receipt_sheet(make_receipt(chain_mark="", previous_number=None))["chain"] == ""
    assert receipt_sheet(make_receipt(cancel_reason="nộp nhầm"))["cancelled"] == "Đã huỷ: nộp nhầm"
