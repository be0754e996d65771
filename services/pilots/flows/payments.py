"""Recording what reconciliation decided: payments and reversals of a batch, the days they fall on, what phones hear."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from sqlalchemy.orm import Session

from kit import clock
from services.pilots.domain.sales import PROOF_DIGITS
from services.pilots.domain.takings import Fact, Recording, record
from services.pilots.domain.telling import of_payment
from services.pilots.flows import events
from services.pilots.store import takings as store


def record_payments(session: Session, facts: Sequence[Fact]) -> Recording:
    """Record facts in the order told; repeats have no effect, and no state of a sale refuses one."""
    now = clock.now()
    targets = store.find_targets(session, facts)
    if not targets:
        return Recording({}, {}, not_ours=len(facts))
    known = store.lock_known(session, facts, targets)
    recording = record(facts, known, now, draw_proof)
    if recording.steps or recording.early:
        told = events.add(session, [of_payment(step, now) for step in recording.steps])
        sequences = {
            step.taking.payment_id: sequence
            for step, sequence in zip(reversed(recording.steps), reversed(told), strict=True)
            if step.taking is not None
        }
        store.save(session, recording, known.places, sequences)
    return recording


def draw_proof() -> str:
    """Three random digits that stand on both sides, once the first money of a sale came."""
    return f"{secrets.randbelow(10**PROOF_DIGITS):0{PROOF_DIGITS}d}"
