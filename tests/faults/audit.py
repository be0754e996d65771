"""What must hold after a fault: quiet within a minute, every invariant, and the client's history word for word."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from cli.installation import DATABASES
from cli.verify import breaches
from kit import ids
from kit.db import Database
from kit.events import EventLog, TransientEventsError
from kit.settings import Settings
from services.invoices.verify import paid_by_invoice
from tests.faults.city import Bill
from tests.faults.load import History, Sent

QUIET_SECONDS: Final = 60.0
# Services with an outbox.
_ANNOUNCING: Final = ("directory", "invoices", "intake", "reconciliation")
_TOPIC: Final = "intake.bank-credits"


class Auditor:
    """Looks into the databases and the log of one installation."""

    def __init__(self, settings: Settings, log: EventLog) -> None:
        self._settings = settings
        self._databases = {name: Database(settings, name, pool_size=1) for name in DATABASES}
        self._log = log
        self._subscription = log.subscribe("faults.audit", [_TOPIC])
        # How often each event is in the log.
        self.logged: Counter[UUID] = Counter()
        # What was told for each bill by all loads so far: at least, at most.
        self._least: Counter[str] = Counter()
        self._most: Counter[str] = Counter()
        self._bills: dict[str, Bill] = {}

    def close(self) -> None:
        """Let go of everything."""
        self._subscription.close()
        self._log.close()
        for database in self._databases.values():
            database.close()

    def rows(self, service: str, statement: str, **values: Any) -> list[Any]:
        """The answer of a service's database."""
        with self._databases[service].begin() as session:
            return list(session.execute(text(statement), values).all())

    def number(self, service: str, statement: str, **values: Any) -> int:
        """The one number that a statement gives."""
        return int(self.rows(service, statement, **values)[0][0])

    def wait_quiet(self, *, dead_letters: int = 0) -> float:
        """Seconds until nothing is on its way any more. Fails after a minute, saying what still is."""
        began = time.monotonic()
        while True:
            try:
                busy = self._on_its_way(dead_letters)
            except Exception as error:
                busy = [f"{type(error).__name__}: {error}"]
            if not busy:
                return time.monotonic() - began
            assert time.monotonic() - began < QUIET_SECONDS, busy
            time.sleep(0.2)

    def remember(self, history: History) -> None:
        """Add what was told for each bill to what all loads before have told."""
        for sent in history.sent:
            if sent.bill is not None:
                low, high = _expected(sent)
                self._bills[sent.bill.id] = sent.bill
                self._least[sent.bill.id] += low * sent.transfer.amount
                self._most[sent.bill.id] += high * sent.transfer.amount

    def violations(self, history: History) -> list[str]:
        """Everything that is not as it must be; empty is well."""
        found = [f"{each.invariant}: {each.what} [{each.where}]" for each in breaches(self._settings)]
        found += self._credits(history)
        found += self._payments()
        found += self._events()
        if history.statuses[500] or history.pages["500"] or history.pages["trace"]:
            found.append(f"broken answers: {history.statuses}, pages {history.pages}")
        for sent in history.sent:
            if sent.way == "forged" and set(sent.statuses) - {401}:
                found.append(f"forged, yet answered {dict(sent.statuses)}")
        return found

    def _on_its_way(self, dead_letters: int) -> list[str]:
        waiting = [
            f"{count} rows in the outbox of {name}"
            for name in _ANNOUNCING
            if (count := self.number(name, "SELECT count(*) FROM outbox"))
        ]
        told = self.number("intake", "SELECT count(*) FROM report WHERE announced")
        heard = self.number("reconciliation", "SELECT count(*) FROM report")
        parked = self.number(
            "reconciliation",
            "SELECT count(*) FROM dead_letter WHERE close_time IS NULL AND reason = 'FAILED'",
        )
        if told != heard + parked:
            waiting.append(f"{told} reports told, {heard} heard, {parked} parked")
        applied = self.number("reconciliation", "SELECT coalesce(sum(applied), 0) FROM payable")
        paid = self.number("invoices", "SELECT coalesce(sum(amount_paid), 0) FROM invoice")
        if applied != paid:
            waiting.append(f"{applied} applied, {paid} recorded as paid")
        letters = sum(
            self.number(name, "SELECT count(*) FROM dead_letter WHERE close_time IS NULL")
            for name in ("invoices", "reconciliation")
        )
        if letters != dead_letters:
            waiting.append(f"{letters} dead letters, not {dead_letters}")
        return waiting

    def _credits(self, history: History) -> list[str]:
        """I3, I14: an acknowledged transfer is one credit of its amount; one without an answer at most one."""
        kept = Counter(
            {
                (row.bank_reference, row.amount): row.times
                for row in self.rows(
                    "reconciliation",
                    "SELECT bank_reference, amount, count(*) AS times FROM credit WHERE merged_into IS NULL"
                    " AND bank_reference = ANY(:all) GROUP BY 1, 2",
                    all=[sent.transfer.bank_reference for sent in history.sent],
                )
            }
        )
        wrong = []
        for sent in history.sent:
            times = kept[sent.transfer.bank_reference, sent.transfer.amount]
            least, most = _expected(sent)
            if not least <= times <= most:
                wrong.append(
                    f"{sent.transfer.bank_reference} ({sent.way}, {dict(sent.statuses)}): {times} credits"
                )
        return wrong

    def _payments(self) -> list[str]:
        """Each bill shows as paid what was acknowledged for it, up to what is due: nothing lost, nothing twice."""
        with self._databases["invoices"].begin() as session:
            paid = dict(paid_by_invoice(session))
        wrong = []
        for id, bill in self._bills.items():
            found, least, most = paid.get(bill.uuid, 0), self._least[id], self._most[id]
            if not min(bill.amount, least) <= found <= min(bill.amount, most):
                wrong.append(f"invoice {id}: {found} of {bill.amount} paid, told were {least} to {most}")
        return wrong

    def _events(self) -> list[str]:
        """I7: every report is in the log at least once, and among the reports of reconciliation exactly once."""
        reports = self.rows("intake", "SELECT id FROM report WHERE announced")
        wanted = {ids.event_id(f"report:{row.id}", 1, "BankCreditReported") for row in reports}
        deadline = time.monotonic() + 30
        while wanted - self.logged.keys() and time.monotonic() < deadline:
            try:
                found = self._subscription.poll(max_events=5_000, timeout=0.5)
                self._subscription.commit(found)
            except TransientEventsError:
                time.sleep(0.2)
                continue
            self.logged.update(delivery.event.event_id for delivery in found)
        wrong = [f"I7: event {id} is not in the log" for id in wanted - self.logged.keys()]
        # The report's own key drops repeats there: it stands once or not at all.
        heard = {str(row.id) for row in self.rows("reconciliation", "SELECT id FROM report")}
        parked = "SELECT ordering_id FROM dead_letter WHERE close_time IS NULL"
        heard |= {row.ordering_id for row in self.rows("reconciliation", parked)}
        return wrong + [f"I7: report {row.id} was not heard" for row in reports if str(row.id) not in heard]


def _expected(sent: Sent) -> tuple[int, int]:
    """How many credits a transfer may have made: at least, at most."""
    if sent.way == "forged":
        return 0, 0
    return (1, 1) if sent.is_acknowledged else (0, 1 if sent.unknown or sent.statuses else 0)
