"""Issuing a round: a job in chunks that can end anywhere and go on elsewhere without billing anybody twice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID, uuid5

from sqlalchemy import Row
from sqlalchemy.orm import Session

from kit import audit, clock, ids
from kit.auth import Subject
from services.schools.domain.errors import NothingToIssue, PreviewOutdated
from services.schools.domain.rounds import Bill, Round
from services.schools.flows import rounds
from services.schools.store import issuing
from services.schools.store import rounds as round_store

CHUNK: Final = 500
LEASE: Final = timedelta(seconds=60)


def release(session: Session, subject: Subject, id: UUID, *, pupils: int, amount: int) -> Row[Any]:
    """Start the job of a round whose totals are those that the person saw. Raises PreviewOutdated, NothingToIssue."""
    value = rounds.get(session, id, lock=True)
    seen = rounds.preview(session, value)
    if (seen.pupils, seen.amount) != (pupils, amount):
        raise PreviewOutdated(pupils=seen.pupils, amount=seen.amount)
    if not seen.bills:
        raise NothingToIssue()
    round_store.release(session, id, clock.now())
    audit.record(
        session,
        subject=subject.label,
        action="round.release",
        object=f"round:{id}",
        organisation_id=value.organisation_id,
        detail={"pupils": pupils, "amount": amount, "invoices": len(seen.bills)},
    )
    return issuing.start_job(session, ids.new(), value.organisation_id, id, len(seen.bills), clock.now())


def claim(session: Session) -> Row[Any] | None:
    """A job to work on, held for a minute."""
    now = clock.now()
    return issuing.claim_job(session, now, now + LEASE)


def next_bills(session: Session, round_id: UUID) -> tuple[Round, list[Bill]]:
    """The bills of a round that are still to be issued."""
    value = rounds.get(session, round_id)
    return value, rounds.preview(session, value).bills


def record(
    session: Session, job: Row[Any], bills: Sequence[Bill], outcomes: Sequence[tuple[str, str, str, str]]
) -> None:
    """Remember what a chunk became; each outcome is (kind, invoice id, reference, problem)."""
    rows, problems = [], []
    counts = {"issued": 0, "exists": 0, "refused": 0}
    for bill, (kind, invoice_id, reference, problem) in zip(bills, outcomes, strict=True):
        counts[kind] += 1
        if problem:
            problems.append(f"{bill.pupil.full_name} ({bill.pupil.class_name}): {problem}")
        rows += [
            {
                "item": charge.item.id,
                "pupil": bill.pupil.id,
                "invoice": invoice_id or None,
                "reference": reference,
                "amount": charge.amount,
                "exempted": charge.exempted,
                "reason": charge.reason,
            }
            for charge in bill.charges
        ]
    issuing.add_issued(session, job.organisation_id, job.round_id, rows)
    issuing.advance_job(
        session,
        job.id,
        issued=counts["issued"],
        existing=counts["exists"],
        refused=counts["refused"],
        problems=problems,
        lease_until=clock.now() + LEASE,
    )


def end(session: Session, job_id: UUID) -> None:
    """Close a job."""
    issuing.end_job(session, job_id, clock.now())


def notice_id(round_id: UUID, pupil_id: UUID) -> str:
    """The notice of a pupil in a round: the same whoever asks."""
    return str(uuid5(round_id, str(pupil_id)))
