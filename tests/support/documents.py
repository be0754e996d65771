"""Builders of papers: a primary school's November notice and its receipt, any field of them another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from services.documents.domain import (
    Basis,
    ItemKind,
    NoticeContent,
    NoticeLine,
    NoticePart,
    PaymentDetails,
    ReceiptContent,
    ReceiptRow,
)

AGREED = Basis(ItemKind.AGREED, agreed_date=date(2026, 9, 5), is_confirmed=True)
CARE = Basis(ItemKind.SERVICE, ceiling=300_000, source="NQ 08/2025/NQ-HĐND")
INSURANCE = Basis(ItemKind.PASS_THROUGH, recipient="Bảo hiểm xã hội", is_confirmed=True)

LINES = (
    NoticeLine("Học phí", 0, Basis(ItemKind.TUITION), "Nhà nước miễn", 1, "tháng", 0),
    NoticeLine("Chăm sóc bán trú", 280_000, CARE, "", 1, "tháng", 280_000),
    NoticeLine("Tiền ăn bán trú", 560_000, AGREED, "", 20, "ngày", 28_000),
    NoticeLine("Nước uống", 12_000, AGREED, "", 1, "tháng", 12_000),
    NoticeLine("Câu lạc bộ kỹ năng sống", 140_000, AGREED, "đã đăng ký", 4, "buổi", 35_000),
    NoticeLine("Trừ tiền ăn tháng 10", -56_000, None, "nghỉ có phép", 2, "ngày", 28_000),
)
LONG_NAME = "Nguyễn Phước Thiên Trường Bảo Hoàng Ngọc Ẫn Nữ Công Huyền Tôn Nữ Ỷ Nhi"
LONG_UNIT = "Trường Phổ thông Dân tộc Nội trú Trung học cơ sở và Trung học phổ thông Điểu Ong"


def make_payload(memo: str, account: str = "9021000011187", amount: int = 936_000) -> str:
    """A text in the form of a VietQR; what it says does not matter to a paper."""
    consumer = f"000697043601{len(account):02}{account}"
    merchant = f"0010A00000072701{len(consumer):02}{consumer}0208QRIBFTTA"
    additional = f"08{len(memo):02}{memo}"
    return (
        f"00020101021238{len(merchant):02}{merchant}530370454{len(str(amount)):02}{amount}"
        f"5802VN62{len(additional):02}{additional}6304A1B2"
    )


def make_payment(memo: str = "XDK7M4PQ9R", **overrides: Any) -> PaymentDetails:
    payment = PaymentDetails(
        payload=make_payload(memo),
        holder="TRUONG TIEU HOC HOA MAI",
        account="9021000011187",
        bank="Ngân hàng Thử Xoài",
        memo=memo,
        page_address=f"https://xoai.example/p/{memo}",
    )
    return replace(payment, **overrides)


def make_part(
    lines: Sequence[NoticeLine] = LINES, payment: PaymentDetails | None = None, memo: str = "XDK7M4PQ9R"
) -> NoticePart:
    due = sum(line.amount for line in lines)
    return NoticePart(tuple(lines), due, (payment or make_payment(memo)) if due else None)


def make_notice(**overrides: Any) -> NoticeContent:
    notice = NoticeContent(
        unit_name="Trường Tiểu học Hoa Mai",
        unit_address="12 đường Mẫu, Phường Bình Phước, TP. Đồng Nai",
        school_year="2026-2027",
        round_name="Đợt tháng 11",
        title="Thông báo thu tiền tháng 11/2026",
        pupil_name="Nguyễn Ngọc Bảo Hân",
        class_name="3A",
        pupil_code="7525 091 268",
        parts=(make_part(),),
        amount_words="Chín trăm ba mươi sáu nghìn đồng",
        due_date=date(2026, 11, 30),
        contact="0271 000 1122",
        print_time=datetime(2026, 11, 2, 0, 30, tzinfo=UTC),
        other_ways="hoặc nộp tại trường, các sáng trong tuần",
    )
    return replace(notice, **overrides)


def many_lines(count: int, title: str = "Khoản thoả thuận số {}") -> tuple[NoticeLine, ...]:
    """Agreed items of 125,000 đồng each."""
    return tuple(
        NoticeLine(title.format(i), 125_000, AGREED, "", 1, "tháng", 125_000) for i in range(1, count + 1)
    )


def make_receipt(**overrides: Any) -> ReceiptContent:
    receipt = ReceiptContent(
        unit_name="Trường Tiểu học Hoa Mai",
        budget_code="1000001",
        book="2026-A",
        number=1284,
        issue_time=datetime(2026, 11, 22, 1, 15, 2, tzinfo=UTC),
        rows=(
            ReceiptRow("Người nộp", "Nguyễn Văn Toàn"),
            ReceiptRow("Học sinh", "Nguyễn Ngọc Bảo Hân, lớp 3A"),
            ReceiptRow("Khoản thu", "Tháng 11/2026, mã XDK7M4PQ9R"),
            ReceiptRow("Trả bằng", "Chuyển khoản, tài khoản đuôi 4417"),
            ReceiptRow("Người thu", "Đỗ Thị Lan Chi, kế toán"),
        ),
        amount=936_000,
        amount_words="Chín trăm ba mươi sáu nghìn đồng",
        check_address="https://xoai.example/bien-nhan/00001284-9F20C4A1",
        chain_mark="9f20 c4a1",
        previous_number=1283,
    )
    return replace(receipt, **overrides)
