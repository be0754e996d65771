"""A receipt's seal: a hash over what is printed for good and over the seal of the receipt before it in its book.

    content = canonical JSON of a `Sealed`, UTF-8, keys in the order given here, no blanks
    hash    = SHA-256("xoai receipt chain 1\\n" + hash of the number before (32 zero bytes before number 1) + content)

Whoever holds two neighbouring receipts can check the link without asking anybody. The payer's name stands in it as a
salted hash alone: a paper that shows initials must not give the name away. A cancellation is no part of it: a cancelled
receipt keeps its place, and the reversal that cancels it stands in a table that nobody can change.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from json.encoder import encode_basestring
from typing import Final, NamedTuple
from uuid import UUID

GENESIS: Final = bytes(32)
SALT_BYTES: Final = 16
_CHAIN: Final = b"xoai receipt chain 1\n"
_PAYER: Final = b"xoai receipt payer 1\n"


@dataclass(frozen=True, slots=True)
class Place:
    """A book of receipts: numbers and seals run within it."""

    organisation_id: UUID
    series: str
    year: int


class Sealed(NamedTuple):
    """What never changes about a receipt. Amounts are đồng; `splits` is JSON as it is stored: [[line id, amount] …].

    A plain tuple, made for every receipt: a dataclass costs several times as much to make.
    """

    organisation_id: UUID
    series: str
    year: int
    number: int
    reference: str
    title: str
    group_name: str
    payer_name: str
    amount: int
    splits: str
    bank_reference: str
    payer_account_last_four: str
    bank_time: datetime | None
    issue_time: datetime


class Seal(NamedTuple):
    """The stored seal of one number: its hash, the salt of the payer's name, and the hash that it follows."""

    number: int
    hash: bytes
    salt: bytes
    previous_hash: bytes


def canonical(sealed: Sealed, salt: bytes) -> bytes:
    """The bytes that are sealed."""
    # Written by hand rather than by json.dumps: it is done for every receipt, and this takes a third of the time.
    text = encode_basestring
    return (
        f'{{"organisation":"{sealed.organisation_id}","series":{text(sealed.series)},"year":{sealed.year},'
        f'"number":{sealed.number},"reference":{text(sealed.reference)},"title":{text(sealed.title)},'
        f'"group":{text(sealed.group_name)},"payer_hash":"{payer_hash(sealed.payer_name, salt)}",'
        f'"amount":{sealed.amount},"splits":{_splits(sealed.splits)},"bank_reference":{text(sealed.bank_reference)},'
        f'"payer_account":{text(sealed.payer_account_last_four)},"bank_time":{_moment(sealed.bank_time)},'
        f'"issue_time":{_moment(sealed.issue_time)}}}'
    ).encode()


def payer_hash(payer_name: str, salt: bytes) -> str:
    """The payer's name as the seal holds it."""
    return hashlib.sha256(b"%b%b%b" % (_PAYER, salt, payer_name.encode())).hexdigest()


def chain_hash(previous_hash: bytes, content: bytes) -> bytes:
    """The hash of a receipt with this canonical content that follows one with this hash."""
    return hashlib.sha256(b"%b%b%b" % (_CHAIN, previous_hash, content)).digest()


def mark(hash: bytes) -> str:
    """The beginning of a hash as a person compares it: 9f20 c4a1 77b0 12de."""
    digits = hash.hex()[:16]
    return " ".join(digits[start : start + 4] for start in range(0, 16, 4))


# Families of one class pay the same lines, and receipts of one batch are issued at one moment.
@lru_cache(maxsize=4096)
def _splits(stored: str) -> str:
    parts = [f"[{encode_basestring(line_id)},{amount}]" for line_id, amount in json.loads(stored)]
    return f"[{','.join(parts)}]"


@lru_cache(maxsize=1024)
def _moment(moment: datetime | None) -> str:
    if moment is None:
        return "null"
    # The database's times are UTC with microseconds; isoformat leaves them out where they are zero.
    return f'"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")}Z"'
