"""Two transactions that meet: the first has worked but not committed while the second runs into its locks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from sqlalchemy.orm import Session

from kit.testing.service import staff
from tests.integration.services.reconciliation.conftest import Reconciliation
from tests.support import reconciliation as make

CLERK = staff("credits.assign", "credits.undo", "credits.read")
Work = Callable[[Session], Any]


class Held:
    """A transaction in a thread of its own that has done its work and waits before it commits."""

    def __init__(self, recon: Reconciliation, pool: ThreadPoolExecutor, work: Work) -> None:
        self._worked, self._commit = threading.Event(), threading.Event()
        self._future: Future[None] = pool.submit(self._run, recon, work)
        self._worked.wait(5)

    def _run(self, recon: Reconciliation, work: Work) -> None:
        try:
            with recon.database.begin() as session:
                work(session)
                self._worked.set()
                self._commit.wait(5)
        finally:
            self._worked.set()

    def commit(self) -> None:
        self._commit.set()
        self._future.result(5)


def wait_for_a_lock(recon: Reconciliation) -> None:
    """Until some connection waits for another: the race is on."""
    for _ in range(200):
        blocked = recon.rows(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        if blocked[0][0]:
            return
        threading.Event().wait(0.005)
    raise AssertionError("nobody waited: the two did not meet")


@contextmanager
def racing(recon: Reconciliation, first: Work, second: Work) -> Iterator[Future[Any]]:
    """`first` has worked but not committed while `second` runs into its locks; then both end."""
    with ThreadPoolExecutor(2) as pool:
        held = Held(recon, pool, first)
        future = pool.submit(recon.database.run, second)
        wait_for_a_lock(recon)
        held.commit()
        future.exception(5)
        yield future


def telling(recon: Reconciliation, *messages: Any) -> Work:
    events = [make.event(message) for message in messages]
    return lambda session: recon.handle(session, events)


def in_suspense(recon: Reconciliation, amount: int = 100_000) -> str:
    report = make.report("khong co ma", amount)
    recon.tell(report)
    return report.report_id
