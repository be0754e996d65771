"""A batch in two pipelined round trips: lock and read all that decides, then write all that was decided."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, LiteralString

from psycopg import Cursor
from sqlalchemy.orm import Session

from kit.arrays import integers, plain, text_array
from kit.db import cursor
from services.reconciliation.domain.credit import Account, Payment, Report, Reversal, Telling
from services.reconciliation.domain.payable import Payable
from services.reconciliation.domain.work import Changes
from services.reconciliation.store import arriving, books, payables
from services.reconciliation.store import credit as credit_rows

_LOCK_ACCOUNTS: Final[LiteralString] = "SELECT pg_advisory_xact_lock(k) FROM unnest(%(locks)s::bigint[]) AS k"
_ACCOUNT_COLUMNS: Final[LiteralString] = (
    "a.account_id::text, a.version, a.organisation_id::text, a.bin, a.account_number, a.holder_name, a.is_active,"
    " a.active_time, a.retire_time, a.is_merchant"
)
_ACCOUNTS: Final[LiteralString] = (
    "SELECT "
    + _ACCOUNT_COLUMNS
    + """ FROM receiving_account a
    JOIN unnest(%(bins)s::text[], %(numbers)s::text[]) AS i(bin, account_number)
      ON a.bin = i.bin AND a.account_number = i.account_number
    ORDER BY a.account_id"""
)
_SAVE_ACCOUNT: Final[LiteralString] = """
    INSERT INTO receiving_account AS a (
        account_id, version, organisation_id, bin, account_number, holder_name, is_active, active_time, retire_time,
        is_merchant)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (account_id) DO UPDATE SET
        version = excluded.version, organisation_id = excluded.organisation_id, bin = excluded.bin,
        account_number = excluded.account_number, holder_name = excluded.holder_name,
        is_active = excluded.is_active, active_time = excluded.active_time, retire_time = excluded.retire_time, is_merchant = excluded.is_merchant
    WHERE a.version < excluded.version RETURNING 1"""


@dataclass(slots=True)
class Question:
    """What a batch of reports has to know before it decides."""

    places: set[tuple[str, str]] = field(default_factory=set)
    account_locks: set[int] = field(default_factory=set)
    reports: list[str] = field(default_factory=list)
    # (hash, day) by bank reference and by memo
    reference_joins: list[tuple[int, str]] = field(default_factory=list)
    memo_joins: list[tuple[int, str]] = field(default_factory=list)
    references: set[str] = field(default_factory=set)
    virtual_accounts: set[str] = field(default_factory=set)
    # Accounts on which money without a code arrived.
    stall_places: set[tuple[str, str]] = field(default_factory=set)


@dataclass(slots=True)
class Answer:
    """What is known, with its locks held: reports dealt with before, credits they may join, accounts, payables.

    `asked` are the sales on the question's stall places that other money asks about.
    """

    seen: set[str]
    tellings: list[Telling]
    accounts: list[Account]
    payables: list[Payable]
    asked: set[str]


def look(session: Session, question: Question, now: datetime) -> Answer:
    """Lock accounts, slots and payables in this order, each sorted, and read what the batch needs: one round trip."""
    references = sorted(question.references)
    virtual_accounts = sorted(question.virtual_accounts)
    reads: list[tuple[LiteralString, dict[str, Any]]] = [
        (
            credit_rows.SEEN,
            {"reports": plain(question.reports)},
        ),
        (
            credit_rows.TELLINGS,
            {
                "reference_joins": integers([hash for hash, _ in question.reference_joins]),
                "reference_dates": plain([day for _, day in question.reference_joins]),
                "memo_joins": integers([hash for hash, _ in question.memo_joins]),
                "memo_dates": plain([day for _, day in question.memo_joins]),
            },
        ),
        (
            _ACCOUNTS,
            {
                "bins": text_array([bin for bin, _ in sorted(question.places)]),
                "numbers": text_array([number for _, number in sorted(question.places)]),
            },
        ),
    ]
    lock: LiteralString = payables.LOCK_BY_ANY if virtual_accounts else payables.LOCK_BY_REFERENCE
    own: dict[str, Any] = {
        "references": text_array(references),
        "virtual_accounts": text_array(virtual_accounts),
        "ids": "{}",
    }
    if question.stall_places:
        lock = payables.LOCK_WITH_STALLS
        own |= payables.stall_values(question.stall_places, now)
    connection = cursor(session).connection
    with connection.pipeline():
        connection.execute(_LOCK_ACCOUNTS, {"locks": integers(sorted(question.account_locks))})
        cursors = [connection.execute(statement, values) for statement, values in reads]
        payables.lock_missing_slots(session, references, virtual_accounts)
        cursors.append(connection.execute(lock, own))
        if question.stall_places:
            cursors.append(connection.execute(payables.ASKED, own))
        seen, tellings, accounts, locked, *asked = [each.fetchall() for each in cursors]
    return Answer(
        {id for (id,) in seen},
        [credit_rows.telling_from_row(row) for row in tellings],
        credit_rows.accounts_from(accounts),
        [payables.from_row(row) for row in locked],
        {id for rows in asked for (id,) in rows},
    )


def accounts_at(session: Session, places: Iterable[tuple[str, str]]) -> list[Account]:
    """The registrations of receiving accounts."""
    ordered = sorted(set(places))
    parameters = {
        "bins": text_array([bin for bin, _ in ordered]),
        "numbers": text_array([number for _, number in ordered]),
    }
    return credit_rows.accounts_from(cursor(session).execute(_ACCOUNTS, parameters, prepare=False))


def lock_accounts(session: Session, locks: Iterable[int]) -> None:
    """Lock receiving accounts, registered or not, sorted: the first locks of every transaction that takes them."""
    cursor(session).execute(_LOCK_ACCOUNTS, {"locks": integers(sorted(set(locks)))})


def save_account(session: Session, account: Account) -> bool:
    """Write a registration if it is newer than the one known; False if it is not."""
    done: Cursor[Any] = cursor(session).execute(
        _SAVE_ACCOUNT,
        (
            account.account_id,
            account.version,
            account.organisation_id,
            account.bin,
            account.account_number,
            account.holder_name,
            account.is_active,
            account.active_time,
            account.retire_time,
            account.is_merchant,
        ),
    )
    return done.fetchone() is not None


def write_arrivals(session: Session, changes: Changes, now: datetime) -> dict[str, Report]:
    """Write the credits that one report told of, which is most of a batch; these credits with their reports."""
    payments = {fact.id: fact for fact, *_ in changes.facts if isinstance(fact, Payment)}
    arrived = _plain_arrivals(changes, payments.values())
    if arrived:
        credits = [(changes.new_credits[id], report) for id, report in arrived.items()]
        arriving.add(session, credits, payments, changes.book_date, now)
    return arrived


def write_rest(session: Session, changes: Changes, now: datetime, arrived: Mapping[str, Report]) -> None:
    """Write what `write_arrivals` left; balances come last, in the order of locks."""
    others = [credit for id, credit in changes.new_credits.items() if id not in arrived]
    if others:
        credit_rows.add(session, others, now)
    if changes.credits:
        credit_rows.update(session, list(changes.credits.values()))
    rows = [row for row in changes.reports if row.credit_id not in arrived]
    if rows:
        owners = [
            (changes.new_credits.get(row.credit_id) or changes.credits[row.credit_id]).organisation_id
            for row in rows
        ]
        credit_rows.add_reports(session, rows, owners)
    if changes.moved_reports:
        credit_rows.move_reports(session, changes.moved_reports)
    if changes.defined:
        payables.define(session, list(changes.defined.values()))
    if changes.payables:
        payables.update(session, list(changes.payables.values()))
    made = [fact for fact, *_ in changes.facts if isinstance(fact, Payment) and fact.id not in arrived]
    if made:
        books.add_payments(session, made, now)
    undone = [fact for fact, *_ in changes.facts if isinstance(fact, Reversal)]
    if undone:
        books.add_reversals(session, undone, now)
    if changes.entries:
        books.add_entries(session, changes.entries, now, arrived.keys())


def _plain_arrivals(changes: Changes, payments: Iterable[Payment]) -> dict[str, Report]:
    """Credits that one report told of and that pay at most one payable and ask for none, with that report."""
    further = {payment.credit_id for payment in payments if payment.id != payment.credit_id}
    return {
        row.credit_id: row.report
        for row in changes.reports
        if row.report.id == row.credit_id
        and row.credit_id not in further
        and row.credit_id in changes.new_credits
        and changes.new_credits[row.credit_id].report_count == 1
        and not changes.new_credits[row.credit_id].asked_payable_id
    }
