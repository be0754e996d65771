"""Money of a merchant that is on no stall, as reconciliation tells it: asked of a waiting sale, or on the merchant's list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

ASKED: Final = "ASKED"
# Held until somebody decides or proves it: two tellings of equal money, and money that its bank's feed did not prove.
DOUBTFUL: Final = "POSSIBLE_DUPLICATE"
UNPROVEN: Final = "AWAITING_CONFIRMATION"


@dataclass(frozen=True, slots=True)
class Credit:
    """A credit as a snapshot tells it; `amount` is what no payable has (đồng), 0 once all of it is somewhere."""

    credit_id: UUID
    organisation_id: UUID
    version: int
    amount: int
    reason: str
    asked_sale_id: UUID | None
    payer_account_last_four: str
    bin: str
    account_number: str
    bank_time: datetime | None
    arrive_time: datetime | None


@dataclass(frozen=True, slots=True)
class Unassigned:
    """What is stored of it. `sale_id` and `stall_id` are set while it is asked of a sale at its stall."""

    credit_id: UUID
    organisation_id: UUID
    version: int
    amount: int
    reason: str
    sale_id: UUID | None
    stall_id: UUID | None
    payer_account_last_four: str
    bin: str
    account_number: str
    bank_time: datetime | None
    arrive_time: datetime | None
    is_open: bool

    @property
    def asked_of(self) -> UUID | None:
        """The sale that it is asked of now."""
        return self.sale_id if self.is_open else None

    @property
    def is_listed(self) -> bool:
        """Waits on the merchant's list, asked of nobody. Phones hear nothing of money that may not be there."""
        return self.is_open and self.sale_id is None and self.reason not in (DOUBTFUL, UNPROVEN)


class Change(StrEnum):
    """What a stall's phones have to know."""

    ASKED = "asked"
    ANSWERED = "answered"
    LISTED = "listed"
    UNLISTED = "unlisted"


@dataclass(frozen=True, slots=True)
class Step:
    """One change for one stall (asked, answered) or for every active stall of the merchant (listed, unlisted)."""

    change: Change
    credit: Unassigned
    stall_id: UUID | None = None
    sale_id: UUID | None = None


@dataclass(slots=True)
class Following:
    """What a batch of snapshots does, in the order told."""

    known: dict[UUID, Unassigned]
    steps: list[Step] = field(default_factory=list)
    changed: set[UUID] = field(default_factory=set)


def follow(
    credits: Sequence[Credit], known: Mapping[UUID, Unassigned], stall_of_sale: Mapping[UUID, UUID]
) -> Following:
    """Take over snapshots in order; those that are not newer have no effect. `stall_of_sale` holds the sales that exist."""
    result = Following(dict(known))
    for credit in credits:
        before = result.known.get(credit.credit_id)
        if before is None and credit.amount <= 0:
            # It was on its payable at once: nobody ever waited for it.
            continue
        if before is not None and credit.version <= before.version:
            continue
        after = _stored(credit, stall_of_sale)
        if before is not None and not after.is_open:
            # What it was stays readable.
            after = replace(before, version=credit.version, is_open=False)
        result.known[credit.credit_id] = after
        result.changed.add(credit.credit_id)
        result.steps += _steps(before, after)
    return result


def _stored(credit: Credit, stall_of_sale: Mapping[UUID, UUID]) -> Unassigned:
    sale_id = credit.asked_sale_id if credit.reason == ASKED else None
    stall_id = stall_of_sale.get(sale_id) if sale_id is not None else None
    return Unassigned(
        credit_id=credit.credit_id,
        organisation_id=credit.organisation_id,
        version=credit.version,
        amount=credit.amount,
        reason=credit.reason,
        sale_id=sale_id if stall_id is not None else None,
        stall_id=stall_id,
        payer_account_last_four=credit.payer_account_last_four,
        bin=credit.bin,
        account_number=credit.account_number,
        bank_time=credit.bank_time,
        arrive_time=credit.arrive_time,
        is_open=credit.amount > 0,
    )


def _steps(before: Unassigned | None, after: Unassigned) -> list[Step]:
    steps = []
    asked_before = before.asked_of if before is not None else None
    if asked_before is not None and asked_before != after.asked_of:
        assert before is not None
        steps.append(Step(Change.ANSWERED, after, before.stall_id, asked_before))
    if after.asked_of is not None and after.asked_of != asked_before:
        steps.append(Step(Change.ASKED, after, after.stall_id, after.sale_id))
    was_listed = before is not None and before.is_listed
    if after.is_listed and not was_listed:
        steps.append(Step(Change.LISTED, after))
    if was_listed and not after.is_listed:
        steps.append(Step(Change.UNLISTED, after))
    return steps
