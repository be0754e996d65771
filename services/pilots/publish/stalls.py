"""What a stall's phones have to know, as events (topic pilots.stalls, key stall)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy.orm import Session

from kit import ids, outbox
from kit.events import Event
from kit.messages import stamp
from services.pilots.domain.stall_events import StallEvent, StallEventType
from xoai.pilots.v1 import pilots_events_pb2 as pb

STALLS: Final = "pilots.stalls"
EVENT_TYPE: Final = "StallEvent"

_TYPES: Final = {type: pb.StallEvent.Type.Value(f"TYPE_{type.value.upper()}") for type in StallEventType}


def announce(session: Session, events: Sequence[StallEvent], sequences: Sequence[int]) -> list[bytes]:
    """Announce events under their sequences; each in wire form, as it is kept for phones that were away."""
    announced = [
        _event(_message(event, sequence), event) for event, sequence in zip(events, sequences, strict=True)
    ]
    outbox.add(session, announced)
    return [event.payload for event in announced]


def _message(event: StallEvent, sequence: int) -> pb.StallEvent:
    message = pb.StallEvent(
        stall_id=str(event.stall_id),
        organisation_id=str(event.organisation_id),
        sequence=sequence,
        type=_TYPES[event.type],
        book_date=event.book_date.isoformat() if event.book_date else "",
        amount=event.amount,
        payment_id=event.payment_id,
        credit_id=event.credit_id,
        payer_account_last_four=event.payer_account_last_four,
        sale_id=event.sale_id,
        sale_reference=event.sale_reference,
        sale_state=event.sale_state,
        sale_amount=event.sale_amount,
        sale_paid=event.sale_paid,
        late=event.late,
        proof=event.proof,
        sale_sequence=event.sale_sequence,
        pack_amount=event.pack_amount,
        day_count=event.day_count,
        day_sum=event.day_sum,
        clips=event.clips,
        spoken=event.spoken,
    )
    stamp(message.change_time, event.change_time)
    if event.bank_time is not None:
        stamp(message.bank_time, event.bank_time)
    if event.arrive_time is not None:
        stamp(message.arrive_time, event.arrive_time)
    return message


def _event(message: pb.StallEvent, event: StallEvent) -> Event:
    key = message.stall_id
    return Event(
        event_id=ids.event_id(f"stall:{key}", message.sequence, EVENT_TYPE),
        topic=STALLS,
        key=key,
        ordering_id=key,
        event_type=EVENT_TYPE,
        version=message.sequence,
        occur_time=event.change_time,
        payload=message.SerializeToString(),
    )
