"""Recording what reconciliation decided: payments and reversals of a batch, their receipts, the announcements."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from kit import clock
from services.invoices import publish
from services.invoices.domain.payments import Fact, Recording, record
from services.invoices.store import payments as store


def record_payments(session: Session, facts: Sequence[Fact]) -> Recording:
    """Record facts in the order told; repeats have no effect, and no state of an invoice refuses one."""
    now = clock.now()
    recording = record(facts, store.lock_known(session, facts), now)
    if recording.steps:
        # A receipt's year is that of its issue, in the city.
        steps = store.save(session, recording, clock.business_date(now).year)
        publish.payments_recorded(session, steps)
    return recording
