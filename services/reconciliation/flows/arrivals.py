"""Money that arrives: a batch of reports becomes credits, decided, posted and announced in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy.orm import Session

from kit.db import cursor
from kit.references import Outcome
from services.reconciliation.domain.book import Book
from services.reconciliation.domain.credit import DONG, Arrival, Credit, Reason, Report, Telling
from services.reconciliation.domain.joining import Joiner, account_lock, telling
from services.reconciliation.domain.ledger import EntryKind
from services.reconciliation.flows.work import Finder, finish, open_book, send
from services.reconciliation.store import batch
from services.reconciliation.store import credit as credit_rows

# Written in slices: while the server writes one, the next is decided. All locks are held before the first.
SLICE: Final = 250
_NAMED: Final = (Outcome.MATCH, Outcome.AMBIGUOUS)


class BadReport(ValueError):
    """A report that no intake may announce: without an amount, an account or an id."""


def receive(session: Session, reports: Sequence[Report]) -> Sequence[Credit]:
    """Handle reports in their order; one that was handled before is dropped. The credits that are new.

    Raises BadReport: the event is somebody's mistake and goes to the dead letters, for a person.
    """
    find = Finder()
    question = batch.Question()
    told: list[tuple[Report, Telling]] = []
    for report in reports:
        _check(report)
        found = find(report.memo)
        each = telling(report, found)
        told.append((report, each))
        question.places.add((report.bin, report.account_number))
        question.reports.append(report.id)
        day = each.bank_date.isoformat()
        if each.by_reference is not None:
            question.reference_joins.append((each.by_reference, day))
        question.memo_joins.append((each.by_memo, day))
        if found.outcome in _NAMED:
            question.references.update(found.references)
        elif found.outcome is Outcome.NONE:
            question.stall_places.add((report.bin, report.account_number))
        if report.virtual_account:
            question.virtual_accounts.add(report.virtual_account)
    question.account_locks = {account_lock(*place) for place in question.places}
    book = open_book(find)
    answer = batch.look(session, question, book.now)

    book.learn_accounts(answer.accounts)
    book.learn(answer.payables)
    book.asked = answer.asked
    arrivals = _join(told, answer)
    joined = [arrival.credit_id for arrival in arrivals if not arrival.is_new]
    locked = credit_rows.lock(session, joined) if joined else {}
    new = []
    with cursor(session).connection.pipeline():
        for start in range(0, len(arrivals), SLICE):
            for arrival in arrivals[start : start + SLICE]:
                if arrival.is_new:
                    new.append(book.arrive(arrival))
                else:
                    _add_to(book, locked[arrival.credit_id], arrival, question)
            send(session, book)
        finish(session, book)
    return new


def _check(report: Report) -> None:
    if report.amount <= 0 or not report.account_number or not report.id or not report.source_id:
        raise BadReport(f"report {report.id or '?'} of {report.source_id or '?'} tells of no money")


def _join(told: Sequence[tuple[Report, Telling]], answer: batch.Answer) -> Sequence[Arrival]:
    joiner = Joiner(answer.tellings)
    apart: list[Arrival] = []
    seen = answer.seen
    for report, each in told:
        if report.id in seen:
            continue
        seen.add(report.id)
        if report.is_test or report.currency != DONG:
            # Beside the ledger: it is nobody's money here and never joins any.
            apart.append(Arrival(report.id, True, each, [report]))
        else:
            joiner.add(report, each)
    return [*joiner.arrivals(), *apart]


def _add_to(book: Book, credit: Credit, arrival: Arrival, question: batch.Question) -> None:
    """Further tellings of a credit; one that waited only for a second opinion is decided now.

    If deciding needs payables that are not locked, the sweeper does it within a minute, in the right order of locks.
    """
    book.join(credit, arrival.reports)
    if credit.reason is not Reason.AWAITING_CONFIRMATION or not credit.is_confirmed:
        return
    found = book.find(credit.memo)
    named = set(found.references) if found.outcome in _NAMED else set()
    if found.outcome is Outcome.NONE and credit.place not in question.stall_places:
        return
    if named <= question.references and (
        not credit.virtual_account or credit.virtual_account in question.virtual_accounts
    ):
        book.settle(credit, book.decide(credit, found), EntryKind.ASSIGNED, reason="confirmed by a report")
