"""Signs that somebody tries a stall, by the payment that gave each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.pilots.domain.risks import Signs

_NOTE: Final = text(
    """
    INSERT INTO stall_sign (payment_id, kind, stall_id, sign_time)
    SELECT payment_id, :kind, stall_id, :now
    FROM unnest(CAST(:payments AS uuid[]), CAST(:stalls AS uuid[])) AS told (payment_id, stall_id)
    ON CONFLICT DO NOTHING
    """
)
# Only what came after the last alarm of the kind: what somebody has looked at is not told again.
_SIGNS: Final = text(
    """
    SELECT s.stall_id, stall.programme_id,
           count(*) FILTER (WHERE s.kind = 'reversed') AS reversed,
           count(*) FILTER (WHERE s.kind = 'near_miss') AS near_misses
    FROM stall_sign s
    JOIN stall ON stall.id = s.stall_id
    LEFT JOIN LATERAL (
        SELECT max(greatest(a.change_time, a.close_time)) AS look_time FROM alarm a
        WHERE a.kind = 'risk' AND a.object = CAST(s.stall_id AS text)
    ) told ON true
    WHERE s.sign_time > :since AND s.sign_time > coalesce(told.look_time, '-infinity')
    GROUP BY s.stall_id, stall.programme_id ORDER BY s.stall_id
    """
)


def note(session: Session, kind: str, signs: Sequence[tuple[UUID, UUID]], now: datetime) -> None:
    """Store signs given as (payment id, stall id); a repeat changes nothing."""
    ordered = sorted(signs)
    session.execute(
        _NOTE,
        {
            "kind": kind,
            "payments": [payment for payment, _ in ordered],
            "stalls": [stall for _, stall in ordered],
            "now": now,
        },
    )


def signs(session: Session, since: datetime) -> list[Signs]:
    """What was counted at each stall since a moment, without what an alarm has told already."""
    return [
        Signs(row.stall_id, row.programme_id, row.reversed, row.near_misses)
        for row in session.execute(_SIGNS, {"since": since})
    ]


def forget_old(session: Session, before: datetime) -> None:
    """Delete signs from before a moment."""
    session.execute(text("DELETE FROM stall_sign WHERE sign_time < :before"), {"before": before})
