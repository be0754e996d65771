"""Bills of the invoices in memory: who is billed for what, and what has been paid."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from google.protobuf.timestamp_pb2 import Timestamp

from kit import clock
from kit.text import mask_name
from xoai.invoices.v1 import invoices_service_pb2 as invoices_pb

SCHOOL = str(uuid.UUID(int=1))
OTHER_SCHOOL = str(uuid.UUID(int=2))
ACCOUNT = str(uuid.UUID(int=11))
States = invoices_pb.Invoice


def stamp(moment: datetime) -> Timestamp:
    """A time as protobuf has it."""
    result = Timestamp()
    result.FromDatetime(moment)
    return result


@dataclass
class Bill:
    """One invoice of the fake owner."""

    reference: str
    payer_name: str = "Nguyễn Ngọc Bảo Hân"
    title: str = "Khoản thu tháng 11/2026"
    amount_due: int = 936_000
    due_date: str = ""
    state: int = States.STATE_OPEN
    organisation_id: str = SCHOOL
    sequence: int = 1
    birth_date: str = "2018-03-27"
    link_token: str = ""
    payments: list[invoices_pb.PublicPayment] = field(default_factory=list)
    lines: list[invoices_pb.InvoiceLine] = field(default_factory=list)
    id: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def received(self) -> int:
        return sum(payment.amount for payment in self.payments)

    def public(self) -> invoices_pb.PublicBill:
        """What anybody with the reference may know."""
        return invoices_pb.PublicBill(
            reference=self.reference,
            organisation_id=self.organisation_id,
            title=self.title,
            payer_masked_name=mask_name(self.payer_name),
            state=self.state,  # type: ignore[arg-type]
            amount_due=self.amount_due,
            amount_paid=min(self.received, self.amount_due),
            due_date=self.due_date,
            bin="970436",
            account_number="9021000011187",
            holder_name="TRUONG TIEU HOC HOA MAI",
            sequence=self.sequence,
            paid_time=self.payments[-1].bank_time if self.state == States.STATE_PAID else None,
            overpaid=self.received > self.amount_due,
            payments=self.payments,
        )

    def receipts(self) -> list[invoices_pb.Receipt]:
        """One receipt per payment."""
        return [
            invoices_pb.Receipt(
                id=str(uuid.uuid5(uuid.UUID(self.id), payment.receipt_number)),
                organisation_id=self.organisation_id,
                invoice_id=self.id,
                reference=self.reference,
                series="HM",
                year=2026,
                number=payment.receipt_number,
                amount=payment.amount,
                title=self.title,
                payer_name=mask_name(self.payer_name),
                group_name="3A",
                bank_time=payment.bank_time,
                issue_time=payment.bank_time,
                payer_account_last_four=payment.payer_account_last_four,
                bank_reference=payment.bank_reference,
                lines=self.lines,
            )
            for payment in self.payments
        ]

    def full(self) -> invoices_pb.Invoice:
        """What the biller sees."""
        public = self.public()
        return invoices_pb.Invoice(
            id=self.id,
            organisation_id=self.organisation_id,
            reference=self.reference,
            state=self.state,  # type: ignore[arg-type]
            title=self.title,
            payer_name=self.payer_name,
            account_id=ACCOUNT,
            bin=public.bin,
            account_number=public.account_number,
            holder_name=public.holder_name,
            amount_due=self.amount_due,
            amount_paid=public.amount_paid,
            due_date=self.due_date,
            lines=self.lines,
            sequence=self.sequence,
            issue_time=stamp(datetime(2026, 11, 2, 1, 0, tzinfo=UTC)),
        )


def month_lines() -> list[invoices_pb.InvoiceLine]:
    """A month's items of one pupil, 936,000 đồng."""
    rows = [
        ("Tiền ăn bán trú", 588_000, 28_000, 21_000, "ngày"),
        ("Chăm sóc bán trú", 280_000, 0, 0, ""),
        ("Nước uống", 12_000, 0, 0, ""),
        ("Câu lạc bộ kỹ năng", 84_000, 0, 0, ""),
        ("Hoàn tiền ăn tháng 10", -28_000, 0, 0, ""),
    ]
    return [
        invoices_pb.InvoiceLine(
            id=str(index),
            title=title,
            amount=amount,
            unit_price=price,
            quantity_milli=quantity,
            unit=unit,
            priority=index,
            ledger_class="dich_vu",
        )
        for index, (title, amount, price, quantity, unit) in enumerate(rows)
    ]


def due(days: int) -> str:
    """An ISO date so many days from today."""
    day: date = clock.today() + timedelta(days=days)
    return day.isoformat()
