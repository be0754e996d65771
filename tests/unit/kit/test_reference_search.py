"""Finding references in memos as banks deliver them, and never finding one that is not there."""

from __future__ import annotations

import random
import string
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from kit.references import ALPHABET, LENGTH, Kind, Outcome, check, find, group, new_reference

ISSUED = [new_reference(kind) for kind in Kind for _ in range(40)]

# Memos as they stand in statements (masked shapes of published ones), `{}` for the payer's own words.
ENVELOPES = [
    "{}",
    "{} FT26123456789012",
    "{}FT26123456789012",
    "{}-050926-08:15:02 123456",
    "IBFT {}",
    "970436;1234567890:{}",
    "MBVCB.1234567890.123456.{}.CT tu 0123456789 NGUYEN VAN AN toi 9876543210 TRUONG THCS TAN DONG",
    "MBVCB.1234567890.{}.",
    "CT nhanh 247 den: {}",
    "Chuyen tien den tu NAPAS Noi dung: {}; thoi gian GD:05/09/2026 08:15:02",
    "TKThe :0123456789, tai VCB. {} -CTLNHIDI000012345678-1/1-CRE-002",
    "0123456789 {}",
    "REM Tfr Ac:0123456789 {}",
    "MB(123456)({})",
    "{} GD 123456-050926 08:15:02",
    "BankAPINotify {}",
    "12345678901-0912345678-{}",
    "{}-CHUYEN TIEN-OQCH0001aBcD-MOMO12345678901MOMO",
    "ZP1234567890 {}",
    "{} - B1B123456789012345678901234",
    "020097042209050815022026123456789012{}",
]
WORDS = [
    "{}",
    "{} Nguyen Van A lop 3A",
    "nop tien hoc phi {}",
    "NOP TIEN {} LOP 3A",
    "HP T9 {} 6A2",
    "Nộp tiền {} lớp 3A – cảm ơn",
]


def without_marks(memo: str) -> str:
    return "".join(character for character in memo if character.isalnum())


@pytest.mark.parametrize("envelope", ENVELOPES)
@pytest.mark.parametrize("words", WORDS)
def test_found_in_every_envelope(envelope: str, words: str) -> None:
    """As sent, in small letters, with everything but letters and digits taken out, and read aloud in groups."""
    for reference in ISSUED[:8]:
        memo = envelope.format(words.format(reference))
        for told in (
            memo,
            memo.lower(),
            memo.upper(),
            without_marks(memo),
            memo.replace(reference, group(reference)),
        ):
            found = find(told)
            assert (found.outcome, found.references) == (Outcome.MATCH, (reference,)), told


@pytest.mark.parametrize(
    "glue", ["NOPTIEN{}LOP3A", "a{}b", "1{}2", "HOCPHI{}", "{}NGUYENVANA", "{}20260905", "HTX{}"]
)
def test_found_glued_to_words(glue: str) -> None:
    """In one piece it stands, whatever touches it; only a repeated first or last character leaves a doubt."""
    for reference in ISSUED:
        memo = glue.format(reference)
        expected = Outcome.SUGGEST if glue == "HTX{}" else Outcome.MATCH
        assert (find(memo).outcome, find(memo).references) == (expected, (reference,)), memo


@pytest.mark.parametrize(
    "mark", [" ", "  ", "\n", "\r\n", "-", ".", "_", " - ", "\u00a0", "\u200b", "·", "/"]
)
def test_found_broken_anywhere(mark: str) -> None:
    """A wrapped table cell or a careful payer puts a mark at any place, or at all of them."""
    for reference in ISSUED[:20]:
        for place in range(1, LENGTH):
            memo = f"CK {reference[:place]}{mark}{reference[place:]} hoc phi"
            assert find(memo).references == (reference,), memo
            assert find(memo).outcome is Outcome.MATCH, memo
        assert find(f"hoc phi {mark.join(reference)}").outcome is Outcome.MATCH


def test_found_broken_and_glued() -> None:
    """Glued to words and wrapped: it counts while each glued end piece holds enough, else a person looks."""
    for reference in ISSUED[:20]:
        for place in range(1, LENGTH):
            found = find(f"NOPTIEN{reference[:place]}\n{reference[place:]}LOP3A")
            expected = Outcome.MATCH if 3 <= place <= LENGTH - 4 else Outcome.SUGGEST
            assert (found.outcome, found.references) == (expected, (reference,)), place


def test_a_cut_reference_is_not_closed_by_the_next_word() -> None:
    """`…V HANG` must not become `…VH`: the reference was cut and the word happens to go on like it."""
    for reference in ISSUED:
        for place in range(LENGTH - 3, LENGTH):
            memo = f"CK {reference[:place]} {reference[place:]}ANG 9"
            assert find(memo).outcome is Outcome.SUGGEST, memo
            assert find(memo).references == (reference,), memo


def test_a_broken_reference_is_not_opened_by_the_word_before() -> None:
    """`HTX D…`: the X belongs to a cooperative."""
    for reference in ISSUED:
        assert find(f"HT{reference[0]} {reference[1:]} hoc phi").outcome is not Outcome.MATCH


def test_nothing_is_joined_across_another_script() -> None:
    """A Cyrillic letter inside is a changed character, not a mark to take out."""
    reference = ISSUED[0]
    assert find(f"{reference[:5]}\u0425{reference[5:]}").outcome is not Outcome.MATCH
    assert find(f"学费 {reference} 谢谢").outcome is Outcome.MATCH


def test_twice_the_same_is_one() -> None:
    """Banks repeat the memo in their own part of the text."""
    reference = ISSUED[0]
    assert find(f"{reference} {reference}").references == (reference,)
    assert find(f"{reference}{reference[-1]} {reference}").outcome is Outcome.MATCH
    assert find(f"{group(reference)}; {reference.lower()}").outcome is Outcome.MATCH


def test_two_different_are_ambiguous() -> None:
    """Two bills in one transfer go to a person, with both references, however they stand together."""
    for first, second in zip(ISSUED[::2], reversed(ISSUED[1::2]), strict=True):
        for memo in (f"{first} {second}", f"nop {first}, {second}", f"HP {group(first)} va {second}"):
            found = find(memo)
            assert found.outcome is Outcome.AMBIGUOUS
            assert set(found.references) == {first, second}


def test_two_glued_together() -> None:
    """Without any mark between them both are found, unless the seam looks like a slip."""
    for first, second in zip(ISSUED[::2], reversed(ISSUED[1::2]), strict=True):
        found = find(first + second)
        assert found.outcome is Outcome.AMBIGUOUS or (first[-1] == "X" and found.outcome is not Outcome.NONE)


def changed(reference: str, place: int, chance: random.Random) -> str:
    other = chance.choice([c for c in string.ascii_uppercase + string.digits if c != reference[place]])
    return reference[:place] + other + reference[place + 1 :]


def swapped(reference: str, place: int, chance: random.Random) -> str:
    place = min(place, LENGTH - 2)
    return reference[:place] + reference[place + 1] + reference[place] + reference[place + 2 :]


def lost(reference: str, place: int, chance: random.Random) -> str:
    return reference[:place] + reference[place + 1 :]


def doubled(reference: str, place: int, chance: random.Random) -> str:
    return reference[:place] + reference[place] + reference[place:]


def cut(reference: str, place: int, chance: random.Random) -> str:
    return reference[: max(place, 1)]


def cut_in_front(reference: str, place: int, chance: random.Random) -> str:
    return reference[max(place, 1) :]


def twice_changed(reference: str, place: int, chance: random.Random) -> str:
    once = changed(reference, place, chance)
    other = (place + 1 + chance.randrange(LENGTH - 1)) % LENGTH
    return changed(once, other, chance)


@pytest.mark.parametrize("damage", [changed, swapped, lost, doubled, cut, cut_in_front, twice_changed])
def test_a_damaged_reference_never_matches(damage: Callable[[str, int, random.Random], str]) -> None:
    """Whatever the damage, wherever it is, in whatever memo: at most a suggestion."""
    chance = random.Random(11)
    memos = [
        "{}",
        "CK {} hoc phi",
        "MBVCB.123456789.{}.CT tu 0123",
        "NOP TIEN {} KHOI 7",
        "{} 23456",
        "NOPTIEN{}",
        "{}FT26123456789012",
    ]
    for reference in ISSUED:
        for place in range(LENGTH):
            memo = chance.choice(memos).format(damage(reference, place, chance))
            if reference not in memo:
                assert find(memo).outcome in (Outcome.NONE, Outcome.SUGGEST), memo
            elif damage is doubled:
                assert find(memo).outcome is not Outcome.MATCH or memo.endswith(
                    f"{reference[-1]}FT26123456789012"
                )


def test_a_doubled_end_is_a_suggestion() -> None:
    """The reference is whole, but the hand slipped: a person confirms."""
    for reference in ISSUED:
        for memo in (
            reference + reference[-1],
            reference[0] + reference,
            f"CK {reference}{reference[-1]} hoc phi",
        ):
            assert (find(memo).outcome, find(memo).references) == (Outcome.SUGGEST, (reference,)), memo


def test_a_word_that_begins_like_the_end_is_no_slip() -> None:
    """`…T` + `THANG9` reads as reference and word."""
    found = 0
    for _ in range(300):
        reference = new_reference(Kind.INVOICE)
        word = {
            "T": "THANG9",
            "H": "HOCPHI",
            "D": "DONGTIEN",
            "P": "PHIEU",
            "K": "KHOI6",
            "F": "FT26123456789012",
        }
        if reference[-1] in word:
            found += 1
            assert find(f"NOP{reference}{word[reference[-1]]}").outcome is Outcome.MATCH
    assert found > 50


@pytest.mark.parametrize("damage", [changed, swapped, lost, doubled])
def test_one_slip_is_put_right(damage: Callable[[str, int, random.Random], str]) -> None:
    """The right reference is among the proposals after any one slip, and every proposal could have been issued."""
    chance = random.Random(12)
    missed = 0
    for reference in ISSUED:
        for place in range(LENGTH):
            memo = f"CK {damage(reference, place, chance)} - hoc phi"
            found = find(memo)
            assert all(check(proposal) for proposal in found.references)
            assert len(found.references) <= 5
            missed += reference not in found.references
    assert missed <= len(ISSUED) * LENGTH // 200, missed


def test_a_cut_end_is_put_right() -> None:
    """Four characters or fewer that were cut off follow from the rest."""
    for reference in ISSUED:
        for place in range(LENGTH - 4, LENGTH):
            for memo in (reference[:place], f"CK {reference[:place]}", f"CK {reference[:place]} - an"):
                assert reference in find(memo).references, memo


def test_look_alikes_are_put_right() -> None:
    """Characters that no reference has stand for unreadable places; up to three of them follow from the rest."""
    typed = str.maketrans("58260", "SBZGO")
    for reference in ISSUED:
        damaged = reference[:2] + reference[2:].translate(typed)
        foreign = sum(a != b for a, b in zip(reference, damaged, strict=True))
        if 0 < foreign <= 3:
            assert (find(damaged).outcome, find(damaged).references[0]) == (Outcome.SUGGEST, reference)


@pytest.mark.parametrize(
    "memo",
    [
        "",
        " ",
        "Nguyen Van A chuyen tien",
        "nop hoc phi thang 9 lop 6A2",
        "0912345678",
        "HTX DICH VU NONG NGHIEP TAN DONG",
        "XD",
        "XDXDXDXDXDXDXDXDXDXDXD",
        "FT26123456789012",
        "XD 050926 0912345678",
        "\x00\x01\x02",
        "😀😀😀",
        "\ud800",
        "X" * 10_000,
    ],
)
def test_nothing_to_find(memo: str) -> None:
    """Ordinary and odd memos say nothing."""
    assert find(memo).outcome is Outcome.NONE
    assert find(memo).references == ()


SYLLABLES = [
    "nguyen",
    "van",
    "thi",
    "tran",
    "le",
    "pham",
    "huynh",
    "hoang",
    "phan",
    "vu",
    "vo",
    "dang",
    "bui",
    "do",
    "ho",
    "ngo",
    "duong",
    "ly",
    "nop",
    "tien",
    "hoc",
    "phi",
    "thang",
    "lop",
    "truong",
    "chuyen",
    "khoan",
    "xin",
    "xa",
    "xuan",
    "xuong",
    "htx",
    "dong",
    "dich",
    "vu",
    "quy",
    "quan",
    "quay",
    "khoi",
    "mam",
    "la",
    "choi",
    "dt",
    "ck",
    "hp",
    "sdt",
    "so",
    "tai",
    "cho",
    "con",
    "be",
    "me",
]


def random_text(chance: random.Random, characters: str, length: int) -> str:
    """Text of evenly chosen characters."""
    table = bytes(ord(characters[byte % len(characters)]) for byte in range(256))
    return chance.randbytes(length).translate(table).decode()


def random_memos(chance: random.Random) -> Iterator[str]:
    """A million memos: letters and digits with and without marks, words and numbers, glued words, the alphabet itself."""
    length = 48
    for characters, count in (
        (string.ascii_uppercase + string.digits, 250_000),
        (string.ascii_letters + string.digits + "  .-/:;", 250_000),
        (string.digits + "XDQFT", 50_000),
        (ALPHABET, 10_000),
    ):
        text = random_text(chance, characters, length * count)
        yield from (text[place : place + length] for place in range(0, len(text), length))
    words = chance.choices([*SYLLABLES, *(str(chance.randrange(10**7)) for _ in range(20))], k=8 * 440_000)
    spoken = [" ".join(words[place : place + 8]) for place in range(0, len(words), 8)]
    yield from spoken[:300_000]
    yield from (without_blanks(memo) for memo in spoken[300_000:])


def without_blanks(memo: str) -> str:
    return memo.replace(" ", "")


def test_no_match_in_a_million_random_memos() -> None:
    """No reference was put in, so none may be found for certain."""
    outcomes = Counter(find(memo).outcome for memo in random_memos(random.Random(2026)))
    assert outcomes.total() == 1_000_000
    assert outcomes[Outcome.MATCH] == outcomes[Outcome.AMBIGUOUS] == 0
    assert outcomes[Outcome.SUGGEST] < 500
