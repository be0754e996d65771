"""The worker of issue jobs: woken by a release, and looking each second for what another worker left behind."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.exc import DBAPIError

from kit import fault, idempotency, log
from kit.db import Database, is_transient
from kit.errors import Aborted, Error, Unavailable
from services.schools.domain.rounds import Bill, Round
from services.schools.flows import issuing, withdrawals
from services.schools.ports import Neighbours
from xoai.invoices.v1 import invoices_service_pb2 as invoices_pb

_PAUSE_SECONDS = 1.0
_SOON, _LATER = timedelta(seconds=1), timedelta(seconds=30)
_STAYS: Final = "Phiếu {reference} đã có tiền nộp, không huỷ được tự động: xin xem và quyết định."
_KINDS: Final = {
    invoices_pb.IssueOutcome.OUTCOME_ISSUED: "issued",
    invoices_pb.IssueOutcome.OUTCOME_EXISTS: "exists",
}
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
            except DBAPIError as error:
                if not is_transient(error):
                    raise
                _log.warning("issuing waits", error=str(error)[:200])
            except Error as error:
                _log.warning("issuing waits", error=str(error)[:200])
            self._woken.wait(_PAUSE_SECONDS)
            self._woken.clear()

    def step(self, stop: threading.Event) -> bool:
        """Work on one job to its end (or until stopped), else on voids; False if there was nothing to do.

        Raises what invoices answered.
        """
        job = self._database.run(issuing.claim)
        if job is None:
            return self._void()
        try:
            while not stop.is_set():
                value, bills = self._database.run(lambda session: issuing.next_bills(session, job))
                if bills:
                    self._issue(job, value, bills)
                elif self._database.run(lambda session: issuing.end(session, job.id)):
                    break
        except Error as error:
            # Nobody else may take the job while its lease runs, so it is given back: soon after an outage, later if
            # invoices refused the whole chunk, which a person has to see.
            is_outage = isinstance(error, Unavailable | Aborted)
            wait, problem = (_SOON, "") if is_outage else (_LATER, str(error)[:300])
            self._database.run(lambda session: issuing.let_go(session, job.id, wait, problem))
            raise
        return True

    def _void(self) -> bool:
        """Void what withdrawn pupils leave behind; what has a payment stays for a person."""
        wishes = self._database.run(withdrawals.voids_to_do)
        for wish in wishes:
            invoice = self._neighbours.void(str(wish.invoice_id), wish.reason)
            fault.point("void.sent")
            stays = invoice.state != invoices_pb.Invoice.STATE_VOID
            problem = _STAYS.format(reference=invoice.reference) if stays else ""
            self._settle_void(wish.invoice_id, problem)
        return bool(wishes)

    def _settle_void(self, invoice_id: UUID, problem: str) -> None:
        self._database.run(lambda session: withdrawals.voided(session, invoice_id, problem))

    def _issue(self, job: Row[Any], value: Round, bills: dict[int, Bill]) -> None:
        drafts = [_draft(value, bill) for bill in bills.values()]
        outcomes = self._neighbours.issue(value.organisation_id, _request_id(drafts), drafts)
        fault.point("issue.sent")
        results = [
            (_KINDS.get(item.outcome, "refused"), item.invoice_id, item.reference, item.detail_vi)
            for item in outcomes
        ]
        self._database.run(lambda session: issuing.record(session, job, bills, results))


def _request_id(drafts: Sequence[invoices_pb.InvoiceDraft]) -> str:
    """The id of a chunk is its content: sent again after a crash it gets its first answer again."""
    digest = hashlib.sha256()
    for draft in drafts:
        digest.update(draft.SerializeToString(deterministic=True))
    return digest.hexdigest()


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
                unit_price=charge.item.unit_price if charge.full == charge.item.full_amount() else 0,
                quantity_milli=charge.item.quantity_milli,
                unit=charge.item.unit,
                exempted=charge.exempted,
                exemption_reason=charge.reason,
                fee_kind=charge.item.fee_kind,
            )
            for charge in bill.charges
        ],
    )
