"""The servicer: who may call what, and each call's transaction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import grpc
from sqlalchemy.orm import Session

from kit import pages
from kit.auth import Kind, Permission, Subject
from kit.errors import Error, Unavailable
from kit.grpc_server import Edge
from kit.messages import timestamp
from kit.rpc import dead_letters
from kit.rpc.dead_letters import DeadLetters
from services.invoices.domain.bills import Keeper
from services.invoices.domain.errors import BadRequestField
from services.invoices.flows import announce, bills, issue, queries
from services.invoices.flows.bills import Bill
from services.invoices.rpc.messages import (
    STATE_OF,
    draft_from,
    invoice_to,
    lines_from,
    opened_bill_to,
    outcome_to,
    public_bill_to,
    receipt_key_to,
    receipt_to,
    summary_to,
    uuid_in,
)
from services.invoices.rpc.printing import Printer
from services.invoices.store.reads import InvoiceFilter
from xoai.common.v1 import common_pb2 as common_pb
from xoai.invoices.v1 import invoices_service_pb2 as pb
from xoai.invoices.v1 import invoices_service_pb2_grpc as pb_grpc

# Announcing again is work between machines: its pages may be larger than those that people turn.
MOST_ANNOUNCED: Final = 1_000
_READERS: Final = ("schools", "documents")

PERMISSIONS: Final[Mapping[str, Permission]] = {
    "IssueInvoices": Permission("invoices.issue", services=("schools",)),
    "GetInvoice": Permission("invoices.read", services=_READERS),
    "ListInvoices": Permission("invoices.read", services=_READERS),
    "VoidInvoice": Permission("invoices.void", services=("schools",)),
    "ChangeInvoice": Permission("invoices.change", services=("schools",)),
    "SummariseBatch": Permission("invoices.read", services=_READERS),
    "SummariseCity": Permission("city.read", services=("cli",)),
    "GetPublicBill": Permission(anyone=True),
    "OpenBill": Permission(anyone=True),
    "CreatePayLink": Permission("invoices.link", services=("schools",)),
    "RevokePayLinks": Permission("invoices.link", services=("schools",)),
    "GetReceipt": Permission("invoices.read", services=_READERS),
    "ListReceipts": Permission("invoices.read", services=_READERS),
    "PrintReceipt": Permission(services=("gateway",)),
    "ListReceiptKeys": Permission(anyone=True),
    "AnnounceAgain": Permission("invoices.announce", services=("cli",)),
    "ListDeadLetters": dead_letters.PERMISSION,
    "ReplayDeadLetters": dead_letters.PERMISSION,
}


class InvoicesServicer(pb_grpc.InvoicesServiceServicer):
    """RPCs of the invoices; `page_key` signs page tokens."""

    PERMISSIONS: Mapping[str, Permission] = PERMISSIONS

    def __init__(
        self,
        edge: Edge,
        keeper: Keeper,
        page_key: str,
        letters: DeadLetters | None = None,
        printer: Printer | None = None,
    ) -> None:
        self._edge = edge
        self._keeper = keeper
        self._page_key = page_key
        self._letters = letters or DeadLetters(edge.database)
        self._printer = printer

    def ListDeadLetters(
        self, request: common_pb.ListDeadLettersRequest, context: grpc.ServicerContext
    ) -> common_pb.ListDeadLettersResponse:
        return self._letters.list(context)

    def ReplayDeadLetters(
        self, request: common_pb.ReplayDeadLettersRequest, context: grpc.ServicerContext
    ) -> common_pb.ReplayDeadLettersResponse:
        return self._letters.replay(request, context)

    def IssueInvoices(
        self, request: pb.IssueInvoicesRequest, context: grpc.ServicerContext
    ) -> pb.IssueInvoicesResponse:
        order = issue.Order(
            uuid_in("organisation_id", request.organisation_id),
            request.source_service,
            [draft_from(draft) for draft in request.drafts],
        )

        def effect(session: Session, subject: Subject) -> pb.IssueInvoicesResponse:
            outcomes = issue.issue_invoices(session, subject, self._keeper, order)
            return pb.IssueInvoicesResponse(outcomes=[outcome_to(outcome) for outcome in outcomes])

        return self._edge.command(context, request, pb.IssueInvoicesResponse, effect)

    def GetInvoice(self, request: pb.GetInvoiceRequest, context: grpc.ServicerContext) -> pb.Invoice:
        id = uuid_in("id", request.id) if request.WhichOneof("key") == "id" else None
        return self._edge.query(
            context,
            lambda session, _: invoice_to(queries.get_invoice(session, id=id, reference=request.reference)),
        )

    def ListInvoices(
        self, request: pb.ListInvoicesRequest, context: grpc.ServicerContext
    ) -> pb.ListInvoicesResponse:
        filter = _filter(request)
        size = pages.size(request.page_size)
        after = pages.position(request.page_token, filter.parts(), self._page_key)

        def read(session: Session, subject: Subject) -> pb.ListInvoicesResponse:
            _require(subject, filter)
            found = queries.list_invoices(session, filter, after, size + 1, with_lines=request.with_lines)
            page, token = pages.cut(found, size, lambda each: each.place, filter.parts(), self._page_key)
            return pb.ListInvoicesResponse(
                invoices=[invoice_to(listed.invoice) for listed in page], next_page_token=token
            )

        return self._edge.query(context, read)

    def VoidInvoice(self, request: pb.VoidInvoiceRequest, context: grpc.ServicerContext) -> pb.Invoice:
        id = uuid_in("id", request.id)
        return self._edge.command(
            context,
            request,
            pb.Invoice,
            lambda session, subject: invoice_to(issue.void_invoice(session, subject, id, request.reason)),
        )

    def ChangeInvoice(self, request: pb.ChangeInvoiceRequest, context: grpc.ServicerContext) -> pb.Invoice:
        id = uuid_in("id", request.id)
        lines = lines_from(request.lines)

        def effect(session: Session, subject: Subject) -> pb.Invoice:
            return invoice_to(
                issue.change_invoice(session, subject, id, lines, request.due_date, request.reason)
            )

        return self._edge.command(context, request, pb.Invoice, effect)

    def SummariseBatch(
        self, request: pb.SummariseBatchRequest, context: grpc.ServicerContext
    ) -> pb.SummariseBatchResponse:
        filter = InvoiceFilter(uuid_in("organisation_id", request.organisation_id), batch_id=request.batch_id)
        if not request.batch_id:
            raise BadRequestField(field="batch_id", value="")

        def read(session: Session, subject: Subject) -> pb.SummariseBatchResponse:
            _require(subject, filter)
            groups, total = queries.summarise_batch(session, filter.organisation_id, filter.batch_id)
            return pb.SummariseBatchResponse(
                groups=[summary_to(name, sums) for name, sums in groups], total=summary_to("", total)
            )

        return self._edge.query(context, read)

    def SummariseCity(
        self, request: pb.SummariseCityRequest, context: grpc.ServicerContext
    ) -> pb.SummariseCityResponse:
        def read(session: Session, _: Subject) -> pb.SummariseCityResponse:
            sums, receipts_issued, receipts_cancelled = queries.summarise_city(session)
            return pb.SummariseCityResponse(
                invoices_issued=sums.invoices,
                invoices_paid=sums.paid,
                invoices_part_paid=sums.part_paid,
                invoices_void=sums.void,
                amount_due=sums.amount_due,
                amount_paid=sums.amount_paid,
                receipts_issued=receipts_issued,
                receipts_cancelled=receipts_cancelled,
            )

        return self._edge.query(context, read)

    def GetPublicBill(self, request: pb.GetPublicBillRequest, context: grpc.ServicerContext) -> pb.PublicBill:
        return self._edge.query(
            context, lambda session, _: public_bill_to(bills.get_bill(session, request.reference))
        )

    def OpenBill(self, request: pb.OpenBillRequest, context: grpc.ServicerContext) -> pb.OpenedBill:
        def attempt(session: Session, _: Subject) -> Bill | Error:
            if request.WhichOneof("proof") == "link_token":
                return bills.open_by_link(session, request.reference, request.link_token)
            return bills.open_by_fact(session, self._keeper, request.reference, request.second_fact)

        opened = self._edge.query(context, attempt)
        if isinstance(opened, Error):
            # Raised after the commit, which keeps the count of the miss.
            raise opened
        return opened_bill_to(opened)

    def CreatePayLink(self, request: pb.CreatePayLinkRequest, context: grpc.ServicerContext) -> pb.PayLink:
        id = uuid_in("id", request.id)

        def effect(session: Session, subject: Subject) -> pb.PayLink:
            link = bills.create_link(session, subject, self._keeper, id)
            return pb.PayLink(
                link_id=str(link.id), reference=link.reference, expire_time=timestamp(link.expire_time)
            )

        # The stored answer holds no token; it follows from the link's id, for the repeat of a request as well.
        reply = self._edge.command(context, request, pb.PayLink, effect)
        reply.link_token = self._keeper.link_token(uuid_in("link_id", reply.link_id))
        return reply

    def RevokePayLinks(
        self, request: pb.RevokePayLinksRequest, context: grpc.ServicerContext
    ) -> pb.RevokePayLinksResponse:
        id = uuid_in("id", request.id)

        def effect(session: Session, subject: Subject) -> pb.RevokePayLinksResponse:
            return pb.RevokePayLinksResponse(revoked=bills.revoke_links(session, subject, id))

        return self._edge.command(context, request, pb.RevokePayLinksResponse, effect)

    def GetReceipt(self, request: pb.GetReceiptRequest, context: grpc.ServicerContext) -> pb.Receipt:
        return self._edge.query(
            context,
            lambda session, _: receipt_to(queries.get_receipt(session, request.reference, request.number)),
        )

    def ListReceipts(
        self, request: pb.ListReceiptsRequest, context: grpc.ServicerContext
    ) -> pb.ListReceiptsResponse:
        filter = InvoiceFilter(uuid_in("organisation_id", request.organisation_id))
        invoice_id = uuid_in("invoice_id", request.invoice_id) if request.invoice_id else None
        parts = ["receipts", str(filter.organisation_id), str(invoice_id)]
        size = pages.size(request.page_size)
        after = pages.position(request.page_token, parts, self._page_key)

        def read(session: Session, subject: Subject) -> pb.ListReceiptsResponse:
            _require(subject, filter)
            found = queries.list_receipts(session, filter.organisation_id, invoice_id, after, size + 1)
            page, token = pages.cut(
                found,
                size,
                lambda each: (each.receipt.series, each.receipt.year, each.receipt.number),
                parts,
                self._page_key,
            )
            return pb.ListReceiptsResponse(
                receipts=[receipt_to(printed) for printed in page], next_page_token=token
            )

        return self._edge.query(context, read)

    def PrintReceipt(
        self, request: pb.PrintReceiptRequest, context: grpc.ServicerContext
    ) -> Iterator[common_pb.FileChunk]:
        if self._printer is None:
            raise Unavailable(service="documents")
        yield from self._printer.print(request, context)

    def ListReceiptKeys(
        self, request: pb.ListReceiptKeysRequest, context: grpc.ServicerContext
    ) -> pb.ListReceiptKeysResponse:
        return self._edge.query(
            context,
            lambda session, _: pb.ListReceiptKeysResponse(
                keys=[receipt_key_to(key) for key in queries.receipt_keys(session)]
            ),
        )

    def AnnounceAgain(
        self, request: pb.AnnounceAgainRequest, context: grpc.ServicerContext
    ) -> pb.AnnounceAgainResponse:
        flows = {
            pb.AnnounceAgainRequest.TOPIC_PAYABLES: announce.payables_again,
            pb.AnnounceAgainRequest.TOPIC_INVOICES: announce.invoices_again,
        }
        flow = flows.get(request.topic)
        if flow is None:
            raise BadRequestField(field="topic", value=request.topic)
        parts = ["announce", request.topic]
        position = pages.position(request.page_token, parts, self._page_key)
        after = uuid_in("page_token", position[0]) if position else None
        size = min(request.page_size or MOST_ANNOUNCED, MOST_ANNOUNCED)

        def write(session: Session, _: Subject) -> pb.AnnounceAgainResponse:
            announced, last = flow(session, after, size)
            token = pages.token([str(last)], parts, self._page_key) if last else ""
            return pb.AnnounceAgainResponse(announced=announced, next_page_token=token)

        return self._edge.query(context, write)


def _filter(request: pb.ListInvoicesRequest) -> InvoiceFilter:
    states = []
    for number in request.states:
        if number not in STATE_OF:
            raise BadRequestField(field="states", value=number)
        states.append(STATE_OF[number])
    return InvoiceFilter(
        organisation_id=uuid_in("organisation_id", request.organisation_id),
        batch_id=request.batch_id,
        group_name=request.group_name,
        states=tuple(states),
        search=request.search,
        notice_ids=tuple(request.notice_ids),
        payer_id=request.payer_id,
    )


def _require(subject: Subject, filter: InvoiceFilter) -> None:
    """Say plainly that an organisation is not the caller's, where row-level security would show nothing."""
    if subject.kind is not Kind.SERVICE:
        subject.require("invoices.read", filter.organisation_id)
