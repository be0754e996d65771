"""Credits and their reports: found for joining, locked, read, written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final, LiteralString

from sqlalchemy.orm import Session

from kit.arrays import booleans, integers, plain, text_array
from kit.db import cursor
from services.reconciliation.domain.credit import (
    Account,
    Channel,
    Credit,
    Reason,
    Report,
    ReportRow,
    Sight,
    Telling,
)
from services.reconciliation.domain.joining import MEMO_DAYS, REFERENCE_DAYS

_PARTS: Final = ("amount_applied", "amount_payer_credit", "amount_suspense", "amount_refundable")
# In the order of Credit's own fields.
COLUMNS: Final[LiteralString] = (
    "c.id::text, c.organisation_id::text, c.account_id, c.bin, c.account_number, c.virtual_account, c.currency,"
    " c.amount, c.memo, c.join_text, c.bank_reference, c.bank_reference_key, c.payer_name, c.payer_account,"
    " c.payer_bin, c.bank_time, c.bank_date, c.arrive_time, c.post_time, c.amount_applied, c.amount_payer_credit,"
    " c.amount_suspense, c.amount_refundable, c.payer, c.reason, c.park_reason, c.waiting_key, c.is_confirmed,"
    " c.is_in_ledger, c.has_statement, c.exceptions, c.report_count, coalesce(c.merged_into::text, ''), c.version,"
    " coalesce(c.asked_payable_id::text, ''), c.is_merchant, c.reference_join, c.memo_join"
)
# Conditions on credits `c`.
SIGHTS: Final[dict[Sight, LiteralString]] = {
    Sight.ALL: "",
    Sight.CITY: " AND NOT c.is_merchant",
    Sight.CITY_DESK: (
        " AND (NOT c.is_merchant OR (c.reason = 'AWAITING_CONFIRMATION' AND c.amount_suspense > 0"
        " AND EXISTS (SELECT FROM handed_over h WHERE h.credit_id = c.id)))"
    ),
}
SEEN: Final[LiteralString] = "SELECT r.id::text FROM report r WHERE r.id = ANY(%(reports)s::uuid[])"
_TELLING: Final[LiteralString] = """
    SELECT t.id::text, t.bin, t.account_number, t.amount, t.bank_reference_key, t.join_text, t.bank_date,
           t.reference_join, t.memo_join,
           ARRAY(SELECT r.source_id FROM report r WHERE r.id = t.id AND r.credit_id = t.id
                 UNION ALL SELECT r.source_id FROM report r WHERE r.credit_id = t.id AND r.credit_id <> r.id)
    FROM """
# The fence (OFFSET 0) keeps the planner at one look-up for each hash, whatever he believes of the table's size.
_OF_EACH: Final[LiteralString] = """ AS i(hash, day)
    CROSS JOIN LATERAL (SELECT * FROM credit c WHERE c.{hash} = i.hash
                        AND c.bank_date BETWEEN i.day - {days} AND i.day + {days} AND c.is_in_ledger OFFSET 0) AS t"""
TELLINGS: Final[LiteralString] = (
    _TELLING
    + "unnest(%(reference_joins)s::bigint[], %(reference_dates)s::date[])"
    + _OF_EACH.format(hash="reference_join", days=REFERENCE_DAYS)
    + " UNION "
    + _TELLING
    + "unnest(%(memo_joins)s::bigint[], %(memo_dates)s::date[])"
    + _OF_EACH.format(hash="memo_join", days=MEMO_DAYS)
)
_INSERT: Final[LiteralString] = """
    INSERT INTO credit (
        id, organisation_id, account_id, bin, account_number, virtual_account, currency, amount, memo, join_text,
        bank_reference, bank_reference_key, payer_name, payer_account, payer_bin, bank_time, bank_date, arrive_time,
        amount_applied, amount_payer_credit, amount_suspense, amount_refundable, payer, reason, waiting_key,
        is_confirmed, is_in_ledger, has_statement, exceptions, report_count, reference_join, memo_join, asked_payable_id,
        is_merchant, post_time, version)
    SELECT i.a, i.b, i.c, i.d, i.e, i.f, i.g, i.h, i.i, i.j, i.k, i.l, i.m, i.n, i.o, i.p, i.q, i.r, i.s, i.t, i.u,
           0, i.v, i.w, i.x, i.y, i.z, i.aa, string_to_array(i.ab, ' '), i.ac, i.ad, i.ae, i.af, i.ag, %(now)s, 1
    FROM unnest(
        %(id)s::uuid[], %(organisation_id)s::uuid[], %(account_id)s::text[], %(bin)s::text[],
        %(account_number)s::text[], %(virtual_account)s::text[], %(currency)s::text[], %(amount)s::bigint[],
        %(memo)s::text[], %(join_text)s::text[], %(bank_reference)s::text[], %(bank_reference_key)s::text[],
        %(payer_name)s::text[], %(payer_account)s::text[], %(payer_bin)s::text[], %(bank_time)s::timestamptz[],
        %(bank_date)s::date[], %(arrive_time)s::timestamptz[], %(amount_applied)s::bigint[],
        %(amount_payer_credit)s::bigint[], %(amount_suspense)s::bigint[], %(payer)s::text[], %(reason)s::text[],
        %(waiting_key)s::text[], %(is_confirmed)s::boolean[], %(is_in_ledger)s::boolean[],
        %(has_statement)s::boolean[], %(exceptions)s::text[], %(report_count)s::int[], %(reference_join)s::bigint[],
        %(memo_join)s::bigint[], %(asked_payable_id)s::uuid[], %(is_merchant)s::boolean[])
        AS i(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z, aa, ab, ac, ad, ae, af, ag)"""
_UPDATE: Final[LiteralString] = """
    UPDATE credit AS c SET
        organisation_id = i.organisation_id, account_id = i.account_id, amount_applied = i.amount_applied,
        amount_payer_credit = i.amount_payer_credit, amount_suspense = i.amount_suspense,
        amount_refundable = i.amount_refundable, bank_reference = i.bank_reference,
        bank_reference_key = i.bank_reference_key, payer_name = i.payer_name, payer_account = i.payer_account,
        payer_bin = i.payer_bin, payer = i.payer, reason = i.reason, park_reason = i.park_reason,
        waiting_key = i.waiting_key, is_confirmed = i.is_confirmed, is_in_ledger = i.is_in_ledger,
        has_statement = i.has_statement, exceptions = string_to_array(i.exceptions, ' '),
        report_count = i.report_count, merged_into = i.merged_into, reference_join = i.reference_join,
        version = i.version, asked_payable_id = i.asked_payable_id, is_merchant = i.is_merchant
    FROM unnest(
        %(id)s::uuid[], %(organisation_id)s::uuid[], %(account_id)s::text[], %(amount_applied)s::bigint[],
        %(amount_payer_credit)s::bigint[], %(amount_suspense)s::bigint[], %(amount_refundable)s::bigint[],
        %(bank_reference)s::text[], %(bank_reference_key)s::text[], %(payer_name)s::text[],
        %(payer_account)s::text[], %(payer_bin)s::text[], %(payer)s::text[], %(reason)s::text[],
        %(park_reason)s::text[], %(waiting_key)s::text[], %(is_confirmed)s::boolean[], %(is_in_ledger)s::boolean[],
        %(has_statement)s::boolean[], %(exceptions)s::text[], %(report_count)s::int[], %(merged_into)s::uuid[],
        %(reference_join)s::bigint[], %(version)s::bigint[], %(asked_payable_id)s::uuid[],
        %(is_merchant)s::boolean[])
        AS i(id, organisation_id, account_id, amount_applied, amount_payer_credit, amount_suspense,
             amount_refundable, bank_reference, bank_reference_key, payer_name, payer_account, payer_bin, payer,
             reason, park_reason, waiting_key, is_confirmed, is_in_ledger, has_statement, exceptions, report_count,
             merged_into, reference_join, version, asked_payable_id, is_merchant)
    WHERE c.id = i.id"""
_INSERT_REPORTS: Final[LiteralString] = """
    INSERT INTO report (
        id, source_id, organisation_id, credit_id, channel, provider, bank_reference, provider_transaction_id, memo,
        occur_time, arrive_time)
    SELECT * FROM unnest(
        %(ids)s::uuid[], %(sources)s::text[], %(organisations)s::uuid[], %(credits)s::uuid[], %(channels)s::text[],
        %(providers)s::text[], %(bank_references)s::text[], %(transactions)s::text[], %(memos)s::text[],
        %(occur_times)s::timestamptz[], %(arrive_times)s::timestamptz[])"""
_MOVE_REPORTS: Final[LiteralString] = """
    UPDATE report r SET credit_id = i.target, organisation_id = c.organisation_id
    FROM unnest(%(sources)s::uuid[], %(targets)s::uuid[]) AS i(source, target) JOIN credit c ON c.id = i.target
    WHERE (r.id = i.source AND r.credit_id = r.id) OR (r.credit_id = i.source AND r.credit_id <> r.id)"""


def from_row(row: Sequence[Any]) -> Credit:
    """A row of COLUMNS as a credit."""
    credit = Credit(*row)
    credit.reason = Reason(credit.reason)
    credit.exceptions = tuple(row[30])
    return credit


def telling_from_row(row: Sequence[Any]) -> Telling:
    """A row of TELLINGS as what joining looks at."""
    id, bin, account_number, amount, reference, text, day, by_reference, by_memo, sources = row
    return Telling(
        id, (bin, account_number, amount), reference, text, day, by_reference, by_memo, set(sources)
    )


def lock(session: Session, ids: Iterable[str], sight: Sight = Sight.ALL) -> dict[str, Credit]:
    """Lock credits, sorted, as they stand when the lock is held. Comes after payables in the order of locks."""
    statement: LiteralString = (
        "SELECT "
        + COLUMNS
        + " FROM credit c WHERE c.id = ANY(%s::uuid[])"
        + SIGHTS[sight]
        + " ORDER BY c.id FOR UPDATE"
    )
    rows = cursor(session).execute(statement, (plain(ids),), prepare=False)
    return {row[0]: from_row(row) for row in rows}


def read(session: Session, ids: Iterable[str], sight: Sight = Sight.ALL) -> dict[str, Credit]:
    """Credits as they stand, without a lock."""
    statement: LiteralString = (
        "SELECT " + COLUMNS + " FROM credit c WHERE c.id = ANY(%s::uuid[])" + SIGHTS[sight]
    )
    return {row[0]: from_row(row) for row in cursor(session).execute(statement, (plain(ids),), prepare=False)}


def add(session: Session, credits: Sequence[Credit], now: datetime) -> None:
    """Write new credits."""
    cursor(session).execute(
        _INSERT,
        {
            "id": plain([each.id for each in credits]),
            "organisation_id": plain([each.organisation_id for each in credits]),
            "account_id": text_array([each.account_id for each in credits]),
            "bin": text_array([each.bin for each in credits]),
            "account_number": text_array([each.account_number for each in credits]),
            "virtual_account": text_array([each.virtual_account for each in credits]),
            "currency": text_array([each.currency for each in credits]),
            "amount": integers([each.amount for each in credits]),
            "memo": text_array([each.memo for each in credits]),
            "join_text": text_array([each.join_text for each in credits]),
            "bank_reference": text_array([each.bank_reference for each in credits]),
            "bank_reference_key": text_array([each.bank_reference_key for each in credits]),
            "payer_name": text_array([each.payer_name for each in credits]),
            "payer_account": text_array([each.payer_account for each in credits]),
            "payer_bin": text_array([each.payer_bin for each in credits]),
            "bank_time": plain([each.bank_time.isoformat() for each in credits]),
            "bank_date": plain([each.bank_date.isoformat() for each in credits]),
            "arrive_time": plain([each.arrive_time.isoformat() for each in credits]),
            "amount_applied": integers([each.amount_applied for each in credits]),
            "amount_payer_credit": integers([each.amount_payer_credit for each in credits]),
            "amount_suspense": integers([each.amount_suspense for each in credits]),
            "payer": text_array([each.payer for each in credits]),
            "reason": text_array([each.reason.value for each in credits]),
            "waiting_key": text_array([each.waiting_key for each in credits]),
            "is_confirmed": booleans([each.is_confirmed for each in credits]),
            "is_in_ledger": booleans([each.is_in_ledger for each in credits]),
            "has_statement": booleans([each.has_statement for each in credits]),
            "exceptions": text_array([" ".join(each.exceptions) for each in credits]),
            "report_count": integers([each.report_count for each in credits]),
            "reference_join": integers([each.reference_join for each in credits]),
            "memo_join": integers([each.memo_join for each in credits]),
            "asked_payable_id": plain([each.asked_payable_id for each in credits]),
            "is_merchant": booleans([each.is_merchant for each in credits]),
            "now": now,
        },
    )


def update(session: Session, credits: Sequence[Credit]) -> None:
    """Write what may have changed of credits that the transaction has locked."""
    parameters: dict[str, str] = {
        name: integers([getattr(each, name) for each in credits])
        for name in (*_PARTS, "report_count", "version")
    }
    for name in ("bank_reference", "bank_reference_key", "payer_name", "payer_account", "payer_bin", "payer"):
        parameters[name] = text_array([getattr(each, name) for each in credits])
    for name in ("account_id", "park_reason", "waiting_key"):
        parameters[name] = text_array([getattr(each, name) for each in credits])
    for name in ("is_confirmed", "is_in_ledger", "has_statement", "is_merchant"):
        parameters[name] = booleans([getattr(each, name) for each in credits])
    for name in ("id", "organisation_id", "merged_into", "asked_payable_id"):
        parameters[name] = plain([getattr(each, name) for each in credits])
    parameters["reason"] = text_array([each.reason.value for each in credits])
    parameters["exceptions"] = text_array([" ".join(each.exceptions) for each in credits])
    parameters["reference_join"] = integers([each.reference_join for each in credits])
    cursor(session).execute(_UPDATE, parameters)


def add_reports(session: Session, rows: Sequence[ReportRow], organisations: Sequence[str]) -> None:
    """Write reports; `organisations` are those of their credits."""
    reports = [row.report for row in rows]
    cursor(session).execute(
        _INSERT_REPORTS,
        {
            "sources": text_array([each.source_id for each in reports]),
            "ids": plain([each.id for each in reports]),
            "organisations": plain(organisations),
            "credits": plain([row.credit_id for row in rows]),
            "channels": plain([each.channel.value for each in reports]),
            "providers": text_array([each.provider for each in reports]),
            "bank_references": text_array([each.bank_reference for each in reports]),
            "transactions": text_array([each.provider_transaction_id for each in reports]),
            "memos": text_array_or_null([row.report.memo if row.has_own_memo else None for row in rows]),
            "occur_times": plain(
                [each.occur_time.isoformat() if each.occur_time else "" for each in reports]
            ),
            "arrive_times": plain([each.arrive_time.isoformat() for each in reports]),
        },
    )


def text_array_or_null(values: Sequence[str | None]) -> str:
    """A text[] literal in which None is NULL."""
    return "{" + ",".join("NULL" if value is None else text_array([value])[1:-1] for value in values) + "}"


def move_reports(session: Session, moves: Sequence[tuple[str, str]]) -> None:
    """Give all reports of one credit to another: from, to. The same id twice only renews their organisation."""
    parameters = {
        "sources": plain([source for source, _ in moves]),
        "targets": plain([to for _, to in moves]),
    }
    cursor(session).execute(_MOVE_REPORTS, parameters)


def reports_of(session: Session, credit_id: str, memo: str) -> list[Report]:
    """The reports of a credit, first told first; `memo` is the credit's own. Accounts and payer are the credit's."""
    statement: LiteralString = (
        "SELECT id::text, channel, provider, source_id, memo, bank_reference, provider_transaction_id, occur_time,"
        " arrive_time FROM report"
        " WHERE (id = %(id)s::uuid AND credit_id = id) OR (credit_id = %(id)s::uuid AND credit_id <> id)"
        " ORDER BY arrive_time, id"
    )
    return [
        Report(
            id=id,
            channel=Channel(channel),
            provider=provider,
            source_id=source_id,
            bin="",
            account_number="",
            virtual_account="",
            amount=0,
            currency="",
            memo=memo if own is None else own,
            bank_reference=bank_reference,
            provider_transaction_id=transaction,
            occur_time=occur_time,
            arrive_time=arrive_time,
            payer_name="",
            payer_account="",
            payer_bin="",
            is_test=False,
            needs_confirmation=False,
        )
        for id, channel, provider, source_id, own, bank_reference, transaction, occur_time, arrive_time in cursor(
            session
        ).execute(statement, {"id": credit_id})
    ]


def accounts_from(rows: Iterable[Sequence[Any]]) -> list[Account]:
    """Rows of ACCOUNT_COLUMNS as registrations."""
    return [Account(*row) for row in rows]
