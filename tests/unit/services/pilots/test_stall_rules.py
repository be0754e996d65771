"""Rules of stalls, their boards and phones that need no database."""

from __future__ import annotations

import base64
import re
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import pytest

from kit import ids
from kit.references import ALPHABET
from kit.testing.service import DATA_KEY
from services.pilots.domain import devices, payables, stalls
from services.pilots.domain.errors_stalls import BadPackAmount, BadPin, ConsentMissing, PinTooPlain
from services.pilots.domain.stalls import Relation, account_in_force, checked_amounts, checked_wish
from services.pilots.domain.units import match_key
from services.pilots.domain.words_of_the_day import word_of, word_pairs
from services.pilots.pins import PinKeeper
from tests.support.stalls import MOMENT, make_account, make_wish

STALL = ids.new()
OTHER_KEY = base64.b64encode(bytes(range(32))).decode()


def test_the_newest_active_account_is_asked_for() -> None:
    """Whatever order they were told in; a retired or future one never."""
    old, new = make_account(), make_account(active_time=MOMENT + timedelta(days=1))
    gone = make_account(active_time=MOMENT + timedelta(days=2), is_active=False)
    for told in ([old, new, gone], [gone, new, old]):
        assert account_in_force(told) == new.account
    assert account_in_force([gone]) is None
    assert account_in_force([]) is None


def test_a_wish_is_cleaned() -> None:
    """Blanks and invisible characters go, the number stands in capitals."""
    wish = checked_wish(make_wish(STALL, number=" a\u200b1 ", name=" Rau  sạch ", section_code="b"))
    assert (wish.number, wish.name, wish.section_code) == ("A1", "Rau sạch", "B")


def test_another_owner_of_the_account_has_to_consent() -> None:
    """A spouse's account is normal, without a word of consent it is not."""
    with pytest.raises(ConsentMissing):
        checked_wish(make_wish(STALL, relation=Relation.SPOUSE, consent=" "))
    wish = checked_wish(make_wish(STALL, relation=Relation.SPOUSE, consent="Đồng ý, ký ngày 1/9"))
    assert wish.relation is Relation.SPOUSE


def test_amounts_of_a_pack_stand_once_in_order() -> None:
    """Twice the same amount is one code."""
    assert checked_amounts([50_000, 10_000, 50_000]) == [10_000, 50_000]
    for wrong in (0, -1, 500_000_000):
        with pytest.raises(BadPackAmount):
            checked_amounts([wrong])


def test_check_codes_and_pairing_codes_are_random_and_readable() -> None:
    """No look-alikes; of a thousand none twice where they must not be guessed."""
    codes = [stalls.new_check_code() for _ in range(1_000)]
    assert all(re.fullmatch(f"[{ALPHABET}]{{2}} [{ALPHABET}]{{2}}", code) for code in codes)
    assert Counter(codes).most_common(1)[0][1] < 5
    pairing = {devices.new_code() for _ in range(1_000)}
    assert len(pairing) == 1_000
    one = pairing.pop()
    assert devices.code_hash(one) == devices.code_hash(one.lower().replace(" ", "-"))
    assert len({devices.new_key() for _ in range(100)}) == 100


def test_plain_pins_are_refused() -> None:
    """Rows up and down and four of a kind; anything else of four digits is fine."""
    for pin in ("0000", "9999", "0123", "7890", "3210", "0987"):
        with pytest.raises(PinTooPlain):
            devices.checked_pin(pin)
    for pin in ("12a4", "٤٨٢٧", "482"):
        with pytest.raises(BadPin):
            devices.checked_pin(pin)
    assert devices.checked_pin("4827") == "4827"


def test_a_pin_fits_its_own_stall_alone() -> None:
    """Under this installation's key."""
    keeper = PinKeeper(DATA_KEY)
    stored = keeper.hash(STALL, "4827")
    assert keeper.fits(STALL, stored, "4827")
    assert not keeper.fits(STALL, stored, "4828")
    assert not keeper.fits(ids.new(), stored, "4827")
    assert not PinKeeper(OTHER_KEY).fits(STALL, stored, "4827")
    assert not keeper.fits(STALL, "", "4827")
    for wrong in ("", "AAAA"):
        with pytest.raises(ValueError, match="32 bytes"):
            PinKeeper(wrong)


def test_the_word_of_the_day_is_the_days() -> None:
    """The same all day long, hardly ever twice in a row, another one in another installation."""
    days = [date(2026, 1, 1) + timedelta(days=place) for place in range(365)]
    words = [word_of(day, b"key") for day in days]
    assert words == [word_of(day, b"key") for day in days]
    assert len(set(words)) > 150
    assert sum(one == two for one, two in pairwise(words)) < 10
    assert sum(word == word_of(day, b"other") for word, day in zip(words, days, strict=True)) < 10


def test_the_list_of_words_is_plain() -> None:
    """At least two hundred different short pairs in small Vietnamese letters."""
    pairs = word_pairs()
    assert len(set(pairs)) == len(pairs) >= 200
    assert all(2 <= len(pair.split()) <= 4 and pair == pair.lower() and len(pair) <= 16 for pair in pairs)


def test_two_spellings_of_a_unit_are_one() -> None:
    """Accents and blanks do not count; another telephone and another name do."""
    assert match_key("Hộ Hoà", "+84912345678") == match_key("hộ  Hòa", "+84912345678")
    assert match_key("Hộ Hoà", "+84912345678") != match_key("Hộ Hoà", "")
    assert match_key("Hộ Hoà", "") != match_key("Hộ Hạnh", "")


def test_a_default_names_its_hours_or_says_always() -> None:
    """Equal minutes mean always; who is no default has none."""
    stall = _stall()
    assert stall.account is not None
    assert payables.standing(stall, stall.account).default_hours is None
    always = replace(stall, is_account_default=True, default_rule=stalls.DefaultRule.ALWAYS)
    assert payables.standing(always, stall.account).default_hours == (0, 0)
    hours = replace(always, default_rule=stalls.DefaultRule.OPENING_HOURS)
    assert payables.standing(hours, stall.account).default_hours == (360, 1_200)


def _stall() -> stalls.Stall:
    return stalls.Stall(
        id=STALL,
        organisation_id=ids.new(),
        unit_name="Hộ Hạnh",
        unit_kind="household",
        holder_name="",
        phone="",
        programme_id=ids.new(),
        programme_code="hung-vuong",
        programme_name="Hùng Vương",
        cut_off_minute=1_320,
        section_id=ids.new(),
        section_code="A",
        number="A1",
        name="Rau",
        goods="",
        reference="XQ",
        state=stalls.StallState.ACTIVE,
        account=make_account().account,
        relation=Relation.SELF,
        consent="",
        default_rule=stalls.DefaultRule.NEVER,
        open_minute=360,
        close_minute=1_200,
        has_own_hours=False,
        has_pin=False,
        withdraw_reason="",
        version=1,
        sequence=0,
        change_time=MOMENT,
        start_date=date(2026, 1, 1),
        end_date=None,
    )
