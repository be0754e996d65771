"""Recording what reconciliation decided: payments and reversals of a batch, the days they fall on, what phones hear."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Final

from sqlalchemy.orm import Session

from kit import clock
from services.pilots.domain.feeds import Arrival
from services.pilots.domain.sales import PROOF_DIGITS
from services.pilots.domain.takings import Applied, Change, Fact, Recording, Reversed, Step, record
from services.pilots.domain.telling import of_payment
from services.pilots.flows import events, feeds
from services.pilots.store import takings as store

_CHANCE_BYTES: Final = 8
_PROOFS_AT_ONCE: Final = 64


def record_payments(session: Session, facts: Sequence[Fact]) -> Recording:
    """Record facts in the order told; repeats have no effect, and no state of a sale refuses one."""
    now = clock.now()
    targets = store.find_targets(session, facts)
    if not targets:
        return Recording({}, {}, not_ours=len(facts))
    known = store.lock_known(session, facts, targets)
    recording = record(facts, known, now, Proofs().draw)
    if recording.steps or recording.early:
        told = events.add(session, [of_payment(step, now) for step in recording.steps])
        sequences = {
            step.taking.payment_id: sequence
            for step, sequence in zip(reversed(recording.steps), reversed(told), strict=True)
            if step.taking is not None
        }
        store.save(session, recording, known.places, sequences)
        _tell_of_feeds(session, recording)
    return recording


def _tell_of_feeds(session: Session, recording: Recording) -> None:
    """What these payments say of their banks' feeds and of their stalls: each payment is told once."""
    feeds.record(
        session,
        [arrival_of(step, step.fact) for step in recording.steps if isinstance(step.fact, Applied)],
    )
    # A sign of fraud is money that the stall was told of and that then was no more; not a clerk's or an owner's undo.
    feeds.record_reversals(
        session,
        [
            (step.fact.payment_id, step.place.stall_id)
            for step in recording.steps
            if step.change is Change.REVERSED
            and isinstance(step.fact, Reversed)
            and not step.fact.is_by_person
        ],
    )


def arrival_of(step: Step, fact: Applied) -> Arrival:
    """A payment as its bank's feed told it; one without the bank's time says nothing of the feed."""
    sale = step.sale
    return Arrival(
        bin=fact.bin if fact.bank_time is not None else "",
        bank_time=fact.bank_time or fact.arrive_time,
        arrive_time=fact.arrive_time,
        programme_id=step.place.programme_id,
        stall_id=step.place.stall_id,
        payment_id=fact.payment_id,
        amount=fact.amount,
        # What was still open when it came.
        sale_amount=max(sale.amount - (fact.total_applied - fact.amount), 0) if sale else 0,
    )


class Proofs:
    """Draws the three random digits that stand on both sides, once the first money of a sale came."""

    def __init__(self) -> None:
        self._bytes = memoryview(b"")

    def draw(self) -> str:
        """The next proof. The system is asked for chance once for many: a call for each would cost more than the sale."""
        if not self._bytes:
            self._bytes = memoryview(secrets.token_bytes(_CHANCE_BYTES * _PROOFS_AT_ONCE))
        chance, self._bytes = self._bytes[:_CHANCE_BYTES], self._bytes[_CHANCE_BYTES:]
        # Of 2^64 numbers, what is left over by a thousand favours none noticeably.
        return f"{int.from_bytes(chance) % 10**PROOF_DIGITS:0{PROOF_DIGITS}d}"
