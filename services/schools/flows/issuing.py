"""Issuing a round: a plan written at release, worked off in chunks; a worker may end anywhere and another goes on.

The plan is what a person saw and released. It is written before invoices are asked, so neither a crash nor a change
made meanwhile can bill an item twice or otherwise than it was released.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from operator import itemgetter
from typing import Any, Final
from uuid import UUID, uuid5

from sqlalchemy import Row
from sqlalchemy.orm import Session

from kit import audit, clock, ids
from kit.auth import Subject
from services.schools.domain.errors import NothingToIssue, PreviewOutdated
from services.schools.domain.rounds import Bill, Charge, Round, RoundPupil
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
    issuing.plan(session, job, place, seen.bills)
    return job


def claim(session: Session) -> Row[Any] | None:
    """A job to work on, held for a minute."""
    now = clock.now()
    return issuing.claim_job(session, now, now + LEASE)


def next_bills(session: Session, job: Row[Any], behind: int = 0) -> tuple[Round, dict[int, Bill]]:
    """The next bills of a job by their place, as planned; none if all is done. Pupils who left are taken off.

    Places before `behind` are on their way.
    """
    value = rounds.get(session, job.round_id)
    issuing.hold_job(session, job.id, clock.now() + LEASE)
    items = {item.id: (order, item) for order, item in enumerate(value.items)}
    while rows := issuing.planned(session, job.id, behind, CHUNK):
        wanted = {row[1] for row in rows}
        pupils = {pupil.id: pupil for pupil in round_store.round_pupils(session, value, list(wanted))}
        if gone := wanted - pupils.keys():
            issuing.drop_planned(session, job.id, sorted(gone))
            continue
        # By place the pupil and its charges, these in the order of the items whatever order the rows come in.
        found: dict[int, tuple[RoundPupil, list[tuple[int, Charge]]]] = {}
        for place, pupil_id, item_id, amount, exempted, reason in rows:
            order, item = items[item_id]
            if place not in found:
                found[place] = (pupils[pupil_id], [])
            found[place][1].append((order, Charge(item, amount + exempted, exempted, reason)))
        bills = {}
        for place, (pupil, charges) in found.items():
            charges.sort(key=_order)
            bills[place] = Bill(pupil, charges[0][1].item.account, tuple([charge for _, charge in charges]))
        return value, bills
    return value, {}


_order: Final = itemgetter(0)


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
        {
            place: (
                "refused" if kind == "refused" else "issued",
                UUID(invoice) if invoice else None,
                reference,
            )
            for place, (kind, invoice, reference, _) in became.items()
        },
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
