"""Fee notices as PDF: what they say, that they can be read, printed, scanned and laid out whatever the names."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from kit.errors import InvalidArgument
from services.documents.domain import NoticeLine, UndrawableText
from services.documents.typesetting import BATCH_SIZE, notices_pdf, page_count
from tests.integration.services.documents.pdf_reading import codes_of, facts_of, fonts_of, text_of, words_of
from tests.support.documents import (
    INSURANCE,
    LONG_NAME,
    LONG_UNIT,
    make_notice,
    make_part,
    make_payload,
    make_payment,
    many_lines,
)

POINTS_PER_MM = 72 / 25.4
VIETNAMESE = "".join(
    letter + letter.upper()
    for letter in (
        "aàảãáạăằẳẵắặâầẩẫấậbcdđeèẻẽéẹêềểễếệghiìỉĩíịklmnoòỏõóọôồổỗốộơờởỡớợpqrstuùủũúụưừửữứựvxyỳỷỹýỵfjwz0123456789"
    )
)


def test_a_notice_says_all_that_a_family_needs(tmp_path: Path) -> None:
    """The whole text, in reading order, as it is extracted."""
    expected = """Trường Tiểu học Hoa Mai
12 đường Mẫu, Phường Bình Phước, TP. Đồng Nai
Năm học 2026-2027
Đợt tháng 11, tờ 1/1
Thông báo thu tiền tháng 11/2026
Nguyễn Ngọc Bảo Hân, lớp 3A
Mã học sinh 7525 091 268
Khoản Số lượng Đơn giá Thành tiền
Học phí Nhà nước miễn 1 tháng 0 0
Chăm sóc bán trú1 1 tháng 280.000 280.000
Tiền ăn bán trú2 20 ngày 28.000 560.000
Nước uống2 1 tháng 12.000 12.000
Câu lạc bộ kỹ năng sống2 đã đăng ký 4 buổi 35.000 140.000
Trừ tiền ăn tháng 10 nghỉ có phép 2 ngày 28.000 −56.000
Phải nộp 936.000 ₫
Chín trăm ba mươi sáu nghìn đồng Hạn nộp 30/11/2026
Quét bằng ứng dụng ngân hàng bất kỳ
Chủ tài khoản TRUONG TIEU HOC HOA MAI
Số tài khoản 9021 0000 11187
Ngân hàng Ngân hàng Thử Xoài
Nội dung XDK7M4PQ9R
Xem phiếu, biên nhận:
xoai.example/p/XDK7M4PQ9R
Phí chuyển khoản và phí nộp tiền mặt: 0 đ.
Nhà trường không gọi điện hỏi mật khẩu, OTP và không gửi đường liên kết. Không có điện
thoại thông minh: nhờ người nhà quét tờ này, hoặc nộp tại trường, các sáng trong tuần.
1 Dịch vụ hỗ trợ giáo dục, mức trần 300.000 đ một tháng theo NQ 08/2025/NQ-
HĐND (chưa xác nhận). 2 Thoả thuận bằng văn bản với phụ huynh ngày 05/9/2026.
Tờ này không có khoản tự nguyện.
Hỏi: 0271 000 1122
In 02/11/2026 07:30"""
    said = text_of(notices_pdf([make_notice()]), tmp_path)
    assert sorted(said.split()) == sorted(expected.split())
    assert said.startswith(expected[: expected.index("1 Dịch vụ")])


def test_every_letter_is_drawn_and_found_again(tmp_path: Path) -> None:
    """All Vietnamese letters, ₫, and the letters of the S'tiêng alphabet; decomposed names come out composed."""
    stieng = "Điểu Brŏ Ô̆r Kŭ"
    decomposed = unicodedata.normalize("NFD", "Nguyễn Thị Ngọc Hằng")
    letters = [VIETNAMESE[i : i + 40] for i in range(0, len(VIETNAMESE), 40)]
    lines = [NoticeLine(text, 1_000, INSURANCE) for text in letters]
    notice = make_notice(pupil_name=decomposed, parts=(make_part(lines),))
    pdf = notices_pdf([notice, replace(notice, pupil_name=stieng)])
    said = text_of(pdf, tmp_path)
    assert unicodedata.is_normalized("NFC", said)
    assert "Nguyễn Thị Ngọc Hằng, lớp 3A" in said
    assert "₫" in said
    assert f"{unicodedata.normalize('NFC', stieng)}, lớp 3A" in said
    for text in letters:
        assert text in said


def test_letters_without_a_font_are_refused() -> None:
    """No empty boxes on paper: the letter is named."""
    with pytest.raises(UndrawableText) as refused:
        notices_pdf([make_notice(pupil_name="Sok កម្ពុជា")])
    assert refused.value.metadata["text"].startswith("ក")


def test_nothing_to_print_is_refused() -> None:
    with pytest.raises(InvalidArgument):
        notices_pdf([])


def test_fonts_are_embedded_and_the_page_is_a5(tmp_path: Path) -> None:
    """Every font is inside the file and maps to Unicode; tagged, titled, its time the print time."""
    pdf = notices_pdf([make_notice()])
    fonts = fonts_of(pdf, tmp_path)
    assert len(fonts) >= 3
    assert all("Roboto" in name and embedded and unicode for name, embedded, unicode in fonts)
    facts = facts_of(pdf, tmp_path)
    assert facts["Page size"].startswith("419.528 x 595.276")
    assert facts["Title"] == "Thông báo thu tiền tháng 11/2026 – Trường Tiểu học Hoa Mai"
    assert facts["Tagged"] == "yes"
    assert "Nov  2 00:30:00 2026" in facts["CreationDate"] or "Nov 2 00:30:00 2026" in facts["CreationDate"]


def test_the_printed_code_is_the_payload(tmp_path: Path) -> None:
    """A scanner reads from each page the payload of that pupil and no other."""
    memos = ["XDK7M4PQ9R", "XDZ4P8WQ7M", "XDAAAAAA22"]
    notices = [make_notice(parts=(make_part(memo=memo),)) for memo in memos]
    assert codes_of(notices_pdf(notices), tmp_path) == [[make_payload(memo)] for memo in memos]


def test_large_print_is_the_same_on_a4(tmp_path: Path) -> None:
    """1.41 times as large, the same words, the same code."""
    notice = make_notice()
    small, large = notices_pdf([notice]), notices_pdf([notice], large_print=True)
    assert page_count(large) == 1
    assert facts_of(large, tmp_path)["Page size"].startswith("595.276 x 841.89")
    assert text_of(large, tmp_path).split() == text_of(small, tmp_path).split()
    assert codes_of(large, tmp_path) == [[make_payload("XDK7M4PQ9R")]]
    (small_words,), (large_words,) = words_of(small, tmp_path), words_of(large, tmp_path)
    ratios = [(b.right - b.left) / (a.right - a.left) for a, b in zip(small_words, large_words, strict=True)]
    assert all(abs(ratio - 1.41) < 0.01 for ratio in ratios)


def test_two_accounts_are_two_codes_without_confusion(tmp_path: Path) -> None:
    """Each code has its own sum above it and its own memo beside it; the total stands once, at the end."""
    insurance = make_part(
        (NoticeLine("Bảo hiểm y tế học sinh", 1_366_200, INSURANCE),),
        make_payment(
            "XDZ4P8WQ7M",
            holder="BAO HIEM XA HOI CO SO DONG XOAI",
            account="1130002938475",
            bank="Ngân hàng TMCP Đầu tư và Phát triển Việt Nam",
        ),
    )
    notice = make_notice(
        parts=(make_part(), insurance), amount_words="Hai triệu ba trăm linh hai nghìn hai trăm đồng"
    )
    pdf = notices_pdf([notice])
    assert codes_of(pdf, tmp_path) == [[make_payload("XDK7M4PQ9R")], [make_payload("XDZ4P8WQ7M")]]
    said = text_of(pdf, tmp_path).replace("\n", " ")
    places = [
        said.index(text)
        for text in (
            "Gồm 2 lần chuyển khoản, mỗi lần quét một mã.",
            "Lần chuyển 1 trên 2 936.000 ₫",
            "Nội dung XDK7M4PQ9R",
            "Lần chuyển 2 trên 2 1.366.200 ₫",
            "BAO HIEM XA HOI",
            "Nội dung XDZ4P8WQ7M",
            "Phải nộp cả 2 lần 2.302.200 ₫",
            "Hai triệu ba trăm linh hai nghìn hai trăm đồng",
        )
    ]
    assert places == sorted(places)


@pytest.mark.parametrize("rows", [1, 8, 9, 10, 14, 23, 45])
@pytest.mark.parametrize("long_names", [False, True])
def test_nothing_leaves_the_paper_or_lies_on_another(rows: int, long_names: bool, tmp_path: Path) -> None:
    """With any number of rows and names of any length: inside the margins, no word on another, leaves numbered."""
    title = (
        "Khoản số {} có tên khá dài để xem chữ xuống dòng ra sao trong bảng" if long_names else "Khoản số {}"
    )
    notice = make_notice(parts=(make_part(many_lines(rows, title)),))
    if long_names:
        payment = make_payment(
            holder="TRUONG PHO THONG DAN TOC NOI TRU DIEU ONG", bank="Ngân hàng " + "Nông nghiệp " * 6
        )
        notice = replace(
            notice,
            unit_name=LONG_UNIT,
            unit_address="Số 1234 đường Phú Riềng Đỏ nối dài, khu phố Tân Đồng, Phường Đồng Xoài, TP. Đồng Nai",
            pupil_name=LONG_NAME,
            contact="Phòng kế toán 0271 000 1122",
            amount_words="Năm triệu sáu trăm hai mươi lăm nghìn không trăm linh năm đồng chẵn không thiếu",
            parts=(make_part(many_lines(rows, title), payment),),
            is_trial=True,
        )
    pdf = notices_pdf([notice])
    pages = words_of(pdf, tmp_path)
    said = text_of(pdf, tmp_path)
    assert [f"tờ {i}/{len(pages)}" in page for i, page in enumerate(said.split("\f")[:-1], 1)] == [
        True
    ] * len(pages)
    assert (len(pages) == 1) if rows <= 9 and not long_names else (rows < 14 or len(pages) >= 2)
    for page in pages:
        for word in page:
            assert word.left >= 10 * POINTS_PER_MM - 1
            assert word.right <= 138 * POINTS_PER_MM + 1
            assert word.top >= 8 * POINTS_PER_MM
            assert word.bottom <= 204.5 * POINTS_PER_MM
        ordered = sorted(page, key=lambda word: (word.top, word.left))
        for i, word in enumerate(ordered):
            for other in ordered[i + 1 :]:
                overlap_x = min(word.right, other.right) - max(word.left, other.left)
                overlap_y = min(word.bottom, other.bottom) - max(word.top, other.top)
                assert not (overlap_x > 1 and overlap_y > 5), (word, other)
    assert "Phải nộp" in said.split("\f")[len(pages) - 1]
    assert codes_of(pdf, tmp_path)[-1] == [make_payload("XDK7M4PQ9R")]


def test_a_text_of_hundreds_of_words_is_not_cut(tmp_path: Path) -> None:
    """Even what no leaf holds is printed to its end."""
    endless = NoticeLine("Khoản " + "rất dài " * 700 + "hết", 5_000, INSURANCE)
    said = text_of(notices_pdf([make_notice(parts=(make_part((endless,)),))]), tmp_path)
    assert said.count("rất") == 700
    assert "hết" in said
    assert "Nội dung XDK7M4PQ9R" in said


def test_long_runs_keep_their_order_and_their_codes(tmp_path: Path) -> None:
    """More notices than one typesetting run are joined: every pupil once, in order, on a leaf of his own."""
    count = 2 * BATCH_SIZE + 3
    notices = [
        make_notice(pupil_name=f"Học Sinh Số {i}", parts=(make_part(memo=f"XDK7M4P{i:03}"),))
        for i in range(count)
    ]
    pdf = notices_pdf(notices)
    assert page_count(pdf) == count
    pages = text_of(pdf, tmp_path).split("\f")[:-1]
    assert [f"Học Sinh Số {i}, lớp 3A" in page for i, page in enumerate(pages)] == [True] * count
    assert all(embedded and unicode for _, embedded, unicode in fonts_of(pdf, tmp_path))
    assert facts_of(pdf, tmp_path)["Title"] == "Thông báo thu tiền tháng 11/2026 – Trường Tiểu học Hoa Mai"
    for page in (1, BATCH_SIZE, BATCH_SIZE + 1, count):
        assert codes_of(pdf, tmp_path, page) == [[make_payload(f"XDK7M4P{page - 1:03}")]]


def test_equal_content_gives_equal_bytes() -> None:
    """One run, and runs that are joined: reproducible, so that a paper can be checked against its mark."""
    many = [make_notice(pupil_name=f"Học Sinh Số {i}") for i in range(BATCH_SIZE + 1)]
    for notices in ([make_notice()], many):
        assert notices_pdf(notices) == notices_pdf(notices)


def test_previews_and_trials_say_so(tmp_path: Path) -> None:
    """A preview has no code and says why; a paper of the demo says that it is worth nothing."""
    part = replace(make_part(), payment=None)
    pdf = notices_pdf([make_notice(parts=(part,), is_preview=True, is_trial=True)])
    said = text_of(pdf, tmp_path).replace("\n", " ")
    assert "Bản xem trước, chưa phát hành." in said
    assert "Bản thử – không có tiền thật" in said
    assert codes_of(pdf, tmp_path) == [[]]


def test_rows_keep_their_distance(tmp_path: Path) -> None:
    """Rows stand 7.3 mm apart."""
    (words,) = words_of(notices_pdf([make_notice(parts=(make_part(many_lines(5)),))]), tmp_path)
    tops = sorted(word.top for word in words if word.text == "thoả")
    steps = [(b - a) / POINTS_PER_MM for a, b in pairwise(tops)]
    assert all(abs(step - 7.3) < 0.05 for step in steps)
    assert len(steps) == 4
