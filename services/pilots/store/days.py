"""The days of stalls: sums that are written whole, under the lock of their stall."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, LiteralString
from uuid import UUID

from psycopg import Connection
from sqlalchemy.orm import Session

from kit.arrays import integers, moments, uuids
from kit.db import cursor
from services.pilots.domain.days import Day
from services.pilots.domain.takings import DayKey, Place

_SUMS: Final[LiteralString] = """
    transfer_count, transfer_sum, cash_count, cash_sum, private_count, private_sum, late_count, late_sum"""
COLUMNS: Final[LiteralString] = "stall_id, book_date, " + _SUMS + ", close_time"
D_COLUMNS: Final[LiteralString] = """
    d.stall_id, d.book_date, d.transfer_count, d.transfer_sum, d.cash_count, d.cash_sum, d.private_count,
    d.private_sum, d.late_count, d.late_sum, d.close_time"""
_READ: Final[LiteralString] = "SELECT " + COLUMNS + " FROM stall_day WHERE stall_id = %s AND book_date = %s"
_SAVE: Final[LiteralString] = (
    "INSERT INTO stall_day AS d (stall_id, book_date, organisation_id, programme_id, section_id, "
    + _SUMS
    + """)
    SELECT * FROM unnest(%s::uuid[], %s::date[], %s::uuid[], %s::uuid[], %s::uuid[], %s::bigint[], %s::bigint[],
        %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[])
    ON CONFLICT (stall_id, book_date) DO UPDATE SET
        transfer_count = EXCLUDED.transfer_count, transfer_sum = EXCLUDED.transfer_sum,
        cash_count = EXCLUDED.cash_count, cash_sum = EXCLUDED.cash_sum,
        private_count = EXCLUDED.private_count, private_sum = EXCLUDED.private_sum,
        late_count = EXCLUDED.late_count, late_sum = EXCLUDED.late_sum"""
)
_CLOSE: Final[LiteralString] = """
    UPDATE stall_day d SET close_time = %s, close_subject = %s
    FROM unnest(%s::uuid[], %s::date[]) AS n(stall_id, book_date)
    WHERE d.stall_id = n.stall_id AND d.book_date = n.book_date AND d.close_time IS NULL"""
# A day that nobody closed is closed a day after its cut-off.
_FORGOTTEN: Final[LiteralString] = """
    SELECT d.stall_id, d.book_date FROM stall_day d JOIN programme p ON p.id = d.programme_id
    WHERE d.book_date < %(today)s AND d.close_time IS NULL
      AND (d.book_date + p.cut_off_minute * interval '1 minute') AT TIME ZONE 'Asia/Ho_Chi_Minh'
          <= %(now)s::timestamptz - interval '1 day'
    ORDER BY d.stall_id, d.book_date LIMIT %(limit)s"""
_LOCK: Final[LiteralString] = "SELECT id FROM stall WHERE id = ANY(%s::uuid[]) ORDER BY id FOR NO KEY UPDATE"
_LIST: Final[LiteralString] = """
    SELECT 'taking' AS origin, payment_id AS id, kind, amount, bank_time, post_time, payer_account_last_four,
           CASE WHEN kind = 'sale' THEN payable_id END AS sale_id, sale_amount, is_late, is_private,
           reverse_time IS NOT NULL AS is_reversed, sequence, book_date
    FROM taking WHERE stall_id = %(stall_id)s AND book_date = %(day)s AND sequence < %(before)s
    UNION ALL
    SELECT 'cash', id, 'cash', amount, NULL, create_time, '', sale_id, NULL, false, false,
           cancel_time IS NOT NULL, sequence, book_date
    FROM cash_entry WHERE stall_id = %(stall_id)s AND book_date = %(day)s AND sequence < %(before)s
    ORDER BY sequence DESC LIMIT %(limit)s"""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a stall's list: a transfer or cash."""

    id: UUID
    kind: str
    amount: int
    bank_time: datetime | None
    post_time: datetime
    payer_account_last_four: str
    sale_id: UUID | None
    sale_amount: int | None
    is_late: bool
    is_private: bool
    is_reversed: bool
    sequence: int
    book_date: date


def read(session: Session, stall_id: UUID, day: date) -> Day:
    """A stall's day; one on which nothing happened has empty sums."""
    row = cursor(session).execute(_READ, (stall_id, day)).fetchone()
    return Day(*row[2:]) if row is not None else Day()


def save(
    connection: Connection[tuple[Any, ...]], days: Mapping[DayKey, Day], places: Mapping[UUID, Place]
) -> None:
    """Store the sums of days, never their close; a new day remembers where its stall is counted."""
    rows = sorted(days.items(), key=lambda item: (item[0][0].int, item[0][1]))
    at = [places[key[0]] for key, _ in rows]
    connection.execute(
        _SAVE,
        (
            uuids(key[0] for key, _ in rows),
            moments([key[1] for key, _ in rows]),
            uuids(place.organisation_id for place in at),
            uuids(place.programme_id for place in at),
            uuids(place.section_id for place in at),
            integers(day.transfer_count for _, day in rows),
            integers(day.transfer_sum for _, day in rows),
            integers(day.cash_count for _, day in rows),
            integers(day.cash_sum for _, day in rows),
            integers(day.private_count for _, day in rows),
            integers(day.private_sum for _, day in rows),
            integers(day.late_count for _, day in rows),
            integers(day.late_sum for _, day in rows),
        ),
    )


def close(session: Session, keys: Sequence[DayKey], subject: str, now: datetime) -> None:
    """Close days that are open."""
    cursor(session).execute(
        _CLOSE, (now, subject, uuids(key[0] for key in keys), moments([key[1] for key in keys]))
    )


def lock_forgotten(session: Session, today: date, now: datetime, limit: int) -> list[DayKey]:
    """Days that should long be closed, with their stalls locked."""
    values = {"today": today, "now": now, "limit": limit}
    found: list[DayKey] = [(row[0], row[1]) for row in cursor(session).execute(_FORGOTTEN, values)]
    stalls = sorted({key[0] for key in found}, key=lambda id: id.int)
    cursor(session).execute(_LOCK, (uuids(stalls),))
    return found


def entries(session: Session, stall_id: UUID, day: date, before: int, limit: int) -> list[Entry]:
    """The list of a day, newest first, below a sequence."""
    values = {"stall_id": stall_id, "day": day, "before": before, "limit": limit}
    return [Entry(*row[1:]) for row in cursor(session).execute(_LIST, values)]
