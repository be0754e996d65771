"""Builders for tests of reconciliation: payables, accounts and reports as their owners announce them."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from google.protobuf.timestamp_pb2 import Timestamp

from kit import clock, ids
from kit.events import Event
from kit.references import Kind, new_reference
from xoai.directory.v1.directory_events_pb2 import AccountChanged
from xoai.intake.v1.intake_events_pb2 import BankCreditReported
from xoai.payables.v1.payables_events_pb2 import AccountDefault, PayableChanged, PayableLine

SCHOOL = "0190a000-0000-7000-8000-000000000001"
OTHER_SCHOOL = "0190a000-0000-7000-8000-000000000002"
BIN = "970436"
ACCOUNT = "1012345678"
OTHER_ACCOUNT = "1087654321"
MERCHANT = "0190a000-0000-7000-8000-000000000003"
MERCHANT_ACCOUNT = "1099999999"
MERCHANT_ACCOUNT_ID = "0190a000-0000-7000-8000-00000000000b"
MOMENT = datetime(2026, 9, 15, 2, 30, tzinfo=UTC)
_numbers = itertools.count(1)


def timestamp(moment: datetime) -> Timestamp:
    value = Timestamp()
    value.FromDatetime(moment)
    return value


_used: set[str] = set()


def reference() -> str:
    """A reference that no test of this run has had."""
    return _new(Kind.INVOICE)


def _new(kind: Kind) -> str:
    while (value := new_reference(kind)) in _used:
        pass
    _used.add(value)
    return value


def line(amount: int = 100_000, **overrides: Any) -> PayableLine:
    fields = {"line_id": str(uuid4()), "ledger_class": "hoc_phi", "amount": amount, "priority": 1}
    return PayableLine(**(fields | overrides))


def payable(*lines: PayableLine, **overrides: Any) -> PayableChanged:
    """An open invoice of the school; its amount due is the sum of its lines."""
    number = next(_numbers)
    own = lines or (line(),)
    fields: dict[str, Any] = {
        "payable_id": str(ids.new()),
        "version": 1,
        "kind": PayableChanged.KIND_INVOICE,
        "state": PayableChanged.STATE_OPEN,
        "reference": reference(),
        "organisation_id": SCHOOL,
        "account_id": "acc-1",
        "bin": BIN,
        "account_number": ACCOUNT,
        "lines": own,
        "amount_due": sum(each.amount for each in own),
        "payer_id": f"pupil-{number}",
        "search_text": f"NGUYEN VAN AN HS{number:05d}",
        "title": "Các khoản thu tháng 9",
        "payer_name": "Nguyễn Văn An",
        "group_name": "6A2",
        "due_date": "2026-09-30",
    }
    return PayableChanged(**(fields | overrides))


def newer(message: PayableChanged, **overrides: Any) -> PayableChanged:
    """The next version of a payable."""
    result = PayableChanged()
    result.CopyFrom(message)
    result.version += 1
    lines: Sequence[PayableLine] | None = overrides.pop("lines", None)
    if lines is not None:
        del result.lines[:]
        result.lines.extend(lines)
        result.amount_due = sum(each.amount for each in lines)
    for name, value in overrides.items():
        setattr(result, name, value)
    return result


def account(**overrides: Any) -> AccountChanged:
    fields: dict[str, Any] = {
        "account_id": str(ids.new()),
        "version": 1,
        "organisation_id": SCHOOL,
        "bin": BIN,
        "account_number": ACCOUNT,
        "holder_name": "TRUONG TIEU HOC SO 1",
        "state": AccountChanged.STATE_ACTIVE,
        "active_time": timestamp(MOMENT - timedelta(days=400)),
    }
    return AccountChanged(**(fields | overrides))


def merchant_account(**overrides: Any) -> AccountChanged:
    """The account at which a trader's stalls are paid."""
    fields: dict[str, Any] = {
        "account_id": MERCHANT_ACCOUNT_ID,
        "organisation_id": MERCHANT,
        "account_number": MERCHANT_ACCOUNT,
        "holder_name": "TRAN THI HOA",
        "organisation_kind": "merchant",
    }
    return account(**(fields | overrides))


_AT_STALL: dict[str, Any] = {
    "organisation_id": MERCHANT,
    "account_id": MERCHANT_ACCOUNT_ID,
    "account_number": MERCHANT_ACCOUNT,
    "payer_id": "",
    "search_text": "",
    "title": "Quầy 12",
    "payer_name": "",
    "group_name": "",
    "due_date": "",
}


def sale(
    amount: int = 50_000, *, waits: timedelta = timedelta(minutes=10), **overrides: Any
) -> PayableChanged:
    """A sale at a stall that waits for its money so long from now."""
    fields: dict[str, Any] = {
        "kind": PayableChanged.KIND_SALE,
        "reference": _new(Kind.STALL),
        "ask_until": timestamp(clock.now() + waits),
    }
    return payable(line(amount, ledger_class="ban_hang"), **(_AT_STALL | fields | overrides))


def stall_code(*hours: int, **overrides: Any) -> PayableChanged:
    """A stall's standing code. `hours` are the minutes between which its account's money without a code is its own."""
    fields: dict[str, Any] = {
        "kind": PayableChanged.KIND_STANDING,
        "reference": _new(Kind.STALL),
        "amount_due": None,
    }
    if hours:
        fields["account_default"] = AccountDefault(open_minute=hours[0], close_minute=hours[1])
    return payable(line(0, ledger_class="ban_hang"), **(_AT_STALL | fields | overrides))


def at_stall(amount: int = 50_000, memo: str = "CHUYEN TIEN", **overrides: Any) -> BankCreditReported:
    """A callback of just now that tells of money on the trader's account."""
    moment = clock.now()
    fields: dict[str, Any] = {
        "account_number": MERCHANT_ACCOUNT,
        "occur_time": timestamp(moment - timedelta(seconds=2)),
        "arrive_time": timestamp(moment),
    }
    return report(memo, amount, **(fields | overrides))


def report(memo: str = "", amount: int = 100_000, **overrides: Any) -> BankCreditReported:
    """A callback that tells of money on the school's account."""
    number = next(_numbers)
    fields: dict[str, Any] = {
        "report_id": str(ids.new()),
        "channel": BankCreditReported.CHANNEL_CALLBACK,
        "provider": "xoai",
        "source_id": "connection-1",
        "bin": BIN,
        "account_number": ACCOUNT,
        "amount": amount,
        "currency_code": "VND",
        "memo": memo,
        "bank_reference": f"FT{number:08d}",
        "provider_transaction_id": f"T{number}",
        "occur_time": timestamp(MOMENT),
        "arrive_time": timestamp(MOMENT + timedelta(seconds=2)),
        "payer_name": "NGUYEN VAN BINH",
        "payer_account": "0071000123456",
        "payer_bin": "970422",
    }
    return BankCreditReported(**(fields | overrides))


def told_again(first: BankCreditReported, **overrides: Any) -> BankCreditReported:
    """The bank's own list tells of the same money."""
    second = BankCreditReported()
    second.CopyFrom(first)
    second.MergeFrom(
        BankCreditReported(
            report_id=str(ids.new()), channel=BankCreditReported.CHANNEL_PULL, source_id="list-1", **overrides
        )
    )
    return second


_KEYS = {
    "PayableChanged": ("invoices.payables", "payable_id", "payable_id"),
    "AccountChanged": ("directory.accounts", "organisation_id", "account_id"),
    "BankCreditReported": ("intake.bank-credits", "account_number", "report_id"),
}


def event(message: Any) -> Event:
    """A message as its owner announces it."""
    kind = message.DESCRIPTOR.name
    topic, key, ordering = _KEYS[kind]
    version = getattr(message, "version", 1)
    return Event(
        event_id=ids.event_id(f"{kind}:{getattr(message, ordering)}", version, kind),
        topic=topic,
        key=getattr(message, key),
        ordering_id=getattr(message, ordering),
        event_type=kind,
        version=version,
        occur_time=clock.now(),
        payload=message.SerializeToString(),
    )


def shuffled(messages: Sequence[Any], seed: int) -> list[Any]:
    result = list(messages)
    random.Random(seed).shuffle(result)
    return result
