"""Storing a batch of payments: reads in one trip, writes in two, however many payments come together.

Locks are taken in one order everywhere: invoices by id, then the counters of receipts, sorted, at the very end.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any, Final, LiteralString
from uuid import UUID

from psycopg import Cursor
from sqlalchemy.orm import Session

from kit.arrays import integers, moments, text_array, uuids
from kit.db import cursor
from services.invoices.domain.invoices import State
from services.invoices.domain.payments import (
    SERIES,
    Applied,
    Fact,
    Known,
    Recording,
    Reversed,
    Standing,
    Step,
)

_LOCK: Final[LiteralString] = """
    SELECT id, organisation_id, reference, batch_id, group_name, state, amount_due, amount_paid, version, sequence,
           applied_version, paid_time, change_time
    FROM invoice WHERE id = ANY(%s::uuid[]) ORDER BY id FOR NO KEY UPDATE"""
# Read after the lock: whoever recorded the same payment before has committed by then.
_KNOWN_PAYMENTS: Final[LiteralString] = "SELECT payment_id FROM receipt WHERE payment_id = ANY(%s::uuid[])"
_KNOWN_REVERSALS: Final[LiteralString] = """
    SELECT payment_id, invoice_id, amount, total_applied, applied_version, reason, post_time
    FROM payment_reversal WHERE payment_id = ANY(%s::uuid[])"""

_SAVE: Final[LiteralString] = """
    UPDATE invoice i SET state = n.state, amount_paid = n.amount_paid, sequence = n.sequence,
        applied_version = n.applied_version, paid_time = n.paid_time, change_time = n.change_time
    FROM unnest(%s::uuid[], %s::text[], %s::bigint[], %s::bigint[], %s::bigint[], %s::timestamptz[],
                %s::timestamptz[])
        AS n(id, state, amount_paid, sequence, applied_version, paid_time, change_time)
    WHERE i.id = n.id"""
_CANCEL: Final[LiteralString] = """
    UPDATE receipt r SET cancel_time = n.cancel_time, cancel_reason = n.reason
    FROM unnest(%s::uuid[], %s::timestamptz[], %s::text[]) AS n(payment_id, cancel_time, reason)
    WHERE r.payment_id = n.payment_id
    RETURNING r.payment_id, r.number, r.year"""
_ADD_REVERSALS: Final[LiteralString] = """
    INSERT INTO payment_reversal (payment_id, organisation_id, invoice_id, amount, total_applied, applied_version,
        reason, post_time, sequence)
    SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::bigint[], %s::bigint[], %s::bigint[], %s::text[],
        %s::timestamptz[], %s::bigint[])"""
_DRAW: Final[LiteralString] = """
    INSERT INTO receipt_counter AS c (organisation_id, series, year, last_number)
    SELECT n.organisation_id, %s, %s, n.count FROM unnest(%s::uuid[], %s::integer[]) AS n(organisation_id, count)
    ORDER BY n.organisation_id
    ON CONFLICT (organisation_id, series, year) DO UPDATE SET last_number = c.last_number + EXCLUDED.last_number
    RETURNING organisation_id, last_number"""
_ADD_RECEIPTS: Final[LiteralString] = """
    INSERT INTO receipt (payment_id, organisation_id, invoice_id, series, year, number, amount, credit_id,
        fund_kind, splits, total_applied, applied_version, payable_version, rule, bank_reference,
        payer_account_last_four, bank_time, arrive_time, post_time, sequence, issue_time, cancel_time,
        cancel_reason)
    SELECT n.payment_id, n.organisation_id, n.invoice_id, %s, %s, n.number, n.amount, n.credit_id, n.fund_kind,
        n.splits::jsonb, n.total_applied, n.applied_version, n.payable_version, n.rule, n.bank_reference,
        n.last_four, n.bank_time, n.arrive_time, n.post_time, n.sequence, n.issue_time, n.cancel_time,
        n.cancel_reason
    FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::integer[], %s::bigint[], %s::text[], %s::text[], %s::text[],
        %s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::timestamptz[],
        %s::timestamptz[], %s::timestamptz[], %s::bigint[], %s::timestamptz[], %s::timestamptz[], %s::text[])
        AS n(payment_id, organisation_id, invoice_id, number, amount, credit_id, fund_kind, splits, total_applied,
             applied_version, payable_version, rule, bank_reference, last_four, bank_time, arrive_time, post_time,
             sequence, issue_time, cancel_time, cancel_reason)"""

# UUIDs in the order of their numbers, which is the database's; comparing UUIDs themselves is slow.
_NUMBER: Final = attrgetter("int")


def lock_known(session: Session, facts: Sequence[Fact]) -> Known:
    """Lock the invoices of a batch and read what is stored about its payments: one trip."""
    invoice_ids = uuids(sorted({fact.invoice_id for fact in facts}, key=_NUMBER))
    payment_ids = uuids({fact.payment_id for fact in facts})
    connection = cursor(session).connection
    with connection.pipeline():
        invoices = connection.execute(_LOCK, (invoice_ids,))
        payments = connection.execute(_KNOWN_PAYMENTS, (payment_ids,))
        reversals = connection.execute(_KNOWN_REVERSALS, (payment_ids,))
    standings = {}
    for row in invoices.fetchall():
        values = list(row)
        values[5] = State(values[5])
        standings[row[0]] = Standing(*values)
    return Known(
        standings=standings,
        payments=frozenset(row[0] for row in payments.fetchall()),
        reversals={row[0]: Reversed(*row) for row in reversals.fetchall()},
    )


def save(session: Session, recording: Recording, year: int) -> list[Step]:
    """Store a recording and draw its receipts' numbers of this year; its steps with their numbers."""
    reversals = [step for step in recording.steps if isinstance(step.fact, Reversed)]
    applied = [step for step in recording.steps if isinstance(step.fact, Applied)]
    counts = Counter(step.standing.organisation_id for step in applied)
    connection = cursor(session).connection
    changed = recording.changed
    with connection.pipeline():
        connection.execute(
            _SAVE,
            (
                uuids(each.invoice_id for each in changed),
                text_array([each.state.value for each in changed]),
                integers(each.amount_paid for each in changed),
                integers(each.sequence for each in changed),
                integers(each.applied_version for each in changed),
                moments([each.paid_time for each in changed]),
                moments([each.change_time for each in changed]),
            ),
        )
        cancelled = _cancel(session, recording) if recording.cancellations else None
        if reversals:
            _add_reversals(session, reversals)
        drawn = None
        if counts:
            organisations = sorted(counts, key=_NUMBER)
            drawn = connection.execute(
                _DRAW,
                (SERIES, year, uuids(organisations), integers(counts[id] for id in organisations)),
            )
    numbers = {row[0]: (row[1], row[2]) for row in cancelled.fetchall()} if cancelled else {}
    next_number = {row[0]: row[1] - counts[row[0]] for row in drawn.fetchall()} if drawn else {}
    steps = _numbered(recording.steps, next_number, numbers, year)
    if applied:
        _add_receipts(session, steps, recording.cancelled_at_birth, year)
    return steps


def _numbered(
    steps: Sequence[Step],
    next_number: dict[UUID, int],
    cancelled: Mapping[UUID, tuple[int, int]],
    year: int,
) -> list[Step]:
    """Steps with the number of the receipt that they issue or cancel, in the order told."""
    result = []
    in_batch: dict[UUID, int] = {}
    for step in steps:
        payment_id, organisation_id = step.fact.payment_id, step.standing.organisation_id
        if isinstance(step.fact, Applied):
            number = next_number[organisation_id] + 1
            next_number[organisation_id] = in_batch[payment_id] = number
            result.append(Step(step.fact, step.standing, number, year))
        elif payment_id in in_batch:
            result.append(Step(step.fact, step.standing, in_batch[payment_id], year))
        else:
            number, number_year = cancelled.get(payment_id, (0, 0))
            result.append(Step(step.fact, step.standing, number, number_year))
    return result


def _cancel(session: Session, recording: Recording) -> Cursor[tuple[Any, ...]]:
    facts = recording.cancellations
    moment = recording.standings[facts[0].invoice_id].change_time
    return cursor(session).connection.execute(
        _CANCEL,
        (
            uuids(fact.payment_id for fact in facts),
            moments([moment for _ in facts]),
            text_array([fact.reason for fact in facts]),
        ),
    )


def _add_reversals(session: Session, steps: Sequence[Step]) -> None:
    cursor(session).connection.execute(
        _ADD_REVERSALS,
        (
            uuids(step.fact.payment_id for step in steps),
            uuids(step.standing.organisation_id for step in steps),
            uuids(step.fact.invoice_id for step in steps),
            integers(step.fact.amount for step in steps),
            integers(step.fact.total_applied for step in steps),
            integers(step.fact.applied_version for step in steps),
            text_array([step.fact.reason for step in steps if isinstance(step.fact, Reversed)]),
            moments([step.fact.post_time for step in steps]),
            integers(step.standing.sequence for step in steps),
        ),
    )


def _add_receipts(
    session: Session, steps: Sequence[Step], cancelled: Mapping[UUID, Reversed], year: int
) -> None:
    rows = [(step, step.fact) for step in steps if isinstance(step.fact, Applied)]
    ends = [cancelled.get(fact.payment_id) for _, fact in rows]
    cursor(session).connection.execute(
        _ADD_RECEIPTS,
        (
            SERIES,
            year,
            uuids(fact.payment_id for _, fact in rows),
            uuids(step.standing.organisation_id for step, _ in rows),
            uuids(fact.invoice_id for _, fact in rows),
            integers(step.number for step, _ in rows),
            integers(fact.amount for _, fact in rows),
            text_array([fact.credit_id for _, fact in rows]),
            text_array([fact.fund_kind for _, fact in rows]),
            text_array([_splits(fact) for _, fact in rows]),
            integers(fact.total_applied for _, fact in rows),
            integers(fact.applied_version for _, fact in rows),
            integers(fact.payable_version for _, fact in rows),
            text_array([fact.rule for _, fact in rows]),
            text_array([fact.bank_reference for _, fact in rows]),
            text_array([fact.payer_account_last_four for _, fact in rows]),
            moments([fact.bank_time for _, fact in rows]),
            moments([fact.arrive_time for _, fact in rows]),
            moments([fact.post_time for _, fact in rows]),
            integers(step.standing.sequence for step, _ in rows),
            moments([step.standing.change_time for step, _ in rows]),
            moments(
                [
                    step.standing.change_time if end else None
                    for (step, _), end in zip(rows, ends, strict=True)
                ]
            ),
            text_array([end.reason if end else "" for end in ends]),
        ),
    )


def _splits(fact: Applied) -> str:
    return json.dumps([[split.line_id, split.amount] for split in fact.splits], ensure_ascii=False)
