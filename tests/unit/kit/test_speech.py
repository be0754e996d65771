"""Amounts as sound clips: complete, in order, and what the sentence says."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit import speech
from kit.money import AmountOutOfRange
from kit.speech import CLIPS, SPOKEN_MOST, Speech, amount_clips
from kit.words import amount_in_words

AMOUNTS = (
    st.integers(0, SPOKEN_MOST)
    | st.integers(0, 12).map(lambda power: 10**power)
    | st.integers(1, 999).map(lambda thousands: thousands * 1000)
    | st.builds(lambda digit, power: digit * 10**power, st.integers(1, 99), st.integers(0, 10))
)
# The last digit after empty tens, after mười, after mươi.
_TENS = {
    0: ["khong", "mot", "hai", "ba", "bon", "nam", "sau", "bay", "tam", "chin"],
    1: ["", "mot", "hai", "ba", "bon", "lam", "sau", "bay", "tam", "chin"],
    2: ["", "mot-sac", "hai", "ba", "tu", "lam", "sau", "bay", "tam", "chin"],
}


def spell(amount: int) -> list[str]:
    """The clips of an amount by the digits of its text, three at a time from the left."""
    digits = str(amount)
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    threes = re.findall("...", digits)
    names = {0: [], 1: ["nghin"], 2: ["trieu"], 3: ["ty"], 4: ["nghin"]}
    heard: list[str] = []
    for place, three in zip(range(len(threes) - 1, -1, -1), threes, strict=True):
        if three != "000":
            heard += _three(three, first=not heard) + names[place]
        if place == 3 and three == "000" and heard:
            heard.append("ty")
    return [*(heard or ["khong"]), "dong"]


def _three(digits: str, *, first: bool) -> list[str]:
    hundreds, tens, units = map(int, digits)
    heard = [] if first and not hundreds else [_TENS[0][hundreds], "tram"]
    if tens == 0:
        if units:
            heard += (["le"] if heard else []) + [_TENS[0][units]]
        return heard
    heard += ["muoi-huyen"] if tens == 1 else [_TENS[0][tens], "muoi"]
    unit = _TENS[min(tens, 2)][units]
    return heard + ([unit] if unit else [])


@given(AMOUNTS)
def test_clips_are_those_of_another_speller(amount: int) -> None:
    """A speller built on the digits of the text gives the same clips."""
    assert amount_clips(amount) == spell(amount)


@given(AMOUNTS)
def test_clips_are_the_words(amount: int) -> None:
    """The clips read aloud are the amount in words as it stands on papers."""
    assert " ".join(CLIPS[name] for name in amount_clips(amount)) == amount_in_words(amount).lower()


@pytest.mark.parametrize(
    ("amount", "clips"),
    [
        (0, "khong dong"),
        (50_000, "nam muoi nghin dong"),
        (145_000, "mot tram bon muoi lam nghin dong"),
        (21_000, "hai muoi mot-sac nghin dong"),
        (24_015, "hai muoi tu nghin khong tram muoi-huyen lam dong"),
        (1_005_000, "mot trieu khong tram le nam nghin dong"),
        (
            499_999_999,
            (
                "bon tram chin muoi chin trieu "
                + "chin tram chin muoi chin nghin "
                + "chin tram chin muoi chin dong"
            ),
        ),
        (10**9, "mot ty dong"),
        (10**12, "mot nghin ty dong"),
    ],
)
def test_known_amounts(amount: int, clips: str) -> None:
    """Amounts that are heard at stalls every day, and the ends of the range."""
    assert amount_clips(amount) == clips.split()


@pytest.mark.parametrize("amount", [-1, SPOKEN_MOST + 1])
def test_out_of_range(amount: int) -> None:
    """What cannot be said is refused, not said in part."""
    with pytest.raises(AmountOutOfRange):
        amount_clips(amount)


@pytest.mark.parametrize(
    ("said", "text"),
    [
        (speech.received(50_000), "Đã nhận năm mươi nghìn đồng"),
        (speech.short(49_000, 1_000), "Đã nhận bốn mươi chín nghìn đồng, còn thiếu một nghìn đồng"),
        (speech.over(60_000, 10_000), "Đã nhận sáu mươi nghìn đồng, thừa mười nghìn đồng"),
        (speech.again(50_000), "Chuyển hai lần, nhận thêm năm mươi nghìn đồng"),
        (speech.late(50_000), "Tiền đến muộn, đã nhận năm mươi nghìn đồng"),
        (speech.undone(50_000), "Đã rút lại năm mươi nghìn đồng"),
        (speech.asked(50_000), "Có phải khách này, năm mươi nghìn đồng"),
        (speech.missed(3, 145_000), "Đã lỡ ba khoản, một trăm bốn mươi lăm nghìn đồng"),
        (speech.not_received(), "Chưa nhận được tiền"),
        (speech.not_confirmed(), "Không xác nhận được"),
        (speech.sound_check(), "Thử loa"),
    ],
)
def test_sentences(said: Speech, text: str) -> None:
    """Each sentence in words, and its clips are those words."""
    assert said.text == text
    assert " ".join(CLIPS[name] for name in said.clips) == text.lower().replace(",", "")


@pytest.mark.parametrize("say", [speech.short, speech.over])
@given(amount=AMOUNTS, other=AMOUNTS)
def test_a_difference_says_both_numbers(say: Callable[[int, int], Speech], amount: int, other: int) -> None:
    """Neither number of a difference is left out."""
    clips = list(say(amount, other).clips)
    assert clips[1 : 1 + len(spell(amount))] == spell(amount)
    assert clips[-len(spell(other)) :] == spell(other)


def test_every_clip_is_heard_somewhere() -> None:
    """No clip is downloaded for nothing."""
    heard = {name for number in range(1000) for name in amount_clips(number * 1_001_001_001)}
    for said in (
        speech.short(1, 1), speech.over(1, 1), speech.again(1), speech.late(1), speech.undone(1), speech.asked(1),
        speech.missed(1, 1), speech.not_received(), speech.not_confirmed(), speech.sound_check(),
    ):  # fmt: skip
        heard |= set(said.clips)
    assert heard == set(CLIPS)
