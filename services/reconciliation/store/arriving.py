"""New credits that one report told of: credit, report, first payment, journal entry and bank posting in one statement.

They share most of their values and all their ids, so each value crosses to the server once; this is what most of a
batch consists of.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final, LiteralString

import msgspec
from sqlalchemy.orm import Session

from kit.arrays import booleans, integers, plain, text_array
from kit.db import cursor
from services.reconciliation.domain.credit import Credit, Payment, Report


def _one_line(statement: LiteralString) -> LiteralString:
    """The driver remembers how to send statements of up to 4,096 characters and works out longer ones each time."""
    return " ".join(statement.split())


_ADD: Final[LiteralString] = _one_line("""
    WITH i AS MATERIALIZED (
        SELECT * FROM ROWS FROM (unnest(
            %(id)s::uuid[], %(organisation_id)s::uuid[], %(account_id)s::text[], %(bin)s::text[],
            %(account_number)s::text[], %(virtual_account)s::text[], %(currency)s::text[], %(amount)s::bigint[],
            %(memo)s::text[], %(join_text)s::text[], %(bank_reference)s::text[], %(bank_reference_key)s::text[],
            %(payer_name)s::text[], %(payer_account)s::text[], %(payer_bin)s::text[], %(occur_time)s::timestamptz[],
            %(bank_date)s::date[], %(arrive_time)s::timestamptz[], %(applied)s::bigint[], %(kept)s::bigint[],
            %(suspense)s::bigint[], %(payer)s::text[], %(reason)s::text[], %(waiting_key)s::text[],
            %(is_confirmed)s::boolean[], %(is_in_ledger)s::boolean[], %(has_statement)s::boolean[],
            %(exceptions)s::text[], %(reference_join)s::bigint[], %(memo_join)s::bigint[], %(source_id)s::text[],
            %(channel)s::text[], %(provider)s::text[], %(transaction)s::text[], %(is_merchant)s::boolean[],
            %(payable_id)s::uuid[],
            %(total)s::bigint[], %(version)s::bigint[], %(payable_version)s::bigint[],
            %(rule)s::text[], %(rule_detail)s::text[]), jsonb_array_elements(%(splits)s::jsonb))
            AS i(id, organisation_id, account_id, bin, account_number, virtual_account, currency, amount, memo,
                 join_text, bank_reference, bank_reference_key, payer_name, payer_account, payer_bin, occur_time,
                 bank_date, arrive_time, applied, kept, suspense, payer, reason, waiting_key, is_confirmed,
                 is_in_ledger, has_statement, exceptions, reference_join, memo_join, source_id, channel, provider,
                 transaction, is_merchant, payable_id, total, version, payable_version, rule, rule_detail, splits)
    ), credits AS (
        INSERT INTO credit (
            id, organisation_id, account_id, bin, account_number, virtual_account, currency, amount, memo, join_text,
            bank_reference, bank_reference_key, payer_name, payer_account, payer_bin, bank_time, bank_date,
            arrive_time, amount_applied, amount_payer_credit, amount_suspense, payer, reason, waiting_key,
            is_confirmed, is_in_ledger, has_statement, exceptions, reference_join, memo_join, report_count, post_time,
            version, is_merchant)
        SELECT id, organisation_id, account_id, bin, account_number, virtual_account, currency, amount, memo,
               join_text, bank_reference, bank_reference_key, payer_name, payer_account, payer_bin,
               coalesce(occur_time, arrive_time), bank_date, arrive_time, applied, kept, suspense, payer, reason,
               waiting_key, is_confirmed, is_in_ledger, has_statement, string_to_array(exceptions, ' '),
               reference_join, memo_join, 1, %(now)s, 1, is_merchant
        FROM i
    ), reports AS (
        INSERT INTO report (
            id, source_id, organisation_id, credit_id, channel, provider, bank_reference, provider_transaction_id,
            occur_time, arrive_time)
        SELECT id, source_id, organisation_id, id, channel, provider, bank_reference, transaction, occur_time,
               arrive_time
        FROM i
    ), payments AS (
        INSERT INTO payment (
            id, organisation_id, payable_id, credit_id, fund_kind, payer, amount, kept, splits, total_applied,
            applied_version, payable_version, rule, rule_detail, entry_id, subject, post_time)
        SELECT id, organisation_id, payable_id, id, 'bank_credit', payer, applied, kept, splits, total, version,
               payable_version, rule, rule_detail, id, 'rule', %(now)s
        FROM i WHERE payable_id IS NOT NULL
    ), entries AS (
        INSERT INTO journal_entry (id, organisation_id, credit_id, kind, book_date, bank_date, subject, post_time)
        SELECT id, organisation_id, id, 'credit_arrived', %(book_date)s, bank_date, 'rule', %(now)s
        FROM i WHERE is_in_ledger
    )
    INSERT INTO posting (entry_id, line, organisation_id, ledger_account, amount)
    SELECT id, 0, organisation_id, 'bank:' || bin || ':' || account_number, amount FROM i WHERE is_in_ledger""")


def add(
    session: Session,
    arrived: Sequence[tuple[Credit, Report]],
    payments: Mapping[str, Payment],
    book_date: date,
    now: datetime,
) -> None:
    """Write new credits with their one report; `payments` are by credit, and each pays all that was applied."""
    credits = [credit for credit, _ in arrived]
    reports = [report for _, report in arrived]
    paid = [payments.get(credit.id) for credit in credits]
    cursor(session).execute(
        _ADD,
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
            "occur_time": plain([each.occur_time.isoformat() if each.occur_time else "" for each in reports]),
            "bank_date": plain([each.bank_date.isoformat() for each in credits]),
            "arrive_time": plain([each.arrive_time.isoformat() for each in credits]),
            "applied": integers([each.amount_applied for each in credits]),
            "kept": integers([each.amount_payer_credit for each in credits]),
            "suspense": integers([each.amount_suspense for each in credits]),
            "payer": text_array([each.payer for each in credits]),
            "reason": text_array([each.reason for each in credits]),
            "waiting_key": text_array([each.waiting_key for each in credits]),
            "is_confirmed": booleans([each.is_confirmed for each in credits]),
            "is_in_ledger": booleans([each.is_in_ledger for each in credits]),
            "has_statement": booleans([each.has_statement for each in credits]),
            "exceptions": text_array([" ".join(each.exceptions) for each in credits]),
            "reference_join": integers([each.reference_join for each in credits]),
            "memo_join": integers([each.memo_join for each in credits]),
            "source_id": text_array([each.source_id for each in reports]),
            "channel": text_array([each.channel for each in reports]),
            "provider": text_array([each.provider for each in reports]),
            "transaction": text_array([each.provider_transaction_id for each in reports]),
            "is_merchant": booleans([each.is_merchant for each in credits]),
            "payable_id": plain([each.payable_id if each else "" for each in paid]),
            "splits": msgspec.json.encode([each.splits if each else None for each in paid]).decode(),
            "total": integers([each.total_applied if each else None for each in paid]),
            "version": integers([each.applied_version if each else None for each in paid]),
            "payable_version": integers([each.payable_version if each else None for each in paid]),
            "rule": text_array([each.rule if each else "" for each in paid]),
            "rule_detail": text_array([each.rule_detail if each else "" for each in paid]),
            "book_date": book_date,
            "now": now,
        },
    )
