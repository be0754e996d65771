"""Vietnamese text: folding, keys for search and order, names, and text that is safe to show."""

from __future__ import annotations

import random
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.text import (
    clean_display,
    fold,
    fold_upper,
    mask_name,
    name_sort_key,
    natural_key,
    nfc,
    person_key,
    search_key,
    sort_key,
)

VIETNAMESE = "aàảãáạăằẳẵắặâầẩẫấậbcdđeèẻẽéẹêềểễếệghiìỉĩíịklmnoòỏõóọôồổỗốộơờởỡớợpqrstuùủũúụưừửữứựvxyỳỷỹýỵ"


@pytest.mark.parametrize(
    ("text", "ascii_text"),
    [
        ("Nguyễn Thị Đào", "Nguyen Thi Dao"),
        ("đường Đ. 30/4", "duong D. 30/4"),
        ("Ðào ð", "Dao d"),
        (unicodedata.normalize("NFD", "Trường Tiểu học Tân Đồng"), "Truong Tieu hoc Tan Dong"),
        ("“Học phí” – tháng 9…", '"Hoc phi" - thang 9...'),
        ("1.250.000\u00a0₫", "1.250.000 d"),
        ("Ｈọｃ ｐｈí", "Hoc phi"),
        ("a\u200bb\u202ec", "abc"),
        ("m² ½", "m2 1/2"),
        ("straße Øl Łódź", "strasse Ol Lodz"),
        ("学费 A", " A"),
        ("plain ASCII\t\n", "plain ASCII\t\n"),
    ],
)
def test_folding(text: str, ascii_text: str) -> None:
    """Accents go, Đ becomes D by hand, signs become their ASCII neighbours, other scripts vanish."""
    assert fold(text) == ascii_text
    assert fold_upper(text) == ascii_text.upper()


def test_folding_changes_every_vietnamese_letter() -> None:
    """A table that silently did nothing would leave some of these."""
    for letter in VIETNAMESE + VIETNAMESE.upper():
        assert fold(letter) == (letter if letter.isascii() else fold(letter))
        assert fold(letter).isascii()
        assert len(fold(letter)) == 1
    assert fold("ăâđêôơưĂÂĐÊÔƠƯ") == "aadeoouAADEOOU"


def test_folding_can_show_what_was_lost() -> None:
    """A caller that must not lose anything asks for a mark."""
    assert fold("A学B😀", unknown="\xff") == "A\xffB\xff"


@given(st.text())
def test_folding_gives_ascii(text: str) -> None:
    """Whatever comes in, ASCII comes out, and folding again changes nothing."""
    assert fold(text).isascii()
    assert fold(fold(text)) == fold(text)
    assert fold(unicodedata.normalize("NFD", text)) == fold(nfc(text))


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Hoà", "Hòa"),
        ("thuý", "thúy"),
        ("NGUYỄN  VĂN\u00a0A", "Nguyễn Văn A"),
        (unicodedata.normalize("NFD", "Lê Thị Huệ"), "lê thị huệ"),
        ("Khoẻ Quỳnh", "Khỏe Quỳnh"),
        ("Ðinh", "Đinh"),
        ("H’Hen Niê", "H'Hen Niê"),
        ("Hà\u200b Anh", "Hà Anh"),
    ],
)
def test_spellings_of_one_name(a: str, b: str) -> None:
    """Case, blanks, composition and the place of the tone do not make another person."""
    assert person_key(a) == person_key(b)
    assert search_key(a) == search_key(b)


@pytest.mark.parametrize(
    ("a", "b", "found_by_both"),
    [
        ("Hoa", "Hòa", True),
        ("Hòa", "Hóa", True),
        ("Dung", "Đung", True),
        ("Lan", "Lân", True),
        ("Lý", "Lí", False),
        ("Nguyễn Văn An", "Nguyễn An", False),
        ("An Bình", "AnBình", False),
        ("Hòa'", "Hóa", True),
    ],
)
def test_different_names(a: str, b: str, found_by_both: bool) -> None:
    """Accents make another name, though search without accents may find both."""
    assert person_key(a) != person_key(b)
    assert (search_key(a) == search_key(b)) is found_by_both


@given(st.text())
def test_keys_are_stable(text: str) -> None:
    """NFC and NFD of a text have the same keys, and a key is its own key."""
    decomposed, composed = unicodedata.normalize("NFD", text), nfc(text)
    assert person_key(decomposed) == person_key(composed)
    assert search_key(decomposed) == search_key(composed)
    assert search_key(search_key(text)) == search_key(text)
    assert sort_key(decomposed) == sort_key(composed)
    assert "\x00" not in sort_key(text) + name_sort_key(text) + natural_key(text)


def in_any_order(ordered: list[str]) -> list[str]:
    """The list shuffled, the same way each time."""
    return random.Random(7).sample(ordered, len(ordered))


# The order of CLDR for Vietnamese, as ICU 78 gives it.
ORDERED_WORDS = [
    "a", "à", "ả", "ã", "á", "ạ", "ác", "am", "An", "An Bình", "an-x", "anh", "Ánh", "ẵm", "ăn", "ấm",
    "ba", "bà", "Bá", "bạ", "bàn", "bán", "ca", "da", "đa", "đà", "e", "ê", "hà", "hoa", "hoà", "hòa",
    "hoài", "mơ", "o", "ô", "ơ", "quý", "u", "ư", "ứng", "vũ", "xoài", "y", "ý",
]  # fmt: skip


def test_words_in_vietnamese_order() -> None:
    """Letters first (a ă â … d đ … o ô ơ), then tones in the order huyền hỏi ngã sắc nặng, then case."""
    assert sorted(in_any_order(ORDERED_WORDS), key=sort_key) == ORDERED_WORDS
    letters = [
        "a",
        "ă",
        "â",
        "b",
        "c",
        "d",
        "đ",
        "e",
        "ê",
        "g",
        "h",
        "i",
        "k",
        "l",
        "m",
        "n",
        "o",
        "ô",
        "ơ",
        "p",
        "q",
        "r",
        "s",
        "t",
        "u",
        "ư",
        "v",
        "x",
        "y",
    ]
    assert sorted(in_any_order(letters), key=sort_key) == letters
    tones = ["ma", "mà", "mả", "mã", "má", "mạ"]
    assert sorted(in_any_order(tones), key=sort_key) == tones
    assert sorted(["Ba", "ba", "bA"], key=sort_key) == ["ba", "bA", "Ba"]
    assert sorted(["hòa", "hoà", "hoa"], key=sort_key) == ["hoa", "hoà", "hòa"]
    assert sorted(["mạ bo", "ma bò"], key=sort_key) == ["ma bò", "mạ bo"]
    assert sorted(["má b", "mà c"], key=sort_key) == ["má b", "mà c"]
    assert sorted(["Anh", "An Bình", "an"], key=sort_key) == ["an", "An Bình", "Anh"]


def test_names_by_given_name() -> None:
    """A class list: given name, then family name, then middle names; tones count, case last."""
    ordered = [
        "Bùi Thị An",
        "Nguyễn An",
        "Nguyễn Bảo An",
        "NGUYỄN VĂN AN",
        "Trần Anh",
        "Lê Ân",
        "Đặng Văn Bình",
        "Trần Thị Dung",
        "Lê Đức",
        "Hà",
        "Nguyễn Thu Hà",
        "Bùi Hạ",
        "Đỗ Thị Hải",
    ]
    assert sorted(in_any_order(ordered), key=name_sort_key) == ordered
    assert sorted(["Lê Thị Hoa", "lê thị hoa", "Lê Anh Hoa"], key=name_sort_key) == [
        "Lê Anh Hoa",
        "lê thị hoa",
        "Lê Thị Hoa",
    ]


def test_classes_in_natural_order() -> None:
    """Numbers count as numbers."""
    ordered = [
        "1A",
        "6A",
        "6A1",
        "6A2",
        "6A10",
        "6B1",
        "9A",
        "10A1",
        "12.6",
        "12.10",
        "Lá 1",
        "Lá 2",
        "Lá 10",
        "Mầm 1",
    ]
    assert sorted(in_any_order(ordered), key=natural_key) == ordered


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("Nguyễn Ngọc Bảo Hân", "N. N. B. Hân"),
        ("  Đỗ   An ", "Đ. An"),
        ("Hân", "Hân"),
        ("", ""),
        (unicodedata.normalize("NFD", "Ấu Ôn"), "Ấ. Ôn"),
    ],
)
def test_masked_names(name: str, masked: str) -> None:
    """Initials and the given name."""
    assert mask_name(name) == masked


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("nop tien\r\n lop\t3A", "nop tien lop 3A"),
        ("a\u202ebc\u2066d\u200be", "abcde"),
        ("x\x00y\x1b[31mz", "x y [31mz"),
        ("Ho\u0323c phi\u0301", "Học phí"),
        ("e" + "\u0302" * 30, "ê\u0302\u0302"),
        ("a\u2028b\ue000c", "a bc"),
        ("\ud800x", "x"),
    ],
)
def test_text_that_is_safe_to_show(text: str, clean: str) -> None:
    """One line without control, bidirectional, invisible, private or half characters."""
    assert clean_display(text) == clean


@given(st.text())
def test_clean_text_is_printable(text: str) -> None:
    """Nothing that could fool the reader of a page is left, and cleaning again changes nothing."""
    clean = clean_display(text)
    assert clean.isprintable()
    assert clean_display(clean) == clean


LETTERS = "aăâbcdđeêghiklmnoôơpqrstuưvxy"
TONES = ["", "\u0300", "\u0309", "\u0303", "\u0301", "\u0323"]
_syllables = st.lists(
    st.tuples(st.sampled_from(LETTERS), st.integers(0, 5), st.booleans()), min_size=1, max_size=6
)


def _written(word: list[tuple[str, int, bool]]) -> str:
    vowels = set("aăâeêioôơuưy")
    text = "".join(
        (letter.upper() if is_capital else letter) + (TONES[tone] if letter in vowels else "")
        for letter, tone, is_capital in word
    )
    return unicodedata.normalize("NFC", text)


def _expected(word: list[tuple[str, int, bool]]) -> tuple[list[int], list[int], list[bool]]:
    """The order by the rule itself: letters first, then tones, then small before capital."""
    vowels = set("aăâeêioôơuưy")
    return (
        [LETTERS.index(letter) for letter, _, _ in word],
        [tone if letter in vowels else 0 for letter, tone, _ in word],
        [is_capital for _, _, is_capital in word],
    )


@given(_syllables, _syllables)
def test_order_is_that_of_letters_then_tones_then_case(
    one: list[tuple[str, int, bool]], other: list[tuple[str, int, bool]]
) -> None:
    """Against a second reading of the rule, for any two words."""
    left, right = _expected(one), _expected(other)
    keys = sort_key(_written(one)), sort_key(_written(other))
    assert (keys[0] < keys[1], keys[0] == keys[1]) == (left < right, left == right)


@given(st.lists(st.text(max_size=12), max_size=8))
def test_sorting_loses_nobody(names: list[str]) -> None:
    """Any texts: the same ones come out, in an order that does not depend on how they came in."""
    ordered = sorted(names, key=name_sort_key)
    assert sorted(ordered) == sorted(names)
    backwards = list(reversed(names))
    keys = [name_sort_key(name) for name in sorted(backwards, key=name_sort_key)]
    assert keys == [name_sort_key(name) for name in ordered]
