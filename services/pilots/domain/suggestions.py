"""What somebody probably meant by a wrong cell of a list: offered beside it, never taken by itself."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping
from typing import Final

from kit.identifiers import e164
from kit.text import fold

_SEVERAL: Final = re.compile(r"\s*[/;,\n]\s*|\s+-\s+|\s+hoặc\s+", re.IGNORECASE)
_POWER: Final = re.compile(r"(\d)[.,]?(\d*)[eE]\+?(\d{1,2})")
# Digits and the letters that are taken for them, with what stands between digits.
_DIGITS: Final = re.compile(r"\+?[0-9OoQlIBS][0-9OoQlIBS .()]{7,17}[0-9OoQlIBS]")
_LOOK_ALIKE: Final = str.maketrans("OoQlIBS", "0001185")
# Mobile numbers had eleven digits until November 2018.
_FORMER: Final[Mapping[str, str]] = {
    "0120": "070", "0121": "079", "0122": "077", "0126": "076", "0128": "078",
    "0123": "083", "0124": "084", "0125": "085", "0127": "081", "0129": "082",
    "0162": "032", "0163": "033", "0164": "034", "0165": "035", "0166": "036", "0167": "037", "0168": "038", "0169": "039",
    "0186": "056", "0188": "058", "0199": "059",
}  # fmt: skip
_PUNCTUATION: Final = re.compile(r"[\s.,_/\\|:'\"()-]+")
_CLOSE_ENOUGH: Final = 60


def phone(found: str) -> str:
    """A telephone number: the first of several, without look-alike letters, with today's prefix; empty if none shows."""
    power = _POWER.fullmatch(found)
    if power:
        # 9.12345678E+08 has all its digits; what has fewer was rounded, and nobody can tell any more.
        found = power[1] + power[2] if len(power[2]) == int(power[3]) else ""
    for part in _SEVERAL.split(found):
        written = _DIGITS.search(part.replace("-", ""))
        digits = re.sub(r"[^0-9+]", "", written[0].translate(_LOOK_ALIKE)) if written else ""
        national = re.sub(r"^(?:\+84|84(?=1\d{9}$))0?", "0", digits)
        if len(national) == 11 and national[:4] in _FORMER:
            digits = _FORMER[national[:4]] + national[4:]
        number = e164(digits)
        if number is not None:
            return "0" + number[3:]
    return ""


def account_number(found: str) -> str:
    """An account's number without what people put between its digits; empty if that is not all that is wrong."""
    bare = _PUNCTUATION.sub("", fold(found))
    return bare if re.fullmatch(r"[A-Za-z0-9]{1,19}", bare) and any(map(str.isdigit, bare)) else ""


def stall_number(found: str, most: int) -> str:
    """A stall's number with hyphens for what cannot stand in one; empty if nothing is left."""
    bare = re.sub(r"[^A-Z0-9Đ./]+", "-", found.upper())
    # One mark between two parts, none at the ends.
    bare = re.sub(r"[./-]{2,}", "-", bare).strip("-./")
    return bare if 0 < len(bare) <= most else ""


def nearest(key: str, known: Collection[str]) -> str:
    """The known key that is closest to what was written; empty if none is close."""
    close = difflib.get_close_matches(key, known, n=1, cutoff=_CLOSE_ENOUGH / 100) if key else []
    return close[0] if close else ""
