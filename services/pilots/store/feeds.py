"""Credits by bank and minute, payments by stall and hour, and how each bank's feed does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, LiteralString
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from kit.arrays import integers, moments, text_array, uuids
from kit.db import cursor
from services.pilots.domain.feeds import Arrival, Health, Minute, bucket_of, delay_ms

_COUNT_CREDITS: Final[LiteralString] = """
    INSERT INTO feed_minute AS f
        (bin, minute, programme_id, bucket, credits, first_bank_time, last_arrive_time)
    SELECT * FROM unnest(%s::text[], %s::timestamptz[], %s::uuid[], %s::int[], %s::bigint[], %s::timestamptz[],
        %s::timestamptz[])
    ON CONFLICT (bin, minute, programme_id, bucket) DO UPDATE SET
        credits = f.credits + excluded.credits,
        first_bank_time = least(f.first_bank_time, excluded.first_bank_time),
        last_arrive_time = greatest(f.last_arrive_time, excluded.last_arrive_time)"""
_COUNT_PAYMENTS: Final[LiteralString] = """
    INSERT INTO stall_hour AS s (hour, stall_id, payments, last_time)
    SELECT * FROM unnest(%s::timestamptz[], %s::uuid[], %s::bigint[], %s::timestamptz[])
    ON CONFLICT (hour, stall_id) DO UPDATE SET
        payments = s.payments + excluded.payments, last_time = greatest(s.last_time, excluded.last_time)"""
# The newest rows of each bank by its key: a busy bank's hours are not read through.
_MINUTES: Final = text(
    """
    SELECT m.* FROM (
        SELECT bin FROM feed UNION SELECT bin FROM feed_minute WHERE minute > :recent
    ) AS banks CROSS JOIN LATERAL (
        SELECT bin, minute, bucket, credits, first_bank_time, last_arrive_time FROM feed_minute f
        WHERE f.bin = banks.bin AND f.minute > :since ORDER BY minute DESC LIMIT :most
    ) AS m
    """
)
_KNOWN: Final = text("SELECT bin, median_ms, last_arrive_time, late_since FROM feed ORDER BY bin")
# Rows of a bank that are looked at: each holds a credit at least, and twenty credits tell how it does.
_NEWEST: Final = 400
# One keeper of the feeds at a time: two would tell a run's beginning differently.
_LOCK: Final = text("SELECT pg_advisory_xact_lock(7300341)")
_SAVE: Final = text(
    """
    INSERT INTO feed (bin, median_ms, last_arrive_time, late_since, change_time)
    VALUES (:bin, :median_ms, :last_arrive_time, :late_since, :now)
    ON CONFLICT (bin) DO UPDATE SET median_ms = excluded.median_ms,
        last_arrive_time = excluded.last_arrive_time, late_since = excluded.late_since,
        change_time = excluded.change_time
    """
)


def count_credits(session: Session, arrivals: Sequence[Arrival]) -> None:
    """Add credits to their minutes; rows are locked in the order of their keys."""
    cells: dict[tuple[str, datetime, UUID, int], tuple[int, datetime, datetime]] = {}
    for each in arrivals:
        minute = each.arrive_time.astimezone(UTC).replace(second=0, microsecond=0)
        key = (each.bin, minute, each.programme_id, bucket_of(delay_ms(each.bank_time, each.arrive_time)))
        credits, first, last = cells.get(key, (0, each.bank_time, each.arrive_time))
        cells[key] = (credits + 1, min(first, each.bank_time), max(last, each.arrive_time))
    keys = sorted(cells)
    cursor(session).execute(
        _COUNT_CREDITS,
        (
            text_array([key[0] for key in keys]),
            moments(key[1] for key in keys),
            uuids(key[2] for key in keys),
            integers(key[3] for key in keys),
            integers(cells[key][0] for key in keys),
            moments(cells[key][1] for key in keys),
            moments(cells[key][2] for key in keys),
        ),
    )


def count_payments(session: Session, arrivals: Sequence[Arrival]) -> None:
    """Add payments to their stalls' hours; rows are locked in the order of their keys."""
    cells: dict[tuple[datetime, UUID], tuple[int, datetime]] = {}
    for each in arrivals:
        if each.stall_id is not None:
            hour = each.arrive_time.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
            payments, last = cells.get((hour, each.stall_id), (0, each.arrive_time))
            cells[hour, each.stall_id] = (payments + 1, max(last, each.arrive_time))
    keys = sorted(cells)
    cursor(session).execute(
        _COUNT_PAYMENTS,
        (
            moments(key[0] for key in keys),
            uuids(key[1] for key in keys),
            integers(cells[key][0] for key in keys),
            moments(cells[key][1] for key in keys),
        ),
    )


def minutes(session: Session, *, since: datetime, recent: datetime) -> dict[str, list[Minute]]:
    """The newest minutes of every bank that is known or told of money since `recent`, not before `since`."""
    found: dict[str, list[Minute]] = {}
    for row in session.execute(_MINUTES, {"since": since, "recent": recent, "most": _NEWEST}):
        minute = Minute(row.minute, row.bucket, row.credits, row.first_bank_time, row.last_arrive_time)
        found.setdefault(row.bin, []).append(minute)
    return found


def keep_alone(session: Session) -> None:
    """Wait until no other transaction reckons the feeds."""
    session.execute(_LOCK)


def known(session: Session) -> dict[str, Health]:
    """What was last reckoned of each bank."""
    return {
        row.bin: Health(row.median_ms, row.last_arrive_time, row.late_since)
        for row in session.execute(_KNOWN)
    }


def save(session: Session, feeds: Mapping[str, Health], now: datetime) -> None:
    """Store what was reckoned."""
    rows = [
        {
            "bin": bin_code,
            "median_ms": health.median_ms,
            "last_arrive_time": health.last_arrive_time,
            "late_since": health.late_since,
            "now": now,
        }
        for bin_code, health in sorted(feeds.items())
    ]
    if rows:
        session.execute(_SAVE, rows)


def forget_old(session: Session, *, minutes_before: datetime, hours_before: datetime) -> None:
    """Delete minutes and hours that nothing is reckoned from any more."""
    session.execute(text("DELETE FROM feed_minute WHERE minute < :before"), {"before": minutes_before})
    session.execute(text("DELETE FROM stall_hour WHERE hour < :before"), {"before": hours_before})
