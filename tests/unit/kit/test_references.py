"""The payment reference: its form, and the code that catches every slip."""

from __future__ import annotations

import random
import re
from itertools import combinations, permutations

import pytest

from kit import references
from kit.references import (
    ALPHABET,
    LENGTH,
    BadReference,
    Kind,
    check,
    group,
    kind_of,
    new_reference,
    new_references,
    normalise,
    parse,
)
from kit.references.code import is_isolated, syndromes, value_at, with_checks

CAPITALS_AND_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
ISSUED = [new_reference(kind) for kind in Kind for _ in range(60)]


def test_form() -> None:
    """Thirteen characters of the alphabet behind the prefix of their kind, a letter at the end."""
    for kind in Kind:
        reference = new_reference(kind)
        assert len(reference) == LENGTH == 13
        assert set(reference) <= set(ALPHABET)
        assert reference.startswith(kind.value)
        assert reference[-1].isalpha()
        assert kind_of(reference) is kind
        assert check(reference)


def test_prefixes_are_fixed_for_ever() -> None:
    """Printed notices and stands carry them."""
    assert [(kind.name, kind.value) for kind in Kind] == [("INVOICE", "XD"), ("STALL", "XQ")]


@pytest.mark.parametrize(
    "pair", ["O0", "I1", "L1", "IL", "B8", "S5", "Z2", "G6", "UV", "VW", "MN", "LN", "SX", "CK", "QO"]
)
def test_no_look_alikes(pair: str) -> None:
    """Of two characters that are confused by eye or by ear, at most one is in use."""
    assert not set(pair) <= set(ALPHABET)


def test_no_vowels() -> None:
    """A reference never spells a word."""
    assert not set("AEIOUY") & set(ALPHABET)


def test_never_looks_like_something_else() -> None:
    """No phone number, date, account or FT + digits can be read into a reference; no slip hides between neighbours."""
    for reference in ISSUED:
        assert not re.search(r"[0-9]{5}", reference)
        assert not re.search(r"FT[0-9]", reference)
        assert not re.search(r"(.)\1", reference)
        assert not re.search(r"X[DQ]", reference[1:])


def test_any_four_columns_are_independent() -> None:
    """This is the proof that every change of one to four characters, and so every swap of two, is caught."""
    zero, one = ALPHABET[0], ALPHABET[1]
    assert syndromes(zero * LENGTH) == (0, 0, 0, 0)
    columns = [syndromes(zero * place + one + zero * (LENGTH - 1 - place)) for place in range(LENGTH)]
    for chosen in combinations(columns, 4):
        assert determinant(chosen) % len(ALPHABET) != 0


def determinant(columns: tuple[tuple[int, int, int, int], ...]) -> int:
    """Leibniz' sum over the 24 permutations."""
    total = 0
    for order in permutations(range(4)):
        inversions = sum(order[a] > order[b] for a, b in combinations(range(4), 2))
        product = 1
        for row, column in enumerate(order):
            product *= columns[column][row]
        total += -product if inversions % 2 else product
    return total


def test_the_code_is_linear() -> None:
    """Syndromes add up, so what holds for a difference holds for every reference."""
    chance = random.Random(5)
    for _ in range(500):
        a, b = ([chance.randrange(19) for _ in range(LENGTH)] for _ in range(2))
        both = [(x + y) % 19 for x, y in zip(a, b, strict=True)]
        parts = [syndromes("".join(ALPHABET[value] for value in word)) for word in (a, b, both)]
        assert tuple((x + y) % 19 for x, y in zip(parts[0], parts[1], strict=True)) == parts[2]


def test_quick_check_agrees_with_the_syndromes() -> None:
    """The table behind `check` says what the four syndromes say."""
    chance = random.Random(6)
    for reference in ISSUED:
        assert syndromes(reference) == (0, 0, 0, 0)
        place = chance.randrange(2, LENGTH)
        other = chance.choice([character for character in ALPHABET if character != reference[place]])
        changed = reference[:place] + other + reference[place + 1 :]
        wrong = syndromes(changed)
        assert wrong != (0, 0, 0, 0)
        assert not check(changed)
        value = value_at(place, wrong)
        assert value is not None
        assert ALPHABET[(ALPHABET.index(other) + value) % 19] == reference[place]


def test_every_wrong_character_is_caught() -> None:
    """Each of the 13 places, prefix included, with each other capital or digit."""
    for reference in ISSUED:
        for place in range(LENGTH):
            for character in CAPITALS_AND_DIGITS:
                if character != reference[place]:
                    assert not check(reference[:place] + character + reference[place + 1 :])


def test_every_swap_is_caught() -> None:
    """Neighbours always differ, so a swap of two always changes the text, and the check sees it."""
    for reference in ISSUED:
        for place in range(LENGTH - 1):
            swapped = reference[:place] + reference[place + 1] + reference[place] + reference[place + 2 :]
            assert swapped != reference
            assert not check(swapped)


def test_every_lost_or_added_character_is_caught() -> None:
    """Whatever moves in from behind, and whatever was put in."""
    for reference in ISSUED:
        for place in range(LENGTH):
            lost = reference[:place] + reference[place + 1 :]
            for character in ALPHABET:
                moved = lost + character
                assert moved == reference or not check(moved)
                added = (reference[:place] + character + reference[place:])[:LENGTH]
                assert added == reference or not check(added)


def test_isolation_refuses_what_it_should() -> None:
    """Words of the code exist from which one lost character leads to another word; they are not issued."""
    chance = random.Random(8)
    crowded = 0
    for _ in range(20_000):
        token = with_checks("XD" + "".join(chance.choices(ALPHABET, k=7)))
        if not check(token) or is_isolated(token):
            continue
        crowded += 1
        shorter = [token[:place] + token[place + 1 :] for place in range(9)]
        longer = [(token[:place] + c + token[place:])[:LENGTH] for place in range(9) for c in ALPHABET]
        neighbours = [lost + c for lost in shorter for c in ALPHABET] + longer
        assert any(near != token and syndromes(near) == (0, 0, 0, 0) for near in neighbours)
    assert 0 < crowded < 100


def test_a_random_token_hardly_ever_passes() -> None:
    """Given the prefix, at most one token in 10,000 may pass; by the code it is one in 130,321, by the form fewer."""
    chance = random.Random(9)
    text = "".join(chance.choices(ALPHABET, k=300_000))
    passed = sum(check("XD" + text[place : place + 11]) for place in range(len(text) - 11))
    assert passed <= 10


def test_references_are_random() -> None:
    """None follows from another, and every place of the body uses the whole alphabet."""
    many = new_references(Kind.INVOICE, 3_000)
    assert {reference[2] for reference in many} == set(ALPHABET) - {"D"}
    for place in range(3, LENGTH - 1):
        assert {reference[place] for reference in many} == set(ALPHABET)
    assert many != sorted(many)


@pytest.mark.parametrize("count", [0, 1, 20_000])
def test_many_references_are_drawn_at_once(count: int) -> None:
    """As many as asked for, each one valid and none twice."""
    many = new_references(Kind.STALL, count)
    assert len(set(many)) == count
    assert all(check(reference) and reference.startswith("XQ") for reference in many)


@pytest.mark.parametrize("text", ["", "XD", "x" * 13, "XD" + "2" * 11, "ＸＤ" + "2" * 11, "XD12345678901\n"])
def test_nonsense_is_no_reference(text: str) -> None:
    """Short, long, repeated and foreign texts are refused."""
    assert not check(text)


def test_check_is_exact_and_parse_forgives() -> None:
    """People type small letters, blanks, points, hyphens and Đ; the check sees only the written form."""
    reference = ISSUED[0]
    typed = f"  {group(reference).lower().replace(' ', '-')}. "
    assert not check(typed)
    assert not check(reference + "\n")
    assert parse(typed) == reference
    assert parse(reference.replace("D", "Đ")) == reference
    assert normalise("xd2.34-5 6") == "XD23456"


@pytest.mark.parametrize("text", ["", "XD2345678", "hello", "9" * 5_000])
def test_parse_names_what_was_typed(text: str) -> None:
    """A wrong code is an error that says what to do, however long it was."""
    with pytest.raises(BadReference) as caught:
        parse(text)
    assert len(caught.value.text_vi) < 200


def test_groups() -> None:
    """Three, three, three and four: short enough to be kept in mind on the telephone."""
    for reference in ISSUED:
        words = group(reference).split(" ")
        assert [len(word) for word in words] == [3, 3, 3, 4]
        assert "".join(words) == reference


def test_everything_public_is_there() -> None:
    """The names that other parts import."""
    assert all(hasattr(references, name) for name in references.__all__)
