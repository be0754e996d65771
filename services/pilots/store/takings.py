"""Storing a batch of payments at stalls: reads in two trips, writes in two, however many come together.

The stalls of a batch are locked first, sorted; what is read after that stands until the commit (`store.sales`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from operator import attrgetter
from typing import Any, Final, LiteralString
from uuid import UUID

from psycopg import Connection
from sqlalchemy.orm import Session

from kit import clock
from kit.arrays import booleans, integers, moments, text_array, uuids
from kit.db import cursor
from services.pilots.domain.days import Day, Hours
from services.pilots.domain.takings import (
    Applied,
    Fact,
    Kind,
    Known,
    Place,
    Recording,
    Reversed,
    Taking,
    Target,
)
from services.pilots.store import days, sales

_SALES: Final[LiteralString] = "SELECT id, stall_id FROM sale WHERE id = ANY(%s::uuid[])"
_STANDING: Final[LiteralString] = "SELECT id FROM stall WHERE id = ANY(%s::uuid[])"
_PACKS: Final[LiteralString] = "SELECT id, stall_id, amount FROM pack_code WHERE id = ANY(%s::uuid[])"
_LOCK: Final[LiteralString] = """
    SELECT s.id, s.organisation_id, s.programme_id, s.section_id, p.close_minute, p.cut_off_minute
    FROM stall s JOIN programme p ON p.id = s.programme_id
    WHERE s.id = ANY(%s::uuid[]) ORDER BY s.id FOR NO KEY UPDATE OF s"""
_READ_SALES: Final[LiteralString] = "SELECT " + sales.COLUMNS + " FROM sale WHERE id = ANY(%s::uuid[])"
COLUMNS: Final[LiteralString] = """
    payment_id, organisation_id, stall_id, kind, payable_id, credit_id, amount, sale_amount,
    payer_account_last_four, bin, bank_time, arrive_time, post_time, book_date, is_late, is_private,
    reverse_time, reverse_reason, sequence"""
_READ: Final[LiteralString] = "SELECT " + COLUMNS + " FROM taking WHERE payment_id = ANY(%s::uuid[])"
_READ_EARLY: Final[LiteralString] = (
    "SELECT payment_id, reason, post_time FROM early_reversal WHERE payment_id = ANY(%s::uuid[])"
)
# The days on which the batch's money may fall, and those of takings that it may take back. Each pair by its own key
# (OFFSET 0 keeps it so): by the date alone the day's row of every stall of the city would be read.
READ_DAYS: Final[LiteralString] = (
    "SELECT d.* FROM unnest(%s::uuid[]) AS s(stall_id) CROSS JOIN unnest(%s::date[]) AS o(book_date)"
    " CROSS JOIN LATERAL (SELECT " + days.COLUMNS + " FROM stall_day"
    " WHERE stall_day.stall_id = s.stall_id AND stall_day.book_date = o.book_date OFFSET 0) d"
    " UNION SELECT " + days.D_COLUMNS + " FROM taking t"
    " JOIN stall_day d ON d.stall_id = t.stall_id AND d.book_date = t.book_date"
    " WHERE t.payment_id = ANY(%s::uuid[])"
)
_INSERT: Final[LiteralString] = (
    "INSERT INTO taking ("
    + COLUMNS
    + """)
    SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::text[], %s::uuid[], %s::text[], %s::bigint[],
        %s::bigint[], %s::text[], %s::text[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[],
        %s::date[], %s::boolean[], %s::boolean[], %s::timestamptz[], %s::text[], %s::bigint[])"""
)
_REVERSE: Final[LiteralString] = """
    UPDATE taking t SET reverse_time = n.reverse_time, reverse_reason = n.reason
    FROM unnest(%s::uuid[], %s::timestamptz[], %s::text[]) AS n(payment_id, reverse_time, reason)
    WHERE t.payment_id = n.payment_id"""
_INSERT_EARLY: Final[LiteralString] = """
    INSERT INTO early_reversal (payment_id, reason, post_time)
    SELECT * FROM unnest(%s::uuid[], %s::text[], %s::timestamptz[])"""

# UUIDs in the order of their numbers, which is the database's; comparing UUIDs themselves is slow.
BY_NUMBER: Final = attrgetter("int")


def find_targets(session: Session, facts: Sequence[Fact]) -> Mapping[UUID, Target]:
    """What the payables of a batch are at our stalls; those that are not there are others'. None of it ever changes."""
    wanted = uuids(dict.fromkeys(fact.payable_id for fact in facts))
    connection = cursor(session).connection
    with connection.pipeline():
        of_sales = connection.execute(_SALES, (wanted,))
        of_stalls = connection.execute(_STANDING, (wanted,))
        of_packs = connection.execute(_PACKS, (wanted,))
    targets = {row[0]: Target(Kind.SALE, row[1]) for row in of_sales.fetchall()}
    targets.update({row[0]: Target(Kind.STANDING, row[0]) for row in of_stalls.fetchall()})
    targets.update({row[0]: Target(Kind.PACK, row[1], row[2]) for row in of_packs.fetchall()})
    return targets


def lock_known(session: Session, facts: Sequence[Fact], targets: Mapping[UUID, Target]) -> Known:
    """Lock the stalls of a batch and read what is stored about its facts: one trip."""
    ours = [fact for fact in facts if fact.payable_id in targets]
    stalls = uuids(sorted({target.stall_id for target in targets.values()}, key=BY_NUMBER))
    payments = uuids({fact.payment_id for fact in ours})
    connection = cursor(session).connection
    with connection.pipeline():
        places = connection.execute(_LOCK, (stalls,))
        known_sales = connection.execute(_READ_SALES, (uuids(targets),))
        takings = connection.execute(_READ, (payments,))
        early = connection.execute(_READ_EARLY, (payments,))
        known_days = connection.execute(READ_DAYS, (stalls, moments(_possible_days(ours)), payments))
    return Known(
        targets=targets,
        places={
            row[0]: Place(row[0], row[1], row[2], row[3], Hours(row[4], row[5])) for row in places.fetchall()
        },
        sales={row[0]: sales.sale_of(row) for row in known_sales.fetchall()},
        takings={row[0]: taking_of(row) for row in takings.fetchall()},
        early={row[0]: _early(*row) for row in early.fetchall()},
        days={(row[0], row[1]): Day(*row[2:]) for row in known_days.fetchall()},
    )


def save(
    session: Session, recording: Recording, places: Mapping[UUID, Place], sequences: Mapping[UUID, int]
) -> None:
    """Store a recording: one trip. `sequences` are the stalls' that its new takings made, by payment."""
    connection = cursor(session).connection
    with connection.pipeline():
        if recording.changed_sales:
            sales.save(connection, [recording.sales[id] for id in recording.changed_sales])
        if recording.new_takings:
            _insert(connection, recording.new_takings.values(), sequences)
        if recording.reversals:
            reversals = recording.reversals.values()
            connection.execute(
                _REVERSE,
                (
                    uuids(each.payment_id for each in reversals),
                    moments([each.post_time for each in reversals]),
                    text_array([each.reason for each in reversals]),
                ),
            )
        if recording.early:
            told = recording.early.values()
            connection.execute(
                _INSERT_EARLY,
                (
                    uuids(each.payment_id for each in told),
                    text_array([each.reason for each in told]),
                    moments([each.post_time for each in told]),
                ),
            )
        if recording.changed_days:
            days.save(connection, {key: recording.days[key] for key in recording.changed_days}, places)


def read(session: Session, payment_id: UUID) -> Taking | None:
    """One taking."""
    row = cursor(session).execute(_READ, (uuids([payment_id]),)).fetchone()
    return taking_of(row) if row is not None else None


def set_private(session: Session, payment_id: UUID, is_private: bool) -> None:
    """Mark a taking as no takings, or as takings again."""
    cursor(session).execute(
        "UPDATE taking SET is_private = %s WHERE payment_id = %s", (is_private, payment_id)
    )


def taking_of(row: Sequence[Any]) -> Taking:
    """The taking in a row of COLUMNS."""
    values = list(row)
    values[3] = Kind(values[3])
    return Taking(*values)


def _possible_days(facts: Iterable[Fact]) -> list[date]:
    one = timedelta(days=1)
    local = {
        clock.business_date(min(fact.bank_time or fact.arrive_time, fact.arrive_time))
        for fact in facts
        if isinstance(fact, Applied)
    }
    return sorted(local | {day + one for day in local})


def _early(payment_id: UUID, reason: str, post_time: Any) -> Reversed:
    return Reversed(payment_id, payment_id, "", 0, 0, 0, reason, post_time)


def _insert(
    connection: Connection[tuple[Any, ...]], takings: Iterable[Taking], sequences: Mapping[UUID, int]
) -> None:
    rows = list(takings)
    connection.execute(
        _INSERT,
        (
            uuids(each.payment_id for each in rows),
            uuids(each.organisation_id for each in rows),
            uuids(each.stall_id for each in rows),
            text_array([each.kind.value for each in rows]),
            uuids(each.payable_id for each in rows),
            text_array([each.credit_id for each in rows]),
            integers(each.amount for each in rows),
            integers(each.sale_amount for each in rows),
            text_array([each.payer_account_last_four for each in rows]),
            text_array([each.bin for each in rows]),
            moments([each.bank_time for each in rows]),
            moments([each.arrive_time for each in rows]),
            moments([each.post_time for each in rows]),
            moments([each.book_date for each in rows]),
            booleans(each.is_late for each in rows),
            booleans(each.is_private for each in rows),
            moments([each.reverse_time for each in rows]),
            text_array([each.reverse_reason for each in rows]),
            integers(sequences[each.payment_id] for each in rows),
        ),
    )
