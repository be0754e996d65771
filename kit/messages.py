"""Small values as messages carry them: moments, ids and days."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from math import floor
from typing import overload
from uuid import UUID

from google.protobuf.timestamp_pb2 import Timestamp

from kit.errors import Error

_LONGEST_SHOWN = 60


@overload
def timestamp(moment: datetime) -> Timestamp: ...
@overload
def timestamp(moment: datetime | None) -> Timestamp | None: ...
def timestamp(moment: datetime | None) -> Timestamp | None:
    """An aware moment for a message; None leaves the field unset."""
    if moment is None:
        return None
    # The library's FromDatetime does the same at a multiple of the price.
    return Timestamp(seconds=floor(moment.timestamp()), nanos=moment.microsecond * 1_000)


def stamp(field: Timestamp, moment: datetime) -> None:
    """Set a message's field to an aware moment: for who makes thousands of messages, half the price of `timestamp`."""
    field.seconds = floor(moment.timestamp())
    field.nanos = moment.microsecond * 1_000


def moment(value: Timestamp) -> datetime:
    """The moment in a field that is always set, in UTC."""
    # Cheaper than ToDatetime, which a batch would call thousands of times.
    return datetime.fromtimestamp(value.seconds, UTC).replace(microsecond=value.nanos // 1_000)


def moment_if_set(value: Timestamp) -> datetime | None:
    """The moment in a field, in UTC; None where nobody set it."""
    return moment(value) if value.seconds or value.nanos else None


def uuid_in(refusal: Callable[..., Error], field: str, text: str) -> UUID:
    """The id in a field of a request. Raises what `refusal` makes of `field` and `value`."""
    try:
        return UUID(text)
    except ValueError as error:
        raise refusal(field=field, value=text[:_LONGEST_SHOWN]) from error


def day_in(refusal: Callable[..., Error], field: str, text: str) -> date:
    """The calendar day in a field of a request, as 2026-11-22. Raises as `uuid_in` does."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise refusal(field=field, value=text[:_LONGEST_SHOWN]) from error
