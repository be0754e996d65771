"""Messages to domain values and back; nothing is decided here."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import partial
from typing import Any, Final

from sqlalchemy import Row

from kit import clock, messages
from kit.messages import timestamp
from services.pilots.domain.daybook import DayBook, Threshold
from services.pilots.domain.errors_sales import BadSaleField
from services.pilots.domain.sales import Sale, State
from services.pilots.domain.takings import Taking
from services.pilots.domain.unassigned import Unassigned
from services.pilots.flows.stall_days import StallDay
from services.pilots.store.cash import Cash
from services.pilots.store.days import Entry
from services.pilots.store.stall_events import Kept
from xoai.pilots.v1 import pilots_events_pb2 as events_pb
from xoai.pilots.v1 import sales_service_pb2 as pb
from xoai.reconciliation.v1 import reconciliation_service_pb2 as reconciliation_pb

# The id in a field of a request, or BadSaleField.
uuid_in: Final = partial(messages.uuid_in, BadSaleField)

_STATES: Final = {state: pb.Sale.State.Value(f"STATE_{state.value.upper()}") for state in State}


def day_in(text: str) -> date | None:
    """The day in a field, None for an empty one. Raises BadSaleField."""
    return messages.day_in(BadSaleField, "book_date", text) if text else None


def sale_to(sale: Sale) -> pb.Sale:
    return pb.Sale(
        id=str(sale.id),
        stall_id=str(sale.stall_id),
        organisation_id=str(sale.organisation_id),
        reference=sale.reference,
        amount=sale.amount,
        amount_paid=sale.amount_paid,
        state=_STATES[sale.state],
        expired=sale.is_expired(clock.now()),
        paid_again=sale.is_paid_again,
        proof=sale.proof,
        payload=sale.payload,
        create_time=timestamp(sale.create_time),
        expire_time=timestamp(sale.expire_time),
        paid_time=timestamp(sale.paid_time),
        sequence=sale.sequence,
        rest_of_sale_id=str(sale.rest_of_sale_id) if sale.rest_of_sale_id else "",
        payments=sale.payments,
    )


def public_sale_to(sale: Sale, stall: Row[Any], bank_name: str) -> pb.PublicSale:
    return pb.PublicSale(
        reference=sale.reference,
        state=_STATES[sale.state],
        expired=sale.is_expired(clock.now()),
        amount=sale.amount,
        amount_paid=sale.amount_paid,
        stall_code=stall.code,
        stall_name=stall.name,
        stall_number=stall.number,
        programme_name=stall.programme_name,
        account_holder=sale.account.holder_name,
        bin=sale.account.bin,
        bank_name=bank_name,
        account_number=sale.account.number,
        payload=sale.payload,
        # After a reversal nothing is there that the digits could prove.
        proof=sale.proof if sale.amount_paid > 0 else "",
        paid_time=timestamp(sale.paid_time),
        sequence=sale.sequence,
        create_time=timestamp(sale.create_time),
        expire_time=timestamp(sale.expire_time),
        stall_id=str(sale.stall_id),
    )


def unassigned_to(credit: Unassigned) -> pb.Unassigned:
    return pb.Unassigned(
        credit_id=str(credit.credit_id),
        version=credit.version,
        amount=credit.amount,
        reason=credit.reason,
        payer_account_last_four=credit.payer_account_last_four,
        bank_time=timestamp(credit.bank_time),
        arrive_time=timestamp(credit.arrive_time),
        account_last_four=credit.account_number[-4:],
        sale_id=str(credit.sale_id) if credit.sale_id else "",
        stall_id=str(credit.stall_id) if credit.stall_id else "",
    )


def held_to(held: reconciliation_pb.HeldCredit) -> pb.HeldMoney:
    message = pb.HeldMoney(
        credit_id=held.credit_id,
        version=held.version,
        amount=held.amount,
        reason=held.suspense_reason,
        bank_time=held.bank_time,
        arrive_time=held.arrive_time,
        bank_reference=held.bank_reference,
        payer_account_last_four=held.payer_account_last_four,
        account_last_four=held.account_last_four,
        answer=held.answer,
        alike=[
            pb.MoneyAlike(
                credit_id=twin.credit_id,
                amount=twin.amount,
                bank_time=twin.bank_time,
                arrive_time=twin.arrive_time,
                bank_reference=twin.bank_reference,
                payer_account_last_four=twin.payer_account_last_four,
                place=twin.paid,
            )
            for twin in held.twins
        ],
    )
    if held.HasField("hand_over_time"):
        message.hand_over_time.CopyFrom(held.hand_over_time)
    return message


def entry_to(entry: Entry) -> pb.Taking:
    return pb.Taking(
        id=str(entry.id),
        kind=pb.Taking.Kind.Value(f"KIND_{entry.kind.upper()}"),
        amount=entry.amount,
        bank_time=timestamp(entry.bank_time),
        post_time=timestamp(entry.post_time),
        payer_account_last_four=entry.payer_account_last_four,
        sale_id=str(entry.sale_id) if entry.sale_id else "",
        sale_amount=entry.sale_amount or 0,
        late=entry.is_late,
        private=entry.is_private,
        reversed=entry.is_reversed,
        sequence=entry.sequence,
        book_date=entry.book_date.isoformat(),
    )


def taking_to(taking: Taking) -> pb.Taking:
    return entry_to(
        Entry(
            id=taking.payment_id,
            kind=taking.kind.value,
            amount=taking.amount,
            bank_time=taking.bank_time,
            post_time=taking.post_time,
            payer_account_last_four=taking.payer_account_last_four,
            sale_id=taking.payable_id if taking.sale_amount is not None else None,
            sale_amount=taking.sale_amount,
            is_late=taking.is_late,
            is_private=taking.is_private,
            is_reversed=taking.is_reversed,
            sequence=taking.sequence,
            book_date=taking.book_date,
        )
    )


def cash_to(cash: Cash) -> pb.Taking:
    return pb.Taking(
        id=str(cash.id),
        kind=pb.Taking.KIND_CASH,
        amount=cash.amount,
        post_time=timestamp(cash.create_time),
        sale_id=str(cash.sale_id) if cash.sale_id else "",
        reversed=cash.cancel_time is not None,
        sequence=cash.sequence,
        book_date=cash.book_date.isoformat(),
    )


def day_to(shown: StallDay, entries: Iterable[Entry], token: str) -> pb.Day:
    day = shown.day
    return pb.Day(
        stall_id=str(shown.stall_id),
        book_date=shown.book_date.isoformat(),
        transfer_count=day.transfer_count,
        transfer_sum=day.transfer_sum,
        cash_count=day.cash_count,
        cash_sum=day.cash_sum,
        private_count=day.private_count,
        private_sum=day.private_sum,
        late_count=day.late_count,
        late_sum=day.late_sum,
        close_time=timestamp(day.close_time),
        cut_off_time=timestamp(shown.cut_off_time),
        takings=[entry_to(entry) for entry in entries],
        next_page_token=token,
        sequence=shown.sequence,
        waiting_sale=sale_to(shown.waiting) if shown.waiting else None,
        now=timestamp(shown.now),
        questions=[unassigned_to(credit) for credit in shown.questions],
    )


def event_to(kept: Kept) -> events_pb.StallEvent:
    return events_pb.StallEvent.FromString(bytes(kept.content))


def book_to(book: DayBook) -> pb.DayBook:
    return pb.DayBook(
        organisation_id=str(book.organisation_id),
        year=book.year,
        revenue=book.revenue,
        days=[
            pb.BookDay(
                book_date=day.book_date.isoformat(),
                stall_number=day.stall_number,
                transfer_sum=day.transfer_sum,
                cash_sum=day.cash_sum,
                private_sum=day.private_sum,
                closed=day.is_closed,
                late_sum=day.late_sum,
                stall_id=str(day.stall_id),
                stall_name=day.stall_name,
                programme_name=day.programme_name,
                current=day.is_current,
            )
            for day in book.days
        ],
        threshold=_threshold_to(book.threshold) if book.threshold else None,
        near_threshold=book.is_near,
        above_threshold=book.is_above,
    )


def _threshold_to(threshold: Threshold) -> pb.Threshold:
    return pb.Threshold(
        amount=threshold.amount,
        text=threshold.vi,
        text_en=threshold.en,
        legal=threshold.legal,
        legal_en=threshold.legal_en,
        confirmed=threshold.is_confirmed,
    )
