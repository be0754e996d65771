"""The clock: one offset, never in production, moved by a follower only when the platform's has changed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from kit import clock
from kit.clock import Follower


@pytest.fixture(autouse=True)
def _clock_stands() -> Iterator[None]:
    yield
    clock.set_offset(timedelta())


def shift() -> timedelta:
    """How far the clock is from the true time."""
    return clock.now() - datetime.now(UTC)


def test_production_has_the_true_time_whatever_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a call nor a follower moves the clock of a running city; without a mode, that is production."""
    for mode in ("production", None):
        if mode is None:
            monkeypatch.delenv("XOAI_MODE")
        else:
            monkeypatch.setenv("XOAI_MODE", mode)
        with pytest.raises(PermissionError):
            clock.set_offset(timedelta(hours=1))
        with pytest.raises(PermissionError):
            Follower().hear(3_600)
        assert abs(shift()) < timedelta(seconds=1)
    monkeypatch.setenv("XOAI_MODE", "test")


def test_a_follower_moves_the_clock_when_the_platforms_moves() -> None:
    """Forward and back, and not again for the same answer: an offset set by a test stays."""
    follower = Follower()
    follower.hear(86_400)
    assert abs(shift() - timedelta(days=1)) < timedelta(seconds=1)
    clock.set_offset(timedelta(hours=5))
    follower.hear(86_400)
    assert abs(shift() - timedelta(hours=5)) < timedelta(seconds=1)
    follower.hear(0)
    assert abs(shift()) < timedelta(seconds=1)


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 11, 27, 16, 59, 59, tzinfo=UTC), "2026-11-27"),
        (datetime(2026, 11, 27, 17, 0, tzinfo=UTC), "2026-11-28"),
    ],
)
def test_days_begin_at_midnight_in_the_city(moment: datetime, day: str) -> None:
    assert clock.business_date(moment).isoformat() == day


def test_a_time_without_a_zone_has_no_day() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        clock.business_date(datetime(2026, 11, 27))  # noqa: DTZ001
