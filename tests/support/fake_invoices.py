"""The invoices in memory: bills in a dictionary."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from typing import TYPE_CHECKING, Any

import grpc

from kit import errors
from kit.auth import Permission
from kit.grpc_server import caller_of
from kit.words import amount_in_words
from services.documents.domain import ReceiptContent, ReceiptRow
from services.documents.typesetting import receipt_pdf
from tests.support.fake_access import everybody
from tests.support.fake_bills import Bill, States
from xoai.common.v1 import common_pb2 as common_pb
from xoai.invoices.v1 import invoices_service_pb2 as invoices_pb
from xoai.invoices.v1 import invoices_service_pb2_grpc as invoices_grpc

if TYPE_CHECKING:
    from tests.support.fake_platform import FakePlatform


class Invoices(invoices_grpc.InvoicesServiceServicer):
    """Bills in a dictionary. An invoice of another organisation is not there for the caller."""

    PERMISSIONS = everybody(
        invoices_pb,
        "InvoicesService",
        GetInvoice=Permission("invoices.read"),
        ListInvoices=Permission("invoices.read"),
        IssueInvoices=Permission("invoices.issue"),
        VoidInvoice=Permission("invoices.void"),
    )

    def __init__(self, platform: FakePlatform) -> None:
        self._platform = platform

    def ListDeadLetters(
        self, request: Any, context: grpc.ServicerContext
    ) -> common_pb.ListDeadLettersResponse:
        return common_pb.ListDeadLettersResponse()

    def _bill(self, reference: str) -> Bill:
        if reference not in self._platform.bills:
            raise errors.NotFound()
        return self._platform.bills[reference]

    def GetPublicBill(self, request: Any, context: grpc.ServicerContext) -> invoices_pb.PublicBill:
        return self._bill(request.reference).public()

    def OpenBill(self, request: Any, context: grpc.ServicerContext) -> invoices_pb.OpenedBill:
        bill = self._bill(request.reference)
        by_fact = request.second_fact and request.second_fact == bill.birth_date
        if not by_fact and not (request.link_token and request.link_token == bill.link_token):
            raise errors.NotFound()
        return invoices_pb.OpenedBill(
            bill=bill.public(), lines=bill.lines, group_name="3A", receipts=bill.receipts()
        )

    def PrintReceipt(self, request: Any, context: grpc.ServicerContext) -> Iterator[common_pb.FileChunk]:
        receipts = [receipt for bill in self._platform.bills.values() for receipt in bill.receipts()]
        found = next((receipt for receipt in receipts if receipt.id == request.id), None)
        if found is None:
            raise errors.NotFound()
        self._platform.requests.append(("PrintReceipt", request))
        paper = ReceiptContent(
            unit_name=request.unit_name,
            budget_code="",
            book=f"{found.series}/{found.year}",
            number=int(found.number),
            issue_time=found.issue_time.ToDatetime(UTC),
            rows=(ReceiptRow("Mã thanh toán", found.reference),),
            amount=found.amount,
            amount_words=amount_in_words(found.amount),
            check_address=request.check_address,
            is_trial=request.trial,
        )
        yield common_pb.FileChunk(content=receipt_pdf(paper), media_type="application/pdf", page_count=1)

    def ListReceiptKeys(
        self, request: Any, context: grpc.ServicerContext
    ) -> invoices_pb.ListReceiptKeysResponse:
        return invoices_pb.ListReceiptKeysResponse(
            keys=[invoices_pb.ReceiptKey(id="0123456789abcdef", public_key=bytes(32))]
        )

    def _visible(self, context: grpc.ServicerContext) -> list[Bill]:
        grants = caller_of(context).subject.grants
        return [bill for bill in self._platform.bills.values() if bill.organisation_id in grants]

    def GetInvoice(self, request: Any, context: grpc.ServicerContext) -> invoices_pb.Invoice:
        for bill in self._visible(context):
            if request.id == bill.id or (request.reference and request.reference == bill.reference):
                return bill.full()
        raise errors.NotFound()

    def ListInvoices(self, request: Any, context: grpc.ServicerContext) -> invoices_pb.ListInvoicesResponse:
        self._platform.requests.append(("ListInvoices", request))
        rows = [
            bill.full()
            for bill in self._visible(context)
            if not request.states or bill.state in request.states
        ]
        return invoices_pb.ListInvoicesResponse(invoices=rows)

    def IssueInvoices(self, request: Any, context: grpc.ServicerContext) -> invoices_pb.IssueInvoicesResponse:
        self._platform.requests.append(("IssueInvoices", request))
        outcomes = []
        for draft in request.drafts:
            bill = self._platform.add_bill(
                title=draft.title, amount_due=sum(line.amount for line in draft.lines)
            )
            outcomes.append(
                invoices_pb.IssueOutcome(
                    source_id=draft.source_id,
                    outcome=invoices_pb.IssueOutcome.OUTCOME_ISSUED,
                    invoice_id=bill.id,
                    reference=bill.reference,
                )
            )
        return invoices_pb.IssueInvoicesResponse(outcomes=outcomes)

    def VoidInvoice(self, request: Any, context: grpc.ServicerContext) -> invoices_pb.Invoice:
        self._platform.requests.append(("VoidInvoice", request))
        bill = next((bill for bill in self._visible(context) if bill.id == request.id), None)
        if bill is None:
            raise errors.NotFound()
        bill.state = States.STATE_VOID
        self._platform.change(bill)
        return bill.full()
