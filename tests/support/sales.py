"""Builders for tests of sales: what reconciliation tells of money at stalls, and neighbours in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from google.protobuf.timestamp_pb2 import Timestamp

from kit import ids
from kit.events import Delivery, Event
from services.pilots.domain.sales import Sale, State
from services.pilots.domain.stalls import Account
from services.pilots.domain.takings import Applied, Reversed
from services.pilots.domain.unassigned import Credit
from services.pilots.ports.codes import Code
from tests.support.stalls import MOMENT, ORGANISATION
from xoai.reconciliation.v1 import reconciliation_events_pb2 as told

# Ten in the morning in the city, while stalls are open.
TEN = datetime(2026, 9, 15, 3, 0, tzinfo=UTC)


class FakeCodes:
    """The vietqr service as pilots asks it."""

    def __init__(self) -> None:
        self.asked: list[Code] = []

    def encode(self, codes: Sequence[Code]) -> list[str]:
        self.asked += codes
        return [f"VIETQR/{code.bin}/{code.account_number}/{code.amount}/{code.reference}" for code in codes]

    def bank_name(self, bin: str) -> str:
        return f"Ngân hàng {bin}"


class FakeCredits:
    """Reconciliation as pilots answers it; once for a request id, as there."""

    def __init__(self) -> None:
        self.assigned: dict[str, tuple[UUID, int, UUID, int, str]] = {}
        self.declined: dict[str, tuple[UUID, str]] = {}
        # Somebody was faster.
        self.has_moved = False

    def assign(
        self, request_id: str, credit_id: UUID, version: int, payable_id: UUID, amount: int, reason: str
    ) -> bool:
        if not self.has_moved:
            self.assigned.setdefault(request_id, (credit_id, version, payable_id, amount, reason))
        return not self.has_moved

    def decline(self, request_id: str, credit_id: UUID, reason: str) -> bool:
        if not self.has_moved:
            self.declined.setdefault(request_id, (credit_id, reason))
        return not self.has_moved


def make_sale(**overrides: Any) -> Sale:
    fields: dict[str, Any] = {
        "id": ids.new(),
        "organisation_id": ORGANISATION,
        "stall_id": ids.new(),
        "reference": "XQK7M4P9RT3HQ",
        "amount": 50_000,
        "amount_paid": 0,
        "state": State.OPEN,
        "account": Account(ids.new(), "970436", "1012345678", "TRAN THI HANH"),
        "payload": "VIETQR",
        "proof": "",
        "rest_of_sale_id": None,
        "subject": "device:1",
        "version": 1,
        "sequence": 1,
        "applied_version": 0,
        "payments": 0,
        "create_time": TEN,
        "expire_time": TEN.replace(minute=10),
        "change_time": TEN,
    }
    return Sale(**(fields | overrides))


def make_applied(payable_id: UUID, **overrides: Any) -> Applied:
    amount = overrides.get("amount", 50_000)
    moment = overrides.pop("moment", TEN)
    fields: dict[str, Any] = {
        "payment_id": uuid4(),
        "payable_id": payable_id,
        "credit_id": str(uuid4()),
        "amount": amount,
        "total_applied": amount,
        "applied_version": 1,
        "payer_account_last_four": "4417",
        "bin": "970436",
        "bank_time": moment,
        "arrive_time": moment,
        "post_time": moment,
    }
    return Applied(**(fields | overrides))


def make_reversed(applied: Applied, **overrides: Any) -> Reversed:
    fields: dict[str, Any] = {
        "payment_id": applied.payment_id,
        "payable_id": applied.payable_id,
        "credit_id": applied.credit_id,
        "amount": applied.amount,
        "total_applied": applied.total_applied - applied.amount,
        "applied_version": applied.applied_version + 1,
        "reason": "Gán nhầm quầy",
        "post_time": applied.post_time,
    }
    return Reversed(**(fields | overrides))


def paying(payable_id: UUID | str, *amounts: int, **overrides: Any) -> list[Applied]:
    """Payments of one payable, told one after the other."""
    totals = [sum(amounts[: place + 1]) for place in range(len(amounts))]
    return [
        make_applied(
            UUID(str(payable_id)), amount=amount, total_applied=total, applied_version=version, **overrides
        )
        for version, (amount, total) in enumerate(zip(amounts, totals, strict=True), 1)
    ]


def make_credit(**overrides: Any) -> Credit:
    fields: dict[str, Any] = {
        "credit_id": uuid4(),
        "organisation_id": ORGANISATION,
        "version": 1,
        "amount": 50_000,
        "reason": "NO_REFERENCE",
        "asked_sale_id": None,
        "payer_account_last_four": "4417",
        "bin": "970436",
        "account_number": "1012345678",
        "bank_time": TEN,
        "arrive_time": TEN,
    }
    return Credit(**(fields | overrides))


def deliveries(facts: Sequence[Applied | Reversed], *, start: int = 0) -> list[Delivery]:
    """The facts as a consumer gets them, in this order, from one partition."""
    return [Delivery(event_of(fact), 0, start + place) for place, fact in enumerate(facts)]


def credit_deliveries(*credits: Credit, start: int = 0) -> list[Delivery]:
    """Snapshots of credits as a consumer gets them."""
    return [Delivery(_credit_event(credit), 0, start + place) for place, credit in enumerate(credits)]


def event_of(fact: Applied | Reversed) -> Event:
    """The fact as reconciliation announces it."""
    fields: dict[str, Any] = {
        "payment_id": str(fact.payment_id),
        "payable_id": str(fact.payable_id),
        "organisation_id": str(ORGANISATION),
        "credit_id": fact.credit_id,
        "amount": fact.amount,
        "total_applied": fact.total_applied,
        "applied_version": fact.applied_version,
        "post_time": _stamp(fact.post_time),
    }
    message: told.PaymentApplied | told.PaymentReversed
    if isinstance(fact, Reversed):
        message = told.PaymentReversed(**fields, reason=fact.reason, by_person=fact.is_by_person)
    else:
        message = told.PaymentApplied(
            **fields,
            fund_kind=told.FUND_KIND_BANK_CREDIT,
            rule="reference",
            payer_account_last_four=fact.payer_account_last_four,
            bank_time=_stamp(fact.bank_time) if fact.bank_time else None,
            arrive_time=_stamp(fact.arrive_time),
            bin=fact.bin,
        )
    kind, key = type(message).__name__, str(fact.payable_id)
    return Event(
        event_id=ids.event_id(f"payment:{fact.payment_id}", fact.applied_version, kind),
        topic="reconciliation.stall-payments",
        key=key,
        ordering_id=key,
        event_type=kind,
        version=fact.applied_version,
        occur_time=fact.post_time,
        payload=message.SerializeToString(),
    )


def _credit_event(credit: Credit) -> Event:
    message = told.CreditChanged(
        credit_id=str(credit.credit_id),
        version=credit.version,
        organisation_id=str(credit.organisation_id),
        amount=50_000,
        amount_suspense=credit.amount,
        suspense_reason=credit.reason,
        asked_payable_id=str(credit.asked_sale_id) if credit.asked_sale_id else "",
        payer_account_last_four=credit.payer_account_last_four,
        bank_time=_stamp(credit.bank_time) if credit.bank_time else None,
        arrive_time=_stamp(credit.arrive_time) if credit.arrive_time else None,
        bin=credit.bin,
        account_number=credit.account_number,
    )
    key = str(credit.credit_id)
    return Event(
        event_id=ids.event_id(f"credit:{key}", credit.version, "CreditChanged"),
        topic="reconciliation.credits",
        key=key,
        ordering_id=key,
        event_type="CreditChanged",
        version=credit.version,
        occur_time=MOMENT,
        payload=message.SerializeToString(),
    )


def _stamp(moment: datetime) -> Timestamp:
    value = Timestamp()
    value.FromDatetime(moment)
    return value
