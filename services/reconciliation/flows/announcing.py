"""Announce again all that the tables know: after a log was lost. Who knows a fact already drops it by its event id."""

from __future__ import annotations

from sqlalchemy.orm import Session

from kit import clock, outbox
from services.reconciliation import publish
from services.reconciliation.store import facts

PAGE = 500


def announce_payments(session: Session, after: str) -> str:
    """Announce a page of payables' payments and reversals after a payable; the last payable, or empty at the end."""
    ids = facts.payables_after(session, after, PAGE)
    if ids:
        outbox.add(session, publish.events_of_facts(facts.facts_of(session, ids)))
    return ids[-1] if len(ids) == PAGE else ""


def announce_credits(session: Session, after: str) -> str:
    """Announce a page of snapshots of credits after a credit; the last credit, or empty at the end."""
    credits = facts.open_credits_after(session, after, PAGE)
    now = clock.now()
    outbox.add(session, [publish.credit_changed(credit, now) for credit in credits])
    return credits[-1].id if len(credits) == PAGE else ""
