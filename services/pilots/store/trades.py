"""How stalls usually trade at an hour, and when each took money last; read by a job alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.pilots.domain.silence import USUAL_PAYMENTS, OpeningHours, Trade

_TRADES: Final = text(
    """
    WITH usual AS (
        SELECT stall_id, count(*) AS days FROM (
            SELECT h.stall_id, w.since FROM unnest(CAST(:since AS timestamptz[]), CAST(:until AS timestamptz[]))
                AS w (since, until)
            JOIN stall_hour h ON h.hour >= w.since AND h.hour < w.until
            GROUP BY h.stall_id, w.since HAVING sum(h.payments) >= :payments
        ) AS days GROUP BY stall_id
    ), last AS (
        SELECT stall_id, max(last_time) AS last_time FROM stall_hour WHERE hour >= :today GROUP BY stall_id
    )
    SELECT s.id, s.section_id, s.programme_id, coalesce(usual.days, 0) AS usual_days, last.last_time,
           coalesce(s.open_minute, p.open_minute) AS open_minute,
           coalesce(s.close_minute, p.close_minute) AS close_minute, p.start_date, p.end_date
    FROM stall s JOIN programme p ON p.id = s.programme_id
    LEFT JOIN usual ON usual.stall_id = s.id LEFT JOIN last ON last.stall_id = s.id
    WHERE s.state = 'active'
    """
)


def trades(session: Session, hours: Sequence[tuple[datetime, datetime]], today: datetime) -> list[Trade]:
    """Every active stall: on how many days it took enough in those hours, and when it took money last since `today`."""
    rows = session.execute(
        _TRADES,
        {
            "since": [since for since, _ in hours],
            "until": [until for _, until in hours],
            "payments": USUAL_PAYMENTS,
            "today": today,
        },
    )
    return [
        Trade(
            row.id,
            row.section_id,
            row.programme_id,
            row.usual_days,
            row.last_time,
            OpeningHours(row.open_minute, row.close_minute, row.start_date, row.end_date),
        )
        for row in rows
    ]
