"""Receipts as PDF."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from services.documents.domain import ReceiptRow, UndrawableText
from services.documents.receipt_file import read
from services.documents.typesetting import digest_of, page_count, receipt_pdf
from tests.integration.services.documents.pdf_reading import (
    codes_of,
    facts_of,
    fonts_of,
    text_of,
    words_of,
    written,
)
from tests.support.documents import LONG_NAME, LONG_UNIT, make_receipt


def test_a_receipt_says_what_was_paid_by_whom_for_what(tmp_path: Path) -> None:
    """The whole text; without a signature it says so."""
    said = text_of(receipt_pdf(make_receipt(is_trial=True)), tmp_path)
    expected = """Trường Tiểu học Hoa Mai
Mã QHNS 1000001
Quyển 2026-A
Số 00001284
Biên nhận thu tiền
Ngày 22 tháng 11 năm 2026, 08:15:02
Người nộp Nguyễn Văn Toàn
Học sinh Nguyễn Ngọc Bảo Hân, lớp 3A
Khoản thu Tháng 11/2026, mã XDK7M4PQ9R
Trả bằng Chuyển khoản, tài khoản đuôi 4417
Người thu Đỗ Thị Lan Chi, kế toán
Quét để kiểm biên nhận này
Chín trăm ba mươi sáu nghìn đồng 936.000 ₫
Bản chưa ký (Bản thử – không có tiền thật) Dấu 9f20 c4a1, nối sau số 00001283
Kiểm tại xoai.example/bien-nhan/00001284-9F20C4A1"""
    assert said.split() == expected.split()


def test_a_receipt_is_a6_with_embedded_fonts_and_a_checking_code(tmp_path: Path) -> None:
    """The code holds the checking page's address."""
    pdf = receipt_pdf(make_receipt())
    facts = facts_of(pdf, tmp_path)
    assert facts["Page size"].startswith("419.528 x 297.638")
    assert (facts["Tagged"], facts["Title"]) == (
        "yes",
        "Biên nhận thu tiền số 00001284 – Trường Tiểu học Hoa Mai",
    )
    assert all(embedded and unicode for _, embedded, unicode in fonts_of(pdf, tmp_path))
    assert codes_of(pdf, tmp_path) == [["https://xoai.example/bien-nhan/00001284-9F20C4A1"]]


def test_signed_and_cancelled_receipts_say_so(tmp_path: Path) -> None:
    """The beginning of the key's id; and why it is worth nothing any more."""
    signed = text_of(receipt_pdf(make_receipt(key_id="31fa09c2d4e8b677")), tmp_path)
    assert "Đã ký số, khoá 31fa09c2" in signed
    assert "Bản chưa ký" not in signed
    assert "Đã huỷ: nộp nhầm học sinh" in text_of(
        receipt_pdf(make_receipt(cancel_reason="nộp nhầm học sinh")), tmp_path
    )


def test_what_is_attached_is_there_to_the_byte_and_the_page_stays_the_same(tmp_path: Path) -> None:
    """Signed bytes are not tidied: blanks before signs, letters in two parts; the digest is of the page alone."""
    attached = '{"statement":"5 ₫, a\u0302, \\n “x”","signature":"AA=="}'
    plain, pdf = receipt_pdf(make_receipt()), receipt_pdf(make_receipt(attachment=attached))
    found = read(pdf)
    assert found.attachment == attached.encode()
    assert found.page_digest == digest_of(pdf) == digest_of(plain)
    assert text_of(pdf, tmp_path) == text_of(plain, tmp_path)
    assert (
        "bien-nhan.json"
        in subprocess.run(
            ["pdfdetach", "-list", str(written(pdf, tmp_path))], capture_output=True, check=True, text=True
        ).stdout
    )


def test_long_names_stay_on_one_sheet(tmp_path: Path) -> None:
    """Two long names, a long unit, ten digits and a cancellation fit; nothing leaves the paper."""
    receipt = make_receipt(
        unit_name=LONG_UNIT,
        cancel_reason="nộp nhầm học sinh",
        amount=1_234_567_890,
        amount_words="Một tỷ hai trăm ba mươi tư triệu năm trăm sáu mươi bảy nghìn tám trăm chín mươi đồng",
        rows=(
            ReceiptRow("Người nộp", LONG_NAME),
            ReceiptRow("Học sinh", f"{LONG_NAME}, lớp 3A"),
            *make_receipt().rows[2:],
        ),
    )
    pdf = receipt_pdf(receipt)
    assert page_count(pdf) == 1
    (words,) = words_of(pdf, tmp_path)
    assert max(word.right for word in words) <= 139 / 25.4 * 72 + 1
    assert max(word.bottom for word in words) <= 100 / 25.4 * 72
    assert "1.234.567.890 ₫" in text_of(pdf, tmp_path)


def test_letters_without_a_font_are_refused() -> None:
    with pytest.raises(UndrawableText):
        receipt_pdf(make_receipt(unit_name="Trường 中文"))
