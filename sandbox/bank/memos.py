"""What banks do to a memo on its way: each of these was seen in published statements; the reference must survive."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

from kit.text import fold_upper


def _upper(memo: str, chance: random.Random) -> str:
    return fold_upper(memo)


def _without_separators(memo: str, chance: random.Random) -> str:
    return "".join(character for character in fold_upper(memo) if character.isalnum() or character == " ")


def _techcombank(memo: str, chance: random.Random) -> str:
    return f"{memo} FT{chance.randrange(10**13, 10**14)}"


def _acb(memo: str, chance: random.Random) -> str:
    return f"{fold_upper(memo)}-221126-08:15:02 {chance.randrange(10**5, 10**6)}"


def _vietcombank(memo: str, chance: random.Random) -> str:
    return f"MBVCB.{chance.randrange(10**9, 10**10)}.{memo}.CT tu 0011004455667 NGUYEN VAN AN toi 902100001"


def _vietinbank(memo: str, chance: random.Random) -> str:
    return f"CT nhanh 247 den: {memo}; thoi gian GD:22/11/2026 08:15:02"


def _sacombank(memo: str, chance: random.Random) -> str:
    return f"IBFT {memo}"


def _wrapped(memo: str, chance: random.Random) -> str:
    """A cell of a printed statement that breaks within the reference."""
    return memo if len(memo) < 10 else f"{memo[:6]} {memo[6:]}"


HABITS: Final[tuple[Callable[[str, random.Random], str], ...]] = (
    _upper,
    _without_separators,
    _techcombank,
    _acb,
    _vietcombank,
    _vietinbank,
    _sacombank,
    _wrapped,
)


def mangle(memo: str, chance: random.Random) -> str:
    """The memo as one bank or another passes it on."""
    return chance.choice(HABITS)(memo, chance)
