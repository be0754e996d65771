"""Alarms: one open one of a kind and object."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from kit import ids
from services.pilots.domain.alarms import BY_ITSELF, KEPT_REPORTS, Alarm, Kind, Occasion

_VALUES: Final = """
    INSERT INTO alarm AS a (id, kind, object, programme_id, stall_id, detail, count, create_time, change_time)
    VALUES (:id, :kind, :object, :programme_id, :stall_id, CAST(:detail AS jsonb), 1, :now, :now)
    ON CONFLICT (kind, object) WHERE close_time IS NULL
"""
# An alarm that comes again keeps its beginning and takes the newest detail; of reports the newest few stay.
_COUNT_UP: Final = text(
    _VALUES
    + """
    DO UPDATE SET count = a.count + 1, change_time = excluded.change_time,
        detail = CASE WHEN a.kind = 'reported' THEN jsonb_build_object('reports', (
            SELECT coalesce(jsonb_agg(report ORDER BY place), '[]') FROM jsonb_array_elements(
                (excluded.detail -> 'reports') || (a.detail -> 'reports')
            ) WITH ORDINALITY AS each (report, place) WHERE place <= :kept
        )) ELSE excluded.detail END
    RETURNING id
    """
)
_RAISE_ONCE: Final = text(_VALUES + "DO NOTHING")
_FIELDS: Final = """
    a.id, a.kind, a.object, a.programme_id, a.stall_id, a.detail, a.count AS times, a.create_time, a.change_time,
    a.close_time, a.close_person_name, a.close_note, coalesce(p.name, '') AS programme_name,
    coalesce(s.number, '') AS stall_number, coalesce(s.name, '') AS stall_name
    FROM alarm a LEFT JOIN programme p ON p.id = a.programme_id LEFT JOIN stall s ON s.id = a.stall_id
"""
_LIST: Final = text(
    f"""
    SELECT {_FIELDS}
    WHERE (CAST(:programme_id AS uuid) IS NULL OR a.programme_id = :programme_id)
      AND (a.close_time IS NULL OR (:with_closed AND a.close_time > :since))
    ORDER BY a.close_time IS NOT NULL, a.change_time DESC, a.id LIMIT :most
    """
)
_ONE: Final = text(f"SELECT {_FIELDS} WHERE a.id = :id FOR UPDATE OF a")
_CLOSE: Final = text(
    """
    UPDATE alarm SET close_time = :now, close_subject = :subject, close_person_name = :person_name,
           close_note = :note
    WHERE id = :id
    """
)
_CLOSE_ENDED: Final = text(
    """
    UPDATE alarm SET close_time = :now, close_subject = :subject, close_note = :note
    WHERE kind = :kind AND close_time IS NULL AND NOT object = ANY(CAST(:still AS text[]))
    RETURNING object
    """
)
_RAISED: Final = text(
    "SELECT object, max(create_time) AS create_time FROM alarm WHERE kind = :kind AND create_time > :since"
    " GROUP BY object"
)
_OPEN: Final = text("SELECT kind, count(*) AS alarms FROM alarm WHERE close_time IS NULL GROUP BY kind")


def _row(occasion: Occasion, now: datetime) -> dict[str, object]:
    return {
        "id": ids.new(),
        "kind": occasion.kind.value,
        "object": occasion.object,
        "programme_id": occasion.programme_id,
        "stall_id": occasion.stall_id,
        "detail": json.dumps(dict(occasion.detail), ensure_ascii=False),
        "now": now,
    }


def raise_alarm(session: Session, occasion: Occasion, now: datetime) -> UUID:
    """Raise an alarm, or count the open one up; its id."""
    found: UUID = session.execute(_COUNT_UP, {**_row(occasion, now), "kept": KEPT_REPORTS}).scalar_one()
    return found


def raise_once(session: Session, occasions: Sequence[Occasion], now: datetime) -> None:
    """Raise alarms that are not open yet; an open one stays as it is."""
    if occasions:
        ordered = sorted(occasions, key=lambda occasion: occasion.object)
        session.execute(_RAISE_ONCE, [_row(occasion, now) for occasion in ordered])


def find(
    session: Session, *, programme_id: UUID | None, with_closed: bool, closed_since: datetime, most: int
) -> list[Alarm]:
    """Open alarms, the one that changed last first; then those closed since a moment."""
    rows = session.execute(
        _LIST,
        {"programme_id": programme_id, "with_closed": with_closed, "since": closed_since, "most": most},
    )
    return [_alarm(row) for row in rows]


def lock(session: Session, id: UUID) -> Alarm | None:
    """One alarm, held until the transaction ends; None for an unknown one."""
    row = session.execute(_ONE, {"id": id}).first()
    return None if row is None else _alarm(row)


def close(session: Session, id: UUID, *, subject: str, person_name: str, note: str, now: datetime) -> None:
    """Close an alarm by a person's word."""
    session.execute(
        _CLOSE, {"id": id, "subject": subject, "person_name": person_name, "note": note, "now": now}
    )


def close_ended(session: Session, kind: Kind, still: Collection[str], note: str, now: datetime) -> list[str]:
    """Close the open alarms of a kind whose object is not among those for which it still holds; their objects."""
    rows = session.execute(
        _CLOSE_ENDED,
        {"kind": kind.value, "still": list(still), "subject": BY_ITSELF, "note": note, "now": now},
    )
    return [row.object for row in rows]


def raised_since(session: Session, kind: Kind, since: datetime) -> dict[str, datetime]:
    """When an alarm of a kind was last raised for each object, open or closed."""
    rows = session.execute(_RAISED, {"kind": kind.value, "since": since})
    return {row.object: row.create_time for row in rows}


def open_by_kind(session: Session) -> dict[Kind, int]:
    """How many alarms of each kind are open."""
    found = dict.fromkeys(Kind, 0)
    found.update({Kind(row.kind): row.alarms for row in session.execute(_OPEN)})
    return found


def _alarm(row: Row[Any]) -> Alarm:
    return Alarm(
        id=row.id,
        kind=Kind(row.kind),
        object=row.object,
        programme_id=row.programme_id,
        programme_name=row.programme_name,
        stall_id=row.stall_id,
        stall_number=row.stall_number,
        stall_name=row.stall_name,
        detail=row.detail,
        count=row.times,
        create_time=row.create_time,
        change_time=row.change_time,
        close_time=row.close_time,
        close_person_name=row.close_person_name,
        close_note=row.close_note,
    )
