"""Builders of stalls' boards, packs and of guides, any field of them another."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from services.documents.domain import GuideContent, PackContent, PackEntry, StandContent
from tests.support.documents import make_payload, make_payment

ROUND_AMOUNTS = (
    5_000,
    10_000,
    15_000,
    20_000,
    25_000,
    30_000,
    40_000,
    50_000,
    60_000,
    100_000,
    200_000,
    500_000,
)
STANDING_PAYLOAD = (
    "00020101021138570010A00000072701270006970436011390210000111870208QRIBFTTA"
    "53037045802VN62170813XQ7M4P9RT3HQA6304A1B2"
)


def make_stand(**overrides: Any) -> StandContent:
    stand = StandContent(
        account_holder="LÊ THỊ MẬN",
        account_last_four="8842",
        bank_name="Ngân hàng Thử Xoài",
        stall_number="A12",
        stall_name="Trái cây Cô Mận",
        programme_name="Hùng Vương",
        issue_number=3,
        issue_date=date(2026, 11, 18),
        check_code="K7M4",
        check_address="https://xoai.example/quay/XQ7M4P9RT3HQA",
        payload=STANDING_PAYLOAD,
    )
    return replace(stand, **overrides)


def make_pack(amounts: tuple[int, ...] = ROUND_AMOUNTS, **overrides: Any) -> PackContent:
    entries = tuple(
        PackEntry(amount, make_payload("XQ7M4P9RT3HQA", amount=amount), "XQ7M4P9RT3HQA") for amount in amounts
    )
    return replace(PackContent(make_stand(), entries), **overrides)


def make_guide(**overrides: Any) -> GuideContent:
    guide = GuideContent(
        biller_name="Trường Tiểu học Hoa Mai",
        payer_masked="N. N. B. Hân, lớp 3A",
        title="Thông báo thu tiền tháng 11/2026",
        amount=936_000,
        amount_words="Chín trăm ba mươi sáu nghìn đồng",
        due_date=date(2026, 11, 30),
        reference="XDK7M4P9RT3HQ",
        payment=make_payment(memo="XDK7M4P9RT3HQ"),
        help_phone="0271 000 1122",
        helper_name="Trần Văn Bảo, Tổ công nghệ số Phường Bình Phước",
        print_time=datetime(2026, 11, 28, 2, 0, tzinfo=UTC),
    )
    return replace(guide, **overrides)
