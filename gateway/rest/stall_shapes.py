"""What a stall's phone is told: the stall, the phone itself, sales with their codes, the day and its takings.

Ids are the ones that stand in the stall's live events.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel

from gateway.bills import Code
from gateway.rest.wire import name, time
from xoai.pilots.v1 import sales_service_pb2 as sales_pb
from xoai.pilots.v1 import stalls_service_pb2 as stalls_pb
from xoai.pilots.v1 import trust_service_pb2 as trust_pb

SaleState = Literal["open", "part_paid", "paid", "cancelled", "settled"]
_WAITING = (sales_pb.Sale.STATE_OPEN, sales_pb.Sale.STATE_PART_PAID)


class Path(BaseModel):
    d: str
    fill: str
    stroke: str


class DrawnCode(BaseModel):
    """A QR code as SVG paths in a view box that holds its rest of four modules."""

    view_box: str
    paths: list[Path]


class Stall(BaseModel):
    id: str
    name: str
    number: str
    programme: str
    holder: str
    account_last_four: str
    state: Literal["waiting", "active", "withdrawn"]


class Stand(BaseModel):
    """The standing code, and when it was last found to be the registered one."""

    issue_number: int
    check_time: datetime | None
    code: DrawnCode | None


class Phone(BaseModel):
    """This phone. It sells until `unlock_until`; a listener never does."""

    role: Literal["seller", "listener"]
    name: str
    has_pin: bool
    unlock_until: datetime | None
    pin_blocked_until: datetime | None
    expire_time: datetime | None
    now: datetime | None


class Sale(BaseModel):
    id: str
    reference: str
    amount: int
    amount_paid: int
    state: SaleState
    expired: bool
    paid_again: bool
    proof: str
    create_time: datetime | None
    expire_time: datetime | None
    paid_time: datetime | None
    rest_of_sale_id: str
    # Only while it waits.
    code: DrawnCode | None


class Question(BaseModel):
    """Money without a code that equals one waiting sale."""

    credit_id: str
    sale_id: str
    amount: int
    account_last_four: str
    bank_time: datetime | None


class Taking(BaseModel):
    id: str
    kind: Literal["sale", "standing", "pack", "cash"]
    amount: int
    bank_time: datetime | None
    post_time: datetime | None
    account_last_four: str
    sale_id: str
    sale_amount: int
    late: bool
    private: bool
    reversed: bool
    sequence: int


class Day(BaseModel):
    """One business day; private and late money is in no other sum."""

    book_date: str
    transfer_count: int
    transfer_sum: int
    cash_count: int
    cash_sum: int
    private_count: int
    private_sum: int
    late_count: int
    late_sum: int
    close_time: datetime | None
    cut_off_time: datetime | None
    sequence: int
    takings: list[Taking]
    next_page_token: str
    now: datetime | None


class Difference(BaseModel):
    what: str
    registered: str
    found: str


class StandCheck(BaseModel):
    outcome: Literal["same", "differs", "old_issue", "unreadable"]
    differences: list[Difference]
    check_time: datetime | None
    # What the code is and what to do now, in a sentence.
    text: str
    text_en: str


class Screen(BaseModel):
    """All that the screen needs to begin. `form_token` goes into X-CSRF-Token of what it sends."""

    form_token: str
    channel: str
    stall: Stall
    stand: Stand
    phone: Phone
    day: Day
    sale: Sale | None
    questions: list[Question]


def of_code(code: Code | None) -> DrawnCode | None:
    """A drawn code for the screen."""
    if code is None:
        return None
    paths = [Path(d=part.path, fill=part.fill, stroke=part.stroke) for part in code.strokes]
    return DrawnCode(view_box=code.view_box, paths=paths)


def of_stall(stall: stalls_pb.Stall) -> Stall:
    """The stall's own words."""
    return Stall.model_validate(
        {
            "id": stall.id,
            "name": stall.name,
            "number": stall.number,
            "programme": stall.programme_name,
            "holder": stall.account_holder,
            "account_last_four": stall.account_number[-4:],
            "state": name(stalls_pb.Stall.State, stall.state, "STATE_"),
        }
    )


def of_phone(session: stalls_pb.DeviceSession, now: datetime) -> Phone:
    """What this phone may, and until when."""
    is_seller = session.device.role == stalls_pb.Device.ROLE_SELLER
    return Phone(
        role="seller" if is_seller else "listener",
        name=session.device.name,
        has_pin=session.has_pin,
        unlock_until=time(session.unlock_until),
        pin_blocked_until=time(session.pin_blocked_until),
        expire_time=time(session.device.expire_time),
        now=now,
    )


def waits(sale: sales_pb.Sale) -> bool:
    """True while the sale's code is to be shown."""
    return sale.state in _WAITING and not sale.expired


def of_sale(sale: sales_pb.Sale, code: Code | None) -> Sale:
    """A sale, with its code while it waits."""
    return Sale.model_validate(
        {
            "id": sale.id,
            "reference": sale.reference,
            "amount": sale.amount,
            "amount_paid": sale.amount_paid,
            "state": name(sales_pb.Sale.State, sale.state, "STATE_"),
            "expired": sale.expired,
            "paid_again": sale.paid_again,
            "proof": sale.proof,
            "create_time": time(sale.create_time),
            "expire_time": time(sale.expire_time),
            "paid_time": time(sale.paid_time),
            "rest_of_sale_id": sale.rest_of_sale_id,
            "code": of_code(code),
        }
    )


def of_question(credit: sales_pb.Unassigned) -> Question:
    """Money that is asked about; never who sent it."""
    return Question(
        credit_id=credit.credit_id,
        sale_id=credit.sale_id,
        amount=credit.amount,
        account_last_four=credit.payer_account_last_four,
        bank_time=time(credit.bank_time),
    )


def of_taking(taking: sales_pb.Taking) -> Taking:
    """One row of the day."""
    return Taking.model_validate(
        {
            "id": taking.id,
            "kind": name(sales_pb.Taking.Kind, taking.kind, "KIND_"),
            "amount": taking.amount,
            "bank_time": time(taking.bank_time),
            "post_time": time(taking.post_time),
            "account_last_four": taking.payer_account_last_four,
            "sale_id": taking.sale_id,
            "sale_amount": taking.sale_amount,
            "late": taking.late,
            "private": taking.private,
            "reversed": taking.reversed,
            "sequence": taking.sequence,
        }
    )


def of_day(day: sales_pb.Day) -> Day:
    """A day with the takings of one page."""
    return Day(
        book_date=day.book_date,
        transfer_count=day.transfer_count,
        transfer_sum=day.transfer_sum,
        cash_count=day.cash_count,
        cash_sum=day.cash_sum,
        private_count=day.private_count,
        private_sum=day.private_sum,
        late_count=day.late_count,
        late_sum=day.late_sum,
        close_time=time(day.close_time),
        cut_off_time=time(day.cut_off_time),
        sequence=day.sequence,
        takings=[of_taking(taking) for taking in day.takings],
        next_page_token=day.next_page_token,
        now=time(day.now),
    )


def of_check(check: trust_pb.StandCheck) -> StandCheck:
    """What a check of the stand found."""
    return StandCheck.model_validate(
        {
            "outcome": name(trust_pb.StandCheck.Outcome, check.outcome, "OUTCOME_"),
            "differences": [
                {"what": item.what, "registered": item.registered, "found": item.found}
                for item in check.differences
            ],
            "check_time": time(check.check_time),
            "text": check.text,
            "text_en": check.text_en,
        }
    )
