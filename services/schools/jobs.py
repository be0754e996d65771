"""The worker of issue jobs: woken by a release, and looking each second for what another worker left behind."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.exc import DBAPIError

from kit import fault, idempotency, log
from kit.db import Database, is_transient
from kit.errors import Aborted, Error, Unavailable
from services.schools.domain.rounds import Bill, Charge, Round
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


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Bills by their place in the job, and what invoices are asked for them."""

    organisation_id: UUID
    bills: dict[int, Bill]
    drafts: list[invoices_pb.InvoiceDraft]


@dataclass(frozen=True, slots=True)
class _Sent:
    """A chunk on its way, with the answer to come."""

    bills: dict[int, Bill]
    answer: Future[Sequence[invoices_pb.IssueOutcome]]


class IssueWorker:
    """Issues the bills of released rounds, 500 at a time. `run` until stopped; `wake` after a release."""

    def __init__(self, database: Database, neighbours: Neighbours) -> None:
        self._database, self._neighbours = database, neighbours
        self._woken = threading.Event()
        self._caller = ThreadPoolExecutor(1, thread_name_prefix="schools.issue-call")

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
            self._work_off(job, stop)
        except Error as error:
            # Nobody else may take the job while its lease runs, so it is given back: soon after an outage, later if
            # invoices refused the whole chunk, which a person has to see.
            is_outage = isinstance(error, Unavailable | Aborted)
            wait, problem = (_SOON, "") if is_outage else (_LATER, str(error)[:300])
            self._database.run(lambda session: issuing.let_go(session, job.id, wait, problem))
            raise
        return True

    def _work_off(self, job: Row[Any], stop: threading.Event) -> None:
        """One chunk is on its way at a time; meanwhile the one before is recorded and the next one read.

        A crash leaves at most two chunks planned that invoices know already: asked again, they give the same answer.
        """
        sent: _Sent | None = None
        while True:
            chunk = None if stop.is_set() else self._read(job, sent)
            outcomes = self._answered(sent) if sent else []
            following = self._send(chunk) if chunk else None
            if sent:
                self._record(job, sent, outcomes)
            sent = following
            if sent is None and (stop.is_set() or self._database.run(lambda s: issuing.end(s, job.id))):
                return

    def _read(self, job: Row[Any], sent: _Sent | None) -> _Chunk | None:
        behind = max(sent.bills) + 1 if sent else 0
        value, bills = self._database.run(lambda session: issuing.next_bills(session, job, behind))
        if not bills:
            return None
        return _Chunk(value.organisation_id, bills, _drafts(value, bills.values()))

    def _send(self, chunk: _Chunk) -> _Sent:
        request_id = _request_id(chunk.drafts)
        answer = self._caller.submit(self._neighbours.issue, chunk.organisation_id, request_id, chunk.drafts)
        return _Sent(chunk.bills, answer)

    @staticmethod
    def _answered(sent: _Sent) -> Sequence[invoices_pb.IssueOutcome]:
        outcomes = sent.answer.result()
        fault.point("issue.sent")
        return outcomes

    def _record(self, job: Row[Any], sent: _Sent, outcomes: Sequence[invoices_pb.IssueOutcome]) -> None:
        results = [
            (_KINDS.get(item.outcome, "refused"), item.invoice_id, item.reference, item.detail_vi)
            for item in outcomes
        ]
        self._database.run(lambda session: issuing.record(session, job, sent.bills, results))

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


def _drafts(value: Round, bills: Iterable[Bill]) -> list[invoices_pb.InvoiceDraft]:
    """Bills as invoices take them; most families of a round are charged the same lines, which are made once."""
    batch_id, due_date = str(value.id), value.due_date.isoformat()
    accounts = {item.account.id: str(item.account.id) for item in value.items}
    lines: dict[tuple[UUID, int, int, str], invoices_pb.InvoiceLine] = {}
    drafts = []
    for bill in bills:
        pupil, account = bill.pupil, bill.account
        charged = []
        for charge in bill.charges:
            key = (charge.item.id, charge.full, charge.exempted, charge.reason)
            line = lines.get(key)
            if line is None:
                line = lines[key] = _line(charge)
            charged.append(line)
        drafts.append(
            invoices_pb.InvoiceDraft(
                source_id=bill.source_id(value.id),
                account_id=accounts[account.id],
                bin=account.bin,
                account_number=account.account_number,
                holder_name=account.holder_name,
                title=value.title,
                payer_id=str(pupil.id),
                payer_name=pupil.full_name,
                payer_codes=pupil.codes,
                group_name=pupil.class_name,
                batch_id=batch_id,
                notice_id=issuing.notice_id(value.id, pupil.id),
                due_date=due_date,
                second_fact=pupil.birth_date.isoformat() if pupil.birth_date else "",
                lines=charged,
            )
        )
    return drafts


def _line(charge: Charge) -> invoices_pb.InvoiceLine:
    item = charge.item
    return invoices_pb.InvoiceLine(
        title=item.title,
        ledger_class=item.legal_kind.value,
        amount=charge.amount,
        priority=item.priority,
        unit_price=item.unit_price if charge.full == item.full_amount() else 0,
        quantity_milli=item.quantity_milli,
        unit=item.unit,
        exempted=charge.exempted,
        exemption_reason=charge.reason,
        fee_kind=item.fee_kind,
    )
