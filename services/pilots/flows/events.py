"""Telling a stall's phones: `add` mints the sequences, keeps the events and announces them, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from services.pilots.domain.stall_events import StallEvent, StallEventType
from services.pilots.domain.stalls import Stall
from services.pilots.publish import stalls as publish
from services.pilots.store import events as store


def add(session: Session, events: Sequence[StallEvent]) -> list[int]:
    """Write events of any stalls, in this order; their sequences. The stalls stay locked until the commit."""
    if not events:
        return []
    sequences = store.mint(session, [event.stall_id for event in events])
    contents = publish.announce(session, events, sequences)
    rows = [
        (event.stall_id, sequence, event.organisation_id)
        for event, sequence in zip(events, sequences, strict=True)
    ]
    store.insert(session, rows, contents)
    return sequences


def stalls_changed(session: Session, stalls: Sequence[Stall], now: datetime) -> None:
    """Tell the phones of stalls that they have to load their stall anew."""
    add(
        session,
        [StallEvent(stall.id, stall.organisation_id, StallEventType.STALL_CHANGED, now) for stall in stalls],
    )
