"""Money that waits is looked at again: when its payable or its account comes, when a person confirms it, each minute."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sqlalchemy.orm import Session

from kit import clock
from kit.references import Outcome
from services.reconciliation.domain.book import Book
from services.reconciliation.domain.credit import UNASSIGNED, Credit, Reason
from services.reconciliation.domain.ladder import Decision
from services.reconciliation.domain.ledger import EntryKind
from services.reconciliation.domain.undoing import move_to_owner
from services.reconciliation.domain.work import BY_RULE
from services.reconciliation.flows.work import Finder, open_book, save
from services.reconciliation.store import batch, payables, waiting
from services.reconciliation.store import credit as credit_rows

PAGE = 500


def look_again(
    session: Session,
    credit_ids: Iterable[str],
    *,
    may: Callable[[Credit], bool],
    prepare: Callable[[Book, Credit], None] | None = None,
    subject: str = BY_RULE,
    reason: str = "",
) -> Book:
    """Decide anew on credits that still `may` be, once their locks are held; `prepare` changes them before."""
    find = Finder()
    before = credit_rows.read(session, credit_ids)
    references: set[str] = set()
    virtual_accounts: set[str] = set()
    places: set[tuple[str, str]] = set()
    for credit in before.values():
        found = find(credit.memo)
        if found.outcome in (Outcome.MATCH, Outcome.AMBIGUOUS):
            references.update(found.references)
        elif found.outcome is Outcome.NONE:
            places.add(credit.place)
        if credit.virtual_account:
            virtual_accounts.add(credit.virtual_account)
    payables.lock_missing_slots(session, sorted(references), sorted(virtual_accounts))
    book = open_book(find)
    if places:
        locked, book.asked = payables.lock_with_stalls(
            session,
            references=references,
            virtual_accounts=virtual_accounts,
            places=places,
            now=book.now,
        )
        book.learn(locked)
    elif references or virtual_accounts:
        book.learn(payables.lock(session, references=references, virtual_accounts=virtual_accounts))
    book.learn_accounts(batch.accounts_at(session, [credit.place for credit in before.values()]))
    for credit in credit_rows.lock(session, before).values():
        if not may(credit):
            continue
        if prepare is not None:
            prepare(book, credit)
        if credit.organisation_id == UNASSIGNED:
            move_to_owner(book, credit)
        settle_anew(book, credit, subject, reason)
    save(session, book)
    return book


def settle_anew(book: Book, credit: Credit, subject: str = BY_RULE, reason: str = "") -> None:
    """Post what the rules say now, if that is anything new."""
    decision = book.decide(credit, book.find(credit.memo))
    if not _is_the_same(credit, decision):
        book.settle(credit, decision, EntryKind.ASSIGNED, subject, reason)


def may_move_by_rule(credit: Credit) -> bool:
    """True for money that waits for something that can come by itself; a person's decision is never overruled."""
    if not credit.amount_suspense or credit.merged_into:
        return False
    if credit.reason is Reason.AWAITING_CONFIRMATION:
        # Set aside, it waited for just this proof.
        return credit.is_confirmed
    if credit.park_reason:
        return False
    return bool(credit.waiting_key) or credit.reason in (Reason.UNKNOWN_ACCOUNT, Reason.ASKED)


def sweep(session: Session, after: str) -> tuple[str, int]:
    """Look again at a page of credits that could be decided by now; the last id and how many were looked at."""
    ids = waiting.decidable(session, after, PAGE, clock.now())
    if ids:
        look_again(session, ids, may=may_move_by_rule)
    return (ids[-1] if ids else ""), len(ids)


def _is_the_same(credit: Credit, decision: Decision) -> bool:
    return (
        decision.suspended == credit.amount_suspense
        and decision.reason is credit.reason
        and decision.waiting_key == credit.waiting_key
        and decision.asked_payable_id == credit.asked_payable_id
    )
