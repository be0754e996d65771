"""What a stall's phones have to know, in order. No name and no memo of a payer is ever in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID


class StallEventType(StrEnum):
    SALE_PAID = "sale_paid"
    STANDING_PAID = "standing_paid"
    QUESTION = "question"
    QUESTION_CLOSED = "question_closed"
    REVERSED = "reversed"
    SALE_CHANGED = "sale_changed"
    UNASSIGNED = "unassigned"
    STALL_CHANGED = "stall_changed"


@dataclass(frozen=True, slots=True)
class StallEvent:
    """One event of a stall; its sequence is minted when it is written. Fields as in the contract's StallEvent."""

    stall_id: UUID
    organisation_id: UUID
    type: StallEventType
    change_time: datetime
    book_date: date | None = None
    amount: int = 0
    payment_id: str = ""
    credit_id: str = ""
    payer_account_last_four: str = ""
    bank_time: datetime | None = None
    arrive_time: datetime | None = None
    sale_id: str = ""
    sale_reference: str = ""
    sale_state: str = ""
    sale_amount: int = 0
    sale_paid: int = 0
    late: bool = False
    proof: str = ""
    sale_sequence: int = 0
    pack_amount: int = 0
    day_count: int = 0
    day_sum: int = 0
    clips: tuple[str, ...] = ()
    spoken: str = ""
