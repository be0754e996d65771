"""A credit is money that arrived; a report is one telling of it by one source."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum, StrEnum, auto
from typing import Final, NamedTuple

from services.reconciliation.domain import ledger

# Holds money for an account that no organisation has registered; seen only by those who act for the whole city.
UNASSIGNED: Final = "00000000-0000-0000-0000-000000000000"
DONG: Final = "VND"


class Channel(StrEnum):
    """How a report came; the value is stored."""

    CALLBACK = "callback"
    PULL = "pull"
    STATEMENT = "statement"


class Reason(StrEnum):
    """Why money waits in suspense; the value is stored and shown."""

    NONE = ""
    AWAITING_PAYABLE = "AWAITING_PAYABLE"
    WRONG_ACCOUNT = "WRONG_ACCOUNT"
    UNKNOWN_ACCOUNT = "UNKNOWN_ACCOUNT"
    NO_REFERENCE = "NO_REFERENCE"
    AMBIGUOUS_REFERENCE = "AMBIGUOUS_REFERENCE"
    PAYER_MISMATCH = "PAYER_MISMATCH"
    VOID = "VOID"
    POSSIBLE_DUPLICATE = "POSSIBLE_DUPLICATE"
    AWAITING_CONFIRMATION = "AWAITING_CONFIRMATION"
    # It equals exactly one sale that waits at a stall: the seller is asked.
    ASKED = "ASKED"
    UNDONE = "UNDONE"
    # Held beside the ledger: not money, or not đồng.
    TEST = "TEST"
    FOREIGN_CURRENCY = "FOREIGN_CURRENCY"


# A person has to decide these before the money may be moved.
UNDECIDED: Final = frozenset(
    {Reason.POSSIBLE_DUPLICATE, Reason.AWAITING_CONFIRMATION, Reason.UNKNOWN_ACCOUNT}
)


class Sight(Enum):
    """Which credits a look may find."""

    ALL = auto()
    # Of who acts for the whole city: what traders take is not theirs to see.
    CITY = auto()
    # The same with unproven money that its trader handed over, without what its payer wrote.
    CITY_DESK = auto()


# Of a trader's, these are decided by him apart from what only has no stall yet.
HELD: Final = frozenset({Reason.POSSIBLE_DUPLICATE, Reason.AWAITING_CONFIRMATION})

DUPLICATE_PAYMENT: Final = "DUPLICATE_PAYMENT"
OVERPAID: Final = "OVERPAID"
UNDERPAID: Final = "UNDERPAID"


@dataclass(frozen=True, slots=True)
class Account:
    """A receiving account of an organisation, now or in the past."""

    account_id: str
    version: int
    organisation_id: str
    bin: str
    account_number: str
    holder_name: str
    is_active: bool
    active_time: datetime | None
    retire_time: datetime | None
    # Of a trader: what it takes is on nobody's desk but its own.
    is_merchant: bool


class Report(NamedTuple):
    """One telling of money by one source; `memo` exactly as sent, amounts in the currency's smallest unit."""

    id: str
    channel: Channel
    provider: str
    source_id: str
    bin: str
    account_number: str
    virtual_account: str
    amount: int
    currency: str
    memo: str
    bank_reference: str
    provider_transaction_id: str
    occur_time: datetime | None
    arrive_time: datetime
    payer_name: str
    payer_account: str
    payer_bin: str
    is_test: bool
    needs_confirmation: bool


@dataclass(slots=True)
class Credit:
    """Money that arrived. Where it is: applied + payer's credit + suspense + refundable = amount, while in the ledger.

    Test calls, other currencies, and a telling that a person joined to another credit are not in the ledger.
    """

    id: str
    organisation_id: str
    account_id: str
    bin: str
    account_number: str
    virtual_account: str
    currency: str
    amount: int
    memo: str
    join_text: str
    bank_reference: str
    bank_reference_key: str
    payer_name: str
    payer_account: str
    payer_bin: str
    bank_time: datetime
    bank_date: date
    arrive_time: datetime
    post_time: datetime
    amount_applied: int = 0
    amount_payer_credit: int = 0
    amount_suspense: int = 0
    amount_refundable: int = 0
    payer: str = ""
    reason: Reason = Reason.NONE
    park_reason: str = ""
    waiting_key: str = ""
    is_confirmed: bool = True
    is_in_ledger: bool = True
    has_statement: bool = False
    exceptions: tuple[str, ...] = ()
    report_count: int = 1
    merged_into: str = ""
    version: int = 1
    # Of money that asks: the sale that it equals.
    asked_payable_id: str = ""
    is_merchant: bool = False
    # Hashes by which a report of another source finds this credit.
    reference_join: int | None = None
    memo_join: int = 0

    @property
    def place(self) -> tuple[str, str]:
        """The receiving account: BIN and number."""
        return self.bin, self.account_number

    @property
    def bank_account(self) -> str:
        """The ledger account in which the money stands."""
        return ledger.bank(self.bin, self.account_number)

    def describe(self) -> str:
        """Where the money is, in a few words of stable form, for a message that says what happened."""
        parts = {
            "applied": self.amount_applied,
            "payer_credit": self.amount_payer_credit,
            f"suspense {self.reason}": self.amount_suspense,
            "refundable": self.amount_refundable,
        }
        words = [f"{name} {amount}" for name, amount in parts.items() if amount]
        if self.merged_into:
            words.append(f"same as {self.merged_into}")
        return ", ".join(words) or str(self.reason)


class ReportRow(NamedTuple):
    """A report as it is kept beside its credit; a memo equal to the credit's is not kept twice."""

    report: Report
    credit_id: str
    has_own_memo: bool


class FundKind(StrEnum):
    """Where the money of a payment is taken from."""

    BANK_CREDIT = "bank_credit"
    PAYER_CREDIT = "payer_credit"


class Payment(NamedTuple):
    """An allocation of a fund to a payable; never changed. `kept` went to the payer's credit along with it."""

    id: str
    organisation_id: str
    payable_id: str
    credit_id: str
    fund_kind: FundKind
    payer: str
    amount: int
    kept: int
    splits: tuple[tuple[str, str, int], ...]
    total_applied: int
    applied_version: int
    payable_version: int
    rule: str
    rule_detail: str
    entry_id: str
    subject: str
    post_time: datetime


class Reversal(NamedTuple):
    """A payment undone by an opposite entry; never changed."""

    payment_id: str
    organisation_id: str
    payable_id: str
    credit_id: str
    amount: int
    total_applied: int
    applied_version: int
    reason: str
    entry_id: str
    subject: str
    post_time: datetime


@dataclass(slots=True)
class Telling:
    """A credit as far as joining looks at it, with the hashes for that and the sources that have told of it."""

    credit_id: str
    place: tuple[str, str, int]
    bank_reference_key: str
    text: str
    bank_date: date
    by_reference: int | None
    by_memo: int
    sources: set[str]


@dataclass(slots=True)
class Arrival:
    """Reports that are one credit: one of the past, or a new one, and what the first of them tells."""

    credit_id: str
    is_new: bool
    told: Telling
    reports: list[Report] = field(default_factory=list)
    # Other credits that may be the same money: held for a person.
    possible: tuple[str, ...] = ()
