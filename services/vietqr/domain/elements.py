"""The objects of an EMVCo code: a two-digit id, a two-digit length 01 to 99, and the value."""

from __future__ import annotations

import re
from typing import Final

from services.vietqr.domain.errors import BadLength, BadTag, CrcNotLast, DuplicateTag

CRC_TAG: Final = "63"
VALUE_MOST: Final = 99
# [0-9] and not \d or isdigit: full-width and Arabic digits are no digits here.
_TWO_DIGITS: Final = re.compile("[0-9]{2}")


def read(text: str, path: str = "") -> dict[str, str]:
    """The objects of a text in their order, `path` naming the object that holds them.

    Raises BadTag, BadLength, DuplicateTag, and CrcNotLast at the top level.
    """
    objects: dict[str, str] = {}
    place = 0
    while place < len(text):
        tag, length = text[place : place + 2], text[place + 2 : place + 4]
        if not _TWO_DIGITS.fullmatch(tag):
            raise BadTag(tag=path or "mã")
        name = f"{path}-{tag}" if path else tag
        if not _TWO_DIGITS.fullmatch(length) or length == "00":
            raise BadLength(tag=name)
        end = place + 4 + int(length)
        if end > len(text):
            raise BadLength(tag=name)
        if tag in objects:
            raise DuplicateTag(tag=name)
        if not path and tag == CRC_TAG and end < len(text):
            raise CrcNotLast()
        objects[tag] = text[place + 4 : end]
        place = end
    return objects


def write(tag: str, value: str) -> str:
    """One object. Raises BadLength unless the value has 1 to 99 characters."""
    if not 1 <= len(value) <= VALUE_MOST:
        raise BadLength(tag=tag)
    return f"{tag}{len(value):02d}{value}"
