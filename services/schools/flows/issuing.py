"""Issuing a round: a plan written at release, worked off in chunks; a worker may end anywhere and another goes on.

The plan is what a person saw and released. It is written before invoices are asked, so neither a crash nor a change
made meanwhile can bill an item twice or otherwise than it was released.
"""

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
from services.schools.domain.rounds import Bill, Charge, Round
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
    job, place = issuing.start_job(
        session, ids.new(), value.organisation_id, id, len(seen.bills), clock.now()
    )
    sources = [(number, bill, bill.source_id(id)) for number, bill in enumerate(seen.bills, place)]
    issuing.plan(
        session,
        job,
        [
            {
                "item": charge.item.id,
                "pupil": bill.pupil.id,
                "place": number,
                "source": source,
                "amount": charge.amount,
                "exempted": charge.exempted,
                "reason": charge.reason,
            }
            for number, bill, source in sources
            for charge in bill.charges
        ],
    )
    return job


def claim(session: Session) -> Row[Any] | None:
    """A job to work on, held for a minute."""
    now = clock.now()
    return issuing.claim_job(session, now, now + LEASE)


def next_bills(session: Session, job: Row[Any]) -> tuple[Round, dict[int, Bill]]:
    """The next bills of a job by their place, as planned; none if all is done. Pupils who left are taken off."""
    value = rounds.get(session, job.round_id)
    issuing.hold_job(session, job.id, clock.now() + LEASE)
    items = {item.id: item for item in value.items}
    while rows := issuing.planned(session, job.id, CHUNK):
        wanted = {row.pupil_id for row in rows}
        pupils = {pupil.id: pupil for pupil in round_store.round_pupils(session, value, list(wanted))}
        if gone := wanted - pupils.keys():
            issuing.drop_planned(session, job.id, sorted(gone))
            continue
        charges: dict[int, list[Charge]] = {}
        owners = {row.place: pupils[row.pupil_id] for row in rows}
        for row in rows:
            charge = Charge(
                items[row.fee_item_id], row.amount + row.exempted, row.exempted, row.exemption_reason
            )
            charges.setdefault(row.place, []).append(charge)
        return value, {
            place: Bill(owners[place], group[0].item.account, tuple(group))
            for place, group in charges.items()
        }
    return value, {}


def record(
    session: Session,
    job: Row[Any],
    bills: dict[int, Bill],
    outcomes: Sequence[tuple[str, str, str, str]],
) -> None:
    """Remember what a chunk became; each outcome is (issued, exists or refused; invoice id; reference; problem)."""
    became = dict(zip(bills, outcomes, strict=True))
    settled = issuing.settle(
        session,
        job.id,
        [
            {
                "place": place,
                "outcome": "refused" if kind == "refused" else "issued",
                "invoice": invoice_id or None,
                "reference": reference,
            }
            for place, (kind, invoice_id, reference, _) in became.items()
        ],
    )
    counts = {"issued": 0, "exists": 0, "refused": 0}
    problems = []
    for place in sorted(settled):
        kind, _, _, problem = became[place]
        counts[kind] += 1
        if kind == "refused":
            pupil = bills[place].pupil
            problems.append(f"{pupil.full_name} ({pupil.class_name}): {problem}")
    issuing.advance_job(
        session,
        job.id,
        issued=counts["issued"],
        existing=counts["exists"],
        refused=counts["refused"],
        problems=problems,
    )
    _void_of_withdrawn(session, job, bills, became)


def _void_of_withdrawn(
    session: Session, job: Row[Any], bills: dict[int, Bill], became: dict[int, tuple[str, str, str, str]]
) -> None:
    """A pupil may have left while the chunk was on its way: those invoices are voided like the earlier ones."""
    gone = issuing.withdrawn_among(session, [bill.pupil.id for bill in bills.values()])
    issuing.wish_voids(
        session,
        [
            {
                "organisation": job.organisation_id,
                "invoice": became[place][1],
                "pupil": bill.pupil.id,
                "reason": gone[bill.pupil.id],
            }
            for place, bill in bills.items()
            if bill.pupil.id in gone and became[place][1]
        ],
        clock.now(),
    )


def let_go(session: Session, job_id: UUID, wait: timedelta, problem: str = "") -> None:
    """Give a job back, to be taken up again after `wait`."""
    issuing.hold_job(session, job_id, clock.now() + wait, problem)


def end(session: Session, job_id: UUID) -> bool:
    """Close a job; False if a release has just added to it."""
    return issuing.end_job(session, job_id, clock.now())


def notice_id(round_id: UUID, pupil_id: UUID) -> str:
    """The notice of a pupil in a round: the same whoever asks."""
    return str(uuid5(round_id, str(pupil_id)))
