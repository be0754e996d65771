"""Proposals for a damaged reference: never applied, only shown to a person.

Looked for are what hands and screens do: one character wrong, two swapped, one lost, one added, up to four cut off
behind, characters that the alphabet does not have (0 for Q, S for 5), and a damaged prefix. Every proposal is a
reference that could have been issued.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from kit.references.code import ALPHABET, CHECKS, LENGTH, PREFIXES, check, solve, syndromes

_MOST: Final = 5
_UNREADABLE: Final = "?"
_FOREIGN: Final = re.compile(f"[^{ALPHABET}]")
_PREFIX: Final = re.compile("|".join(PREFIXES))
_CUT: Final = re.compile(rf"(?:{'|'.join(PREFIXES)})[{ALPHABET}]{{{LENGTH - CHECKS - 2},{LENGTH - 3}}}(?![A-Z0-9])")
_RUN: Final = re.compile(rf"(?<![A-Z0-9])[A-Z0-9]{{2}}[{ALPHABET}]{{{LENGTH - 3},{LENGTH - 2}}}(?![A-Z0-9])")


def propose(raw: bytes, joined: bytes) -> tuple[str, ...]:
    """Up to five references that the memo may have meant; `raw` in capitals, `joined` without blanks and marks."""
    text, run_text = joined.decode("latin-1"), raw.decode("latin-1")
    found: dict[str, None] = {}
    for match in _PREFIX.finditer(text):
        window = text[match.start() : match.start() + LENGTH + 1]
        for proposal in _from_window(window):
            found[proposal] = None
    for match in _CUT.finditer(run_text):
        found.update(dict.fromkeys(_filled(match[0].ljust(LENGTH, _UNREADABLE))))
    for match in _RUN.finditer(run_text):
        body = match[0][2:] if len(match[0]) == LENGTH else match[0][1:]
        found.update(dict.fromkeys(prefix + body for prefix in PREFIXES if check(prefix + body)))
    return tuple(found)[:_MOST]


def _from_window(window: str) -> Iterator[str]:
    """Proposals for the text from a prefix on: 13 characters and one more, if there are so many."""
    readable = _FOREIGN.sub(_UNREADABLE, window)
    token = readable[:LENGTH]
    yield from _filled(token.ljust(LENGTH, _UNREADABLE))
    if len(token) == LENGTH and _UNREADABLE not in token:
        yield from _changed(token)
        for place in range(2, LENGTH - 1):
            swapped = token[:place] + token[place + 1] + token[place] + token[place + 2 :]
            if check(swapped):
                yield swapped
    for place in range(2, LENGTH):
        yield from _filled(readable[:place] + _UNREADABLE + readable[place : LENGTH - 1])
    for place in range(2, len(readable)):
        yield from _filled(readable[:place] + readable[place + 1 :])


def _filled(token: str) -> Iterator[str]:
    """The token with its unreadable places worked out from the code: at most four, or three if not at the end."""
    places = tuple(place for place, character in enumerate(token) if character == _UNREADABLE)
    if len(token) != LENGTH or not token.startswith(PREFIXES):
        return
    if len(places) > CHECKS or (len(places) == CHECKS and places[0] != LENGTH - CHECKS):
        return
    values = solve(places, syndromes(token.replace(_UNREADABLE, ALPHABET[0])))
    if values is None:
        return
    characters = list(token)
    for place, value in zip(places, values, strict=True):
        characters[place] = ALPHABET[value]
    proposal = "".join(characters)
    if check(proposal):
        yield proposal


def _changed(token: str) -> Iterator[str]:
    """The token with one character corrected; the code leaves at most one way."""
    for place in range(2, LENGTH):
        yield from _filled(token[:place] + _UNREADABLE + token[place + 1 :])
