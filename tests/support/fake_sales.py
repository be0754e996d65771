"""The sales in memory: what is asked for, what came in, the day, and the events that phones hear."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import grpc

from kit import clock, errors, speech
from kit.references.code import Kind as ReferenceKind
from kit.references.code import new_reference
from tests.support.fake_access import everybody
from tests.support.fake_bills import stamp
from tests.support.fake_stall_events import StallEvents
from tests.support.fake_stalls import payload_of
from xoai.pilots.v1 import sales_service_pb2 as pb
from xoai.pilots.v1 import sales_service_pb2_grpc as pb_grpc
from xoai.pilots.v1.pilots_events_pb2 import StallEvent

if TYPE_CHECKING:
    from tests.support.fake_platform import FakePlatform

AMOUNT_MOST = 499_999_999
SALE_SECONDS = 900
Kind = pb.Taking.Kind
State = pb.Sale.State


class AmountBeyondTransfer(errors.InvalidArgument):
    reason = "SALE_AMOUNT"
    vi = "Một lần chuyển nhanh NAPAS 247 chỉ nhận từ 1 đến 499.999.999 đồng."
    en = "One NAPAS 247 transfer takes 1 to 499,999,999 đồng."


class SaleClosed(errors.FailedPrecondition):
    reason = "SALE_CLOSED"
    vi = "Lần bán này không còn chờ tiền."
    en = "This sale no longer waits for money."


def _end_of_today() -> datetime:
    local = clock.now().astimezone(clock.CITY_ZONE)
    return local.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


class Sales(StallEvents, pb_grpc.SalesServiceServicer):
    """Sales and takings by stall. Tests let money come with `pay`, `pay_standing` and `ask`."""

    PERMISSIONS = everybody(pb, "SalesService")

    def __init__(self, platform: FakePlatform) -> None:
        self._platform = platform
        self.sales: dict[str, pb.Sale] = {}
        self.takings: list[tuple[str, pb.Taking]] = []
        self.questions: dict[str, pb.Unassigned] = {}
        self.events: dict[str, list[StallEvent]] = {}
        self.closed: set[str] = set()
        self._answers: dict[tuple[str, str], Any] = {}
        self.calls: list[tuple[str, Any]] = []

    # For tests

    def pay(self, sale: pb.Sale, amount: int, *, announce: bool = True) -> StallEvent:
        """Money for a sale."""
        late = sale.state == State.STATE_CANCELLED or sale.expired
        sale.amount_paid += amount
        sale.paid_again = sale.amount_paid > sale.amount
        if not late:
            sale.state = State.STATE_PAID if sale.amount_paid >= sale.amount else State.STATE_PART_PAID
        sale.proof = sale.proof or "472"
        sale.sequence += 1
        sale.paid_time.CopyFrom(stamp(clock.now()))
        says = self._speech(sale, amount, late)
        return self._money(
            sale.stall_id,
            amount,
            Kind.KIND_SALE,
            announce,
            type=StallEvent.TYPE_SALE_PAID,
            sale_id=sale.id,
            sale_reference=sale.reference,
            sale_state=State.Name(sale.state).removeprefix("STATE_").lower(),
            sale_amount=sale.amount,
            sale_paid=sale.amount_paid,
            sale_sequence=sale.sequence,
            late=late,
            proof=sale.proof,
            clips=says.clips,
            spoken=says.text,
        )

    def pay_standing(self, stall_id: str, amount: int, *, announce: bool = True) -> StallEvent:
        """Money on the standing code."""
        return self._money(
            stall_id,
            amount,
            Kind.KIND_STANDING,
            announce,
            type=StallEvent.TYPE_STANDING_PAID,
            clips=speech.received(amount).clips,
            spoken=speech.received(amount).text,
        )

    def ask(self, sale: pb.Sale) -> StallEvent:
        """Money without a code that equals a waiting sale."""
        credit = pb.Unassigned(
            credit_id=str(uuid.uuid4()),
            amount=sale.amount,
            reason="ASKED",
            payer_account_last_four="2209",
            bank_time=stamp(clock.now()),
            sale_id=sale.id,
            stall_id=sale.stall_id,
        )
        self.questions[credit.credit_id] = credit
        return self.tell(
            sale.stall_id,
            type=StallEvent.TYPE_QUESTION,
            amount=sale.amount,
            credit_id=credit.credit_id,
            payer_account_last_four="2209",
            bank_time=stamp(clock.now()),
            sale_id=sale.id,
            sale_amount=sale.amount,
            clips=speech.asked(sale.amount).clips,
            spoken=speech.asked(sale.amount).text,
        )

    def changed(self, stall_id: str) -> StallEvent:
        """Something about the stall changed: screens load anew."""
        return self.tell(stall_id, type=StallEvent.TYPE_STALL_CHANGED)

    def tell(self, stall_id: str, *, announce: bool = True, **facts: Any) -> StallEvent:
        """The stall's next event; heard unless it is lost."""
        events = self.events.setdefault(stall_id, [])
        stall = self._platform.stalls.stalls[stall_id]
        day = self._day(stall_id)
        event = StallEvent(
            stall_id=stall_id,
            organisation_id=stall.organisation_id,
            sequence=len(events) + 1,
            change_time=stamp(clock.now()),
            book_date=day.book_date,
            day_count=day.transfer_count,
            day_sum=day.transfer_sum,
            **facts,
        )
        events.append(event)
        if announce:
            self.announce(event)
        return event

    def _speech(self, sale: pb.Sale, amount: int, late: bool) -> speech.Speech:
        if late:
            return speech.late(amount)
        if sale.amount_paid < sale.amount:
            return speech.short(amount, sale.amount - sale.amount_paid)
        if sale.amount_paid == sale.amount:
            return speech.received(amount)
        before = sale.amount_paid - amount
        return (
            speech.again(amount)
            if before >= sale.amount
            else speech.over(amount, sale.amount_paid - sale.amount)
        )

    def _money(
        self, stall_id: str, amount: int, kind: Kind, announce: bool, *, type: StallEvent.Type, **facts: Any
    ) -> StallEvent:
        taking = pb.Taking(
            id=str(uuid.uuid4()),
            kind=kind,
            amount=amount,
            bank_time=stamp(clock.now()),
            post_time=stamp(clock.now()),
            payer_account_last_four="4417",
            sale_id=facts.get("sale_id", ""),
            sale_amount=facts.get("sale_amount", 0),
            sequence=len(self.events.get(stall_id, [])) + 1,
            book_date=clock.today().isoformat(),
        )
        self.takings.append((stall_id, taking))
        return self.tell(
            stall_id,
            announce=announce,
            type=type,
            amount=amount,
            payment_id=taking.id,
            payer_account_last_four="4417",
            bank_time=taking.bank_time,
            arrive_time=taking.bank_time,
            **facts,
        )

    # Commands, each once for its key

    def _once(self, request: Any, act: Callable[[], Any]) -> Any:
        key = (type(request).__name__, request.request_id)
        if key not in self._answers:
            self.calls.append((type(request).__name__, request))
            self._answers[key] = act()
        return self._answers[key]

    def _sale(self, sale_id: str) -> pb.Sale:
        if sale_id not in self.sales:
            raise errors.NotFound()
        return self.sales[sale_id]

    def CreateSale(self, request: Any, context: grpc.ServicerContext) -> pb.Sale:
        if not 1 <= request.amount <= AMOUNT_MOST:
            raise AmountBeyondTransfer()

        def make() -> pb.Sale:
            reference = new_reference(ReferenceKind.STALL)
            sale = pb.Sale(
                id=str(uuid.uuid4()),
                stall_id=request.stall_id,
                organisation_id=self._platform.stalls.stalls[request.stall_id].organisation_id,
                reference=reference,
                amount=request.amount,
                state=State.STATE_OPEN,
                payload=payload_of(reference, request.amount),
                create_time=stamp(clock.now()),
                expire_time=stamp(clock.now() + timedelta(seconds=SALE_SECONDS)),
                rest_of_sale_id=request.rest_of_sale_id,
            )
            self.sales[sale.id] = sale
            self._tell_sale(sale)
            return sale

        return self._once(request, make)

    def _tell_sale(self, sale: pb.Sale) -> None:
        sale.sequence += 1
        self.tell(
            sale.stall_id,
            type=StallEvent.TYPE_SALE_CHANGED,
            sale_id=sale.id,
            sale_reference=sale.reference,
            sale_state=State.Name(sale.state).removeprefix("STATE_").lower(),
            sale_amount=sale.amount,
            sale_paid=sale.amount_paid,
            sale_sequence=sale.sequence,
        )

    def _close(self, request: Any, state: State) -> pb.Sale:
        def close() -> pb.Sale:
            sale = self._sale(request.id)
            if sale.state not in (State.STATE_OPEN, State.STATE_PART_PAID):
                raise SaleClosed()
            sale.state = state
            self._tell_sale(sale)
            return sale

        return self._once(request, close)

    def CancelSale(self, request: Any, context: grpc.ServicerContext) -> pb.Sale:
        return self._close(request, State.STATE_CANCELLED)

    def SettleSale(self, request: Any, context: grpc.ServicerContext) -> pb.Sale:
        sale = self._close(request, State.STATE_SETTLED)
        if request.rest_in_cash:
            self._cash(sale.stall_id, sale.amount - sale.amount_paid, sale.id)
        return sale

    def GetSale(self, request: Any, context: grpc.ServicerContext) -> pb.Sale:
        return self._sale(request.id)

    def GetPublicSale(self, request: Any, context: grpc.ServicerContext) -> pb.PublicSale:
        for sale in self.sales.values():
            if sale.reference == request.reference:
                return self._public(sale)
        raise errors.NotFound()

    def _public(self, sale: pb.Sale) -> pb.PublicSale:
        stall = self._platform.stalls.stalls[sale.stall_id]
        return pb.PublicSale(
            reference=sale.reference,
            state=sale.state,
            expired=sale.expired,
            amount=sale.amount,
            amount_paid=sale.amount_paid,
            stall_code=stall.reference,
            stall_name=stall.name,
            stall_number=stall.number,
            programme_name=stall.programme_name,
            account_holder=stall.account_holder,
            bin=stall.bin,
            bank_name=stall.bank_name,
            account_number=stall.account_number,
            payload=sale.payload,
            proof=sale.proof,
            paid_time=sale.paid_time if sale.amount_paid else None,
            create_time=sale.create_time,
            expire_time=sale.expire_time,
            stall_id=stall.id,
            sequence=sale.sequence,
        )

    def AnswerQuestion(self, request: Any, context: grpc.ServicerContext) -> pb.AnswerQuestionResponse:
        credit = self.questions.pop(request.credit_id, None)
        if credit is None:
            raise errors.NotFound()
        self.tell(credit.stall_id, type=StallEvent.TYPE_QUESTION_CLOSED, credit_id=credit.credit_id)
        if request.yes:
            self.pay(self._sale(credit.sale_id), credit.amount)
        return pb.AnswerQuestionResponse()

    # The day

    def _day(self, stall_id: str, book_date: str = "") -> pb.Day:
        every = [taking for stall, taking in self.takings if stall == stall_id]
        own = [taking for taking in every if not taking.reversed]
        cash = [taking for taking in own if taking.kind == Kind.KIND_CASH]
        private = [taking for taking in own if taking.private]
        transfers = [taking for taking in own if taking.kind != Kind.KIND_CASH and not taking.private]
        waiting = [
            sale
            for sale in self.sales.values()
            if sale.stall_id == stall_id and sale.state in (State.STATE_OPEN, State.STATE_PART_PAID)
        ]
        return pb.Day(
            stall_id=stall_id,
            book_date=book_date or clock.today().isoformat(),
            transfer_count=len(transfers),
            transfer_sum=sum(taking.amount for taking in transfers),
            cash_count=len(cash),
            cash_sum=sum(taking.amount for taking in cash),
            private_count=len(private),
            private_sum=sum(taking.amount for taking in private),
            close_time=stamp(clock.now()) if stall_id in self.closed else None,
            cut_off_time=stamp(_end_of_today()),
            takings=list(reversed(every)),
            sequence=len(self.events.get(stall_id, [])),
            waiting_sale=waiting[-1] if waiting else None,
            now=stamp(clock.now()),
            questions=[credit for credit in self.questions.values() if credit.stall_id == stall_id],
        )

    def GetDay(self, request: Any, context: grpc.ServicerContext) -> pb.Day:
        return self._day(request.stall_id, request.book_date)

    def _cash(self, stall_id: str, amount: int, sale_id: str) -> pb.Taking:
        taking = pb.Taking(
            id=str(uuid.uuid4()),
            kind=Kind.KIND_CASH,
            amount=amount,
            post_time=stamp(clock.now()),
            bank_time=stamp(clock.now()),
            sale_id=sale_id,
            book_date=clock.today().isoformat(),
        )
        self.takings.append((stall_id, taking))
        self.changed(stall_id)
        return taking

    def EnterCash(self, request: Any, context: grpc.ServicerContext) -> pb.Taking:
        return self._once(request, lambda: self._cash(request.stall_id, request.amount, request.sale_id))

    def _taking(self, taking_id: str) -> tuple[str, pb.Taking]:
        for stall_id, taking in self.takings:
            if taking.id == taking_id:
                return stall_id, taking
        raise errors.NotFound()

    def TakeBackCash(self, request: Any, context: grpc.ServicerContext) -> pb.Taking:
        stall_id, taking = self._taking(request.id)
        taking.reversed = True
        self.changed(stall_id)
        return taking

    def MarkPrivate(self, request: Any, context: grpc.ServicerContext) -> pb.Taking:
        stall_id, taking = self._taking(request.payment_id)
        taking.private = request.private
        self.changed(stall_id)
        return taking

    def CloseDay(self, request: Any, context: grpc.ServicerContext) -> pb.Day:
        self.closed.add(request.stall_id)
        self.changed(request.stall_id)
        return self._day(request.stall_id, request.book_date)
