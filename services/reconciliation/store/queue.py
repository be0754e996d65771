"""What a finance clerk has before him: how much waits and why, payments that stand in the way, who decided what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, LiteralString
from uuid import UUID

from sqlalchemy.orm import Session

from kit.db import cursor
from services.reconciliation.domain.credit import (
    DUPLICATE_PAYMENT,
    OVERPAID,
    UNDERPAID,
    Payment,
    Reversal,
    Sight,
)
from services.reconciliation.store.books import (
    NOT_A_TRADERS,
    PAYMENT_COLUMNS,
    REVERSAL_COLUMNS,
    payment_from_row,
)
from services.reconciliation.store.credit import SIGHTS

_MOST_PAYMENTS: Final = 200
_MOST_EVENTS: Final = 200

# The conditions of what was decided by rule and is still of interest: the rest was not paid, the excess not used.
SHORT_OPEN: Final[LiteralString] = (
    " AND c.exceptions @> '{" + UNDERPAID + "}' AND EXISTS ("
    "SELECT FROM payment y JOIN payable p ON p.id = y.payable_id"
    " WHERE ((y.id = c.id AND y.credit_id = y.id) OR (y.credit_id = c.id AND y.credit_id <> y.id))"
    " AND NOT p.is_void AND p.applied < p.amount_due"
    " AND NOT EXISTS (SELECT FROM payment_reversal r WHERE r.payment_id = y.id))"
)
_STILL_KEPT: Final[LiteralString] = (
    " AND c.amount_payer_credit > 0 AND EXISTS (SELECT FROM ledger_balance b WHERE b.organisation_id = c.organisation_id"
    " AND b.ledger_account = 'payer_credit:' || c.payer AND b.balance < 0)"
)
OVER_OPEN: Final[LiteralString] = " AND c.exceptions @> '{" + OVERPAID + "}'" + _STILL_KEPT
TWICE_OPEN: Final[LiteralString] = " AND c.exceptions @> '{" + DUPLICATE_PAYMENT + "}'" + _STILL_KEPT


@dataclass(frozen=True, slots=True)
class Queue:
    """Counts of credits. `reasons`: reason, credits, đồng of what waits; parked ones are counted apart."""

    reasons: list[tuple[str, int, int]]
    parked: int
    old: int
    short_open: int
    over_open: int
    twice_open: int
    today: int
    today_settled: int


@dataclass(frozen=True, slots=True)
class Age:
    """How many credits wait for one reason, the oldest of them, and how many are old."""

    reason: str
    is_parked: bool
    count: int
    oldest_time: datetime
    old: int


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision of a person about a credit."""

    time: datetime
    action: str
    person_name: str
    reason: str
    amount: int


def summarise(
    session: Session,
    organisation_id: str,
    old_before: datetime,
    day_start: datetime,
    *,
    without_merchants: bool,
) -> Queue:
    """The queue of one organisation, or (empty) of all that the transaction may see."""
    own: LiteralString = " AND c.organisation_id = %(organisation)s::uuid" if organisation_id else ""
    waits = own + SIGHTS[Sight.CITY_DESK if without_merchants else Sight.ALL]
    own += SIGHTS[Sight.CITY if without_merchants else Sight.ALL]
    parameters = {"organisation": organisation_id, "old": old_before, "first": first_id_at(day_start)}
    found = cursor(session)
    waiting: LiteralString = (
        "SELECT c.reason, c.park_reason <> '', count(*), sum(c.amount_suspense)::bigint,"
        " count(*) FILTER (WHERE c.arrive_time < %(old)s) FROM credit c WHERE c.amount_suspense > 0" + waits
    )
    rows = found.execute(waiting + " GROUP BY 1, 2 ORDER BY 1, 2", parameters, prepare=False).fetchall()
    marked: LiteralString = "SELECT count(*) FROM credit c WHERE c.exceptions <> '{}'" + own
    open_counts = []
    for condition in (SHORT_OPEN, OVER_OPEN, TWICE_OPEN):
        row = found.execute(marked + condition, parameters, prepare=False).fetchone()
        open_counts.append(row[0] if row else 0)
    today: LiteralString = (
        "SELECT count(*), count(*) FILTER (WHERE c.amount_suspense = 0) FROM credit c"
        " WHERE c.id >= %(first)s::uuid AND c.is_in_ledger" + own
    )
    day = found.execute(today, parameters, prepare=False).fetchone() or (0, 0)
    return Queue(
        reasons=[(reason, count, amount) for reason, is_parked, count, amount, _ in rows if not is_parked],
        parked=sum(count for _, is_parked, count, _, _ in rows if is_parked),
        old=sum(old for _, is_parked, _, _, old in rows if not is_parked),
        short_open=open_counts[0],
        over_open=open_counts[1],
        twice_open=open_counts[2],
        today=day[0],
        today_settled=day[1],
    )


def ages(session: Session, old_before: datetime) -> list[Age]:
    """What waits at the city's and its billers' desks, as far as the transaction may see; traders' own lists left out."""
    statement: LiteralString = (
        "SELECT c.reason, c.park_reason <> '', count(*), min(c.arrive_time),"
        " count(*) FILTER (WHERE c.arrive_time < %(old)s) FROM credit c WHERE c.amount_suspense > 0"
        + SIGHTS[Sight.CITY_DESK]
        + " GROUP BY 1, 2"
    )
    return [Age(*row) for row in cursor(session).execute(statement, {"old": old_before}, prepare=False)]


def first_id_at(moment: datetime) -> str:
    """The lowest id that a report of this moment or later can have: ids begin with their milliseconds."""
    stamp = f"{int(moment.timestamp() * 1000):012x}"
    return f"{stamp[:8]}-{stamp[8:]}-0000-0000-000000000000"


def time_of(id: str) -> datetime:
    """When a report with this id came, to the millisecond."""
    return datetime.fromtimestamp((UUID(id).int >> 80) / 1000, UTC)


def payments(
    session: Session,
    ids: Sequence[str],
    payable_id: str,
    organisation_id: str,
    payer: str,
    *,
    without_merchants: bool,
) -> list[tuple[Payment, Reversal | None]]:
    """Payments with their reversals, newest first; those that are undone only if asked for by id."""
    statement: LiteralString = (
        "SELECT "
        + PAYMENT_COLUMNS
        + ", "
        + REVERSAL_COLUMNS
        + " FROM payment p LEFT JOIN payment_reversal r ON r.payment_id = p.id WHERE true"
    )
    if ids:
        statement += " AND p.id = ANY(%(ids)s::uuid[])"
    else:
        statement += " AND r.payment_id IS NULL"
    if payable_id:
        statement += " AND p.payable_id = %(payable)s::uuid"
    if payer:
        statement += " AND p.fund_kind = 'payer_credit' AND p.organisation_id = %(organisation)s::uuid AND p.payer = %(payer)s"
    statement += " AND p.organisation_id" + NOT_A_TRADERS if without_merchants else ""
    statement += " ORDER BY p.post_time DESC, p.applied_version DESC LIMIT %(limit)s"
    parameters = {
        "ids": list(ids),
        "payable": payable_id,
        "organisation": organisation_id,
        "payer": payer,
        "limit": _MOST_PAYMENTS,
    }
    return [
        (payment_from_row(row[:17]), Reversal(*row[17:]) if row[17] else None)
        for row in cursor(session).execute(statement, parameters, prepare=False)
    ]


def decisions(
    session: Session, organisation_id: str, credit_id: str, payment_ids: Sequence[str]
) -> list[Decided]:
    """What people decided about a credit and its payments, oldest first, from the audit trail."""
    statement: LiteralString = """
        SELECT create_time, action, coalesce(detail->>'by', ''), coalesce(detail->>'reason', ''),
               coalesce(detail->>'moved', '0')::bigint
        FROM audit WHERE organisation_id = %(organisation)s::uuid AND object = ANY(%(objects)s)
        ORDER BY id LIMIT %(limit)s"""
    objects = [f"credit:{credit_id}", *(f"payment:{id}" for id in payment_ids)]
    parameters = {"organisation": organisation_id, "objects": objects, "limit": _MOST_EVENTS}
    return [Decided(*row) for row in cursor(session).execute(statement, parameters, prepare=False)]
