"""Programmes and stalls for the market board. Nothing in here reads what a stall takes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.pilots.domain.boards import BoardStall, Summary

# Old boards are to be taken away until the one in use was found to be right.
_TO_TAKE_AWAY: Final = """
    SELECT f.stall_id, f.issue_number, f.flag_reason FROM stand f
    JOIN stall s ON s.id = f.stall_id
    LEFT JOIN stand d ON d.stall_id = f.stall_id AND d.state = 'in_use'
    WHERE f.state = 'flagged' AND d.check_time IS NULL
      AND (s.state <> 'withdrawn' OR s.change_time > :withdrawn_since)
"""
_SUMMARIES: Final = text(
    f"""
    WITH away AS (
        SELECT s.programme_id, count(*) AS flagged
        FROM ({_TO_TAKE_AWAY}) a JOIN stall s ON s.id = a.stall_id GROUP BY s.programme_id
    ), stalls AS (
        SELECT s.programme_id, count(*) AS stalls, count(d.stall_id) AS with_stand,
               count(*) FILTER (WHERE d.check_time >= :today) AS checked_today
        FROM stall s LEFT JOIN stand d ON d.stall_id = s.id AND d.state = 'in_use'
        WHERE s.state <> 'withdrawn' GROUP BY s.programme_id
    ), alarms AS (
        SELECT programme_id, count(*) AS open_alarms FROM alarm
        WHERE close_time IS NULL AND programme_id IS NOT NULL GROUP BY programme_id
    )
    SELECT p.id, p.code, p.name, p.kind, coalesce(s.stalls, 0) AS stalls, coalesce(s.with_stand, 0) AS with_stand,
           coalesce(s.checked_today, 0) AS checked_today, coalesce(away.flagged, 0) AS flagged,
           coalesce(alarms.open_alarms, 0) AS open_alarms
    FROM programme p LEFT JOIN stalls s ON s.programme_id = p.id LEFT JOIN away ON away.programme_id = p.id
    LEFT JOIN alarms ON alarms.programme_id = p.id
    WHERE :programme = '' OR CAST(p.id AS text) = :programme OR p.code = :programme
    ORDER BY p.start_date, p.code
    """
)
# The page first, then what belongs to each of its stalls: by keys, however many stalls there are.
_STALLS: Final = text(
    """
    WITH page AS MATERIALIZED (
        SELECT s.* FROM stall s
        WHERE s.programme_id = :programme_id
          AND (s.state <> 'withdrawn' OR (s.change_time > :withdrawn_since AND EXISTS (
              SELECT 1 FROM stand f WHERE f.stall_id = s.id AND f.state = 'flagged')))
          AND (CAST(:key AS text) IS NULL OR (s.number_key, s.id) > (:key COLLATE "C", CAST(:id AS uuid)))
        ORDER BY s.number_key, s.id LIMIT :most
    ), alarms AS MATERIALIZED (
        SELECT stall_id, count(*) AS open_alarms FROM alarm
        WHERE close_time IS NULL AND programme_id = :programme_id AND stall_id IS NOT NULL GROUP BY stall_id
    )
    SELECT s.id, s.number, s.number_key, s.name, s.goods, s.reference, s.state, c.name AS section_name,
           coalesce(d.issue_number, 0) AS issue_number, d.check_time,
           coalesce(alarms.open_alarms, 0) AS open_alarms, away.flagged
    FROM page s JOIN section c ON c.id = s.section_id
    LEFT JOIN LATERAL (
        SELECT issue_number, check_time FROM stand WHERE stall_id = s.id AND state = 'in_use'
    ) d ON true
    LEFT JOIN LATERAL (
        SELECT coalesce(jsonb_agg(jsonb_build_array(f.issue_number, f.flag_reason) ORDER BY f.issue_number), '[]')
            AS flagged
        FROM stand f WHERE f.stall_id = s.id AND f.state = 'flagged' AND d.check_time IS NULL
    ) away ON true
    LEFT JOIN alarms ON alarms.stall_id = s.id
    ORDER BY s.number_key, s.id
    """
)


def summaries(
    session: Session, *, programme: str, today: datetime, withdrawn_since: datetime
) -> list[Summary]:
    """Every programme in numbers, or the one with this id or code. `today`: when the city's day began."""
    rows = session.execute(
        _SUMMARIES, {"programme": programme, "today": today, "withdrawn_since": withdrawn_since}
    )
    return [
        Summary(
            programme_id=row.id,
            code=row.code,
            name=row.name,
            kind=row.kind,
            stalls=row.stalls,
            with_stand=row.with_stand,
            checked_today=row.checked_today,
            flagged=row.flagged,
            open_alarms=row.open_alarms,
        )
        for row in rows
    ]


def stalls(
    session: Session,
    programme_id: UUID,
    *,
    after: Sequence[Any] | None,
    most: int,
    withdrawn_since: datetime,
) -> list[BoardStall]:
    """Stalls of a programme in the order of their numbers, behind a place (number key, id)."""
    rows = session.execute(
        _STALLS,
        {
            "programme_id": programme_id,
            "key": after[0] if after else None,
            "id": after[1] if after else None,
            "most": most,
            "withdrawn_since": withdrawn_since,
        },
    )
    return [
        BoardStall(
            id=row.id,
            number=row.number,
            number_key=row.number_key,
            name=row.name,
            goods=row.goods,
            section_name=row.section_name,
            reference=row.reference,
            state=row.state,
            issue_number=row.issue_number,
            check_time=row.check_time,
            open_alarms=row.open_alarms,
            flagged=tuple((int(number), str(reason)) for number, reason in row.flagged),
        )
        for row in rows
    ]
