"""The word of the day: the same at every stall of an installation, another one each day, and nobody's to foresee.

A page that only looks like ours cannot know it. It follows from the day by a keyed hash over a list of plain word pairs.
"""

from __future__ import annotations

import hmac
from datetime import date
from functools import cache
from pathlib import Path
from typing import Final

# What its key is derived for.
WORD_OF_THE_DAY: Final = "word of the day"
_PATH: Final = Path(__file__).parents[1] / "data" / "words_of_the_day.txt"


@cache
def word_pairs() -> tuple[str, ...]:
    """The list, as checked in; its order is part of the rule."""
    return tuple(line for line in _PATH.read_text(encoding="utf-8").splitlines() if line)


def word_of(day: date, key: bytes) -> str:
    """The word of a day; `key` is the installation's own."""
    digest = hmac.digest(key, day.isoformat().encode(), "sha256")
    pairs = word_pairs()
    return pairs[int.from_bytes(digest[:8]) % len(pairs)]
