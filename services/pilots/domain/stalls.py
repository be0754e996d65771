"""Stalls, and what stands at a stall: boards with an issue number, and the codes of a market-day pack.

A stall sells once its unit has a receiving account in force. Its id is the id of its standing payable, its reference the
stall's code (62-08 of the VietQR).
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from kit.references import ALPHABET
from kit.text import clean_display, search_key
from services.pilots.domain.errors_stalls import (
    BadPackAmount,
    BadStallField,
    ConsentMissing,
    StallReasonMissing,
    StallWaitsForAccount,
    StallWithdrawn,
)

MOST_REASON: Final = 300
MOST_PACK_CODES: Final = 12
# NAPAS 247 carries less than 500 million đồng a transfer.
MOST_AMOUNT: Final = 499_999_999
_CHECK_CODE_LENGTH: Final = 4


class StallState(StrEnum):
    WAITING = "waiting"
    ACTIVE = "active"
    WITHDRAWN = "withdrawn"


class DefaultRule(StrEnum):
    """Whether money without a code that reaches the stall's account is the stall's."""

    NEVER = "never"
    ALWAYS = "always"
    OPENING_HOURS = "opening_hours"


class Relation(StrEnum):
    """Of the account's owner to the stall's holder."""

    SELF = "self"
    SPOUSE = "spouse"
    CHILD = "child"
    PARENT = "parent"
    OTHER = "other"


class StandState(StrEnum):
    IN_USE = "in_use"
    FLAGGED = "flagged"


@dataclass(frozen=True, slots=True)
class Account:
    """A receiving account as the directory announced it."""

    id: UUID
    bin: str
    number: str
    holder_name: str


@dataclass(frozen=True, slots=True)
class AnnouncedAccount:
    """One snapshot of a receiving account out of the directory's topic."""

    account: Account
    organisation_id: UUID
    version: int
    is_active: bool
    active_time: datetime | None
    retire_time: datetime | None


@dataclass(frozen=True, slots=True)
class Stand:
    """A board with the stall's code. The check code is printed on it and shown on its page: it proves nothing else."""

    stall_id: UUID
    issue_number: int
    state: StandState
    issue_date: date
    bin: str
    account_number: str
    account_holder: str
    payload: str
    check_code: str
    flag_reason: str = ""
    check_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class PackCode:
    """A code for a round amount (đồng), which stands in its QR only: a standing payable of its own."""

    id: UUID
    stall_id: UUID
    amount: int
    reference: str
    version: int


@dataclass(frozen=True, slots=True)
class Stall:
    """A stall with its unit's and programme's names. Minutes are of the day in Asia/Ho_Chi_Minh.

    Its hours are the programme's, whatever that says by then, unless it was given its own.
    """

    id: UUID
    organisation_id: UUID
    unit_name: str
    unit_kind: str
    holder_name: str
    phone: str
    programme_id: UUID
    programme_code: str
    programme_name: str
    cut_off_minute: int
    section_id: UUID
    section_code: str
    number: str
    name: str
    goods: str
    reference: str
    state: StallState
    account: Account | None
    relation: Relation
    consent: str
    default_rule: DefaultRule
    open_minute: int
    close_minute: int
    has_own_hours: bool
    has_pin: bool
    withdraw_reason: str
    version: int
    sequence: int
    change_time: datetime
    start_date: date
    end_date: date | None
    # Announced as the one to which money of its account without a code goes.
    is_account_default: bool = False
    stand: Stand | None = None

    @property
    def search_text(self) -> str:
        """Folded words by which lists find the stall."""
        return search_text(self.number, self.name, self.goods, self.unit_name, self.holder_name)

    @property
    def title(self) -> str:
        """Shown to staff beside money: number and name."""
        return f"{self.number} · {self.name}"

    def require_standing(self) -> None:
        """Raise StallWithdrawn if the stall is gone."""
        if self.state is StallState.WITHDRAWN:
            raise StallWithdrawn(number=self.number)

    def require_account(self) -> Account:
        """The account in force. Raises StallWithdrawn, StallWaitsForAccount."""
        self.require_standing()
        if self.account is None:
            raise StallWaitsForAccount(number=self.number)
        return self.account


@dataclass(frozen=True, slots=True)
class StallWish:
    """A stall as asked for."""

    programme_id: UUID
    section_code: str
    number: str
    name: str
    goods: str = ""
    relation: Relation = Relation.SELF
    consent: str = ""
    default_rule: DefaultRule = DefaultRule.NEVER


def checked_wish(wish: StallWish) -> StallWish:
    """The wish with its texts cleaned. Raises BadStallField, ConsentMissing."""
    consent = clean_display(wish.consent)
    if wish.relation is not Relation.SELF and not consent:
        raise ConsentMissing()
    return StallWish(
        programme_id=wish.programme_id,
        section_code=wish.section_code.strip().upper(),
        number=checked_text("number", wish.number, 12).upper(),
        name=checked_text("name", wish.name, 80),
        goods=checked_text("goods", wish.goods, 120, least=0),
        relation=wish.relation,
        consent=consent[:MOST_REASON],
        default_rule=wish.default_rule,
    )


def checked_text(field: str, value: str, most: int, *, least: int = 1) -> str:
    """One line of text, cleaned. Raises BadStallField."""
    clean = clean_display(value)
    if not least <= len(clean) <= most:
        raise BadStallField(field=field, value=value[:60])
    return clean


def checked_hours(open_minute: int, close_minute: int) -> tuple[int, int]:
    """Opening hours. Raises BadStallField."""
    if not 0 <= open_minute < close_minute <= 24 * 60:
        raise BadStallField(field="close_minute", value=close_minute)
    return open_minute, close_minute


def checked_reason(reason: str) -> str:
    """A reason in words. Raises StallReasonMissing."""
    clean = clean_display(reason)
    if not 0 < len(clean) <= MOST_REASON:
        raise StallReasonMissing(most=MOST_REASON)
    return clean


def checked_amounts(amounts: Sequence[int]) -> list[int]:
    """Amounts of a pack, each once, from small to large. Raises BadPackAmount."""
    for amount in amounts:
        if not 0 < amount <= MOST_AMOUNT:
            raise BadPackAmount(amount=amount, most=MOST_AMOUNT)
    return sorted(set(amounts))


def search_text(*texts: str) -> str:
    """Folded words of texts, by which lists find something."""
    return search_key(" ".join(texts))


def new_check_code() -> str:
    """Four random characters for a board, such as `K7 M4`."""
    code = "".join(secrets.choice(ALPHABET) for _ in range(_CHECK_CODE_LENGTH))
    return f"{code[:2]} {code[2:]}"


def account_in_force(accounts: Iterable[AnnouncedAccount]) -> Account | None:
    """The account that a unit asks money to: the newest that is active."""
    active = [each for each in accounts if each.is_active and each.active_time is not None]
    if not active:
        return None
    newest = max(active, key=lambda each: (each.active_time, each.account.id))
    return newest.account
