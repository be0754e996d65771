"""The invoices of a school in memory: by round and class, with sums, changes and links of their own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import grpc

from kit import clock, errors
from kit.auth import Permission
from kit.references.code import check
from kit.text import name_sort_key, natural_key, search_key
from tests.support.fake_bills import ACCOUNT, Bill, States, stamp
from tests.support.fake_invoices import Invoices
from xoai.invoices.v1 import invoices_service_pb2 as invoices_pb

if TYPE_CHECKING:
    from tests.support.fake_school_city import SchoolPlatform


@dataclass
class SchoolBill(Bill):
    """An invoice that came out of a round."""

    payer_id: str = ""
    batch_id: str = ""
    group_name: str = ""
    account_id: str = ACCOUNT
    void_reason: str = ""

    def full(self) -> invoices_pb.Invoice:
        invoice = super().full()
        invoice.payer_id, invoice.batch_id, invoice.group_name = self.payer_id, self.batch_id, self.group_name
        invoice.source_service, invoice.void_reason = "schools", self.void_reason
        invoice.account_id = self.account_id
        if self.state == States.STATE_PAID:
            invoice.paid_time.CopyFrom(self.payments[-1].bank_time)
        return invoice


class SchoolInvoices(Invoices):
    """Lists by round, class, state and text; sums; changes."""

    PERMISSIONS = {
        **Invoices.PERMISSIONS,
        "SummariseBatch": Permission("invoices.read"),
        "ListReceipts": Permission("invoices.read"),
        "ChangeInvoice": Permission("invoices.change"),
        "CreatePayLink": Permission("invoices.link"),
        "RevokePayLinks": Permission("invoices.link"),
    }
    _platform: SchoolPlatform

    def ListInvoices(self, request: Any, context: grpc.ServicerContext) -> invoices_pb.ListInvoicesResponse:
        wanted = search_key(request.search)
        found = [
            bill.full()
            for bill in self._visible(context)
            if isinstance(bill, SchoolBill)
            and bill.organisation_id == request.organisation_id
            and request.batch_id in ("", bill.batch_id)
            and request.group_name in ("", bill.group_name)
            and request.payer_id in ("", bill.payer_id)
            and (not request.states or bill.state in request.states)
            and (wanted in search_key(bill.payer_name) or (check(wanted) and wanted == bill.reference))
        ]
        found.sort(key=lambda row: (natural_key(row.group_name), name_sort_key(row.payer_name)))
        start = int(request.page_token or 0)
        end = start + (request.page_size or 50)
        return invoices_pb.ListInvoicesResponse(
            invoices=found[start:end], next_page_token=str(end) if end < len(found) else ""
        )

    def SummariseBatch(
        self, request: Any, context: grpc.ServicerContext
    ) -> invoices_pb.SummariseBatchResponse:
        groups: dict[str, invoices_pb.GroupSummary] = {}
        total = invoices_pb.GroupSummary()
        payers: dict[str, set[str]] = {}
        bills = [
            bill
            for bill in self._platform.of_round(request.batch_id)
            if bill.organisation_id == request.organisation_id
        ]
        for bill in bills:
            row = groups.setdefault(bill.group_name, invoices_pb.GroupSummary(group_name=bill.group_name))
            payers.setdefault(bill.group_name, set()).add(bill.payer_id)
            for each in (row, total):
                each.invoices += 1
                each.paid += bill.state == States.STATE_PAID
                each.part_paid += bill.state == States.STATE_PART_PAID
                each.open += bill.state == States.STATE_OPEN
                each.void += bill.state == States.STATE_VOID
                if bill.state != States.STATE_VOID:
                    each.amount_due += bill.amount_due
                    each.amount_paid += min(bill.received, bill.amount_due)
        for name, row in groups.items():
            row.payers = len(payers[name])
        total.payers = len({bill.payer_id for bill in bills})
        ordered = [groups[name] for name in sorted(groups, key=natural_key)]
        return invoices_pb.SummariseBatchResponse(groups=ordered, total=total)

    def ListReceipts(self, request: Any, context: grpc.ServicerContext) -> invoices_pb.ListReceiptsResponse:
        for bill in self._visible(context):
            if bill.id == request.invoice_id:
                return invoices_pb.ListReceiptsResponse(receipts=bill.receipts())
        return invoices_pb.ListReceiptsResponse()

    def ChangeInvoice(self, request: Any, context: grpc.ServicerContext) -> invoices_pb.Invoice:
        self._platform.requests.append(("ChangeInvoice", request))
        bill = next((bill for bill in self._visible(context) if bill.id == request.id), None)
        if bill is None:
            raise errors.NotFound()
        bill.lines = list(request.lines)
        bill.amount_due = sum(line.amount for line in bill.lines)
        self._platform.change(bill)
        return bill.full()

    def CreatePayLink(self, request: Any, context: grpc.ServicerContext) -> invoices_pb.PayLink:
        bill = next((bill for bill in self._visible(context) if bill.id == request.id), None)
        if bill is None:
            raise errors.NotFound()
        bill.link_token = f"link-{request.request_id}"
        return invoices_pb.PayLink(
            reference=bill.reference,
            link_token=bill.link_token,
            expire_time=stamp(clock.now() + timedelta(days=90)),
        )

    def RevokePayLinks(
        self, request: Any, context: grpc.ServicerContext
    ) -> invoices_pb.RevokePayLinksResponse:
        for bill in self._visible(context):
            if bill.id == request.id:
                bill.link_token = ""
        return invoices_pb.RevokePayLinksResponse(revoked=1)

    def VoidInvoice(self, request: Any, context: grpc.ServicerContext) -> invoices_pb.Invoice:
        voided = super().VoidInvoice(request, context)
        bill = self._platform.bills[voided.reference]
        if isinstance(bill, SchoolBill):
            bill.void_reason = request.reason
        return bill.full()
