"""What a visit shows: what anybody may know by the reference alone, of a bill or of a sale at a stall."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gateway.bills import BillState, BillView, Code
from gateway.page import Page
from gateway.stalls import SaleState
from gateway.web import sales
from kit.references.code import Kind, kind_of
from xoai.documents.v1 import documents_service_pb2 as documents_pb


class Asked(StrEnum):
    """What the page has to say first."""

    WAITING = "waiting"
    SHORT = "short"
    PAID = "paid"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class AskedFor:
    """What somebody is asked to pay. `rest` in đồng; no name but a masked one, no line, no account."""

    state: Asked
    biller: str
    title: str
    who: str
    rest: int
    due_date: str
    bin: str
    bank_name: str
    code: Code | None
    phone: str
    # A sale at a stall is paid at once: nobody needs a page of paper for it.
    has_guide: bool
    bill: BillView | None = None

    @property
    def is_open(self) -> bool:
        """True while money is wanted."""
        return self.state in (Asked.WAITING, Asked.SHORT)

    @property
    def channel(self) -> str:
        """Where the page hears that money came; empty for a sale."""
        return f"invoice:{self.bill.bill.reference}" if self.bill else ""


_STATES = {
    BillState.WAITING: Asked.WAITING,
    BillState.SHORT: Asked.SHORT,
    BillState.PAID: Asked.PAID,
    BillState.OVER: Asked.PAID,
    BillState.VOID: Asked.GONE,
}


async def asked_for(page: Page, reference: str) -> AskedFor:
    """What a reference asks for. Raises NotFound for one that is gone."""
    if kind_of(reference) is Kind.STALL:
        return await _of_sale(page, reference)
    view = await page.state.bills.view(await page.state.bills.bill(reference))
    return AskedFor(
        state=_STATES[view.state],
        biller=view.organisation.name,
        title=view.bill.title,
        who=view.bill.payer_masked_name,
        rest=view.rest,
        due_date=view.bill.due_date,
        bin=view.bill.bin,
        bank_name=view.bank_name,
        code=view.code,
        phone=view.organisation.phone,
        has_guide=view.code is not None,
        bill=view,
    )


_SALE_STATES = {
    SaleState.WAITING: Asked.WAITING,
    SaleState.SHORT: Asked.SHORT,
    SaleState.PAID: Asked.PAID,
    SaleState.OVER: Asked.PAID,
    SaleState.AGAIN: Asked.PAID,
}


async def _of_sale(page: Page, reference: str) -> AskedFor:
    view = await sales.view_of(page, await page.state.stalls.sale(reference))
    sale = view.sale
    # A code is drawn while the seller waits; short and expired, or cancelled: there is nothing to pay by it any more.
    state = _SALE_STATES.get(view.state, Asked.GONE)
    if state in (Asked.WAITING, Asked.SHORT) and view.code is None:
        state = Asked.GONE
    return AskedFor(
        state=state,
        biller=" · ".join(part for part in (sale.stall_name, sale.programme_name) if part),
        title=page.gettext("Mua ở quầy %(number)s", number=sale.stall_number),
        who="",
        rest=view.rest,
        due_date="",
        bin=sale.bin,
        bank_name=sale.bank_name,
        code=view.code,
        phone="",
        has_guide=False,
    )


def guide_request(page: Page, asked: AskedFor, helper_name: str) -> documents_pb.RenderGuideRequest:
    """The page of paper for a bill that is still to be paid."""
    assert asked.bill is not None
    assert asked.code is not None
    bill = asked.bill.bill
    return documents_pb.RenderGuideRequest(
        biller_name=asked.biller,
        payer_masked=asked.who,
        title=asked.title,
        amount=asked.rest,
        due_date=asked.due_date,
        reference=bill.reference,
        payment=documents_pb.PaymentDetails(
            payload=asked.code.payload,
            holder=bill.holder_name,
            account=bill.account_number,
            bank=asked.bank_name,
            memo=bill.reference,
            page_address=f"{page.settings.public_url}/p",
        ),
        help_phone=asked.phone or page.settings.help_phone,
        helper_name=helper_name,
        trial=page.settings.is_sandbox,
    )
