"""Builders for tests of the invoices: drafts, requests, and what reconciliation tells."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from google.protobuf.timestamp_pb2 import Timestamp

from kit import ids
from kit.events import Delivery, Event
from services.invoices.domain.drafts import Draft
from services.invoices.domain.invoices import Account, Line
from services.invoices.domain.payments import Applied, Reversed, Split
from xoai.invoices.v1 import invoices_service_pb2 as pb
from xoai.reconciliation.v1 import reconciliation_events_pb2 as told

ORGANISATION = UUID("0190a000-0000-7000-8000-000000000001")
OTHER_ORGANISATION = UUID("0190a000-0000-7000-8000-000000000002")
MOMENT = datetime(2026, 9, 15, 2, 30, tzinfo=UTC)
_numbers = itertools.count(1)


def make_line(**overrides: Any) -> Line:
    fields: dict[str, Any] = {
        "id": "",
        "title": "Học phí tháng 9",
        "ledger_class": "hoc_phi",
        "amount": 120_000,
        "priority": 1,
    }
    return Line(**(fields | overrides))


def make_draft(**overrides: Any) -> Draft:
    number = next(_numbers)
    fields: dict[str, Any] = {
        "source_id": f"round-1:pupil-{number}",
        "account": Account("acc-1", "970436", "1012345678", "TRUONG TIEU HOC SO 1"),
        "title": "Các khoản thu tháng 9/2026",
        "payer_id": f"pupil-{number}",
        "payer_name": "Nguyễn Ngọc Bảo Hân",
        "lines": (
            make_line(),
            make_line(title="Tiền ăn bán trú", ledger_class="dich_vu", amount=480_000, priority=2),
        ),
        "payer_codes": (f"HS{number:05d}",),
        "group_name": "6A2",
        "batch_id": "round-1",
        "notice_id": f"notice-{number}",
        "due_date": "2026-09-30",
        "second_fact": "2015-03-24",
    }
    return Draft(**(fields | overrides))


def draft_message(**overrides: Any) -> pb.InvoiceDraft:
    """A draft as it goes over the wire; `lines` may be given as messages."""
    draft = make_draft()
    fields: dict[str, Any] = {
        "source_id": draft.source_id,
        "account_id": draft.account.id,
        "bin": draft.account.bin,
        "account_number": draft.account.number,
        "holder_name": draft.account.holder_name,
        "title": draft.title,
        "payer_id": draft.payer_id,
        "payer_name": draft.payer_name,
        "payer_codes": draft.payer_codes,
        "group_name": draft.group_name,
        "batch_id": draft.batch_id,
        "notice_id": draft.notice_id,
        "due_date": draft.due_date,
        "second_fact": draft.second_fact,
        "lines": [line_message(amount=line.amount, title=line.title) for line in draft.lines],
    }
    return pb.InvoiceDraft(**(fields | overrides))


def line_message(**overrides: Any) -> pb.InvoiceLine:
    fields: dict[str, Any] = {"title": "Học phí", "ledger_class": "hoc_phi", "amount": 100_000, "priority": 1}
    return pb.InvoiceLine(**(fields | overrides))


def issue_request(*drafts: pb.InvoiceDraft, **overrides: Any) -> pb.IssueInvoicesRequest:
    fields: dict[str, Any] = {
        "request_id": str(uuid4()),
        "organisation_id": str(ORGANISATION),
        "source_service": "schools",
        "drafts": drafts,
    }
    return pb.IssueInvoicesRequest(**(fields | overrides))


def make_applied(invoice_id: UUID, **overrides: Any) -> Applied:
    amount = overrides.get("amount", 600_000)
    fields: dict[str, Any] = {
        "payment_id": uuid4(),
        "invoice_id": invoice_id,
        "credit_id": "credit-1",
        "fund_kind": "bank_credit",
        "amount": amount,
        "splits": (Split("1.1", amount),),
        "total_applied": amount,
        "applied_version": 1,
        "payable_version": 1,
        "rule": "reference",
        "bank_reference": "FT26258123456",
        "payer_account_last_four": "4417",
        "bank_time": MOMENT,
        "arrive_time": MOMENT,
        "post_time": MOMENT,
    }
    return Applied(**(fields | overrides))


def make_reversed(applied: Applied, **overrides: Any) -> Reversed:
    fields: dict[str, Any] = {
        "payment_id": applied.payment_id,
        "invoice_id": applied.invoice_id,
        "amount": applied.amount,
        "total_applied": applied.total_applied - applied.amount,
        "applied_version": applied.applied_version + 1,
        "reason": "Gán nhầm phiếu",
        "post_time": MOMENT,
    }
    return Reversed(**(fields | overrides))


def event_of(fact: Applied | Reversed) -> Event:
    """The fact as reconciliation announces it."""
    post_time = Timestamp()
    post_time.FromDatetime(fact.post_time)
    fields: dict[str, Any] = {
        "payment_id": str(fact.payment_id),
        "payable_id": str(fact.invoice_id),
        "organisation_id": str(ORGANISATION),
        "amount": fact.amount,
        "total_applied": fact.total_applied,
        "applied_version": fact.applied_version,
        "post_time": post_time,
    }
    if isinstance(fact, Reversed):
        kind, payload = (
            "PaymentReversed",
            told.PaymentReversed(**fields, reason=fact.reason).SerializeToString(),
        )
    else:
        kind = "PaymentApplied"
        payload = told.PaymentApplied(
            **fields,
            credit_id=fact.credit_id,
            fund_kind=told.FUND_KIND_BANK_CREDIT,
            splits=[told.Split(line_id=split.line_id, amount=split.amount) for split in fact.splits],
            payable_version=fact.payable_version,
            rule=fact.rule,
            bank_reference=fact.bank_reference,
            payer_account_last_four=fact.payer_account_last_four,
            bank_time=post_time,
            arrive_time=post_time,
        ).SerializeToString()
    key = str(fact.invoice_id)
    return Event(
        event_id=ids.event_id(f"payment:{fact.payment_id}", fact.applied_version, kind),
        topic="reconciliation.payments",
        key=key,
        ordering_id=key,
        event_type=kind,
        version=fact.applied_version,
        occur_time=fact.post_time,
        payload=payload,
    )


def deliveries(facts: Sequence[Applied | Reversed], *, start: int = 0) -> list[Delivery]:
    """The facts as a consumer gets them, in this order, from one partition."""
    return [Delivery(event_of(fact), 0, start + place) for place, fact in enumerate(facts)]
