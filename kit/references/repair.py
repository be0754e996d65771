"""Proposals for a damaged reference: never applied, only shown to a person.

Looked for are what hands and screens do: one character wrong, two swapped, one lost, one added, up to four cut
off behind, characters that the alphabet does not have (0 for Q, S for 5), and a damaged prefix. Every proposal is
a reference that could have been issued.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from kit.references.code import ALPHABET, CHECKS, LENGTH, PREFIXES, check, solve, syndromes, value_at

_MOST: Final = 5
_UNREADABLE: Final = "?"
_VALUE: Final = {character: value for value, character in enumerate(ALPHABET)}
_FOREIGN: Final = re.compile(f"[^{ALPHABET}]")
_BEGIN: Final = "|".join(PREFIXES)
_PREFIX: Final = re.compile(_BEGIN)
_CUT: Final = re.compile(rf"(?:{_BEGIN})[{ALPHABET}]{{{LENGTH - CHECKS - 2},{LENGTH - 3}}}(?![A-Z0-9])")
_RUN: Final = re.compile(rf"(?<![A-Z0-9])[A-Z0-9]{{2}}[{ALPHABET}]{{{LENGTH - 3},{LENGTH - 2}}}(?![A-Z0-9])")


def propose(raw: bytes, joined: bytes) -> tuple[str, ...]:
    """Up to five references that the memo may have meant; `raw` in capitals, `joined` without blanks and marks."""
    joined_text, raw_text = joined.decode("latin-1"), raw.decode("latin-1")
    candidates: list[str] = []
    for match in _PREFIX.finditer(joined_text):
        candidates += _from_window(joined_text[match.start() : match.start() + LENGTH + 1])
    for match in _CUT.finditer(raw_text):
        candidates += _filled(match[0].ljust(LENGTH, _UNREADABLE))
    for match in _RUN.finditer(raw_text):
        run = match[0]
        body = run[2:] if len(run) == LENGTH else run[1:]
        candidates += [prefix + body for prefix in PREFIXES]
        candidates.append(run[0] + run[2] + run[1] + run[3:])
    return tuple(dict.fromkeys(candidate for candidate in candidates if check(candidate)))[:_MOST]


def _from_window(window: str) -> Iterator[str]:
    """Candidates for the text from a prefix on: 13 characters and one more, if there are so many."""
    readable = _FOREIGN.sub(_UNREADABLE, window)
    token = readable[:LENGTH].ljust(LENGTH, _UNREADABLE)
    if _UNREADABLE in token:
        yield from _filled(token)
    else:
        yield from _changed(token)
        for place in range(2, LENGTH - 1):
            yield token[:place] + token[place + 1] + token[place] + token[place + 2 :]
    if _UNREADABLE not in token[:-1]:
        for place in range(2, LENGTH):
            yield from _one_filled(token[:place], token[place : LENGTH - 1])
    if len(readable) > LENGTH and _UNREADABLE not in readable:
        for place in range(2, LENGTH):
            yield readable[:place] + readable[place + 1 :]


def _changed(token: str) -> Iterator[str]:
    """The token with one character corrected; the code leaves at most one way."""
    wrong = syndromes(token)
    for place in range(2, LENGTH):
        value = value_at(place, wrong)
        if value is not None:
            right = ALPHABET[(_VALUE[token[place]] + value) % len(ALPHABET)]
            yield token[:place] + right + token[place + 1 :]


def _one_filled(before: str, behind: str) -> Iterator[str]:
    """The word of the code with one character between the two parts."""
    value = value_at(len(before), syndromes(before + ALPHABET[0] + behind))
    if value is not None:
        yield before + ALPHABET[value] + behind


def _filled(token: str) -> Iterator[str]:
    """The token with its unreadable places worked out from the code: up to three, or the last four."""
    places = tuple(place for place, character in enumerate(token) if character == _UNREADABLE)
    if len(places) > CHECKS or (len(places) == CHECKS and places[0] != LENGTH - CHECKS):
        return
    values = solve(places, syndromes(token.replace(_UNREADABLE, ALPHABET[0])))
    if values is None:
        return
    characters = list(token)
    for place, value in zip(places, values, strict=True):
        characters[place] = ALPHABET[value]
    yield "".join(characters)
