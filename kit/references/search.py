"""Finding references in the memo of a bank transfer.

The memo is folded to ASCII capitals and everything but letters and digits is taken out; in that joined text every
prefix is tried. A reference has no vowel, ends in a letter and holds at most four digits in a row, so a phone number,
a date, an account or a bank's trace can neither be one nor close one; the code sees to the rest.

A hit stands as it is when it stood in one piece, even glued to other words: `NOPTIENXD…LOP3A`. A hit that was put
together over blanks or marks might be a cut reference closed by the beginning of the next word; so an end piece
that goes on into other characters must hold enough of the reference by itself.
A first or last character that stands twice is a slip of somebody's hand: at most a suggestion.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Final

from kit.references import repair
from kit.references.code import LENGTH, PREFIXES, check
from kit.text import fold

# The fewest characters of a broken reference in an end piece that is glued to something: the prefix and one more in
# front, where no word ends like that; four behind, since a word may well go on like a cut reference.
_FIRST_PIECE: Final = 3
_LAST_PIECE: Final = 4
_UPPER: Final = bytes(range(256)).upper()
_ALPHANUMERIC: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
# A letter of another script: not taken out, so that nothing is joined across it.
_FOREIGN: Final = "\xff"
_DROP: Final = bytes(byte for byte in range(255) if _UPPER[byte] not in _ALPHANUMERIC)
_PREFIXES: Final = tuple(prefix.encode() for prefix in PREFIXES)

# What a glued word can begin with: "…T" + "THANG" is a reference before a word, "…T" + "T" a doubled character.
_WORD_BEGINS: Final = re.compile(rb"(?:TR|TH|KH|PH|QU|[TKDHMRVX])[AEIOUY]|FT[0-9]")


class Outcome(StrEnum):
    """What a memo says by itself."""

    MATCH = "match"
    NONE = "none"
    AMBIGUOUS = "ambiguous"
    SUGGEST = "suggest"


@dataclass(frozen=True, slots=True)
class Found:
    """One reference for `match`, two or more for `ambiguous` in the memo's order, proposals for `suggest`, else none."""

    outcome: Outcome
    references: tuple[str, ...]


NOTHING: Final = Found(Outcome.NONE, ())


def find(memo: str) -> Found:
    """The references in a memo, by the memo alone; a damaged one is at most a suggestion."""
    folded = fold(memo, unknown=_FOREIGN).encode("latin-1")
    joined = folded.translate(_UPPER, _DROP)
    good: list[str] = []
    doubtful: list[str] = []
    for token in _tokens(joined):
        if token not in good:
            (good if _stands(token.encode(), folded.translate(_UPPER)) else doubtful).append(token)
    if len(good) == 1:
        return Found(Outcome.MATCH, (good[0],))
    if good:
        good.sort(key=lambda token: joined.find(token.encode()))
        return Found(Outcome.AMBIGUOUS, tuple(good))
    proposals = tuple(dict.fromkeys(doubtful)) or repair.propose(folded.translate(_UPPER), joined)
    return Found(Outcome.SUGGEST, proposals) if proposals else NOTHING


def _tokens(joined: bytes) -> Iterator[str]:
    """Every stretch of the joined text that is a valid reference."""
    for prefix in _PREFIXES:
        place = joined.find(prefix)
        while place >= 0:
            token = joined[place : place + LENGTH].decode("latin-1")
            if check(token):
                yield token
            place = joined.find(prefix, place + 2)


def _stands(token: bytes, raw: bytes) -> bool:
    """Whether the reference counts where it stands in the memo, in one piece or in several."""
    place = raw.find(token)
    if place < 0:
        return any(_pieces_hold(raw, places) for places in _spread(token, raw))
    while place >= 0:
        if not _is_doubled(raw, place, place + LENGTH - 1):
            return True
        place = raw.find(token, place + 1)
    return False


def _is_doubled(raw: bytes, first: int, last: int) -> bool:
    """Whether the character before the first, or the one behind the last, only repeats it."""
    if first and raw[first - 1] == raw[first]:
        return True
    behind = raw[last + 1 : last + 2]
    return behind == raw[last : last + 1] and _WORD_BEGINS.match(raw, last + 1) is None


def _spread(token: bytes, raw: bytes) -> Iterator[list[int]]:
    """The places in the memo of each reading of a reference that was broken by blanks or marks."""
    places = [place for place, byte in enumerate(raw) if byte in _ALPHANUMERIC or byte == 255]
    joined = bytes(raw[place] for place in places)
    start = joined.find(token)
    while start >= 0:
        yield places[start : start + LENGTH]
        start = joined.find(token, start + 1)


def _pieces_hold(raw: bytes, places: list[int]) -> bool:
    """Whether a broken reference is more than a cut one beside a word that happens to go on like it."""
    first, last = places[0], places[-1]
    if _is_doubled(raw, first, last):
        return False
    breaks = [index for index, (left, right) in enumerate(pairwise(places), start=1) if right != left + 1]
    glued_before = first > 0 and _runs_on(raw[first - 1])
    glued_behind = last + 1 < len(raw) and _runs_on(raw[last + 1])
    front_holds = not glued_before or breaks[0] >= _FIRST_PIECE
    return front_holds and (not glued_behind or LENGTH - breaks[-1] >= _LAST_PIECE)


def _runs_on(byte: int) -> bool:
    return byte in _ALPHANUMERIC or byte == 255
