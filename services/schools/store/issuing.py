"""Queries on issue jobs, on what they plan to bill, and on what stands on invoices already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from kit.arrays import integers, plain, text_array
from services.schools.domain.rounds import Bill
from services.schools.store import bulk

# A place of which nothing is told.
_STAYS: Final[tuple[None, None, None]] = (None, None, None)


def issued_items(session: Session, round_id: UUID) -> set[tuple[UUID, UUID]]:
    """(pupil, item) pairs of a round that stand on an invoice, or will without anybody's doing."""
    rows = session.execute(
        text(
            "SELECT pupil_id, fee_item_id FROM issued_item WHERE round_id = :round AND outcome <> 'refused'"
        ),
        {"round": round_id},
    )
    return {(row.pupil_id, row.fee_item_id) for row in rows}


def issued_pupils(session: Session, round_id: UUID) -> list[UUID]:
    """Pupils with an invoice of a round."""
    rows = session.execute(
        text("SELECT DISTINCT pupil_id FROM issued_item WHERE round_id = :round AND outcome = 'issued'"),
        {"round": round_id},
    )
    return [row.pupil_id for row in rows]


def invoices_of(session: Session, pupil_id: UUID) -> list[UUID]:
    """Invoices that a pupil has stood on."""
    rows = session.execute(
        text(
            "SELECT DISTINCT invoice_id FROM issued_item WHERE pupil_id = :pupil AND outcome = 'issued'"
            " ORDER BY invoice_id"
        ),
        {"pupil": pupil_id},
    )
    return [row.invoice_id for row in rows]


def start_job(
    session: Session, id: UUID, organisation_id: UUID, round_id: UUID, bills: int, now: datetime
) -> tuple[Row[Any], int]:
    """A new job of a round, or the running one with these bills added; and the place of the first of them."""
    job = session.execute(
        text(
            "INSERT INTO issue_job (id, organisation_id, round_id, state, total, issued, existing, refused, problems,"
            " start_time) VALUES (:id, :organisation, :round, 'waiting', :bills, 0, 0, 0, '{}', :now)"
            " ON CONFLICT (round_id) WHERE state IN ('waiting', 'running')"
            " DO UPDATE SET total = issue_job.total + excluded.total RETURNING *"
        ),
        {"id": id, "organisation": organisation_id, "round": round_id, "bills": bills, "now": now},
    ).one()
    place = session.execute(
        text("SELECT coalesce(max(place) + 1, 0) FROM issued_item WHERE job_id = :job"), {"job": job.id}
    ).scalar_one()
    return job, int(place)


def plan(session: Session, job: Row[Any], place: int, bills: Sequence[Bill]) -> None:
    """Write down what the job will bill, from `place` on; what an earlier job was refused is planned anew."""
    items: list[str] = []
    pupils: list[str] = []
    places: list[int] = []
    amounts: list[int] = []
    exempted: list[int] = []
    reasons: list[str] = []
    for number, bill in enumerate(bills, place):
        pupil = bill.pupil.id.hex
        for charge in bill.charges:
            items.append(charge.item.id.hex)
            pupils.append(pupil)
            places.append(number)
            amounts.append(charge.amount)
            exempted.append(charge.exempted)
            reasons.append(charge.reason)
    session.execute(
        text(
            "INSERT INTO issued_item (organisation_id, fee_item_id, pupil_id, round_id, outcome, job_id, place,"
            " reference, amount, exempted, exemption_reason)"
            " SELECT :organisation, item, pupil, :round, 'planned', :job, place, '', amount, exempted, reason"
            " FROM unnest(CAST(:items AS uuid[]), CAST(:pupils AS uuid[]), CAST(:places AS integer[]),"
            " CAST(:amounts AS bigint[]), CAST(:exempted AS bigint[]), CAST(:reasons AS text[]))"
            " AS r(item, pupil, place, amount, exempted, reason)"
            " ON CONFLICT (fee_item_id, pupil_id) DO UPDATE SET outcome = 'planned', job_id = excluded.job_id,"
            " place = excluded.place, amount = excluded.amount,"
            " exempted = excluded.exempted, exemption_reason = excluded.exemption_reason"
            " WHERE issued_item.outcome = 'refused'"
        ),
        {
            "organisation": job.organisation_id,
            "round": job.round_id,
            "job": job.id,
            "items": plain(items),
            "pupils": plain(pupils),
            "places": integers(places),
            "amounts": integers(amounts),
            "exempted": integers(exempted),
            "reasons": text_array(reasons),
        },
    )


def planned(
    session: Session, job_id: UUID, behind: int, bills: int
) -> Sequence[Row[int, UUID, UUID, int, int, str]]:
    """The next bills that a job planned, from place `behind` on, line by line.

    Each line is place, pupil, item, amount, exempted, reason of the exemption.
    """
    return session.execute(
        text(
            # Bills are settled in the order of their places, so none is planned before as many as are counted. Both
            # bounds stand in the index condition: a plan just written is unknown to the planner, and a join would
            # walk over all of it for every chunk.
            "WITH next AS MATERIALIZED (SELECT i.place FROM issued_item i WHERE i.job_id = :job"
            " AND i.outcome = 'planned'"
            " AND i.place >= (SELECT greatest(issued + existing + refused, :behind) FROM issue_job WHERE id = :job)"
            " ORDER BY i.place LIMIT 1)"
            " SELECT i.place, i.pupil_id, i.fee_item_id, i.amount, i.exempted, i.exemption_reason"
            " FROM issued_item i WHERE i.job_id = :job AND i.outcome = 'planned'"
            " AND i.place >= (SELECT place FROM next) AND i.place < (SELECT place + :bills FROM next) ORDER BY i.place"
        ),
        {"job": job_id, "behind": behind, "bills": bills},
    ).all()


def drop_planned(session: Session, job_id: UUID, pupils: Sequence[UUID]) -> None:
    """Take the bills of pupils who left school off a job."""
    session.execute(
        text(
            "WITH gone AS (DELETE FROM issued_item WHERE job_id = :job AND outcome = 'planned'"
            " AND pupil_id = ANY(:pupils) RETURNING place)"
            " UPDATE issue_job SET total = total - (SELECT count(DISTINCT place) FROM gone) WHERE id = :job"
        ),
        {"job": job_id, "pupils": list(pupils)},
    )


def settle(session: Session, job_id: UUID, rows: Mapping[int, tuple[str, UUID | None, str]]) -> set[int]:
    """Write what planned bills became: by place an outcome, invoice and reference. The places that were still planned."""
    # The places of a chunk lie close together: what each became is found by position, in arrays with gaps. The planner
    # knows nothing yet of a plan that was just written, and any join would be a guess.
    if not rows:
        return set()
    first, last = min(rows), max(rows)
    became = [rows.get(place, _STAYS) for place in range(first, last + 1)]
    updated = session.execute(
        text(
            "UPDATE issued_item SET outcome = (CAST(:outcomes AS text[]))[place - CAST(:first AS integer) + 1],"
            " invoice_id = (CAST(:invoices AS uuid[]))[place - CAST(:first AS integer) + 1],"
            " reference = (CAST(:references AS text[]))[place - CAST(:first AS integer) + 1]"
            " WHERE job_id = :job AND place BETWEEN :first AND :last AND outcome = 'planned'"
            " AND (CAST(:outcomes AS text[]))[place - CAST(:first AS integer) + 1] IS NOT NULL RETURNING place"
        ),
        {
            "job": job_id,
            "first": first,
            "last": last,
            "outcomes": text_array([outcome for outcome, _, _ in became]),
            "invoices": plain("" if invoice is None else invoice.hex for _, invoice, _ in became),
            "references": text_array([reference for _, _, reference in became]),
        },
    )
    return {place for (place,) in updated}


def withdrawn_among(session: Session, pupils: Sequence[UUID]) -> dict[UUID, str]:
    """Which of these pupils left school, and why."""
    rows = session.execute(
        text("SELECT id, withdraw_reason FROM pupil WHERE id = ANY(:ids) AND withdraw_date IS NOT NULL"),
        {"ids": list(pupils)},
    )
    return {row.id: row.withdraw_reason for row in rows}


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


def hold_job(session: Session, id: UUID, lease_until: datetime, problem: str = "") -> None:
    """Move the end of a lease, noting what went wrong; the first fifty problems are kept."""
    session.execute(
        text(
            "UPDATE issue_job SET lease_time = :lease, problems = CASE WHEN :problem = '' OR :problem = ANY(problems)"
            " THEN problems ELSE (problems || CAST(:problem AS text))[1:50] END WHERE id = :id AND state = 'running'"
        ),
        {"id": id, "lease": lease_until, "problem": problem},
    )


def advance_job(
    session: Session, id: UUID, *, issued: int, existing: int, refused: int, problems: Sequence[str]
) -> None:
    """Count a chunk; the first fifty problems are kept."""
    session.execute(
        text(
            "UPDATE issue_job SET issued = issued + :issued, existing = existing + :existing, refused = refused + :refused,"
            " problems = (problems || CAST(:problems AS text[]))[1:50] WHERE id = :id"
        ),
        {
            "id": id,
            "issued": issued,
            "existing": existing,
            "refused": refused,
            "problems": list(problems),
        },
    )


def end_job(session: Session, id: UUID, now: datetime) -> bool:
    """Close a job that has nothing planned; False if a release has just added to it."""
    # Two statements: the second must see what a release committed while the first waited for the job's row.
    session.execute(text("SELECT 1 FROM issue_job WHERE id = :id FOR UPDATE"), {"id": id})
    closed = session.execute(
        text(
            "UPDATE issue_job SET state = 'done', end_time = :now, lease_time = NULL WHERE id = :id AND NOT EXISTS"
            " (SELECT 1 FROM issued_item WHERE job_id = :id AND outcome = 'planned') RETURNING id"
        ),
        {"id": id, "now": now},
    )
    return closed.first() is not None


def wish_voids(session: Session, rows: Sequence[dict[str, Any]], now: datetime) -> None:
    """Write down invoices to be voided; a repeat is no news."""
    bulk.execute(
        session,
        "INSERT INTO void_wish (organisation_id, invoice_id, pupil_id, reason, create_time, problem)"
        " SELECT organisation, invoice, pupil, reason, :now, '' FROM {rows} ON CONFLICT DO NOTHING",
        "organisation uuid, invoice uuid, pupil uuid, reason text",
        rows,
        now=now,
    )


def open_voids(session: Session, limit: int) -> Sequence[Row[Any]]:
    """Invoices that are still to be voided, oldest first."""
    return session.execute(
        text("SELECT * FROM void_wish WHERE end_time IS NULL ORDER BY create_time, invoice_id LIMIT :limit"),
        {"limit": limit},
    ).all()


def end_void(session: Session, invoice_id: UUID, now: datetime, problem: str) -> None:
    """Note that an invoice is void, or why it cannot be."""
    session.execute(
        text("UPDATE void_wish SET end_time = :now, problem = :problem WHERE invoice_id = :id"),
        {"id": invoice_id, "now": now, "problem": problem},
    )


def voids_of(session: Session, pupil_id: UUID) -> tuple[int, list[str]]:
    """How many invoices of a withdrawn pupil wait to be voided, and why others still stand."""
    rows = session.execute(
        text(
            "SELECT end_time, problem FROM void_wish WHERE pupil_id = :pupil ORDER BY create_time, invoice_id"
        ),
        {"pupil": pupil_id},
    ).all()
    return sum(row.end_time is None for row in rows), [row.problem for row in rows if row.problem]
