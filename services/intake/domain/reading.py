"""Credits in the common form, and what a body says of them.

The one rule: an amount is a whole number of đồng or it is no amount. Money that goes out and bodies that tell of no
credit are passed over with a warning, and one unreadable element never stops the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

LONGEST_IDENTIFIER = 128
"""Characters of an account, a reference or an id; more is no identifier and would not fit an index."""


class Direction(StrEnum):
    """Which way the money went, seen from the account that the message is about."""

    IN = "in"
    OUT = "out"


@dataclass(frozen=True, slots=True)
class Credit:
    """Money that a provider tells of as received, in the common form; what the provider does not give is None."""

    provider_transaction_id: str | None
    bank_reference: str | None
    account: str | None
    virtual_account: str | None
    amount: int
    currency: str
    memo: str | None
    occur_time: datetime | None
    payer_name: str | None
    payer_account: str | None
    payer_bin: str | None
    test: bool

    def to_json(self) -> dict[str, str | int | bool | None]:
        """The normalised form that is shown outside: amount in đồng, time as ISO 8601 in UTC."""
        return {
            "provider_transaction_id": self.provider_transaction_id,
            "bank_reference": self.bank_reference,
            "account": self.account,
            "virtual_account": self.virtual_account,
            "amount": self.amount,
            "currency": self.currency,
            "memo": self.memo,
            "occur_time": iso_time(self.occur_time) if self.occur_time else None,
            "payer_name": self.payer_name,
            "payer_account": self.payer_account,
            "payer_bin": self.payer_bin,
            "test": self.test,
        }


@dataclass(frozen=True, slots=True)
class Told:
    """One credit as told: where it stood in the body, its key inside the connection (None: never dropped), and the
    digest of its money fields, by which a repeat is told from other content under the same key."""

    place: str
    dedupe_key: str | None
    digest: bytes
    credit: Credit


@dataclass(frozen=True, slots=True)
class PassedOver:
    """An element that is no credit (money out, nothing moved). Its digest differs from that of a credit with the
    same key, so a transaction that turns round is seen."""

    place: str
    dedupe_key: str | None
    digest: bytes
    warning: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An element that may be money but cannot be read with certainty: an exception for a person."""

    place: str
    dedupe_key: str | None
    digest: bytes
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What a verified body says: credits, elements passed over, elements for a person, and warnings."""

    told: tuple[Told, ...] = ()
    passed_over: tuple[PassedOver, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def credits(self) -> tuple[Credit, ...]:
        """The credits alone, in the order of the body."""
        return tuple(told.credit for told in self.told)


def iso_time(moment: datetime) -> str:
    """ISO 8601 in UTC with a Z."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
