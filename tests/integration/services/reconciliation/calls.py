"""What the tests of the desk's calls say again and again: money in suspense, assigned, undone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

from kit.testing.service import Client
from tests.support import reconciliation as make
from xoai.intake.v1.intake_events_pb2 import BankCreditReported
from xoai.reconciliation.v1 import reconciliation_service_pb2 as pb

if TYPE_CHECKING:
    from tests.integration.services.reconciliation.conftest import Reconciliation

BANK = f"bank:{make.BIN}:{make.ACCOUNT}"
ALL = ("credits.read", "credits.assign", "credits.undo", "ledger.read")
STATEMENT = BankCreditReported.CHANNEL_STATEMENT


def request_id() -> str:
    return str(uuid4())


def suspense(recon: Reconciliation, memo: str = "khong ma", amount: int = 100_000, **values: Any) -> str:
    report = make.report(memo, amount, **values)
    recon.tell(report)
    return report.report_id


def assign(client: Client, credit_id: str, *parts: tuple[Any, int], **values: Any) -> pb.CreditDetail:
    fields: dict[str, Any] = {"request_id": request_id(), "reason": "phụ huynh gọi điện"}
    return client.AssignCredit(
        pb.AssignCreditRequest(
            credit_id=credit_id,
            allocations=[
                pb.Allocation(payable_id=payable.payable_id, amount=part) for payable, part in parts
            ],
            **(fields | values),
        )
    )


def undo(client: Client, payment_id: str) -> pb.CreditDetail:
    return client.UndoPayment(
        pb.UndoPaymentRequest(request_id=request_id(), payment_id=payment_id, reason="nhầm học sinh")
    )
