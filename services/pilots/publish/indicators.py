"""Published figures as events (topic pilots.indicators), suppressed already."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy.orm import Session

from kit import ids, outbox
from kit.events import Event
from services.pilots.domain.indicators import Indicator
from xoai.pilots.v1 import pilots_events_pb2 as pb

INDICATORS: Final = "pilots.indicators"
EVENT_TYPE: Final = "IndicatorPublished"


def published(session: Session, indicators: Sequence[Indicator], sequences: Sequence[int]) -> None:
    """Announce indicators under their sequence numbers, in this order."""
    outbox.add(
        session,
        [_event(each, sequence) for each, sequence in zip(indicators, sequences, strict=True)],
    )


def _event(indicator: Indicator, sequence: int) -> Event:
    message = pb.IndicatorPublished(
        sequence=sequence,
        name=indicator.name,
        place=indicator.place,
        ward_set=indicator.ward_set,
        period_from=indicator.period_from.isoformat(),
        period_to=indicator.period_to.isoformat(),
        value=indicator.value,
        unit=indicator.unit,
        as_of=indicator.as_of.isoformat(),
        definition_version=indicator.definition_version,
        complete=indicator.is_complete,
    )
    return Event(
        event_id=ids.event_id(f"indicator:{sequence}", sequence, EVENT_TYPE),
        topic=INDICATORS,
        key=indicator.place,
        ordering_id=indicator.place,
        event_type=EVENT_TYPE,
        version=sequence,
        occur_time=indicator.as_of,
        payload=message.SerializeToString(),
    )
