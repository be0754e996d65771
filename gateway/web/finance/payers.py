"""Payers' credit: who has some, how it came about, and paying another payable with it on request."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from gateway.guards import CurrentPage, page_routes
from gateway.web.finance.frame import (
    ASSIGN,
    READ,
    UNDO,
    Desk,
    FinancePageNotFound,
    desk_of,
    error_words,
    inside,
    outside,
    with_query,
)
from kit.errors import Error
from kit.money import parse_vnd
from xoai.reconciliation.v1 import reconciliation_service_pb2 as pb

routes = page_routes()
TAB: Final = "/doi-soat/tien-du"
_PAGE: Final = 50
_MOST_TYPED: Final = 100
_MOST_REASON: Final = 500


@dataclass(frozen=True, slots=True)
class Holder:
    """A payer with credit in one organisation."""

    credit: pb.PayerCredit
    unit: str
    href: str


def payer_url(organisation_id: str, payer_id: str, **more: str) -> str:
    """The page of a payer's credit."""
    return with_query(
        f"{TAB}/nguoi", **{"don-vi": outside("org", organisation_id), "nguoi": payer_id}, **more
    )


@routes.get("/doi-soat/tien-du", READ, include_in_schema=False)
async def holders(page: CurrentPage, trang: str = "") -> Response:
    """Everybody who has credit."""
    desk = await desk_of(page)
    unit = page.request.query_params.get("don-vi", "")
    request = pb.ListPayerCreditsRequest(
        organisation_id=inside("org", unit), page_size=_PAGE, page_token=trang
    )
    listed = await page.call(page.state.clients.reconciliation.ListPayerCredits, request)
    more = {"don-vi": unit, "trang": listed.next_page_token}
    return desk.render(
        "payers",
        page.gettext("Tiền dư"),
        tab=TAB,
        rows=[
            Holder(row, desk.name_of(row.organisation_id), payer_url(row.organisation_id, row.payer_id))
            for row in listed.payer_credits
        ],
        unit=unit,
        next_href=with_query(TAB, **more) if listed.next_page_token else "",
        is_first_page=not trang,
    )


async def _show(
    desk: Desk,
    organisation_id: str,
    payer_id: str,
    *,
    errors: dict[str, str] | None = None,
    values: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    page, service = desk.page, desk.page.state.clients.reconciliation
    query = page.request.query_params
    searched = " ".join(query.get("phieu", "").split())[:_MOST_TYPED]
    held, uses = await asyncio.gather(
        page.call(
            service.ListPayerCredits,
            pb.ListPayerCreditsRequest(organisation_id=organisation_id, payer_id=payer_id),
        ),
        page.call(
            service.ListPayments, pb.ListPaymentsRequest(organisation_id=organisation_id, payer_id=payer_id)
        ),
    )
    if not held.payer_credits and not uses.payments:
        raise FinancePageNotFound()
    credit = held.payer_credits[0] if held.payer_credits else pb.PayerCredit(payer_id=payer_id)
    wanted = searched or credit.payer_name
    found: list[pb.Suggestion] = []
    if wanted and credit.amount:
        request = pb.SearchPayablesRequest(organisation_id=organisation_id, search=wanted)
        listed = await page.call(service.SearchPayables, request, timeout=5.0)
        found = [row for row in listed.payables if row.amount_open]
    own = [row for row in found if row.payer_id == payer_id]
    return desk.render(
        "payer",
        credit.payer_name or page.gettext("Tiền dư"),
        tab=TAB,
        credit=credit,
        unit=desk.name_of(organisation_id),
        here=payer_url(organisation_id, payer_id),
        action=f"{TAB}/nguoi",
        unit_ref=outside("org", organisation_id),
        uses=[(row, outside("pay", row.id)) for row in uses.payments],
        found=[*own, *(row for row in found if row.payer_id != payer_id)] if searched else own,
        sought=searched,
        may_assign=desk.may("credits.assign", organisation_id),
        may_undo=desk.may("credits.undo", organisation_id),
        done=query.get("viec", ""),
        errors=errors or {},
        values=values or {},
        status=status,
    )


@routes.get("/doi-soat/tien-du/nguoi", READ, include_in_schema=False)
async def holder(page: CurrentPage, nguoi: str = "") -> Response:
    """One payer's credit in one organisation."""
    desk = await desk_of(page)
    organisation_id = inside("org", page.request.query_params.get("don-vi", ""))
    if not organisation_id or not nguoi:
        raise FinancePageNotFound()
    return await _show(desk, organisation_id, nguoi)


@routes.post("/doi-soat/tien-du/nguoi/dung", ASSIGN, include_in_schema=False)
async def use(page: CurrentPage) -> Response:
    """Pay a payable with a payer's credit."""
    desk = await desk_of(page)
    values = await _values(page)
    organisation_id, payer_id = inside("org", values.get("unit", "")), values.get("payer", "")
    errors: dict[str, str] = {}
    field = f"amount-{values.get('payable', '')}"
    amount = 0
    try:
        amount = parse_vnd(values.get("amount", ""))
        request = pb.UsePayerCreditRequest(
            request_id=values.get("request_id", ""),
            organisation_id=organisation_id,
            payer_id=payer_id,
            payable_id=inside("inv", values.get("payable", "")),
            amount=amount,
            reason=values.get("reason", "")[:_MOST_REASON],
        )
        await page.call(page.state.clients.reconciliation.UsePayerCredit, request, timeout=10.0)
    except Error as error:
        if error.http_status not in (400, 409):
            raise
        errors[field if error.reason != "REASON_MISSING" else f"reason-{values.get('payable', '')}"] = (
            error_words(page, error)
        )
        status = 409 if error.http_status == 409 else 422
        return await _show(desk, organisation_id, payer_id, errors=errors, values=values, status=status)
    return page.redirect(payer_url(organisation_id, payer_id, viec="dung"))


@routes.post("/doi-soat/tien-du/nguoi/hoan-tac", UNDO, include_in_schema=False)
async def give_back(page: CurrentPage) -> Response:
    """Undo a payment out of a payer's credit."""
    desk = await desk_of(page)
    values = await _values(page)
    organisation_id, payer_id = inside("org", values.get("unit", "")), values.get("payer", "")
    request = pb.UndoPaymentRequest(
        request_id=values.get("request_id", ""),
        payment_id=inside("pay", values.get("payment", "")),
        reason=values.get("reason", "")[:_MOST_REASON],
    )
    try:
        await page.call(page.state.clients.reconciliation.UndoPayment, request, timeout=10.0)
    except Error as error:
        if error.http_status not in (400, 409):
            raise
        errors = {f"undo-{values.get('payment', '')}": error_words(page, error)}
        status = 409 if error.http_status == 409 else 422
        return await _show(desk, organisation_id, payer_id, errors=errors, values=values, status=status)
    return page.redirect(payer_url(organisation_id, payer_id, viec="hoan-tac"))


async def _values(page: CurrentPage) -> dict[str, str]:
    form = await page.form()
    return {name: value.strip() for name, value in form.multi_items() if isinstance(value, str)}
