"""Boards of stalls, packs of codes and guides as PDF: what is printed, and what a phone reads from it."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from services.documents.domain import UndrawableText
from services.documents.typesetting import guide_pdf, pack_pdf, page_count, stands_pdf
from tests.integration.services.documents.pdf_reading import (
    codes_of,
    facts_of,
    fonts_of,
    pictures_of,
    scanned,
    text_of,
    words_of,
)
from tests.support.documents import LONG_NAME, LONG_UNIT, make_payment
from tests.support.stand_papers import ROUND_AMOUNTS, STANDING_PAYLOAD, make_guide, make_pack, make_stand

MILLIMETRE = 72 / 25.4
NAMES = (
    "LÊ THỊ MẬN",
    "NGUYEN PHUOC THIEN TRUONG BAO HOANG",
    LONG_NAME.upper(),
    "HO KINH DOANH TRAI CAY NHAP KHAU VA DAC SAN DONG NAI CO MAN HUNG VUONG",
    "CÔNG TY TNHH MỘT THÀNH VIÊN THƯƠNG MẠI DỊCH VỤ VÀ XUẤT NHẬP KHẨU NÔNG SẢN ĐỒNG NAI",
)


def plain(text: str) -> str:
    """Text as read aloud: line breaks and blanks are one blank."""
    return " ".join(text.replace("\u00a0", " ").split())


def test_a_board_says_whose_it_is_and_how_to_check_it(tmp_path: Path) -> None:
    """The whole text of a board, in composed letters."""
    said = text_of(stands_pdf([make_stand()]), tmp_path)
    expected = """Chủ tài khoản LÊ THỊ MẬN Trái cây Cô Mận, quầy A12, Hùng Vương
    Quét bằng ứng dụng ngân hàng bất kỳ Tên trên máy phải là LÊ THỊ MẬN, đuôi 8842
    Tiền đến, máy của quầy đọc to số tiền.
    Mã này có thật không? Bản số 03, cấp 18/11/2026
    xoai.example/quay/XQ7M4P9RT3HQA Mã kiểm tra K7 M4"""
    assert plain(said) == plain(expected)
    assert said == unicodedata.normalize("NFC", said)


@pytest.mark.parametrize(("large", "size"), [(False, "297.638 x 419.528"), (True, "419.528 x 595.276")])
def test_boards_have_their_paper_and_their_fonts(large: bool, size: str, tmp_path: Path) -> None:
    """A6 and A5, every font inside."""
    pdf = stands_pdf([make_stand()], large=large)
    assert facts_of(pdf, tmp_path)["Page size"].startswith(size)
    assert all(embedded and unicode for _, embedded, unicode in fonts_of(pdf, tmp_path))
    assert codes_of(pdf, tmp_path) == [[STANDING_PAYLOAD]]


@pytest.mark.parametrize("place", ["Trái cây", "Trái cây nhập khẩu và đặc sản Đồng Nai Cô Mận"])
@pytest.mark.parametrize("name", NAMES)
def test_no_name_is_cut_and_none_needs_a_second_page(name: str, place: str, tmp_path: Path) -> None:
    """The longest names that banks keep stand whole on one board, twice, and the code still reads."""
    stand = make_stand(account_holder=name, stall_name=place, programme_name="Phố không tiền mặt Hùng Vương")
    for large in (False, True):
        pdf = stands_pdf([stand], large=large)
        assert page_count(pdf) == 1
        assert plain(text_of(pdf, tmp_path)).count(name) == 2
        assert codes_of(pdf, tmp_path) == [[STANDING_PAYLOAD]]
        (words,) = words_of(pdf, tmp_path)
        width, height = (148, 210) if large else (105, 148)
        assert min(word.left for word in words) >= 6 * MILLIMETRE
        assert max(word.right for word in words) <= (width - 6) * MILLIMETRE
        assert max(word.bottom for word in words) <= (height - 2) * MILLIMETRE


def test_several_stalls_are_one_file_in_their_order(tmp_path: Path) -> None:
    """One board a page, each with its own code."""
    stands = [
        make_stand(stall_number=f"A{i}", payload=STANDING_PAYLOAD.replace("XQ7M", f"XQ{i}M"))
        for i in range(1, 6)
    ]
    pdf = stands_pdf(stands)
    assert codes_of(pdf, tmp_path) == [[stand.payload] for stand in stands]
    pages = text_of(pdf, tmp_path).split("\f")
    assert [f"quầy A{i}" in plain(page) for i, page in enumerate(pages[:-1], 1)] == [True] * 5


def test_trial_boards_say_so_and_outlines_spare_ink(tmp_path: Path) -> None:
    """The demo's mark; the outline's head is white."""
    assert "Bản thử" in text_of(stands_pdf([make_stand()], is_trial=True), tmp_path)
    assert "Bản thử" not in text_of(stands_pdf([make_stand()]), tmp_path)
    dark, outline = (
        sum(Image.open(pictures_of(stands_pdf([make_stand()], outline=flag), tmp_path)[0]).histogram()[:128])
        for flag in (False, True)
    )
    assert outline < dark * 0.6


def covers(left: int, top: int, side: int) -> list[tuple[int, int]]:
    """Corners of a square with a tenth of the code's area at nine places that leave its three eyes visible."""
    square = int(side * 0.1**0.5)
    eye = side * 9 // 49 + 1
    free, middle = side - square, (side - square) // 2
    places = [
        (middle, middle),
        (free, free),
        (eye, eye),
        (free, middle),
        (middle, free),
        (middle, eye),
        (eye, middle),
    ]
    places += [(free - eye // 2, free - eye // 2), (middle, free - eye // 2)]
    return [(left + x, top + y) for x, y in places]


@pytest.mark.parametrize("large", [False, True])
def test_a_board_reads_with_a_tenth_of_its_code_covered(large: bool, tmp_path: Path) -> None:
    """A white sticker over a tenth of the code, wherever it leaves the eyes: a scanner still reads all of it."""
    picture = Image.open(pictures_of(stands_pdf([make_stand()], large=large), tmp_path)[0]).convert("L")
    below_head = picture.height * 34 // 148
    code = picture.crop((0, below_head, picture.width, picture.height * 112 // 148))
    left, top, right, bottom = code.point(lambda shade: 255 if shade < 128 else 0).getbbox() or (0, 0, 0, 0)
    side = right - left
    assert abs(side - (bottom - top)) <= 2
    assert side / picture.width * 105 == pytest.approx(64, abs=0.5)
    for x, y in covers(left, top + below_head, side):
        covered = picture.copy()
        ImageDraw.Draw(covered).rectangle(
            (x, y, x + int(side * 0.1**0.5), y + int(side * 0.1**0.5)), fill=255
        )
        covered.save(tmp_path / "covered.png")
        assert scanned(tmp_path / "covered.png") == [STANDING_PAYLOAD], (x - left, y - top)


@pytest.mark.parametrize("name", NAMES)
def test_a_code_has_its_rest(name: str, tmp_path: Path) -> None:
    """Seven millimetres of white above and under the code over the whole width, also under a long name."""
    pdf = stands_pdf([make_stand(account_holder=name, stall_name=LONG_UNIT)], outline=True)
    picture = Image.open(pictures_of(pdf, tmp_path)[0]).convert("L")
    scale = picture.width / 105
    # The code's left edge runs through the upright bars of two eyes; nothing else there is dark for so long.
    column = "".join(
        "x" if picture.getpixel((int(21.1 * scale), y)) < 128 else " " for y in range(picture.height)
    )
    eyes = [run.span() for run in re.finditer("x+", column) if run.end() - run.start() > 7 * scale]
    top, bottom = eyes[0][0], eyes[-1][1]
    assert (bottom - top) / scale == pytest.approx(64, abs=0.4)
    rest = int(7 * scale) - 1
    for begin in (top - rest - 1, bottom + 1):
        assert picture.crop((0, begin, picture.width, begin + rest)).getextrema()[0] > 200


def test_a_pack_has_every_amount_with_its_code(tmp_path: Path) -> None:
    """Twelve codes on one A4 sheet; each says its amount, and the sheet whose it is."""
    pdf = pack_pdf(make_pack(is_trial=True))
    facts = facts_of(pdf, tmp_path)
    assert (facts["Pages"], facts["Page size"].startswith("595.276 x 841.89")) == ("1", True)
    (codes,) = codes_of(pdf, tmp_path)
    assert sorted(codes) == sorted(entry.payload for entry in make_pack().entries)
    said = plain(text_of(pdf, tmp_path))
    for amount in ROUND_AMOUNTS:
        assert f"{amount:,} ₫".replace(",", ".") in said
    for text in ("LÊ THỊ MẬN", "quầy A12", "đuôi 8842", "XQ7 M4P 9RT 3HQA", "Bản thử – không có tiền thật"):
        assert text in said


def test_a_small_pack_and_a_long_name_keep_to_one_sheet(tmp_path: Path) -> None:
    """One code alone is a sheet as well."""
    for pack in (
        make_pack((20_000,)),
        make_pack(stand=make_stand(account_holder=NAMES[-1], stall_name=LONG_UNIT)),
    ):
        assert page_count(pack_pdf(pack)) == 1
        assert len(codes_of(pack_pdf(pack), tmp_path)[0]) == len(pack.entries)


def test_a_guide_tells_four_ways_and_what_nobody_asks(tmp_path: Path) -> None:
    """One page with the sum, the code in groups, the code to scan, and whom to call."""
    pdf = guide_pdf(make_guide(is_trial=True))
    said = plain(text_of(pdf, tmp_path))
    for text in (
        "Cách nộp tiền cho Trường Tiểu học Hoa Mai", "936.000 ₫", "Chín trăm ba mươi sáu nghìn đồng",
        "Hạn nộp 30/11/2026", "XDK 7M4 P9R T3HQ", "1 Nhờ điện thoại của người nhà", "2 Ứng dụng ngân hàng",
        "3 Quầy ngân hàng", "4 Tiền mặt", "9021 0000 11187", "mật khẩu hay mã OTP", "0271 000 1122",
        "Người giúp: Trần Văn Bảo", "In lúc 09:00 ngày 28 tháng 11 năm 2026", "Bản thử – không có tiền thật",
    ):  # fmt: skip
        assert text in said
    assert codes_of(pdf, tmp_path) == [[make_guide().payment.payload]]
    assert all(embedded and unicode for _, embedded, unicode in fonts_of(pdf, tmp_path))


def test_a_guide_of_long_names_is_one_page(tmp_path: Path) -> None:
    """A long unit, payer, title, holder and helper still fit."""
    guide = make_guide(
        biller_name=LONG_UNIT,
        payer_masked=LONG_NAME,
        title="Thông báo thu tiền các khoản dịch vụ hỗ trợ giáo dục tháng 11/2026",
        helper_name=LONG_NAME,
        due_date=date(2026, 12, 31),
        amount=1_234_567_890,
        amount_words="Một tỷ hai trăm ba mươi tư triệu năm trăm sáu mươi bảy nghìn tám trăm chín mươi đồng",
        payment=make_payment(holder=LONG_UNIT.upper()),
        is_trial=True,
    )
    pdf = guide_pdf(guide)
    assert page_count(pdf) == 1
    (words,) = words_of(pdf, tmp_path)
    assert max(word.bottom for word in words) <= (297 - 9) * MILLIMETRE
    assert codes_of(pdf, tmp_path) == [[guide.payment.payload]]


def test_the_same_board_is_the_same_file() -> None:
    """Printing twice gives equal bytes."""
    assert stands_pdf([make_stand()]) == stands_pdf([make_stand()])


def test_letters_without_a_font_are_refused() -> None:
    """No box instead of a letter of somebody's name."""
    with pytest.raises(UndrawableText):
        stands_pdf([make_stand(account_holder="李 THỊ MẬN")])
