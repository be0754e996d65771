"""What stalls ask money with, for reconciliation (topic pilots.payables, key payable)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy.orm import Session

from kit import ids, outbox
from kit.events import Event
from kit.messages import stamp
from kit.text import search_key
from services.pilots.domain.payables import LEDGER_CLASS, Payable
from xoai.payables.v1 import payables_events_pb2 as pb

PAYABLES: Final = "pilots.payables"


def changed(session: Session, payables: Sequence[Payable]) -> None:
    """Announce payables as they now stand: standing codes, codes of packs, sales. The event id follows from the version."""
    outbox.add(session, [_event(payable) for payable in payables])


def _event(payable: Payable) -> Event:
    key = str(payable.id)
    is_sale = payable.amount_due is not None
    snapshot = pb.PayableChanged(
        payable_id=key,
        version=payable.version,
        kind=pb.PayableChanged.KIND_SALE if is_sale else pb.PayableChanged.KIND_STANDING,
        state=pb.PayableChanged.STATE_OPEN,
        reference=payable.reference,
        organisation_id=str(payable.organisation_id),
        account_id=str(payable.account.id),
        bin=payable.account.bin,
        account_number=payable.account.number,
        lines=[
            pb.PayableLine(line_id=key, ledger_class=LEDGER_CLASS, amount=payable.amount_due or 0, priority=1)
        ],
        amount_due=payable.amount_due,
        search_text=search_key(payable.title),
        title=payable.title,
        group_name=payable.group_name,
    )
    if payable.ask_until is not None:
        stamp(snapshot.ask_until, payable.ask_until)
    if payable.default_hours is not None:
        open_minute, close_minute = payable.default_hours
        snapshot.account_default.open_minute = open_minute
        snapshot.account_default.close_minute = close_minute
        # Always is said by equal minutes, which may both be nothing.
        snapshot.account_default.SetInParent()
    return Event(
        event_id=ids.event_id(f"payable:{key}", payable.version, "PayableChanged"),
        topic=PAYABLES,
        key=key,
        ordering_id=key,
        event_type="PayableChanged",
        version=payable.version,
        occur_time=payable.change_time,
        payload=snapshot.SerializeToString(),
    )
