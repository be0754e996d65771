"""Finding a bank by what people write: its name, a code or its BIN. Two banks under one writing are no answer."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from kit.text import search_key

_BRANCH: Final = re.compile(r"\b(?:CN|CHI NHANH|PGD|PHONG GIAO DICH)\b.*$")
_BEFORE: Final = frozenset(
    ["NGAN", "HANG", "NH", "TMCP", "TM", "CP", "TNHH", "MTV", "THUONG", "MAI", "CO", "PHAN", "SO"]
)
_AFTER: Final = (("VIET", "NAM"), ("VN",), ("BANK",))
_CLOSE_ENOUGH: Final = 75


@dataclass(frozen=True, slots=True)
class Bank:
    """A member of the transfer network under every name that lists give it."""

    bin: str
    short_name: str
    names: tuple[str, ...] = ()


# Banks of demo and tests, which exist nowhere: no code to them can move money.
TRIAL_BANKS: Final = (
    Bank("970499", "Ngân hàng Thử Xoài", ("Ngân hàng Thử",)),
    Bank("970498", "Ngân hàng Thử Chậm"),
)


def trial_name(bin: str) -> str:
    """What a BIN that no bank has is called in demo and tests."""
    return next((bank.short_name for bank in TRIAL_BANKS if bank.bin == bin), TRIAL_BANKS[0].short_name)


@dataclass(frozen=True, slots=True)
class BankFound:
    """The one bank of a writing (its BIN), or the banks that it could mean."""

    bin: str = ""
    short_name: str = ""
    candidates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BankNames:
    """All banks by BIN and by folded name."""

    by_bin: Mapping[str, Bank] = field(default_factory=dict)
    by_name: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, banks: Iterable[Bank]) -> BankNames:
        by_bin = {bank.bin: bank for bank in banks}
        by_name: dict[str, set[str]] = {}
        for bank in by_bin.values():
            for name in (bank.short_name, *bank.names):
                for key in (_plain_key(name), _key(name)):
                    by_name.setdefault(key, set()).add(bank.bin)
        return cls(by_bin, {key: frozenset(bins) for key, bins in by_name.items() if key})

    def find(self, text: str) -> BankFound:
        """What a cell of a list means."""
        digits = text.replace(" ", "")
        if digits in self.by_bin:
            return self._one(digits)
        bins = self.by_name.get(_plain_key(text)) or self.by_name.get(_key(text)) or frozenset()
        if len(bins) == 1:
            return self._one(next(iter(bins)))
        if bins:
            return BankFound(
                candidates=tuple(f"{self.by_bin[bin].short_name} ({bin})" for bin in sorted(bins))
            )
        close = difflib.get_close_matches(_key(text), self.by_name, n=1, cutoff=_CLOSE_ENOUGH / 100)
        near = sorted(self.by_name[close[0]]) if close else []
        return BankFound(candidates=tuple(self.by_bin[bin].short_name for bin in near))

    def _one(self, bin: str) -> BankFound:
        """Written by its short name, unless two banks share that."""
        name = self.by_bin[bin].short_name
        is_own = self.by_name.get(_plain_key(name)) == frozenset((bin,))
        return BankFound(bin, name if is_own else bin)


def _plain_key(text: str) -> str:
    return search_key(text).replace(" ", "")


def _key(text: str) -> str:
    """The name without what most names have: "Ngân hàng TMCP" before, "Việt Nam" behind, a branch after it."""
    words = _BRANCH.sub("", search_key(text)).split()
    while len(words) > 1 and words[0] in _BEFORE:
        words = words[1:]
    for ending in _AFTER:
        if len(words) > len(ending) and tuple(words[-len(ending) :]) == ending:
            words = words[: -len(ending)]
    return "".join(words)
