"""The same writing for the blocking side: pages of a pull, inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from kit import outbox
from kit.db import cursor
from services.intake.arrival import Arrival
from services.intake.store import accepting


def store(session: Session, arrivals: Sequence[Arrival]) -> int:
    """Store arrivals in this transaction; returns how many new credits were announced."""
    with cursor(session) as driver:
        driver.execute(accepting.INSERT, accepting.insert_parameters(arrivals))
        new = {row[0] for row in driver.fetchall()}
        repeats = accepting.not_new(arrivals, new)
        if repeats:
            driver.execute(accepting.FIND, accepting.find_parameters(repeats))
            _, conflicts = accepting.judged(repeats, driver.fetchall())
            # A list that tells again what was called back is no repeated delivery: it is not counted.
            if conflicts["ids"]:
                driver.execute(accepting.CONFLICT, conflicts)
    told = sum(1 for arrival in arrivals for report in arrival.reports if report.event and report.id in new)
    if told:
        outbox.written(session, told)
    return told
