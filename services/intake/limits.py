"""Strict reading of JSON from outside: bounded size, depth and count, no key twice, numbers kept as their text.

The one rule: nothing here turns a number into a float or an int. A number stays the text the sender wrote
(`NumberText`), so that a signature over it can be checked and an amount can be judged exactly. Every step is linear in
the size of the body (RFC 8259 leaves duplicate keys and number ranges to the reader; they are refused or kept here).
"""

from __future__ import annotations

import json
from typing import NoReturn

from services.intake.domain import BodyNotJson, BodyTooDeep, BodyTooLarge, BodyTooManyValues, DuplicateKey

LARGEST_BODY = 256 * 1024
"""Bytes of a callback."""

DEEPEST = 20
"""Levels of objects and lists in a callback."""

MOST_VALUES = 20_000
"""Commas and brackets of a callback: thirty times a full page of credits, and a bound on the work of any body."""

MOST_VALUES_SIGNED = 1_000
"""The same for bodies of one transaction that have to be written again to check their signature; real ones have 40."""

MOST_ELEMENTS = 2_000
"""Transactions in one callback."""

_NOT_BRACKETS = bytes(byte for byte in range(256) if byte not in b"{}[]")
_BLANKS = " \t\r\n"
_TO_SQUARE = bytes.maketrans(b"{}", b"[]")


class NumberText(str):
    """A JSON number as the sender wrote it."""

    __slots__ = ()


def _pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise DuplicateKey(key=key[:80])
            seen.add(key)
    return members


def _constant(name: str) -> NoReturn:
    raise BodyNotJson(detail=f"{name} is no JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_pairs, parse_int=NumberText, parse_float=NumberText, parse_constant=_constant
)


def check_size(raw: bytes, largest: int = LARGEST_BODY) -> None:
    """Refuse a body of more than `largest` bytes; BodyTooLarge."""
    if len(raw) > largest:
        raise BodyTooLarge(size=len(raw), limit=largest)


def check_shape(raw: bytes, deepest: int = DEEPEST, most_values: int = MOST_VALUES) -> None:
    """Refuse nesting and numbers of values beyond the limits before anything is built; BodyTooDeep, BodyTooManyValues.
    Commas inside texts count too: the limit is far above any real body."""
    brackets = raw.count(b"{") + raw.count(b"[")
    if brackets > deepest and _is_deeper(raw, deepest):
        raise BodyTooDeep(limit=deepest)
    if brackets + raw.count(b",") > most_values:
        raise BodyTooManyValues(limit=most_values)


def _is_deeper(raw: bytes, deepest: int) -> bool:
    unescaped = raw.replace(b"\\\\", b"").replace(b'\\"', b"")
    rest = b"".join(unescaped.split(b'"')[::2]).translate(
        _TO_SQUARE, _NOT_BRACKETS
    )  # what is outside of texts
    for _ in range(deepest):
        if not rest:
            return False
        rest = rest.replace(b"[]", b"")  # takes away exactly the innermost level everywhere
    return bool(rest)


def read_json(
    raw: bytes, largest: int = LARGEST_BODY, deepest: int = DEEPEST, most_values: int = MOST_VALUES
) -> object:
    """The JSON document in `raw` (UTF-8): dict, list, str, NumberText, bool or None. Raises BodyTooLarge,
    BodyTooDeep, BodyTooManyValues, DuplicateKey or BodyNotJson."""
    check_size(raw, largest)
    check_shape(raw, deepest, most_values)
    try:
        text = raw.decode().lstrip(_BLANKS)
        document, end = _DECODER.raw_decode(text)
        if end != len(text) and text[end:].strip(_BLANKS):
            raise BodyNotJson(detail=f"text behind the document at character {end}")
        return document
    except UnicodeDecodeError as error:
        raise BodyNotJson(detail=f"not UTF-8 at byte {error.start}") from error
    except json.JSONDecodeError as error:
        raise BodyNotJson(detail=f"{error.msg} at character {error.pos}") from error
