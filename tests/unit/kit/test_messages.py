"""Moments, ids and days in messages."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from uuid import UUID

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import example, given
from hypothesis import strategies as st

from kit.errors import InvalidArgument
from kit.messages import day_in, moment, moment_if_set, stamp, timestamp, uuid_in

MOMENTS = st.datetimes(
    datetime(1970, 1, 1),  # noqa: DTZ001
    datetime(2200, 1, 1),  # noqa: DTZ001
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=7))]),
)


class BadField(InvalidArgument):
    reason = "BAD_FIELD"
    vi = "{field}: {value}"
    en = "{field}: {value}"


@example(datetime(1970, 1, 1, microsecond=1, tzinfo=timezone(timedelta(hours=7))))
@given(MOMENTS)
def test_moments_go_there_and_back(value: datetime) -> None:
    """To the microsecond, from any zone, and as the library writes them."""
    theirs, stamped = Timestamp(), Timestamp()
    theirs.FromDatetime(value)
    stamp(stamped, value)
    assert timestamp(value) == stamped == theirs
    assert moment(theirs) == value == theirs.ToDatetime(UTC)
    assert moment(theirs).tzinfo is UTC


def test_an_unset_moment_is_none() -> None:
    """There as here."""
    assert timestamp(None) is None
    assert moment_if_set(Timestamp()) is None
    assert moment_if_set(Timestamp(nanos=1_000)) == datetime(1970, 1, 1, microsecond=1, tzinfo=UTC)


def test_what_cannot_be_read_is_refused_by_name() -> None:
    """With the field and the beginning of what stood in it; the error is the caller's."""
    assert uuid_in(BadField, "id", str(UUID(int=7))) == UUID(int=7)
    assert day_in(BadField, "due_date", "2026-11-22") == date(2026, 11, 22)
    for read, text in ((uuid_in, "x" * 99), (uuid_in, ""), (day_in, "22/11/2026"), (day_in, "2026-02-30")):
        with pytest.raises(BadField) as refused:
            read(BadField, "place", text)
        assert refused.value.metadata == {"field": "place", "value": text[:60]}
