"""Traders' money that is held: what else may be the same money, and what was handed to the city's desk."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, LiteralString, NamedTuple

from sqlalchemy.orm import Session

from kit.arrays import plain
from kit.db import cursor
from services.reconciliation.domain.credit import HELD, Credit
from services.reconciliation.domain.joining import MEMO_DAYS, REFERENCE_DAYS
from services.reconciliation.store.credit import COLUMNS, from_row

MOST_HELD: Final = 100
_MOST_TWINS: Final = 5
_REASONS: Final[LiteralString] = (
    "reason IN (" + ", ".join(sorted(f"'{reason.value}'" for reason in HELD)) + ")"
)

_HELD: Final[LiteralString] = (
    "SELECT "
    + COLUMNS
    + """, h.hand_over_time FROM credit c LEFT JOIN handed_over h ON h.credit_id = c.id
    WHERE c.organisation_id = %(organisation)s::uuid AND c.is_merchant AND c.amount_suspense > 0 AND c."""
    + _REASONS
    + " ORDER BY c.id LIMIT %(limit)s"
)
# As a person may decide: same account and amount, alike in reference or memo, and not told by one source.
_TWINS: Final[LiteralString] = (
    "SELECT t.held, "
    + COLUMNS
    + """, coalesce((
        SELECT string_agg(DISTINCT k.title, ', ') FROM payment y JOIN payable_card k ON k.payable_id = y.payable_id
        WHERE ((y.id = c.id AND y.credit_id = y.id) OR (y.credit_id = c.id AND y.credit_id <> y.id))
          AND NOT EXISTS (SELECT FROM payment_reversal v WHERE v.payment_id = y.id)), '')
    FROM credit h CROSS JOIN LATERAL (
        SELECT h.id::text AS held, o.id FROM credit o
        WHERE o.id <> h.id AND o.is_in_ledger AND o.merged_into IS NULL AND o.organisation_id = h.organisation_id
          AND o.bin = h.bin AND o.account_number = h.account_number AND o.amount = h.amount
          AND ((o.reference_join = h.reference_join
                AND o.bank_date BETWEEN h.bank_date - %(reference_days)s AND h.bank_date + %(reference_days)s)
               OR (o.memo_join = h.memo_join
                   AND o.bank_date BETWEEN h.bank_date - %(memo_days)s AND h.bank_date + %(memo_days)s))
          AND NOT EXISTS (
              SELECT FROM report a JOIN report b ON b.source_id = a.source_id
              WHERE ((a.id = h.id AND a.credit_id = a.id) OR (a.credit_id = h.id AND a.credit_id <> a.id))
                AND ((b.id = o.id AND b.credit_id = b.id) OR (b.credit_id = o.id AND b.credit_id <> b.id)))
        ORDER BY o.id LIMIT %(limit)s) t JOIN credit c ON c.id = t.id
    WHERE h.id = ANY(%(ids)s::uuid[]) ORDER BY t.held, c.id"""
)
_HAND_OVER: Final[LiteralString] = """
    INSERT INTO handed_over (credit_id, organisation_id, hand_over_time)
    VALUES (%(credit)s::uuid, %(organisation)s::uuid, %(now)s) ON CONFLICT (credit_id) DO NOTHING"""


class Held(NamedTuple):
    """Money that its trader has to decide about, and when he handed it to the city."""

    credit: Credit
    hand_over_time: datetime | None


class Twin(NamedTuple):
    """Another credit that may be the same money, and the titles of what it paid."""

    credit: Credit
    paid: str


def of_merchant(session: Session, organisation_id: str) -> list[Held]:
    """What a trader has to decide, oldest first."""
    parameters = {"organisation": organisation_id, "limit": MOST_HELD}
    rows = cursor(session).execute(_HELD, parameters, prepare=False)
    return [Held(from_row(row[:-1]), row[-1]) for row in rows]


def twins(session: Session, credits: Sequence[Credit]) -> dict[str, list[Twin]]:
    """For each of these credits the others that may be the same money."""
    parameters = {
        "ids": plain([each.id for each in credits]),
        "reference_days": REFERENCE_DAYS,
        "memo_days": MEMO_DAYS,
        "limit": _MOST_TWINS,
    }
    found: dict[str, list[Twin]] = {each.id: [] for each in credits}
    for held, *row, paid in cursor(session).execute(_TWINS, parameters, prepare=False):
        found[held].append(Twin(from_row(row), paid))
    return found


def hand_over(session: Session, credit: Credit, now: datetime) -> bool:
    """Note that the city's desk may see a locked credit; False if it was noted before."""
    parameters = {"credit": credit.id, "organisation": credit.organisation_id, "now": now}
    return cursor(session).execute(_HAND_OVER, parameters).rowcount == 1
