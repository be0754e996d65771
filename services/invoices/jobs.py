"""Work that comes round: sealing receipts, forgetting what is no longer needed. Overdue is derived, so nothing waits for a clock."""

from __future__ import annotations

from datetime import timedelta

from kit import clock, idempotency, inbox
from kit.db import Database
from services.invoices.flows.seals import seal_chunk
from services.invoices.store import bills

# Inbox rows are the quick guard against repeats; after this only the payment's own id guards.
INBOX_DAYS = 30
# A link that ended stays readable for questions this long.
LINK_DAYS = 30


def tidy_up(database: Database) -> None:
    """Delete old stored answers, inbox rows, ended links and counts of misses, each in a transaction of its own."""
    now = clock.now()
    with database.begin() as session:
        idempotency.forget_old(session)
    with database.begin() as session:
        inbox.trim(session, now - timedelta(days=INBOX_DAYS))
    with database.begin() as session:
        bills.forget_old(
            session,
            links_before=now - timedelta(days=LINK_DAYS),
            misses_before=clock.business_date(now) - timedelta(days=1),
        )


def seal_receipts(database: Database) -> int:
    """Seal all receipts that wait, a chunk a transaction; how many there were."""
    sealed = 0
    while count := database.run(seal_chunk):
        sealed += count
    return sealed
