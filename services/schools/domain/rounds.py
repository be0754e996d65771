"""Collection rounds: what each pupil owes for each item, and how that becomes invoices of one account each.

Amounts are whole đồng. A price times a quantity in thousandths rounds half up once, at the item; an exemption in
hundredths of a per cent rounds half up in the family's favour, so the family never pays a đồng more than the rule says.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from uuid import UUID

from services.schools.domain.errors import BadField, ExemptionTooLarge
from services.schools.domain.fees import LegalKind

FULL_PERCENT = 10_000


class RoundState(StrEnum):
    DRAFT = "draft"
    RELEASED = "released"


class Scope(StrEnum):
    SCHOOL = "school"
    GRADE = "grade"
    CLASS = "class"


@dataclass(frozen=True, slots=True)
class ReceivingAccount:
    """A snapshot of the directory's account."""

    id: UUID
    bin: str
    account_number: str
    holder_name: str


@dataclass(frozen=True, slots=True)
class FeeItem:
    """One item of a round. `per_pupil`: the amount stands in the list, pupil by pupil."""

    id: UUID
    title: str
    fee_kind: str
    legal_kind: LegalKind
    unit_price: int
    quantity_milli: int
    unit: str
    priority: int
    account: ReceivingAccount
    per_pupil: bool
    voluntary: bool

    def full_amount(self) -> int:
        """Price times quantity, half up to whole đồng."""
        return (self.unit_price * self.quantity_milli + 500) // 1000


@dataclass(frozen=True, slots=True)
class Exemption:
    """Taken off one item (or every item) of one pupil: hundredths of a per cent, or đồng."""

    fee_item_id: UUID | None
    percent_hundredths: int
    amount: int
    reason: str

    def taken_off(self, full: int) -> int:
        """Đồng taken off a full amount; never more than that."""
        if self.percent_hundredths:
            return min(full, (full * self.percent_hundredths + FULL_PERCENT - 1) // FULL_PERCENT)
        return min(full, self.amount)


@dataclass(frozen=True, slots=True)
class Round:
    """A collection round (đợt thu)."""

    id: UUID
    organisation_id: UUID
    title: str
    school_year: str
    period: str
    due_date: date
    scope: Scope
    scope_values: tuple[str, ...]
    state: RoundState
    contact: str
    create_time: datetime
    release_time: datetime | None
    version: int
    items: tuple[FeeItem, ...] = ()


@dataclass(frozen=True, slots=True)
class RoundPupil:
    """A pupil as a round sees it."""

    id: UUID
    full_name: str
    class_name: str
    birth_date: date | None
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Charge:
    """One item for one pupil: the full amount, what is taken off and why, and what is left to pay."""

    item: FeeItem
    full: int
    exempted: int
    reason: str

    @property
    def amount(self) -> int:
        return self.full - self.exempted


@dataclass(frozen=True, slots=True)
class Bill:
    """The charges of one pupil for one account, to become one invoice."""

    pupil: RoundPupil
    account: ReceivingAccount
    charges: tuple[Charge, ...]

    @property
    def amount(self) -> int:
        return sum(charge.amount for charge in self.charges)

    def source_id(self, round_id: UUID) -> str:
        """The business key: the same charges of the same pupil are never billed twice, whatever happens between."""
        items = _digest(tuple([charge.item.id for charge in self.charges]))
        return f"{round_id}:{self.pupil.id}:{self.account.id}:{items}"


@lru_cache(maxsize=1024)
def _digest(items: tuple[UUID, ...]) -> str:
    """A short name of a set of items; most pupils of a round are charged the same ones."""
    return hashlib.sha256(",".join(sorted(map(str, items))).encode()).hexdigest()[:16]


def check_round(title: str, school_year: str, due_date: str) -> date:
    """The due date of a round whose fields are right. Raises BadField."""
    if not title.strip() or len(title) > 120:
        raise BadField(
            field="title",
            what_vi="Xin đặt tên đợt thu (tới 120 ký tự).",
            what_en="Name the round (up to 120 characters).",
        )
    check_school_year(school_year)
    try:
        return date.fromisoformat(due_date)
    except ValueError as error:
        raise BadField(
            field="due_date", what_vi="Hạn nộp không phải là một ngày.", what_en="The due date is not a date."
        ) from error


def check_school_year(text: str) -> None:
    """Raise BadField unless a school year is written like 2026-2027."""
    first, separator, second = text.partition("-")
    if not (separator and first.isdecimal() and second.isdecimal() and int(second) == int(first) + 1):
        raise BadField(
            field="school_year",
            what_vi="Năm học ghi như 2026-2027.",
            what_en="Write the school year like 2026-2027.",
        )


def check_exemption(percent_hundredths: int, amount: int, reason: str) -> None:
    """Raise unless exactly one of per cent and amount is given, within bounds, with a reason."""
    if (percent_hundredths and amount) or not 0 <= percent_hundredths <= FULL_PERCENT or amount < 0:
        raise ExemptionTooLarge()
    if (percent_hundredths or amount) and not reason.strip():
        raise BadField(
            field="reason", what_vi="Xin ghi lý do miễn giảm.", what_en="Give the reason of the exemption."
        )


def charges_of(
    items: Sequence[FeeItem], amounts: Mapping[UUID, int], exemptions: Iterable[Exemption]
) -> list[Charge]:
    """The charges of one pupil: duties only, in order of the items; `amounts` are the list's, by item.

    What the list says of a pupil holds; else the item's own price, and an item of the list is not charged. What is exempted wholly stays, at 0 đồng, so
    that the notice can say so.
    """
    general = list(exemptions)
    charges = []
    for item in items:
        if item.voluntary:
            continue
        full = amounts.get(item.id, 0 if item.per_pupil else item.full_amount())
        if full <= 0:
            continue
        taken, reasons = 0, []
        for exemption in general:
            if exemption.fee_item_id in (None, item.id):
                off = exemption.taken_off(full - taken)
                taken += off
                if off:
                    reasons.append(exemption.reason)
        charges.append(Charge(item, full, taken, "; ".join(reasons)))
    return charges


def bills_of(pupil: RoundPupil, charges: Sequence[Charge]) -> list[Bill]:
    """One bill per receiving account, in order of the items; an account with nothing left to pay has none."""
    by_account: dict[UUID, list[Charge]] = {}
    for charge in charges:
        by_account.setdefault(charge.item.account.id, []).append(charge)
    bills = [Bill(pupil, group[0].item.account, tuple(group)) for group in by_account.values()]
    return [bill for bill in bills if bill.amount > 0]


def grade_of(class_name: str) -> str:
    """The grade of a class: 6 of 6A1, 12 of 12.6, Lá of Lá 1."""
    digits = ""
    for character in class_name.strip():
        if not character.isdigit():
            break
        digits += character
    if digits:
        return str(int(digits))
    return class_name.strip().split()[0] if class_name.strip() else ""
