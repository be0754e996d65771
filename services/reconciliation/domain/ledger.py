"""The books: names of ledger accounts, entries and postings. Debit is positive; an entry sums to zero."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Final, NamedTuple

SUSPENSE: Final = "suspense"
REFUND_DUE: Final = "refund_due"
BANK: Final = "bank:"
COLLECTED: Final = "collected:"
PAYER_CREDIT: Final = "payer_credit:"


class EntryKind(StrEnum):
    """What happened, for readers of the books."""

    CREDIT_ARRIVED = "credit_arrived"
    ASSIGNED = "assigned"
    UNDONE = "undone"
    PAYER_CREDIT_USED = "payer_credit_used"
    KEPT_FOR_PAYER = "kept_for_payer"
    VOIDED = "voided"
    APPLIED_ANEW = "applied_anew"
    SAME_MONEY = "same_money"
    MOVED_TO_OWNER = "moved_to_owner"


def bank(bin: str, account_number: str) -> str:
    """The account in which money of a receiving account stands."""
    return f"{BANK}{bin}:{account_number}"


def collected(ledger_class: str) -> str:
    """What was paid of one class of fee."""
    return COLLECTED + ledger_class


def payer_credit(payer: str) -> str:
    """What is kept for a payer."""
    return PAYER_CREDIT + payer


class Entry(NamedTuple):
    """One journal entry: amounts by ledger account, positive is debit, đồng. `check` it before it is written."""

    id: str
    organisation_id: str
    credit_id: str
    kind: EntryKind
    book_date: date
    bank_date: date
    amounts: Mapping[str, int]
    subject: str
    reason: str


class Unbalanced(Exception):
    """An entry that does not sum to zero: nothing of its transaction may reach the disk."""


def check(entry: Entry) -> Entry:
    """The entry itself. Raises Unbalanced: the last place where a wrong sum can be stopped."""
    if sum(entry.amounts.values()) != 0:
        raise Unbalanced(f"entry {entry.id} of credit {entry.credit_id or '-'}: {dict(entry.amounts)}")
    return entry


class Sums(dict[tuple[str, str], int]):
    """What a transaction adds to each balance: by organisation and ledger account."""

    def add(self, entry: Entry) -> None:
        """Add the postings of an entry."""
        for account, amount in entry.amounts.items():
            place = (entry.organisation_id, account)
            self[place] = self.get(place, 0) + amount
