"""Bank credits and payments: money that arrived, and what it pays."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Query
from pydantic import Field

from gateway.access import holds
from gateway.guards import api_routes
from gateway.rest.wire import (
    Amount,
    Body,
    CurrentApi,
    PageSize,
    PageToken,
    Reason,
    RequestId,
    inside,
    outside,
    time,
)
from xoai.reconciliation.v1 import reconciliation_service_pb2 as pb

routes = api_routes("Credits and payments")

View = Literal["all", "suspense", "parked", "over", "applied"]


class Credit(Body):
    """Money that a bank reported, once however many told of it. Its parts sum to `amount`."""

    id: str | None
    organisation_id: str | None
    account_id: str | None
    bin: str
    account_number: str
    virtual_account: str | None
    amount: int
    amount_applied: int
    amount_payer_credit: int
    amount_suspense: int
    amount_refundable: int
    memo: str
    bank_reference: str
    payer_name: str
    payer_account: str
    suspense_reason: str | None
    park_reason: str | None
    exceptions: list[str]
    bank_time: datetime | None
    arrive_time: datetime | None
    post_time: datetime | None
    version: int


class CreditPage(Body):
    credits: list[Credit]
    next_page_token: str


class Payment(Body):
    """The part of a fund that pays one invoice, and the rule by which."""

    id: str | None
    payable_id: str | None
    credit_id: str | None
    reference: str
    amount: int
    rule: str
    rule_detail: str
    post_time: datetime | None
    reverse_time: datetime | None
    reverse_reason: str | None


class CreditDetail(Body):
    credit: Credit
    payments: list[Payment]


class Allocation(Body):
    invoice_id: str = Field(description="inv_…")
    amount: Amount = Field(gt=0)


class AssignCredit(Body):
    """Which invoices suspense pays. `credit_version` is the version that was looked at."""

    allocations: list[Allocation] = Field(min_length=1, max_length=50)
    credit_version: int = Field(ge=0)
    reason: Reason


class UndoPayment(Body):
    reason: Reason


def to_json(credit: pb.Credit) -> Credit:
    """A credit for the outside."""
    return Credit(
        id=outside("crd", credit.id),
        organisation_id=outside("org", credit.organisation_id),
        account_id=outside("acc", credit.account_id),
        bin=credit.bin,
        account_number=credit.account_number,
        virtual_account=credit.virtual_account or None,
        amount=credit.amount,
        amount_applied=credit.amount_applied,
        amount_payer_credit=credit.amount_payer_credit,
        amount_suspense=credit.amount_suspense,
        amount_refundable=credit.amount_refundable,
        memo=credit.memo,
        bank_reference=credit.bank_reference,
        payer_name=credit.payer_name,
        payer_account=credit.payer_account,
        suspense_reason=credit.suspense_reason or None,
        park_reason=credit.park_reason or None,
        exceptions=list(credit.exceptions),
        bank_time=time(credit.bank_time),
        arrive_time=time(credit.arrive_time),
        post_time=time(credit.post_time),
        version=credit.version,
    )


def _payment_to_json(payment: pb.Payment) -> Payment:
    return Payment(
        id=outside("pay", payment.id),
        payable_id=outside("inv", payment.payable_id),
        credit_id=outside("crd", payment.credit_id),
        reference=payment.reference,
        amount=payment.amount,
        rule=payment.rule,
        rule_detail=payment.rule_detail,
        post_time=time(payment.post_time),
        reverse_time=time(payment.reverse_time),
        reverse_reason=payment.reverse_reason or None,
    )


def _detail_to_json(detail: pb.CreditDetail) -> CreditDetail:
    return CreditDetail(
        credit=to_json(detail.credit), payments=[_payment_to_json(payment) for payment in detail.payments]
    )


@routes.get("/v1/credits", holds("credits.read"), summary="List bank credits")
async def list_credits(
    api: CurrentApi,
    organisation_id: str = "",
    view: View = "all",
    search: Annotated[
        str, Query(max_length=100, description="Amount, memo, bank reference or bill code")
    ] = "",
    page_size: PageSize = 0,
    page_token: PageToken = "",
) -> CreditPage:
    """Credits of the organisations that the caller acts for, newest first.

    A search looks through a part of them at a time: its page may be short, or empty, and still have a next one.
    """
    reply = await api.call(
        api.clients.reconciliation.ListCredits,
        pb.ListCreditsRequest(
            organisation_id=inside("org", organisation_id),
            view=pb.ListCreditsRequest.View.Value(f"VIEW_{view.upper()}"),
            search=search,
            page_size=page_size,
            page_token=page_token,
        ),
    )
    return CreditPage(
        credits=[to_json(credit) for credit in reply.credits], next_page_token=reply.next_page_token
    )


@routes.get("/v1/credits/{credit_id}", holds("credits.read"), summary="Get a bank credit")
async def get_credit(api: CurrentApi, credit_id: str) -> CreditDetail:
    """One credit with the payments drawn on it."""
    request = pb.GetCreditRequest(id=inside("crd", credit_id))
    return _detail_to_json(await api.call(api.clients.reconciliation.GetCredit, request))


@routes.post("/v1/credits/{credit_id}:assign", holds("credits.assign"), summary="Assign suspense to invoices")
async def assign_credit(
    api: CurrentApi, credit_id: str, body: AssignCredit, request_id: RequestId
) -> CreditDetail:
    """Decide by hand which invoices a credit in suspense pays."""
    request = pb.AssignCreditRequest(
        request_id=request_id,
        credit_id=inside("crd", credit_id),
        allocations=[
            pb.Allocation(payable_id=inside("inv", row.invoice_id), amount=row.amount)
            for row in body.allocations
        ],
        reason=body.reason,
        credit_version=body.credit_version,
    )
    return _detail_to_json(await api.call(api.clients.reconciliation.AssignCredit, request))


@routes.post("/v1/payments/{payment_id}:undo", holds("credits.undo"), summary="Undo a payment")
async def undo_payment(
    api: CurrentApi, payment_id: str, body: UndoPayment, request_id: RequestId
) -> CreditDetail:
    """Take a payment off its invoice again; the money waits as suspense."""
    request = pb.UndoPaymentRequest(
        request_id=request_id, payment_id=inside("pay", payment_id), reason=body.reason
    )
    return _detail_to_json(await api.call(api.clients.reconciliation.UndoPayment, request))
