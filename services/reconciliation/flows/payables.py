"""Payables as their owners announce them: new ones meet the money that waited, void ones give theirs back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from kit.references import Outcome
from services.reconciliation.domain.book import Book
from services.reconciliation.domain.credit import Credit, Payment, Reason
from services.reconciliation.domain.ladder import VIRTUAL_ACCOUNT_KEY
from services.reconciliation.domain.ledger import EntryKind
from services.reconciliation.domain.payable import Definition, Line, Payable
from services.reconciliation.domain.undoing import apply_anew, reverse
from services.reconciliation.domain.work import BY_RULE
from services.reconciliation.flows.again import may_move_by_rule, settle_anew
from services.reconciliation.flows.work import open_book, save
from services.reconciliation.store import batch, books, payables, waiting
from services.reconciliation.store import credit as credit_rows
from services.reconciliation.store.payables import Card


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A payable as announced: definition, lines (nothing applied), and its card."""

    payable_id: str
    definition: Definition
    lines: tuple[Line, ...]
    card: Card


def define(session: Session, snapshots: Sequence[Snapshot]) -> None:
    """Take in snapshots; those not newer than what is known change nothing. A fact is never refused."""
    newest: dict[str, Snapshot] = {}
    for snapshot in snapshots:
        known = newest.get(snapshot.payable_id)
        if known is None or snapshot.definition.version > known.definition.version:
            newest[snapshot.payable_id] = snapshot
    book = open_book()
    waiting_credits = _lock(session, book, newest)
    changed: list[Snapshot] = []
    voided: list[str] = []
    shrunk: list[str] = []
    for id, snapshot in newest.items():
        before = book.payables.get(id)
        if before is not None and before.definition.version >= snapshot.definition.version:
            continue
        changed.append(snapshot)
        if before is None:
            book.define(Payable(id, snapshot.definition, snapshot.lines, 0, 0))
            continue
        after = before.redefine(snapshot.definition, snapshot.lines)
        book.define(after)
        if after.definition.is_void and after.applied:
            voided.append(id)
        elif after.must_apply_anew(before):
            shrunk.append(id)
    payments = books.standing_payments(session, [*voided, *shrunk]) if voided or shrunk else []
    credits = _lock_credits(session, book, payments, waiting_credits)
    for payment in reversed(payments):
        if payment.payable_id in voided:
            _void(book, payment, credits.get(payment.credit_id))
    for id in shrunk:
        own = [payment for payment in payments if payment.payable_id == id]
        apply_anew(book, [(payment, credits.get(payment.credit_id)) for payment in own])
    for id in waiting_credits:
        if may_move_by_rule(credits[id]):
            settle_anew(book, credits[id], reason="its payable came")
    if changed:
        payables.define_cards(session, [snapshot.card for snapshot in changed])
    save(session, book)


def _lock(session: Session, book: Book, newest: dict[str, Snapshot]) -> list[str]:
    """Lock slots of new payables, then all payables concerned; ids of credits that wait for the new ones."""
    known = payables.known(session, newest)
    keys: set[str] = set()
    for id, snapshot in newest.items():
        if id not in known:
            keys.add(snapshot.definition.reference)
            if snapshot.definition.virtual_account:
                keys.add(VIRTUAL_ACCOUNT_KEY + snapshot.definition.virtual_account)
    found = []
    if keys:
        payables.lock_slots(session, keys)
        found = waiting.for_keys(session, keys)
    references: set[str] = set()
    virtual_accounts: set[str] = set()
    for _, virtual_account, memo in found:
        if virtual_account:
            virtual_accounts.add(virtual_account)
            in_memo = book.find(memo)
            if in_memo.outcome in (Outcome.MATCH, Outcome.AMBIGUOUS):
                references.update(in_memo.references)
    book.learn(payables.lock(session, ids=newest, references=references, virtual_accounts=virtual_accounts))
    return [id for id, _, _ in found]


def _lock_credits(
    session: Session, book: Book, payments: Sequence[Payment], waiting_credits: Sequence[str]
) -> dict[str, Credit]:
    ids = {payment.credit_id for payment in payments if payment.credit_id} | set(waiting_credits)
    if not ids:
        return {}
    credits = credit_rows.lock(session, ids)
    book.learn_accounts(batch.accounts_at(session, [credit.place for credit in credits.values()]))
    return credits


def _void(book: Book, payment: Payment, credit: Credit | None) -> None:
    reverse(book, payment, credit, EntryKind.VOIDED, BY_RULE, Reason.VOID.value)
    if credit is not None:
        credit.reason = Reason.VOID
