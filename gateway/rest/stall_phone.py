"""A stall's paired phone: everything its screen reads and does. Each call acts for the phone's one stall."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import Depends, Query, Request
from google.protobuf.message import Message
from pydantic import Field

from gateway.access import STALL_DEVICE
from gateway.guards import api_routes
from gateway.rest import stall_shapes as shapes
from gateway.rest.wire import Amount, Api, Body, PageToken, RequestId, time
from gateway.viewers import Viewer, form_token
from kit import auth, clock
from xoai.pilots.v1 import sales_service_pb2 as sales_pb
from xoai.pilots.v1 import stalls_service_pb2 as stalls_pb
from xoai.pilots.v1 import trust_service_pb2 as trust_pb

routes = api_routes("A stall's phone")
_TAKINGS_A_PAGE = 50


class Pin(Body):
    pin: str = Field(pattern="^[0-9]{4}$", description="Four digits")


class NewSale(Body):
    amount: Amount
    rest_of_sale_id: str = Field(default="", max_length=40)


class Settlement(Body):
    rest_in_cash: bool


class Answer(Body):
    yes: bool


class Cash(Body):
    amount: Amount = Field(gt=0)
    sale_id: str = Field(default="", max_length=40)


class Mark(Body):
    private: bool


class DayToClose(Body):
    book_date: str = Field(max_length=10)


class Scan(Body):
    payload: str = Field(min_length=1, max_length=1_000, description="The text of the code that stands there")


class Nothing(Body):
    """Done."""


class PhoneApi(Api):
    """Calls for the phone's own stall."""

    @property
    def stall_id(self) -> str:
        return self.viewer.stall_id

    async def by_key(self, method: Any, request: Message) -> Viewer:
        """Lock or unlock this phone: the gateway itself asks, with the phone's key in the request."""
        token = self.clients.sign(auth.service("gateway"))
        session = await self.clients.call(method, request, token, timeout=3.0)
        return self.state.viewers.phone_changed(session, self.viewer.phone_key)

    async def sale(self, sale: sales_pb.Sale) -> shapes.Sale:
        """A sale with its code drawn while it waits."""
        code = await self.state.bills.drawn(sale.payload) if shapes.waits(sale) else None
        return shapes.of_sale(sale, code)


def _api(request: Request) -> PhoneApi:
    return PhoneApi(request)


CurrentPhone = Annotated[PhoneApi, Depends(_api)]


def _phone(viewer: Viewer) -> shapes.Phone:
    session = viewer.phone or stalls_pb.DeviceSession()
    return shapes.of_phone(session, clock.now())


@routes.get("/v1/stall-phone", STALL_DEVICE, summary="What the screen begins with")
async def screen(api: CurrentPhone) -> shapes.Screen:
    """The phone's stall with its standing code, its day so far, a sale that waits, and open questions."""
    stall, day = await asyncio.gather(
        api.call(api.clients.stalls.GetStall, stalls_pb.GetStallRequest(id=api.stall_id)),
        api.call(
            api.clients.sales.GetDay,
            sales_pb.GetDayRequest(stall_id=api.stall_id, page_size=_TAKINGS_A_PAGE),
        ),
    )
    code = await api.state.bills.drawn(stall.payload) if stall.payload else None
    return shapes.Screen(
        form_token=form_token(api.viewer.form_key),
        channel=f"stall:{api.stall_id}",
        stall=shapes.of_stall(stall),
        stand=shapes.Stand(
            issue_number=stall.stand.issue_number,
            check_time=time(stall.stand.check_time),
            code=shapes.of_code(code),
        ),
        phone=_phone(api.viewer),
        day=shapes.of_day(day),
        sale=await api.sale(day.waiting_sale) if day.waiting_sale.id else None,
        questions=[shapes.of_question(credit) for credit in day.questions],
    )


@routes.post("/v1/stall-phone:unlock", STALL_DEVICE, summary="Open selling with the PIN")
async def unlock(api: CurrentPhone, body: Pin) -> shapes.Phone:
    """Four digits of the owner open selling on a seller's phone until the shift ends."""
    request = stalls_pb.UnlockDeviceRequest(key=api.viewer.phone_key, pin=body.pin)
    return _phone(await api.by_key(api.clients.stalls.UnlockDevice, request))


@routes.post("/v1/stall-phone:lock", STALL_DEVICE, summary="End the shift")
async def lock(api: CurrentPhone) -> shapes.Phone:
    """The phone goes on listening; selling needs the PIN again."""
    request = stalls_pb.LockDeviceRequest(key=api.viewer.phone_key)
    return _phone(await api.by_key(api.clients.stalls.LockDevice, request))


@routes.post("/v1/stall-phone/sales", STALL_DEVICE, summary="Ask for an amount")
async def create_sale(api: CurrentPhone, body: NewSale, request_id: RequestId) -> shapes.Sale:
    """A sale with its own code. From 1 đồng to 499,999,999, the most that one NAPAS 247 transfer takes."""
    request = sales_pb.CreateSaleRequest(
        request_id=request_id,
        stall_id=api.stall_id,
        amount=body.amount,
        rest_of_sale_id=body.rest_of_sale_id,
    )
    return await api.sale(await api.call(api.clients.sales.CreateSale, request))


@routes.get("/v1/stall-phone/sales/{sale_id}", STALL_DEVICE, summary="Get a sale")
async def get_sale(api: CurrentPhone, sale_id: str) -> shapes.Sale:
    """One sale as it stands."""
    return await api.sale(await api.call(api.clients.sales.GetSale, sales_pb.GetSaleRequest(id=sale_id)))


@routes.post("/v1/stall-phone/sales/{sale_id}:cancel", STALL_DEVICE, summary="Cancel a sale")
async def cancel_sale(api: CurrentPhone, sale_id: str, request_id: RequestId) -> shapes.Sale:
    """It waits no longer. Money that still comes is told as late."""
    request = sales_pb.CancelSaleRequest(request_id=request_id, id=sale_id)
    return await api.sale(await api.call(api.clients.sales.CancelSale, request))


@routes.post("/v1/stall-phone/sales/{sale_id}:settle", STALL_DEVICE, summary="Settle a short sale")
async def settle_sale(
    api: CurrentPhone, sale_id: str, body: Settlement, request_id: RequestId
) -> shapes.Sale:
    """The seller takes what came; the rest is forgone, or was taken in cash."""
    request = sales_pb.SettleSaleRequest(request_id=request_id, id=sale_id, rest_in_cash=body.rest_in_cash)
    return await api.sale(await api.call(api.clients.sales.SettleSale, request))


@routes.post("/v1/stall-phone/questions/{credit_id}:answer", STALL_DEVICE, summary="Is it this customer?")
async def answer(api: CurrentPhone, credit_id: str, body: Answer, request_id: RequestId) -> Nothing:
    """Yes puts money without a code on the sale that waits for just this amount; no leaves it to the stall."""
    request = sales_pb.AnswerQuestionRequest(request_id=request_id, credit_id=credit_id, yes=body.yes)
    await api.call(api.clients.sales.AnswerQuestion, request)
    return Nothing()


@routes.get("/v1/stall-phone/day", STALL_DEVICE, summary="Get a day")
async def get_day(
    api: CurrentPhone,
    book_date: Annotated[str, Query(max_length=10, description="YYYY-MM-DD; the open day if absent")] = "",
    page_token: PageToken = "",
) -> shapes.Day:
    """A business day with its takings, newest first, 50 at a time."""
    request = sales_pb.GetDayRequest(
        stall_id=api.stall_id, book_date=book_date, page_size=_TAKINGS_A_PAGE, page_token=page_token
    )
    return shapes.of_day(await api.call(api.clients.sales.GetDay, request))


@routes.post("/v1/stall-phone/day:close", STALL_DEVICE, summary="Close the day")
async def close_day(api: CurrentPhone, body: DayToClose, request_id: RequestId) -> shapes.Day:
    """What comes later is told apart as late."""
    request = sales_pb.CloseDayRequest(request_id=request_id, stall_id=api.stall_id, book_date=body.book_date)
    return shapes.of_day(await api.call(api.clients.sales.CloseDay, request))


@routes.post("/v1/stall-phone/cash", STALL_DEVICE, summary="Enter cash")
async def enter_cash(api: CurrentPhone, body: Cash, request_id: RequestId) -> shapes.Taking:
    """Cash beside the transfers, in the day's sums and the day book."""
    request = sales_pb.EnterCashRequest(
        request_id=request_id, stall_id=api.stall_id, amount=body.amount, sale_id=body.sale_id
    )
    return shapes.of_taking(await api.call(api.clients.sales.EnterCash, request))


@routes.post("/v1/stall-phone/cash/{cash_id}:take-back", STALL_DEVICE, summary="Take cash back")
async def take_back_cash(api: CurrentPhone, cash_id: str, request_id: RequestId) -> shapes.Taking:
    """An entry that was wrong; it stays visible."""
    request = sales_pb.TakeBackCashRequest(request_id=request_id, id=cash_id)
    return shapes.of_taking(await api.call(api.clients.sales.TakeBackCash, request))


@routes.post("/v1/stall-phone/takings/{payment_id}:mark", STALL_DEVICE, summary="Mark a transfer as private")
async def mark_private(
    api: CurrentPhone, payment_id: str, body: Mark, request_id: RequestId
) -> shapes.Taking:
    """A transfer that is no takings (family, a loan) is kept apart and still shown; or no longer so."""
    request = sales_pb.MarkPrivateRequest(request_id=request_id, payment_id=payment_id, private=body.private)
    return shapes.of_taking(await api.call(api.clients.sales.MarkPrivate, request))


@routes.post("/v1/stall-phone/stand-checks", STALL_DEVICE, summary="Check the stand")
async def check_stand(api: CurrentPhone, body: Scan, request_id: RequestId) -> shapes.StandCheck:
    """Compare what stands at the stall with what is registered; a difference raises an alarm at once."""
    request = trust_pb.CheckStandRequest(request_id=request_id, stall_id=api.stall_id, payload=body.payload)
    return shapes.of_check(await api.call(api.clients.trust.CheckStand, request))
