"""Queries on issue jobs and on what stands on invoices already."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from services.schools.store import bulk


def issued_items(session: Session, round_id: UUID) -> set[tuple[UUID, UUID]]:
    """(pupil, item) pairs of a round that stand on an invoice."""
    rows = session.execute(
        text("SELECT pupil_id, fee_item_id FROM issued_item WHERE round_id = :round"), {"round": round_id}
    )
    return {(row.pupil_id, row.fee_item_id) for row in rows}


def issued_of(session: Session, round_id: UUID, pupils: Sequence[UUID]) -> dict[UUID, list[Row[Any]]]:
    """What stands on invoices, by pupil."""
    found: dict[UUID, list[Row[Any]]] = {}
    rows = session.execute(
        text("SELECT * FROM issued_item WHERE round_id = :round AND pupil_id = ANY(:pupils)"),
        {"round": round_id, "pupils": list(pupils)},
    )
    for row in rows:
        found.setdefault(row.pupil_id, []).append(row)
    return found


def add_issued(
    session: Session, organisation_id: UUID, round_id: UUID, rows: Sequence[dict[str, Any]]
) -> None:
    """Remember what stands on invoices now; a repeat is no news."""
    bulk.execute(
        session,
        "INSERT INTO issued_item (organisation_id, fee_item_id, pupil_id, round_id, invoice_id, reference, amount,"
        " exempted, exemption_reason)"
        " SELECT :organisation, item, pupil, :round, invoice, reference, amount, exempted, reason FROM {rows}"
        " ON CONFLICT (fee_item_id, pupil_id) DO NOTHING",
        "item uuid, pupil uuid, invoice uuid, reference text, amount bigint, exempted bigint, reason text",
        sorted(rows, key=lambda row: (str(row["item"]), str(row["pupil"]))),
        organisation=organisation_id,
        round=round_id,
    )


def open_invoices_of(session: Session, pupil_id: UUID) -> list[UUID]:
    """Invoices that a pupil has stood on."""
    rows = session.execute(
        text(
            "SELECT DISTINCT invoice_id FROM issued_item WHERE pupil_id = :pupil AND invoice_id IS NOT NULL"
            " ORDER BY invoice_id"
        ),
        {"pupil": pupil_id},
    )
    return [row.invoice_id for row in rows]


def start_job(
    session: Session, id: UUID, organisation_id: UUID, round_id: UUID, total: int, now: datetime
) -> Row[Any]:
    """A new job of a round, or the one that is running."""
    session.execute(
        text(
            "INSERT INTO issue_job (id, organisation_id, round_id, state, total, issued, existing, refused, problems,"
            " start_time) VALUES (:id, :organisation, :round, 'waiting', :total, 0, 0, 0, '{}', :now)"
            " ON CONFLICT (round_id) WHERE state IN ('waiting', 'running') DO NOTHING"
        ),
        {"id": id, "organisation": organisation_id, "round": round_id, "total": total, "now": now},
    )
    job = newest_job(session, round_id)
    assert job is not None
    return job


def newest_job(session: Session, round_id: UUID) -> Row[Any] | None:
    statement = text(
        "SELECT * FROM issue_job WHERE round_id = :round ORDER BY start_time DESC, id DESC LIMIT 1"
    )
    return session.execute(statement, {"round": round_id}).first()


def get_job(session: Session, id: UUID) -> Row[Any] | None:
    return session.execute(text("SELECT * FROM issue_job WHERE id = :id"), {"id": id}).first()


def claim_job(session: Session, now: datetime, lease_until: datetime) -> Row[Any] | None:
    """A job to work on: waiting, or left by a worker that went away; held until `lease_until`."""
    return session.execute(
        text(
            "UPDATE issue_job SET state = 'running', lease_time = :lease WHERE id = (SELECT id FROM issue_job"
            " WHERE state = 'waiting' OR (state = 'running' AND lease_time < :now)"
            " ORDER BY start_time LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING *"
        ),
        {"now": now, "lease": lease_until},
    ).first()


def advance_job(
    session: Session,
    id: UUID,
    *,
    issued: int,
    existing: int,
    refused: int,
    problems: Sequence[str],
    lease_until: datetime,
) -> None:
    """Count a chunk; the first problems are kept."""
    session.execute(
        text(
            "UPDATE issue_job SET issued = issued + :issued, existing = existing + :existing, refused = refused + :refused,"
            " problems = (problems || CAST(:problems AS text[]))[1:50], lease_time = :lease WHERE id = :id"
        ),
        {
            "id": id,
            "issued": issued,
            "existing": existing,
            "refused": refused,
            "problems": list(problems),
            "lease": lease_until,
        },
    )


def end_job(session: Session, id: UUID, now: datetime) -> None:
    session.execute(
        text("UPDATE issue_job SET state = 'done', end_time = :now, lease_time = NULL WHERE id = :id"),
        {"id": id, "now": now},
    )
