"""A draft: what another service or a biller's system wants billed, checked before it becomes an invoice."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Final
from uuid import UUID

from kit.text import clean_display
from services.invoices.domain.errors import (
    AmountNotPositive,
    AmountTooLarge,
    BadAccount,
    BadDate,
    BadLine,
    DraftRefused,
    MissingAccount,
    MissingField,
    NoLines,
    RepeatedLine,
    TextTooLong,
    TooManyLines,
)
from services.invoices.domain.invoices import Account, Invoice, Line, State, numbered

MOST_DRAFTS: Final = 500
MOST_AMOUNT: Final = 10**13
MOST_LINES: Final = 200
_BIN: Final = re.compile(r"[0-9]{6}")
_ACCOUNT: Final = re.compile(r"[A-Za-z0-9]{1,19}")
_WORD: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")
_DATE: Final = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}")
# A school's drafts repeat the same titles, units and classes thousands of times.
clean: Final = lru_cache(maxsize=8192)(clean_display)


@dataclass(frozen=True, slots=True)
class Draft:
    """An invoice to be. `source_id` is its business key; `due_date` is ISO text or empty; amounts are đồng."""

    source_id: str
    account: Account
    title: str
    payer_id: str
    payer_name: str
    lines: tuple[Line, ...]
    payer_codes: tuple[str, ...] = ()
    group_name: str = ""
    batch_id: str = ""
    notice_id: str = ""
    due_date: str = ""
    virtual_account: str = ""
    second_fact: str = ""
    is_oldest_first: bool = False

    def invoice(
        self, id: UUID, reference: str, organisation_id: UUID, source_service: str, now: datetime
    ) -> Invoice:
        """The open invoice that this checked draft becomes."""
        return Invoice(
            id=id,
            organisation_id=organisation_id,
            reference=reference,
            state=State.OPEN,
            title=self.title,
            payer_id=self.payer_id,
            payer_name=self.payer_name,
            payer_codes=self.payer_codes,
            group_name=self.group_name,
            batch_id=self.batch_id,
            notice_id=self.notice_id,
            source_service=source_service,
            source_id=self.source_id,
            account=self.account,
            virtual_account=self.virtual_account,
            is_oldest_first=self.is_oldest_first,
            amount_due=sum([line.amount for line in self.lines]),
            amount_paid=0,
            due_date=date.fromisoformat(self.due_date) if self.due_date else None,
            version=1,
            sequence=0,
            applied_version=0,
            issue_time=now,
            change_time=now,
            lines=numbered(self.lines, 1),
        )


class Result(StrEnum):
    ISSUED = "issued"
    EXISTS = "exists"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one draft: an invoice of its own, the one that was there before, or an error."""

    source_id: str
    result: Result
    invoice_id: UUID | None = None
    reference: str = ""
    error: DraftRefused | None = None


def checked_draft(draft: Draft) -> Draft:
    """The draft with its texts cleaned. Raises DraftRefused saying what is wrong."""
    # Built anew rather than by `replace`, which costs ten times as much on the way of ten thousand drafts.
    return Draft(
        source_id=_text("source_id", draft.source_id, 200, required=True),
        account=_checked_account(draft.account),
        title=_text("title", draft.title, 200, required=True),
        payer_id=_text("payer_id", draft.payer_id, 100),
        payer_name=_text("payer_name", draft.payer_name, 200, required=True),
        lines=checked_lines(draft.lines),
        payer_codes=tuple([_text("payer_codes", code, 60) for code in draft.payer_codes if code.strip()]),
        group_name=_text("group_name", draft.group_name, 100),
        batch_id=_text("batch_id", draft.batch_id, 100),
        notice_id=_text("notice_id", draft.notice_id, 100),
        due_date=checked_date(draft.due_date),
        virtual_account=_text("virtual_account", draft.virtual_account, 60),
        second_fact=_text("second_fact", draft.second_fact, 60),
        is_oldest_first=draft.is_oldest_first,
    )


# The families of a class owe the same: most drafts repeat the lines of another one.
@lru_cache(maxsize=4096)
def checked_lines(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """Lines that may stand on an invoice. Raises DraftRefused."""
    if not lines:
        raise NoLines()
    if len(lines) > MOST_LINES:
        raise TooManyLines(count=len(lines), most=MOST_LINES)
    checked = tuple([_checked_line(position, line) for position, line in enumerate(lines, 1)])
    seen: set[str] = set()
    for line in checked:
        if line.id and line.id in seen:
            raise RepeatedLine(line_id=line.id)
        seen.add(line.id)
    amount = sum([line.amount for line in checked])
    if amount <= 0:
        raise AmountNotPositive(amount=amount)
    if amount > MOST_AMOUNT:
        raise AmountTooLarge(amount=amount, most=MOST_AMOUNT)
    return checked


@lru_cache(maxsize=512)
def checked_date(text: str) -> str:
    """A due date in ISO form, or empty. Raises BadDate."""
    text = text.strip()
    if not text:
        return ""
    try:
        if not _DATE.fullmatch(text):
            raise ValueError
        date.fromisoformat(text)
    except ValueError as error:
        raise BadDate(value=text[:40]) from error
    return text


@lru_cache(maxsize=512)
def is_word(text: str) -> bool:
    """A name for programs: small letters, digits and underscores, at most 40."""
    return _WORD.fullmatch(text) is not None


@lru_cache(maxsize=512)
def _checked_account(account: Account) -> Account:
    holder = clean(account.holder_name)
    for field, value in (
        ("account_id", account.id),
        ("bin", account.bin),
        ("account_number", account.number),
        ("holder_name", holder),
    ):
        if not value.strip():
            raise MissingAccount(field=field)
    if not _BIN.fullmatch(account.bin):
        raise BadAccount(field="bin", value=account.bin[:20])
    if not _ACCOUNT.fullmatch(account.number):
        raise BadAccount(field="account_number", value=account.number[:30])
    if len(account.id) > 100:
        raise TextTooLong(field="account_id", most=100)
    if len(holder) > 200:
        raise TextTooLong(field="holder_name", most=200)
    return Account(account.id, account.bin, account.number, holder)


def _checked_line(position: int, line: Line) -> Line:
    for field, number in (
        ("amount", line.amount),
        ("unit_price", line.unit_price),
        ("quantity_milli", line.quantity_milli),
        ("exempted", line.exempted),
    ):
        if not 0 <= number <= MOST_AMOUNT:
            raise BadLine(position=position, field=field, value=number)
    if not is_word(line.ledger_class):
        raise BadLine(position=position, field="ledger_class", value=line.ledger_class[:60])
    if line.fee_kind and not is_word(line.fee_kind):
        raise BadLine(position=position, field="fee_kind", value=line.fee_kind[:60])
    return Line(
        id=_text("lines.id", line.id, 100),
        title=_text("lines.title", line.title, 300, required=True),
        ledger_class=line.ledger_class,
        amount=line.amount,
        priority=line.priority,
        is_paused=line.is_paused,
        unit_price=line.unit_price,
        quantity_milli=line.quantity_milli,
        unit=_text("lines.unit", line.unit, 40),
        exempted=line.exempted,
        exemption_reason=_text("lines.exemption_reason", line.exemption_reason, 300),
        fee_kind=line.fee_kind,
    )


def _text(field: str, value: str, most: int, *, required: bool = False) -> str:
    cleaned = clean(value) if value else ""
    if required and not cleaned:
        raise MissingField(field=field)
    if len(cleaned) > most:
        raise TextTooLong(field=field, most=most)
    return cleaned
