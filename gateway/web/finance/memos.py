"""A memo beside a payment reference: what in it speaks for a suggestion, and where the letters differ."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

from kit.text import search_key
from xoai.reconciliation.v1 import reconciliation_service_pb2 as pb

_WORD: Final = re.compile(r"[^\W_]+")
_LIKENESS: Final = 0.6
_NAME_WORDS: Final = 2


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of characters, marked or not."""

    text: str
    is_marked: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """A reference letter by letter; marked is what the memo has otherwise. `missing` letters are cut off at the end."""

    pieces: list[Piece]
    different: int
    missing: int


def marked(memo: str, suggestion: pb.Suggestion | None) -> list[Piece]:
    """The memo exactly as sent, in pieces; marked are the words that fit the suggestion."""
    if suggestion is None or not memo:
        return [Piece(memo, False)]
    wanted = _words_of(suggestion)
    pieces: list[Piece] = []
    end = 0
    for match in _WORD.finditer(memo):
        word = search_key(match[0])
        if word in wanted or _is_like(word, suggestion.reference):
            pieces += [Piece(memo[end : match.start()], False), Piece(match[0], True)]
            end = match.end()
    pieces.append(Piece(memo[end:], False))
    return [piece for piece in pieces if piece.text]


def compared(suggestion: pb.Suggestion, memo: str) -> Comparison | None:
    """The suggestion's reference against the part of the memo that resembles it; None if nothing does."""
    told = _resembling(memo, suggestion.reference) or suggestion.memo_part
    if not told or not suggestion.reference:
        return None
    reference = suggestion.reference
    differs = [True] * len(reference)
    for block in SequenceMatcher(None, reference, told, autojunk=False).get_matching_blocks():
        for place in range(block.a, block.a + block.size):
            differs[place] = False
    missing = 0
    if reference.startswith(told):
        missing = len(reference) - len(told)
    return Comparison(_runs(reference, differs), sum(differs), missing)


def compared_amount(open_amount: int, amount: int) -> list[Piece]:
    """A payable's open amount, digit by digit against what came; marked are the digits that differ."""
    wanted, came = f"{open_amount:,}".replace(",", "."), f"{amount:,}".replace(",", ".")
    came = came.rjust(len(wanted))[-len(wanted) :]
    differs = [one != other and one != "." for one, other in zip(wanted, came, strict=True)]
    return _runs(wanted, differs)


def _runs(text: str, differs: Sequence[bool]) -> list[Piece]:
    pieces: list[Piece] = []
    for character, is_marked in zip(text, differs, strict=True):
        if pieces and pieces[-1].is_marked == is_marked:
            pieces[-1] = Piece(pieces[-1].text + character, is_marked)
        else:
            pieces.append(Piece(character, is_marked))
    return pieces


def _words_of(suggestion: pb.Suggestion) -> set[str]:
    fitting = {why.code: why for why in suggestion.reasons if why.fits}
    words: set[str] = set()
    if "name_in_memo" in fitting:
        words.update(search_key(suggestion.payer_name).split()[-_NAME_WORDS:])
    if "class_in_memo" in fitting:
        words.update(search_key(suggestion.group_name).split())
    if "code_in_memo" in fitting:
        words.add(search_key(fitting["code_in_memo"].detail))
    return words


def _is_like(word: str, reference: str) -> bool:
    if len(word) < 5 or not reference:
        return False
    return SequenceMatcher(None, word, reference, autojunk=False).ratio() >= _LIKENESS


def _resembling(memo: str, reference: str) -> str:
    """The word of the memo that is most like the reference."""
    words = [search_key(match[0]) for match in _WORD.finditer(memo)]
    like = [word for word in words if _is_like(word, reference)]
    return max(
        like, key=lambda word: SequenceMatcher(None, word, reference, autojunk=False).ratio(), default=""
    )
