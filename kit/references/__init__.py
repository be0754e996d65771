"""The payment reference (mã thanh toán): the code in a transfer's memo by which a credit finds its payable.

It is also the bill code that people read over the telephone: `normalise` forgives what people type, `group`
writes it for reading aloud. Form and code: `kit.references.code`; the search: `kit.references.search`.
"""

from __future__ import annotations

from typing import Final

from kit.errors import InvalidArgument
from kit.references.code import ALPHABET, LENGTH, Kind, check, kind_of, new_reference, new_references
from kit.references.search import Found, Outcome, find
from kit.text import search_key

__all__ = [
    "ALPHABET",
    "LENGTH",
    "BadReference",
    "Found",
    "Kind",
    "Outcome",
    "check",
    "find",
    "group",
    "kind_of",
    "new_reference",
    "new_references",
    "normalise",
    "parse",
]

_TEXT_MOST: Final = 60


class BadReference(InvalidArgument):
    reason = "BAD_REFERENCE"
    vi = "Mã thanh toán “{reference}” không đúng. Xin xem lại từng chữ trên giấy báo."
    en = "The payment reference “{reference}” is not right. Compare it letter by letter with the notice."


def normalise(text: str) -> str:
    """The text as references are written: capitals, no blanks, points, hyphens, accents. It may still be wrong."""
    return search_key(text[:_TEXT_MOST]).replace(" ", "")


def parse(text: str) -> str:
    """The reference that a person typed. Raises BadReference."""
    reference = normalise(text)
    if not check(reference):
        raise BadReference(reference=text[:_TEXT_MOST])
    return reference


def group(reference: str) -> str:
    """The reference in groups for reading aloud and for print: `XDK 7M4 P9R T3HQ`."""
    return " ".join([reference[0:3], reference[3:6], reference[6:9], reference[9:]])
