"""Payments, reversals, journal entries, postings and balances: written once, never changed."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final, LiteralString

import msgspec
from sqlalchemy.orm import Session

from kit.arrays import integers, plain, text_array
from kit.db import cursor
from services.reconciliation.domain.credit import FundKind, Payment, Reversal
from services.reconciliation.domain.ledger import Entry, EntryKind, check

PAYMENT_COLUMNS: Final[LiteralString] = (
    "p.id::text, p.organisation_id::text, p.payable_id::text, coalesce(p.credit_id::text, ''), p.fund_kind, p.payer,"
    " p.amount, p.kept, p.splits::text, p.total_applied, p.applied_version, p.payable_version, p.rule, p.rule_detail,"
    " p.entry_id::text, p.subject, p.post_time"
)
REVERSAL_COLUMNS: Final[LiteralString] = (
    "r.payment_id::text, r.organisation_id::text, r.payable_id::text, coalesce(r.credit_id::text, ''), r.amount,"
    " r.total_applied, r.applied_version, r.reason, r.entry_id::text, r.subject, r.post_time"
)
_INSERT_PAYMENTS: Final[LiteralString] = """
    INSERT INTO payment (
        id, organisation_id, payable_id, credit_id, fund_kind, payer, amount, kept, splits, total_applied,
        applied_version, payable_version, rule, rule_detail, entry_id, subject, post_time)
    SELECT i.a, i.b, i.c, i.d, i.e, i.f, i.g, i.h, i.splits, i.i, i.j, i.k, i.l, i.m, i.n, i.o, %(now)s
    FROM ROWS FROM (
        unnest(
            %(ids)s::uuid[], %(organisations)s::uuid[], %(payables)s::uuid[], %(credits)s::uuid[], %(funds)s::text[],
            %(payers)s::text[], %(amounts)s::bigint[], %(kept)s::bigint[], %(totals)s::bigint[],
            %(versions)s::bigint[], %(payable_versions)s::bigint[], %(rules)s::text[], %(details)s::text[],
            %(entries)s::uuid[], %(subjects)s::text[]),
        jsonb_array_elements(%(splits)s::jsonb)
    ) AS i(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, splits)"""
_INSERT_REVERSALS: Final[LiteralString] = """
    INSERT INTO payment_reversal (
        payment_id, organisation_id, payable_id, credit_id, amount, total_applied, applied_version, reason, entry_id,
        subject, post_time)
    SELECT i.*, %(now)s FROM unnest(
        %(ids)s::uuid[], %(organisations)s::uuid[], %(payables)s::uuid[], %(credits)s::uuid[], %(amounts)s::bigint[],
        %(totals)s::bigint[], %(versions)s::bigint[], %(reasons)s::text[], %(entries)s::uuid[],
        %(subjects)s::text[]) AS i"""
_INSERT_ENTRIES: Final[LiteralString] = """
    INSERT INTO journal_entry (
        id, organisation_id, credit_id, kind, book_date, bank_date, subject, reason, post_time)
    SELECT i.*, %(now)s FROM unnest(
        %(ids)s::uuid[], %(organisations)s::uuid[], %(credits)s::uuid[], %(kinds)s::text[], %(book_dates)s::date[],
        %(bank_dates)s::date[], %(subjects)s::text[], %(reasons)s::text[]) AS i"""
_INSERT_POSTINGS: Final[LiteralString] = """
    INSERT INTO posting (entry_id, line, organisation_id, ledger_account, amount)
    SELECT * FROM unnest(
        %(entries)s::uuid[], %(lines)s::smallint[], %(organisations)s::uuid[], %(accounts)s::text[],
        %(amounts)s::bigint[])"""
# Sorted by organisation and account, in the order of the arrays: the last locks of every transaction.
_ADD_BALANCES: Final[LiteralString] = """
    INSERT INTO ledger_balance AS b (organisation_id, ledger_account, balance)
    SELECT i.organisation_id, i.ledger_account, i.amount
    FROM unnest(%(organisations)s::uuid[], %(accounts)s::text[], %(amounts)s::bigint[]) WITH ORDINALITY
         AS i(organisation_id, ledger_account, amount, place)
    ORDER BY i.place
    ON CONFLICT (organisation_id, ledger_account) DO UPDATE SET balance = b.balance + excluded.balance"""


def add_payments(session: Session, payments: Sequence[Payment], now: datetime) -> None:
    """Write payments; a payable's version that was taken raises IntegrityError: it was not locked."""
    cursor(session).execute(
        _INSERT_PAYMENTS,
        {
            "ids": plain([each.id for each in payments]),
            "organisations": plain([each.organisation_id for each in payments]),
            "payables": plain([each.payable_id for each in payments]),
            "credits": plain([each.credit_id for each in payments]),
            "funds": plain([each.fund_kind.value for each in payments]),
            "payers": text_array([each.payer for each in payments]),
            "amounts": integers([each.amount for each in payments]),
            "kept": integers([each.kept for each in payments]),
            "splits": msgspec.json.encode([each.splits for each in payments]).decode(),
            "totals": integers([each.total_applied for each in payments]),
            "versions": integers([each.applied_version for each in payments]),
            "payable_versions": integers([each.payable_version for each in payments]),
            "rules": plain([each.rule for each in payments]),
            "details": text_array([each.rule_detail for each in payments]),
            "entries": plain([each.entry_id for each in payments]),
            "subjects": text_array([each.subject for each in payments]),
            "now": now,
        },
    )


def add_reversals(session: Session, reversals: Sequence[Reversal], now: datetime) -> None:
    """Write reversals; a payment can be undone once."""
    cursor(session).execute(
        _INSERT_REVERSALS,
        {
            "ids": plain([each.payment_id for each in reversals]),
            "organisations": plain([each.organisation_id for each in reversals]),
            "payables": plain([each.payable_id for each in reversals]),
            "credits": plain([each.credit_id for each in reversals]),
            "amounts": integers([each.amount for each in reversals]),
            "totals": integers([each.total_applied for each in reversals]),
            "versions": integers([each.applied_version for each in reversals]),
            "reasons": text_array([each.reason for each in reversals]),
            "entries": plain([each.entry_id for each in reversals]),
            "subjects": text_array([each.subject for each in reversals]),
            "now": now,
        },
    )


def add_entries(
    session: Session, entries: Sequence[Entry], now: datetime, arrived: Container[str] = ()
) -> None:
    """Write journal entries with their postings. Raises Unbalanced.

    Of the entries in `arrived` the entry itself and its first posting, the bank's, are written already.
    """
    own = [entry for entry in entries if entry.id not in arrived]
    if own:
        _add_entry_rows(session, own, now)
    ids: list[str] = []
    lines: list[int] = []
    organisations: list[str] = []
    accounts: list[str] = []
    amounts: list[int] = []
    for entry in map(check, entries):
        is_arrived = entry.id in arrived
        line = 0
        for account, amount in entry.amounts.items():
            if not amount:
                continue
            if line or not is_arrived:
                ids.append(entry.id)
                lines.append(line)
                organisations.append(entry.organisation_id)
                accounts.append(account)
                amounts.append(amount)
            line += 1
    cursor(session).execute(
        _INSERT_POSTINGS,
        {
            "entries": plain(ids),
            "lines": integers(lines),
            "organisations": plain(organisations),
            "accounts": text_array(accounts),
            "amounts": integers(amounts),
        },
    )


def add_to_balances(session: Session, sums: Mapping[tuple[str, str], int]) -> None:
    """Add to balances, sorted by organisation and account."""
    places = sorted(place for place, amount in sums.items() if amount)
    if not places:
        return
    cursor(session).execute(
        _ADD_BALANCES,
        {
            "organisations": plain([organisation for organisation, _ in places]),
            "accounts": text_array([account for _, account in places]),
            "amounts": integers([sums[place] for place in places]),
        },
    )


def _add_entry_rows(session: Session, entries: Sequence[Entry], now: datetime) -> None:
    cursor(session).execute(
        _INSERT_ENTRIES,
        {
            "ids": plain([each.id for each in entries]),
            "organisations": plain([each.organisation_id for each in entries]),
            "credits": plain([each.credit_id for each in entries]),
            "kinds": plain([each.kind.value for each in entries]),
            "book_dates": plain([each.book_date.isoformat() for each in entries]),
            "bank_dates": plain([each.bank_date.isoformat() for each in entries]),
            "subjects": text_array([each.subject for each in entries]),
            "reasons": text_array([each.reason for each in entries]),
            "now": now,
        },
    )


def payment_from_row(row: Sequence[Any]) -> Payment:
    """A row of PAYMENT_COLUMNS as a payment."""
    id, organisation, payable, credit, fund, payer, amount, kept, splits, *rest = row
    parts = tuple((part[0], part[1], part[2]) for part in msgspec.json.decode(splits))
    return Payment(id, organisation, payable, credit, FundKind(fund), payer, amount, kept, parts, *rest)


def standing_payments(session: Session, payable_ids: Iterable[str]) -> list[Payment]:
    """Payments of these payables that are not undone, in the order in which they were made."""
    statement: LiteralString = (
        "SELECT "
        + PAYMENT_COLUMNS
        + """ FROM payment p WHERE p.payable_id = ANY(%(payables)s::uuid[])
        AND NOT EXISTS (SELECT FROM payment_reversal r WHERE r.payment_id = p.id)
        ORDER BY p.payable_id, p.applied_version"""
    )
    parameters = {"payables": plain(payable_ids)}
    return [payment_from_row(row) for row in cursor(session).execute(statement, parameters, prepare=False)]


# Behind the organisation of a row: it is no trader's.
NOT_A_TRADERS: Final[LiteralString] = (
    " NOT IN (SELECT a.organisation_id FROM receiving_account a WHERE a.is_merchant)"
)


def read_payment(session: Session, payment_id: str, *, without_merchants: bool = False) -> Payment | None:
    """A payment by id, undone or not."""
    statement: LiteralString = "SELECT " + PAYMENT_COLUMNS + " FROM payment p WHERE p.id = %s::uuid"
    statement += " AND p.organisation_id" + NOT_A_TRADERS if without_merchants else ""
    row = cursor(session).execute(statement, (payment_id,)).fetchone()
    return payment_from_row(row) if row else None


def read_reversal(session: Session, payment_id: str) -> Reversal | None:
    """How a payment was undone, if it was."""
    statement: LiteralString = (
        "SELECT " + REVERSAL_COLUMNS + " FROM payment_reversal r WHERE r.payment_id = %s::uuid"
    )
    row = cursor(session).execute(statement, (payment_id,)).fetchone()
    return Reversal(*row) if row else None


def payments_of_credit(session: Session, credit_id: str) -> list[tuple[Payment, Reversal | None]]:
    """All payments of a credit with their reversals, oldest first."""
    statement: LiteralString = (
        "SELECT "
        + PAYMENT_COLUMNS
        + ", "
        + REVERSAL_COLUMNS
        + " FROM payment p LEFT JOIN payment_reversal r ON r.payment_id = p.id"
        " WHERE (p.id = %(id)s::uuid AND p.credit_id = p.id) OR (p.credit_id = %(id)s::uuid AND p.credit_id <> p.id)"
        " ORDER BY p.post_time, p.applied_version"
    )
    found = []
    for row in cursor(session).execute(statement, {"id": credit_id}):
        reversal = Reversal(*row[17:]) if row[17] else None
        found.append((payment_from_row(row[:17]), reversal))
    return found


def uses_of_payer_credit(session: Session, organisation_id: str, payer: str) -> list[Payment]:
    """Payments out of a payer's credit that are not undone, newest first."""
    statement: LiteralString = (
        "SELECT "
        + PAYMENT_COLUMNS
        + """ FROM payment p WHERE p.fund_kind = 'payer_credit' AND p.organisation_id = %s::uuid AND p.payer = %s
        AND NOT EXISTS (SELECT FROM payment_reversal r WHERE r.payment_id = p.id) ORDER BY p.id DESC"""
    )
    return [payment_from_row(row) for row in cursor(session).execute(statement, (organisation_id, payer))]


def lock_balance(session: Session, organisation_id: str, ledger_account: str) -> int:
    """The balance of an account, locked to the end of the transaction; 0 if it was never posted to."""
    row = (
        cursor(session)
        .execute(
            "SELECT balance FROM ledger_balance WHERE organisation_id = %s::uuid AND ledger_account = %s FOR UPDATE",
            (organisation_id, ledger_account),
        )
        .fetchone()
    )
    return int(row[0]) if row else 0


def entries_of_credit(session: Session, credit_id: str) -> list[tuple[Entry, datetime]]:
    """The journal entries of a credit with their postings and times, oldest first."""
    statement: LiteralString = """
        SELECT e.id::text, e.organisation_id::text, e.kind, e.book_date, e.bank_date, e.subject, e.reason, e.post_time,
               array_agg(p.ledger_account ORDER BY p.line), array_agg(p.amount ORDER BY p.line)
        FROM journal_entry e JOIN posting p ON p.entry_id = e.id
        WHERE e.id = %(id)s::uuid OR (e.credit_id = %(id)s::uuid AND e.kind <> 'credit_arrived')
        GROUP BY e.id ORDER BY e.id <> %(id)s::uuid, e.id"""
    found = []
    for row in cursor(session).execute(statement, {"id": credit_id}):
        id, organisation, kind, book_date, bank_date, subject, reason, post_time, accounts, amounts = row
        found.append(
            (
                _entry(
                    id,
                    organisation,
                    credit_id,
                    kind,
                    book_date,
                    bank_date,
                    accounts,
                    amounts,
                    subject,
                    reason,
                ),
                post_time,
            )
        )
    return found


def _entry(
    id: str,
    organisation_id: str,
    credit_id: str,
    kind: str,
    book_date: date,
    bank_date: date,
    accounts: Sequence[str],
    amounts: Sequence[int],
    subject: str,
    reason: str,
) -> Entry:
    by_account = dict(zip(accounts, amounts, strict=True))
    return Entry(
        id, organisation_id, credit_id, EntryKind(kind), book_date, bank_date, by_account, subject, reason
    )
