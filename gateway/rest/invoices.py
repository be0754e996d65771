"""Invoices: issue, read, change, void, and unguessable links."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import Query
from pydantic import Field

from gateway.access import holds
from gateway.guards import api_routes
from gateway.rest.wire import (
    Amount,
    Api,
    Body,
    CurrentApi,
    Line,
    PageSize,
    PageToken,
    Reason,
    RequestId,
    Text,
    inside,
    name,
    outside,
    time,
)
from kit.errors import FieldViolation, InvalidArgument
from xoai.directory.v1 import directory_service_pb2 as directory_pb
from xoai.invoices.v1 import invoices_service_pb2 as pb

routes = api_routes("Invoices")

State = Literal["open", "part_paid", "paid", "void"]


class AccountNotUsable(InvalidArgument):
    reason = "ACCOUNT_NOT_USABLE"
    vi = "Tài khoản nhận tiền không có, hoặc chưa được duyệt, hoặc không phải của đơn vị này."
    en = "The receiving account does not exist, is not in force, or belongs to another organisation."


class NewLine(Body):
    """What is charged."""

    title: Line
    amount: Amount
    ledger_class: Text = Field(
        default="dich_vu", description="Which collected account the money is booked to"
    )
    priority: int = Field(default=0, ge=0, le=1_000, description="Lower is paid first")
    fee_kind: Text = ""
    unit_price: Amount = 0
    quantity_milli: int = Field(default=0, ge=0, description="Thousandths: 1.5 is 1500")
    unit: Text = ""


class NewInvoice(Body):
    """One invoice to be issued."""

    source_id: Line = Field(
        description="Your own key of this invoice; a second one with it is not billed again"
    )
    account_id: str = Field(description="The receiving account, acc_…")
    title: Line
    payer_name: Line
    payer_id: Text = Field(default="", description="Your own key of the payer")
    payer_codes: list[Text] = Field(default_factory=list, max_length=10)
    group_name: Text = ""
    due_date: date | None = None
    lines: list[NewLine] = Field(min_length=1, max_length=100)
    second_fact: Text = Field(
        default="", description="Opens the lines to the payer: a birth date 2019-03-24, or four digits"
    )


class IssueInvoices(Body):
    """Up to 500 invoices of one organisation; each gets its own outcome."""

    organisation_id: str = Field(description="org_…")
    invoices: list[NewInvoice] = Field(min_length=1, max_length=500)


class Outcome(Body):
    """What became of one invoice of a batch. `exists`: the key was billed before; that invoice is named unchanged."""

    source_id: str
    outcome: Literal["issued", "exists", "refused"]
    id: str | None
    reference: str | None
    reason: str | None
    detail: str | None
    detail_en: str | None


class Issued(Body):
    """Outcomes in the order of the request."""

    outcomes: list[Outcome]


class InvoiceLine(Body):
    id: str
    title: str
    ledger_class: str
    amount: int
    priority: int
    paused: bool
    fee_kind: str
    unit_price: int
    quantity_milli: int
    unit: str
    exempted: int
    exemption_reason: str


class ReceivingAccount(Body):
    id: str | None
    bin: str
    account_number: str
    holder_name: str


class Invoice(Body):
    """What is owed, and how much of it has come."""

    id: str | None
    organisation_id: str | None
    reference: str
    state: State
    title: str
    payer_id: str
    payer_name: str
    payer_codes: list[str]
    group_name: str
    batch_id: str | None
    source_id: str
    account: ReceivingAccount
    amount_due: int
    amount_paid: int
    due_date: str | None
    lines: list[InvoiceLine]
    version: int
    issue_time: datetime | None
    paid_time: datetime | None
    void_reason: str | None
    pay_url: str


class InvoicePage(Body):
    invoices: list[Invoice]
    next_page_token: str


class VoidInvoice(Body):
    reason: Reason


class ChangeInvoice(Body):
    """Other lines, before any payment. The reference stays, so an old QR code still finds the invoice."""

    lines: list[NewLine] = Field(min_length=1, max_length=100)
    due_date: date | None = None
    reason: Reason


class PayLink(Body):
    """An address that opens the lines without a second fact. Shown once."""

    url: str
    expire_time: datetime | None


def to_json(invoice: pb.Invoice, public_url: str) -> Invoice:
    """An invoice for the outside."""
    return Invoice(
        id=outside("inv", invoice.id),
        organisation_id=outside("org", invoice.organisation_id),
        reference=invoice.reference,
        state=name(pb.Invoice.State, invoice.state, "STATE_"),  # type: ignore[arg-type]
        title=invoice.title,
        payer_id=invoice.payer_id,
        payer_name=invoice.payer_name,
        payer_codes=list(invoice.payer_codes),
        group_name=invoice.group_name,
        batch_id=outside("bat", invoice.batch_id),
        source_id=invoice.source_id,
        account=ReceivingAccount(
            id=outside("acc", invoice.account_id),
            bin=invoice.bin,
            account_number=invoice.account_number,
            holder_name=invoice.holder_name,
        ),
        amount_due=invoice.amount_due,
        amount_paid=invoice.amount_paid,
        due_date=invoice.due_date or None,
        lines=[_line_to_json(line) for line in invoice.lines],
        version=invoice.version,
        issue_time=time(invoice.issue_time),
        paid_time=time(invoice.paid_time),
        void_reason=invoice.void_reason or None,
        pay_url=f"{public_url}/p/{invoice.reference}",
    )


def _line_to_json(line: pb.InvoiceLine) -> InvoiceLine:
    return InvoiceLine(
        id=line.id,
        title=line.title,
        ledger_class=line.ledger_class,
        amount=line.amount,
        priority=line.priority,
        paused=line.paused,
        fee_kind=line.fee_kind,
        unit_price=line.unit_price,
        quantity_milli=line.quantity_milli,
        unit=line.unit,
        exempted=line.exempted,
        exemption_reason=line.exemption_reason,
    )


def _line_to_proto(line: NewLine) -> pb.InvoiceLine:
    return pb.InvoiceLine(
        title=line.title,
        ledger_class=line.ledger_class,
        amount=line.amount,
        priority=line.priority,
        fee_kind=line.fee_kind,
        unit_price=line.unit_price,
        quantity_milli=line.quantity_milli,
        unit=line.unit,
    )


@routes.get("/v1/invoices", holds("invoices.read"), summary="List invoices")
async def list_invoices(
    api: CurrentApi,
    organisation_id: str = "",
    state: Annotated[list[State], Query()] = [],  # noqa: B006 - FastAPI copies defaults
    search: Annotated[
        str, Query(max_length=100, description="Name, code or reference; accents not needed")
    ] = "",
    batch_id: str = "",
    group_name: str = "",
    page_size: PageSize = 0,
    page_token: PageToken = "",
) -> InvoicePage:
    """Invoices of the organisations that the caller acts for, newest first, with lines."""
    reply = await api.call(
        api.clients.invoices.ListInvoices,
        pb.ListInvoicesRequest(
            organisation_id=inside("org", organisation_id),
            batch_id=inside("bat", batch_id),
            group_name=group_name,
            states=[pb.Invoice.State.Value(f"STATE_{value.upper()}") for value in state],
            search=search,
            page_size=page_size,
            page_token=page_token,
            with_lines=True,
        ),
    )
    url = api.state.settings.public_url
    return InvoicePage(
        invoices=[to_json(invoice, url) for invoice in reply.invoices], next_page_token=reply.next_page_token
    )


@routes.get("/v1/invoices/{invoice_id}", holds("invoices.read"), summary="Get an invoice")
async def get_invoice(api: CurrentApi, invoice_id: str) -> Invoice:
    """One invoice, by its id (inv_…) or its payment reference."""
    if invoice_id.startswith("inv_"):
        request = pb.GetInvoiceRequest(id=inside("inv", invoice_id))
    else:
        request = pb.GetInvoiceRequest(reference=invoice_id)
    return to_json(await api.call(api.clients.invoices.GetInvoice, request), api.state.settings.public_url)


@routes.post("/v1/invoices", holds("invoices.issue"), summary="Issue invoices")
async def issue_invoices(api: CurrentApi, body: IssueInvoices, request_id: RequestId) -> Issued:
    """Issue up to 500 invoices. Each gets its own outcome; one that is refused does not hold up the rest.

    The caller also needs `directory.read`, since the receiving account is looked up and copied into the invoice.
    """
    accounts = await _accounts(api, body.organisation_id)
    drafts = []
    for index, invoice in enumerate(body.invoices):
        account = accounts.get(invoice.account_id)
        if account is None:
            field = f"invoices.{index}.account_id"
            raise AccountNotUsable(
                violations=[FieldViolation(field, AccountNotUsable.vi, AccountNotUsable.en)]
            )
        drafts.append(_draft(invoice, account))
    request = pb.IssueInvoicesRequest(
        request_id=request_id,
        organisation_id=inside("org", body.organisation_id),
        source_service="api",
        drafts=drafts,
    )
    reply = await api.call(api.clients.invoices.IssueInvoices, request, timeout=15.0)
    return Issued(outcomes=[_outcome_to_json(outcome) for outcome in reply.outcomes])


async def _accounts(api: Api, organisation_id: str) -> dict[str, directory_pb.Account]:
    """The organisation's accounts in force, by outside id."""
    reply = await api.call(
        api.clients.directory.ListAccounts,
        directory_pb.ListAccountsRequest(organisation_id=inside("org", organisation_id)),
    )
    return {
        str(outside("acc", account.id)): account
        for account in reply.accounts
        if account.state == directory_pb.Account.STATE_ACTIVE
    }


def _draft(invoice: NewInvoice, account: directory_pb.Account) -> pb.InvoiceDraft:
    return pb.InvoiceDraft(
        source_id=invoice.source_id,
        account_id=account.id,
        bin=account.bin,
        account_number=account.account_number,
        holder_name=account.holder_name,
        title=invoice.title,
        payer_id=invoice.payer_id,
        payer_name=invoice.payer_name,
        payer_codes=invoice.payer_codes,
        group_name=invoice.group_name,
        due_date=invoice.due_date.isoformat() if invoice.due_date else "",
        lines=[_line_to_proto(line) for line in invoice.lines],
        second_fact=invoice.second_fact,
    )


def _outcome_to_json(outcome: pb.IssueOutcome) -> Outcome:
    return Outcome(
        source_id=outcome.source_id,
        outcome=name(pb.IssueOutcome.Outcome, outcome.outcome, "OUTCOME_"),  # type: ignore[arg-type]
        id=outside("inv", outcome.invoice_id),
        reference=outcome.reference or None,
        reason=outcome.reason or None,
        detail=outcome.detail_vi or None,
        detail_en=outcome.detail_en or None,
    )


@routes.post("/v1/invoices/{invoice_id}:void", holds("invoices.void"), summary="Void an invoice")
async def void_invoice(api: CurrentApi, invoice_id: str, body: VoidInvoice, request_id: RequestId) -> Invoice:
    """Void an invoice. Money that comes all the same waits as suspense, and nothing is lost."""
    request = pb.VoidInvoiceRequest(request_id=request_id, id=inside("inv", invoice_id), reason=body.reason)
    return to_json(await api.call(api.clients.invoices.VoidInvoice, request), api.state.settings.public_url)


@routes.post("/v1/invoices/{invoice_id}:change", holds("invoices.change"), summary="Change an invoice")
async def change_invoice(
    api: CurrentApi, invoice_id: str, body: ChangeInvoice, request_id: RequestId
) -> Invoice:
    """Give an invoice other lines or another due date, before any payment."""
    request = pb.ChangeInvoiceRequest(
        request_id=request_id,
        id=inside("inv", invoice_id),
        lines=[_line_to_proto(line) for line in body.lines],
        due_date=body.due_date.isoformat() if body.due_date else "",
        reason=body.reason,
    )
    return to_json(await api.call(api.clients.invoices.ChangeInvoice, request), api.state.settings.public_url)


@routes.post("/v1/invoices/{invoice_id}:link", holds("invoices.link"), summary="Make a pay link")
async def create_pay_link(api: CurrentApi, invoice_id: str, request_id: RequestId) -> PayLink:
    """Make an unguessable address that shows the lines, for the biller's own channel to the payer."""
    link = await api.call(
        api.clients.invoices.CreatePayLink,
        pb.CreatePayLinkRequest(request_id=request_id, id=inside("inv", invoice_id)),
    )
    url = f"{api.state.settings.public_url}/p/{link.reference}/{link.link_token}"
    return PayLink(url=url, expire_time=time(link.expire_time))
