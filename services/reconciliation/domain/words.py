"""Words by which a person finds a payable: of its search text and of its group, folded."""

from __future__ import annotations

import re
from typing import Final

from kit.text import search_key

MOST_WORDS: Final = 40

# "Thanh toán" is said of every transfer; Thanh and Toàn alone are names.
_PAYING: Final = re.compile(r"\bTHANH TOAN\b")

# What Vietnamese transfer memos are full of, as far as it is nobody's name: Châu, Nam, Thắng, Thu and Phi are names.
_BOILERPLATE: Final = frozenset(
    [
        "CHUYEN",
        "TIEN",
        "KHOAN",
        "NOP",
        "HOC",
        "CK",
        "FT",
        "GD",
        "NGAY",
        "CHO",
        "TAI",
        "TK",
        "NAPAS",
        "IBFT",
        "MBVCB",
        "QR",
        "TT",
        "LOP",
        "NHANH",
        "NOI",
        "DUNG",
        "HD",
        "BANK",
        "CT",
        "TOI",
        "VND",
        "DONG",
    ]
)


def words_of(search_text: str, group_name: str = "") -> tuple[str, ...]:
    """The different words of a card, sorted."""
    words = sorted(set(search_key(f"{search_text} {group_name}").split()))
    return tuple(words[:MOST_WORDS])


def memo_words(memo: str) -> list[str]:
    """The words of a memo in their order, without what every memo says."""
    words = _PAYING.sub(" ", search_key(memo)).split()
    return [word for word in words if word not in _BOILERPLATE][:MOST_WORDS]


def name_windows(words: list[str]) -> list[tuple[str, ...]]:
    """Runs of three and of two neighbouring words of letters that may be a name, longest first."""
    windows: list[tuple[str, ...]] = []
    for length in (3, 2):
        for start in range(len(words) - length + 1):
            run = tuple(words[start : start + length])
            if all(word.isalpha() for word in run) and len(set(run)) == length:
                windows.append(run)
    return list(dict.fromkeys(windows))[:MOST_WORDS]
