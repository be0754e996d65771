"""The worker of issue jobs: woken by a release, and looking each second for what another worker left behind."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row
from sqlalchemy.exc import DBAPIError

from kit import fault, idempotency, log
from kit.db import Database, is_transient
from kit.errors import Unavailable
from services.schools.domain.rounds import Bill, Round
from services.schools.flows import issuing
from services.schools.ports import Neighbours
from xoai.invoices.v1 import invoices_service_pb2 as invoices_pb

_PAUSE_SECONDS = 1.0
_log = log.get(__name__)


class IssueWorker:
    """Issues the bills of released rounds, 500 at a time. `run` until stopped; `wake` after a release."""

    def __init__(self, database: Database, neighbours: Neighbours) -> None:
        self._database, self._neighbours = database, neighbours
        self._woken = threading.Event()

    def wake(self) -> None:
        """Say that a job was started."""
        self._woken.set()

    def run(self, stop: threading.Event) -> None:
        """Work on jobs until `stop` is set; an outage of a neighbour or the database is waited out."""
        while not stop.is_set():
            try:
                if self.step(stop):
                    continue
            except (Unavailable, DBAPIError) as error:
                if isinstance(error, DBAPIError) and not is_transient(error):
                    raise
                _log.warning("issuing waits", error=str(error)[:200])
                stop.wait(_PAUSE_SECONDS)
            self._woken.wait(_PAUSE_SECONDS)
            self._woken.clear()

    def step(self, stop: threading.Event) -> bool:
        """Work on one job to its end (or until stopped); False if there is none."""
        job = self._database.run(issuing.claim)
        if job is None:
            return False
        while not stop.is_set():
            value, bills = self._database.run(lambda session: issuing.next_bills(session, job.round_id))
            if not bills:
                self._database.run(lambda session: issuing.end(session, job.id))
                return True
            for start in range(0, len(bills), issuing.CHUNK):
                if stop.is_set():
                    break
                self._issue(job, value, bills[start : start + issuing.CHUNK])
        return True

    def _issue(self, job: Row[Any], value: Round, bills: Sequence[Bill]) -> None:
        # The request's id is its content: a chunk that was sent before a crash gets its first answer again.
        request_id = f"{job.id}:{bills[0].source_id(value.id)}:{len(bills)}"
        drafts = [_draft(value, bill) for bill in bills]
        outcomes = self._neighbours.issue(value.organisation_id, request_id, drafts)
        fault.point("issue.sent")
        kinds = {
            invoices_pb.IssueOutcome.OUTCOME_ISSUED: "issued",
            invoices_pb.IssueOutcome.OUTCOME_EXISTS: "exists",
        }
        results = [
            (kinds.get(item.outcome, "refused"), item.invoice_id, item.reference, item.detail_vi)
            for item in outcomes
        ]
        self._database.run(lambda session: issuing.record(session, job, bills, results))


def forget_old(database: Database) -> None:
    """Delete stored answers past their time."""
    with database.begin() as session:
        idempotency.forget_old(session)


def _draft(value: Round, bill: Bill) -> invoices_pb.InvoiceDraft:
    pupil = bill.pupil
    return invoices_pb.InvoiceDraft(
        source_id=bill.source_id(value.id),
        account_id=str(bill.account.id),
        bin=bill.account.bin,
        account_number=bill.account.account_number,
        holder_name=bill.account.holder_name,
        title=value.title,
        payer_id=str(pupil.id),
        payer_name=pupil.full_name,
        payer_codes=pupil.codes,
        group_name=pupil.class_name,
        batch_id=str(value.id),
        notice_id=issuing.notice_id(value.id, pupil.id),
        due_date=value.due_date.isoformat(),
        second_fact=pupil.birth_date.isoformat() if pupil.birth_date else "",
        lines=[
            invoices_pb.InvoiceLine(
                title=charge.item.title,
                ledger_class=charge.item.legal_kind.value,
                amount=charge.amount,
                priority=charge.item.priority,
                unit_price=0 if charge.item.per_pupil else charge.item.unit_price,
                quantity_milli=charge.item.quantity_milli,
                unit=charge.item.unit,
                exempted=charge.exempted,
                exemption_reason=charge.reason,
                fee_kind=charge.item.fee_kind,
            )
            for charge in bill.charges
        ],
    )
