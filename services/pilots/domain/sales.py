"""A sale at a stall: a code for one amount, its states, and what the seller may do to it.

Stored states are open, part_paid, paid, cancelled, settled. Expired and paid-again are derived. Money is never refused,
whatever the state: it is recorded, and told as late where the sale waited no longer. Amounts are whole đồng.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from kit.money import format_vnd
from services.pilots.domain.errors_sales import (
    AmountMissing,
    AmountOverLimit,
    CashOutOfRange,
    NothingReceived,
    RestDiffers,
    SaleHasMoney,
    SaleNotWaiting,
    StallNotSelling,
)
from services.pilots.domain.stalls import Account

# NAPAS 247 carries less than 500 million đồng in one transfer.
MOST_AMOUNT: Final = 499_999_999
MOST_CASH: Final = 1_000_000_000
# So long after it was opened, money without a code that equals the sale is asked about.
ASK_SECONDS: Final = 600
PROOF_DIGITS: Final = 3


class State(StrEnum):
    OPEN = "open"
    PART_PAID = "part_paid"
    PAID = "paid"
    CANCELLED = "cancelled"
    SETTLED = "settled"


# Payments move a sale freely among the first three, in either direction; only a seller cancels or settles, for good.
TRANSITIONS: Final[Mapping[State, frozenset[State]]] = {
    State.OPEN: frozenset({State.PART_PAID, State.PAID, State.CANCELLED, State.SETTLED}),
    State.PART_PAID: frozenset({State.OPEN, State.PAID, State.SETTLED}),
    State.PAID: frozenset({State.OPEN, State.PART_PAID}),
    State.CANCELLED: frozenset(),
    State.SETTLED: frozenset(),
}
WAITING: Final = frozenset({State.OPEN, State.PART_PAID})
_WORDS: Final = {
    State.OPEN: ("đang chờ", "it is open"),
    State.PART_PAID: ("còn thiếu", "it is part paid"),
    State.PAID: ("đã nhận đủ", "it is paid"),
    State.CANCELLED: ("đã huỷ", "it was cancelled"),
    State.SETTLED: ("đã chốt", "it was settled"),
}


@dataclass(frozen=True, slots=True)
class Seller:
    """A stall with what selling there needs to know. Minutes are of the day in the city."""

    stall_id: UUID
    organisation_id: UUID
    programme_id: UUID
    section_id: UUID
    number: str
    name: str
    # waiting, active, withdrawn
    state: str
    account: Account | None
    programme_name: str
    start_date: date
    end_date: date | None
    close_minute: int
    cut_off_minute: int
    sale_seconds: int


@dataclass(frozen=True, slots=True)
class Sale:
    """One amount asked of one payer. `version` counts what is asked, `sequence` every change; `payments` those in force."""

    id: UUID
    organisation_id: UUID
    stall_id: UUID
    reference: str
    amount: int
    amount_paid: int
    state: State
    account: Account
    payload: str
    proof: str
    rest_of_sale_id: UUID | None
    subject: str
    version: int
    sequence: int
    applied_version: int
    payments: int
    create_time: datetime
    expire_time: datetime
    change_time: datetime
    paid_time: datetime | None = None

    @property
    def missing(self) -> int:
        """What is still to come; 0 once all of it is there."""
        return max(self.amount - self.amount_paid, 0)

    @property
    def is_paid_again(self) -> bool:
        """More came than was asked, in one payment or several."""
        return self.amount_paid > self.amount

    @property
    def ask_until(self) -> datetime | None:
        """Until then money without a code may be asked about; None once a seller has ended the waiting."""
        if self.state in (State.CANCELLED, State.SETTLED):
            return None
        return self.create_time + timedelta(seconds=ASK_SECONDS)

    def is_expired(self, now: datetime) -> bool:
        """It waited too long; money that still comes is recorded all the same."""
        return self.state in WAITING and now >= self.expire_time

    def is_waiting(self, now: datetime) -> bool:
        """Somebody stands at the stall and is about to pay."""
        return self.state in WAITING and now < self.expire_time

    def is_over(self, moment: datetime) -> bool:
        """True if what comes at this moment comes late: cancelled, settled, or expired without having been paid."""
        return self.state in (State.CANCELLED, State.SETTLED) or self.is_expired(moment)

    def cancel(self, now: datetime) -> Sale:
        """The sale cancelled; again is harmless. Raises SaleHasMoney, SaleNotWaiting."""
        if self.state is State.CANCELLED:
            return self
        if self.state in (State.PART_PAID, State.PAID) or self.amount_paid > 0:
            raise SaleHasMoney(reference=self.reference, amount_paid=format_vnd(self.amount_paid))
        return self._end(State.CANCELLED, now)

    def settle(self, now: datetime, *, rest_in_cash: bool) -> Sale:
        """The sale settled at what is there, or with the rest in cash. Raises SaleNotWaiting, NothingReceived."""
        if self.amount_paid <= 0 and not rest_in_cash and self.state in WAITING:
            raise NothingReceived(reference=self.reference)
        return self._end(State.SETTLED, now)

    def ask_rest(self, amount: int, now: datetime) -> tuple[Sale, int]:
        """The sale settled because another one asks for what is missing, and how much that is.

        `amount` may be 0 for "what is missing". Raises SaleNotWaiting, NothingReceived, RestDiffers.
        """
        ended = self.settle(now, rest_in_cash=False)
        if amount not in (0, self.missing):
            raise RestDiffers(reference=self.reference, missing=format_vnd(self.missing))
        return ended, self.missing

    def _end(self, state: State, now: datetime) -> Sale:
        if state not in TRANSITIONS[self.state]:
            vi, en = _WORDS[self.state]
            raise SaleNotWaiting(reference=self.reference, state=vi, state_en=en)
        return replace(
            self, state=state, version=self.version + 1, sequence=self.sequence + 1, change_time=now
        )


def state_after(state: State, amount: int, amount_paid: int) -> State:
    """The state with this much paid. What a seller ended stays ended: the money is recorded beside it."""
    if state in (State.CANCELLED, State.SETTLED):
        return state
    if amount_paid <= 0:
        return State.OPEN
    return State.PAID if amount_paid >= amount else State.PART_PAID


def checked_amount(amount: int) -> int:
    """An amount that one transfer can carry. Raises AmountMissing, AmountOverLimit."""
    if amount < 1:
        raise AmountMissing(amount=amount)
    if amount > MOST_AMOUNT:
        raise AmountOverLimit(amount=format_vnd(min(amount, 10**15)))
    return amount


def checked_cash(amount: int) -> int:
    """An amount of cash as a keypad may enter it. Raises CashOutOfRange."""
    if not 1 <= amount <= MOST_CASH:
        raise CashOutOfRange(most=f"{MOST_CASH:,}".replace(",", "."))
    return amount


def account_to_sell(seller: Seller, today: date) -> Account:
    """The account on which the stall may be paid today. Raises StallNotSelling with the cause in words."""
    if seller.state == "withdrawn":
        raise _not_selling(seller, "quầy đã ngừng tham gia.", "it was withdrawn.")
    if seller.state != "active" or seller.account is None:
        raise _not_selling(
            seller, "tài khoản nhận tiền chưa có hiệu lực.", "its receiving account is not in force yet."
        )
    if today < seller.start_date:
        begins = seller.start_date.strftime("%d/%m/%Y")
        raise _not_selling(
            seller, f"{seller.programme_name} bắt đầu ngày {begins}.", f"its programme begins on {begins}."
        )
    if seller.end_date is not None and today > seller.end_date:
        ended = seller.end_date.strftime("%d/%m/%Y")
        raise _not_selling(
            seller, f"{seller.programme_name} đã kết thúc ngày {ended}.", f"its programme ended on {ended}."
        )
    return seller.account


def _not_selling(seller: Seller, cause: str, cause_en: str) -> StallNotSelling:
    return StallNotSelling(number=seller.number, cause=cause, cause_en=cause_en)
