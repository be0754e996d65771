"""What opens a bill: second facts in whatever spelling, links that nobody can guess."""

from __future__ import annotations

import base64
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.testing.service import DATA_KEY
from services.invoices.domain.bills import Keeper, normalise_fact, token_hash

KEEPER = Keeper(DATA_KEY)


@pytest.mark.parametrize(
    "spelling", ["2015-03-24", "24/3/2015", "24.03.2015", "24-3-2015", " 24 3 2015 ", "24032015", "2015/3/24"]
)
def test_a_birth_date_opens_in_every_spelling(spelling: str) -> None:
    """People write days in many ways; all mean the same day."""
    assert KEEPER.fits(spelling, KEEPER.seal_fact("2015-03-24"))


@pytest.mark.parametrize("wrong", ["", " ", "2015-03-25", "3/24/2015", "24/3/15", "x", "2015-03-24" * 10])
def test_another_fact_does_not_open(wrong: str) -> None:
    """Nothing but the day itself opens."""
    assert not KEEPER.fits(wrong, KEEPER.seal_fact("2015-03-24"))


def test_other_facts_forgive_blanks_case_and_accents() -> None:
    """Meter numbers and phone digits are compared as capitals and digits."""
    sealed = KEEPER.seal_fact("pk 0234-a")
    assert KEEPER.fits("PK0234A", sealed)
    assert KEEPER.fits(" pk-0234 a", sealed)
    assert not KEEPER.fits("PK0235A", sealed)


@given(st.text(max_size=30))
def test_without_a_fact_nothing_opens(guess: str) -> None:
    """A bill issued without a second fact opens by a link alone."""
    assert KEEPER.seal_fact("  ") == b""
    assert not KEEPER.fits(guess, b"")


@given(st.text(max_size=80))
def test_normalising_is_stable(text: str) -> None:
    """A normalised fact is its own normal form."""
    once = normalise_fact(text)
    assert normalise_fact(once) == once


def test_equal_facts_are_sealed_differently() -> None:
    """The salt hides that two pupils share a birthday; another key opens nothing."""
    one, two = KEEPER.seal_fact("2015-03-24"), KEEPER.seal_fact("2015-03-24")
    assert one != two
    other = Keeper(base64.b64encode(bytes(31) + b"\x01").decode())
    assert not other.fits("2015-03-24", one)


def test_link_tokens_follow_from_their_id_and_key() -> None:
    """128 bits, the same for the same link, another for another link or key."""
    id = uuid4()
    token = KEEPER.link_token(id)
    assert len(base64.urlsafe_b64decode(token + "==")) == 16
    assert token == KEEPER.link_token(id)
    assert token != KEEPER.link_token(UUID(int=id.int ^ 1))
    assert token != Keeper(base64.b64encode(bytes(31) + b"\x01").decode()).link_token(id)
    assert token_hash(f" {token}\n") == token_hash(token)


def test_a_short_key_is_refused() -> None:
    """A process without a proper data key does not start."""
    with pytest.raises(ValueError, match="32 bytes"):
        Keeper("c2hvcnQ=")


def test_facts_sealed_together_open_apart() -> None:
    """Each of many has a salt of its own; none opens another, and no fact opens nothing."""
    sealed = KEEPER.seal_facts(["2015-03-24", "", "2015-03-24", "2016-01-02"])
    assert sealed[1] == b""
    assert len(set(sealed)) == 4
    assert [KEEPER.fits("24/03/2015", each) for each in sealed] == [True, False, True, False]
