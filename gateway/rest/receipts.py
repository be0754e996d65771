"""Receipts: proofs of payment with gapless numbers."""

from __future__ import annotations

from datetime import datetime

from gateway.access import holds
from gateway.guards import api_routes
from gateway.rest.wire import Body, CurrentApi, PageSize, PageToken, inside, outside, time
from xoai.invoices.v1 import invoices_service_pb2 as pb

routes = api_routes("Receipts")


class Receipt(Body):
    """One receipt; a cancelled one keeps its number and says why."""

    id: str | None
    organisation_id: str | None
    invoice_id: str | None
    payment_id: str | None
    reference: str
    series: str
    year: int
    number: str
    amount: int
    title: str
    payer_name: str
    group_name: str
    bank_time: datetime | None
    issue_time: datetime | None
    cancel_time: datetime | None
    cancel_reason: str | None
    payer_account_last_four: str
    bank_reference: str


class ReceiptPage(Body):
    receipts: list[Receipt]
    next_page_token: str


def to_json(receipt: pb.Receipt) -> Receipt:
    """A receipt for the outside."""
    return Receipt(
        id=outside("rcp", receipt.id),
        organisation_id=outside("org", receipt.organisation_id),
        invoice_id=outside("inv", receipt.invoice_id),
        payment_id=outside("pay", receipt.payment_id),
        reference=receipt.reference,
        series=receipt.series,
        year=receipt.year,
        number=receipt.number,
        amount=receipt.amount,
        title=receipt.title,
        payer_name=receipt.payer_name,
        group_name=receipt.group_name,
        bank_time=time(receipt.bank_time),
        issue_time=time(receipt.issue_time),
        cancel_time=time(receipt.cancel_time),
        cancel_reason=receipt.cancel_reason or None,
        payer_account_last_four=receipt.payer_account_last_four,
        bank_reference=receipt.bank_reference,
    )


@routes.get("/v1/receipts", holds("invoices.read"), summary="List receipts")
async def list_receipts(
    api: CurrentApi,
    organisation_id: str = "",
    invoice_id: str = "",
    page_size: PageSize = 0,
    page_token: PageToken = "",
) -> ReceiptPage:
    """Receipts of the organisations that the caller acts for."""
    reply = await api.call(
        api.clients.invoices.ListReceipts,
        pb.ListReceiptsRequest(
            organisation_id=inside("org", organisation_id),
            invoice_id=inside("inv", invoice_id),
            page_size=page_size,
            page_token=page_token,
        ),
    )
    return ReceiptPage(
        receipts=[to_json(receipt) for receipt in reply.receipts], next_page_token=reply.next_page_token
    )


@routes.get("/v1/receipts/{reference}/{number}", holds("invoices.read"), summary="Get a receipt")
async def get_receipt(api: CurrentApi, reference: str, number: str) -> Receipt:
    """One receipt, by the payment reference of its invoice and its number."""
    request = pb.GetReceiptRequest(reference=reference, number=number)
    return to_json(await api.call(api.clients.invoices.GetReceipt, request))
