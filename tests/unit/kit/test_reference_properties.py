"""Payment references under whatever hands and banks do, as Hypothesis draws it."""

from __future__ import annotations

import random
import unicodedata

from hypothesis import assume, given
from hypothesis import strategies as st

from kit.references import Kind, Outcome, check, find
from kit.references.code import ALPHABET, LENGTH, is_isolated, with_checks
from kit.text import fold_upper

WORDS = (
    "nộp tiền",
    "học phí",
    "lớp 3A",
    "tháng 9",
    "bé Hân",
    "NGUYEN VAN AN",
    "cho con",
    "truong tieu hoc",
    "ck",
)
ENVELOPES = (
    "{}",
    "MBVCB.3278907687.{}.CT tu 0011004455667 NGUYEN VAN AN toi 902100001",
    "{} FT26258123456789",
    "{}-221126-08:15:02 354841",
    "IBFT {}",
    "CT nhanh 247 den: {}; thoi gian GD:22/11/2026 08:15:02",
    "970436 1012345678;{}",
)


@st.composite
def references(draw: st.DrawFn) -> str:
    """A reference that may have been issued."""
    chance = random.Random(draw(st.integers(0, 2**32)))
    prefix = draw(st.sampled_from([kind.value for kind in Kind]))
    while True:
        found = with_checks(prefix + "".join(chance.choices(ALPHABET, k=LENGTH - 6)))
        if check(found) and is_isolated(found):
            return found


@given(
    references(),
    st.sampled_from(WORDS),
    st.sampled_from(WORDS),
    st.sampled_from(ENVELOPES),
    st.sampled_from([" ", "-", ".", "_", " - ", "/"]),
    st.sampled_from([str, str.lower, str.upper, fold_upper, lambda text: unicodedata.normalize("NFD", text)]),
)
def test_found_between_words_in_every_envelope(
    reference: str, before: str, behind: str, envelope: str, mark: str, change: object
) -> None:
    """Any words around it, any separator, any letter case, any bank's envelope."""
    memo = change(envelope.format(f"{before}{mark}{reference}{mark}{behind}"))  # type: ignore[operator]
    found = find(memo)
    assert (found.outcome, found.references) == (Outcome.MATCH, (reference,))


@given(references(), st.integers(2, LENGTH - 1), st.sampled_from(ALPHABET + "0O1ILSBZ"))
def test_one_wrong_character_never_matches(reference: str, place: int, character: str) -> None:
    """At most a suggestion, and then the right one is among the proposals or none is."""
    assume(reference[place] != character)
    assert (
        find(f"nop {reference[:place]}{character}{reference[place + 1 :]} tien").outcome is not Outcome.MATCH
    )


@given(references(), st.integers(0, LENGTH - 2))
def test_two_neighbours_swapped_never_match(reference: str, place: int) -> None:
    """Every swap is caught, those of the prefix too."""
    swapped = reference[:place] + reference[place + 1] + reference[place] + reference[place + 2 :]
    assume(swapped != reference)
    assert not check(swapped)
    assert find(f"nop {swapped} tien").outcome is not Outcome.MATCH


@given(references(), st.integers(0, LENGTH - 1), st.booleans())
def test_one_lost_or_doubled_character_never_matches(reference: str, place: int, is_lost: bool) -> None:
    """Nor does what is cut behind."""
    piece = "" if is_lost else reference[place] * 2
    assert find(f"nop {reference[:place]}{piece}{reference[place + 1 :]} tien").outcome is not Outcome.MATCH
    assert find(f"nop {reference[: max(place, 1)]}").outcome is not Outcome.MATCH


@given(references(), references(), st.sampled_from([" ", "", "-", " va "]))
def test_two_references_are_ambiguous(one: str, other: str, mark: str) -> None:
    """Both are named, in their order; the same twice is one. A character doubled where they are glued is for a person."""
    assume(mark or one[-1] != other[0])
    found = find(f"{one}{mark}{other}")
    if one == other:
        assert found.references == (one,)
    else:
        assert (found.outcome, found.references) == (Outcome.AMBIGUOUS, (one, other))


@given(st.text(max_size=120))
def test_any_text_has_an_answer(memo: str) -> None:
    """Whatever stands in a memo; what is not proven is no match."""
    found = find(memo)
    assert (found.outcome is Outcome.NONE) == (not found.references)
    if found.outcome is Outcome.MATCH:
        assert check(found.references[0])
