"""The bank list: dated data with its sources, keyed by BIN alone, since short codes clash between tables."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Final

from services.vietqr.domain.errors import UnknownBank

_FILE: Final = Path(__file__).parent.parent / "data" / "banks.json"


@dataclass(frozen=True, slots=True)
class Bank:
    """One member of the transfer network; a flag is None where no source says it.

    `confirmed`: at least two tables know the BIN. Nothing here was compared with a live list.
    """

    bin: str
    code: str
    short_name: str
    name: str
    transfer_supported: bool | None
    lookup_supported: bool | None
    swift: str | None
    other_codes: tuple[str, ...]
    confirmed: bool


@dataclass(frozen=True, slots=True)
class BankList:
    """All banks of one edition of the list, by BIN."""

    collected_date: date
    sources: tuple[str, ...]
    by_bin: Mapping[str, Bank]


@lru_cache(maxsize=4)
def load(path: Path = _FILE) -> BankList:
    """The list in a file of this form; without a path the edition that came with the product."""
    content = json.loads(path.read_text(encoding="utf-8"))
    source = content["source"]
    banks = [
        Bank(
            bin=row["bin"],
            code=row["code"],
            short_name=row["short_name"],
            name=row["name"],
            transfer_supported=row["transfer_supported"],
            lookup_supported=row["lookup_supported"],
            swift=row["swift"],
            other_codes=tuple(row["other_codes"]),
            confirmed=not row.get("single_source", False),
        )
        for row in content["banks"]
    ]
    return BankList(
        collected_date=date.fromisoformat(source["collected"]),
        sources=(source["derived_from"], *source["compared_with"]),
        by_bin={bank.bin: bank for bank in banks},
    )


def find(bin_code: str) -> Bank | None:
    """The bank of a BIN, None if the list does not have it."""
    return load().by_bin.get(bin_code)


def bank_of(bin_code: str) -> Bank:
    """The bank of a BIN. Raises UnknownBank."""
    bank = find(bin_code)
    if bank is None:
        raise UnknownBank(bank=bin_code)
    return bank


def by_code(code: str) -> tuple[Bank, ...]:
    """The members that the list calls by a short code, letter case ignored: CIMB has two. Raises UnknownBank."""
    found = tuple(bank for bank in load().by_bin.values() if bank.code.upper() == code.upper())
    if not found:
        raise UnknownBank(bank=code[:30])
    return found
