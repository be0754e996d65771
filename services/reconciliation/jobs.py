"""Scheduled work: look again at what waits, measure what breaks, forget what is old."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Final

from prometheus_client import Gauge

from kit import clock, idempotency, inbox, log
from kit.db import Database
from services.reconciliation.flows import again, announcing
from services.reconciliation.store import invariants, lists

SUSPENSE_CREDITS: Final = Gauge("xoai_suspense_credits", "Credits that wait for a person")
SUSPENSE_AMOUNT: Final = Gauge("xoai_suspense_amount_vnd", "Đồng in credits that wait for a person")
BREAKS: Final = Gauge("xoai_reconciliation_breaks", "Breaches of the invariants of the books")
_INBOX_DAYS: Final = 30
_log = log.get(__name__)


class Jobs:
    """The jobs of reconciliation on one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def sweep(self) -> None:
        """Look again at every credit whose payable, account or confirmation is there by now; a page a transaction."""
        after, looked = "", 0
        while True:
            after, count = self._database.run(partial(again.sweep, after=after))
            looked += count
            if count < again.PAGE:
                break
        if looked:
            _log.info("looked again", credits=looked)

    def measure(self) -> None:
        """Set the gauges of suspense: what waits at the city's desks, not what waits at stalls."""
        with self._database.begin() as session:
            count, amount = lists.suspense(session, "", without_merchants=True)
        SUSPENSE_CREDITS.set(count)
        SUSPENSE_AMOUNT.set(amount)

    def check_books(self) -> None:
        """Compute everything anew from the postings and say what differs."""
        with self._database.begin() as session:
            findings = invariants.findings(session)
        BREAKS.set(len(findings))
        for finding in findings:
            _log.error(
                "the books do not hold", invariant=finding.invariant, what=finding.what, where=finding.where
            )

    def trim(self) -> None:
        """Forget inbox rows after 30 days and stored answers after seven."""
        with self._database.begin() as session:
            inbox.trim(session, clock.now() - timedelta(days=_INBOX_DAYS))
            idempotency.forget_old(session)

    def announce_again(self) -> None:
        """Announce every fact anew, page by page: for a log that was lost."""
        for page in (announcing.announce_payments, announcing.announce_credits):
            after = ""
            while True:
                after = self._database.run(partial(page, after=after))
                if not after:
                    break
