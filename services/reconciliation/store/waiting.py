"""Credits that wait, found by what they wait for."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final, LiteralString

from sqlalchemy.orm import Session

from kit.arrays import text_array
from kit.db import cursor

_DECIDABLE: Final[LiteralString] = """
    SELECT c.id::text FROM (
        SELECT c.id FROM credit c JOIN payable p ON p.reference = c.waiting_key
        WHERE c.waiting_key <> '' AND c.amount_suspense > 0 AND c.park_reason = ''
        UNION
        SELECT c.id FROM credit c
        WHERE c.waiting_key LIKE 'va:%%' AND c.waiting_key <> '' AND c.amount_suspense > 0 AND c.park_reason = ''
          AND EXISTS (SELECT FROM payable p
                      WHERE p.virtual_account <> '' AND p.virtual_account = substr(c.waiting_key, 4))
        UNION
        SELECT c.id FROM credit c
        WHERE c.reason IN ('UNKNOWN_ACCOUNT', 'AWAITING_CONFIRMATION') AND c.reason = 'UNKNOWN_ACCOUNT'
          AND c.park_reason = ''
          AND EXISTS (SELECT FROM receiving_account a WHERE a.bin = c.bin AND a.account_number = c.account_number)
        UNION
        SELECT c.id FROM credit c
        WHERE c.reason IN ('UNKNOWN_ACCOUNT', 'AWAITING_CONFIRMATION') AND c.reason = 'AWAITING_CONFIRMATION'
          AND c.is_confirmed AND c.merged_into IS NULL
        UNION
        SELECT c.id FROM credit c JOIN payable p ON p.id = c.asked_payable_id
        WHERE c.asked_payable_id IS NOT NULL AND c.park_reason = ''
          AND (p.is_void OR p.ask_until IS NULL OR p.ask_until <= %(now)s
               OR p.amount_due - p.applied <> c.amount_suspense)
    ) c WHERE c.id > %(after)s::uuid ORDER BY c.id LIMIT %(limit)s"""
_AT_ACCOUNT: Final[LiteralString] = """
    SELECT c.id::text FROM credit c
    WHERE c.reason IN ('UNKNOWN_ACCOUNT', 'AWAITING_CONFIRMATION') AND c.reason = 'UNKNOWN_ACCOUNT'
      AND c.bin = %(bin)s AND c.account_number = %(account_number)s
    ORDER BY c.id LIMIT %(limit)s"""
_FOR_KEYS: Final[LiteralString] = """
    SELECT id::text, virtual_account, memo FROM credit
    WHERE waiting_key <> '' AND waiting_key = ANY(%(keys)s::text[]) AND amount_suspense > 0 AND park_reason = ''
    ORDER BY id"""


def decidable(session: Session, after: str, limit: int, now: datetime) -> list[str]:
    """Ids of waiting credits whose payable, account or confirmation is there by now, after an id (empty: all).

    Also those that ask about a sale that does not wait for them any more.
    """
    parameters = {"after": after or "00000000-0000-0000-0000-000000000000", "limit": limit, "now": now}
    return [id for (id,) in cursor(session).execute(_DECIDABLE, parameters, prepare=False)]


def at_account(session: Session, bin: str, account_number: str, limit: int) -> list[str]:
    """Ids of credits that wait for this account to be registered."""
    parameters = {"bin": bin, "account_number": account_number, "limit": limit}
    return [id for (id,) in cursor(session).execute(_AT_ACCOUNT, parameters, prepare=False)]


def for_keys(session: Session, keys: Iterable[str]) -> list[tuple[str, str, str]]:
    """Credits that wait under these keys: id, virtual account, memo. The keys' slots are held by the caller."""
    parameters = {"keys": text_array(list(keys))}
    return list(cursor(session).execute(_FOR_KEYS, parameters, prepare=False))
