"""The watchdog: work that stands still while the log answers gets a new client, then ends the process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kit import clock
from kit.watchdog import CRASHED, Progress, Watchdog


class Hand:
    """A clock set by the test, in seconds."""

    def __init__(self) -> None:
        self.now = 100.0


@pytest.fixture
def hand(monkeypatch: pytest.MonkeyPatch) -> Hand:
    made = Hand()
    monkeypatch.setattr(clock, "monotonic", lambda: made.now)
    return made


@pytest.fixture
def ended() -> list[int]:
    return []


@pytest.fixture
def watchdog(ended: list[int]) -> Iterator[Watchdog]:
    made = Watchdog(limit=3600.0, end=ended.append)
    yield made
    made.close()


def stand_still(progress: Progress, hand: Hand, seconds: float) -> None:
    with progress.call():
        hand.now += seconds


def test_only_time_inside_calls_counts(hand: Hand) -> None:
    """A consumer that is busy elsewhere (its database is away) is not the log's fault."""
    progress = Progress()
    stand_still(progress, hand, 5)
    hand.now += 10_000
    stand_still(progress, hand, 2)
    assert progress.seconds() == 7
    progress.moved()
    assert progress.seconds() == 0


def test_a_call_that_does_not_return_counts(hand: Hand) -> None:
    """A poll that hangs is seen while it hangs."""
    progress = Progress()
    with progress.call():
        hand.now += 50
        assert progress.seconds() == 50


def test_first_a_new_client_then_the_exit(hand: Hand, watchdog: Watchdog, ended: list[int]) -> None:
    """The first strike asks for a new client once; the second ends the process with 70."""
    progress = Progress()
    watchdog.watch("member", progress, lambda: True)
    stand_still(progress, hand, 3601)
    watchdog.look()
    assert (progress.take_rebuild(), progress.take_rebuild()) == (True, False)
    assert ended == []
    stand_still(progress, hand, 3000)
    watchdog.look()
    assert ended == []
    stand_still(progress, hand, 700)
    watchdog.look()
    assert ended == [CRASHED]


def test_progress_between_the_strikes_forgives(hand: Hand, watchdog: Watchdog, ended: list[int]) -> None:
    """A new client that works starts from nothing."""
    progress = Progress()
    watchdog.watch("member", progress, lambda: True)
    for _ in range(3):
        stand_still(progress, hand, 3601)
        watchdog.look()
        progress.moved()
        watchdog.look()
    assert ended == []


def test_an_outage_or_an_idle_log_is_no_fault(hand: Hand, watchdog: Watchdog, ended: list[int]) -> None:
    """While the log does not answer, or holds nothing for this member, nothing happens."""
    progress = Progress()
    watchdog.watch("member", progress, lambda: False)
    for _ in range(5):
        stand_still(progress, hand, 4000)
        watchdog.look()
    assert not progress.take_rebuild()
    assert ended == []


def test_what_is_forgotten_is_not_looked_at(hand: Hand, watchdog: Watchdog, ended: list[int]) -> None:
    """A closed client is nobody's concern."""
    progress = Progress()
    forget = watchdog.watch("member", progress, lambda: True)
    forget()
    stand_still(progress, hand, 9000)
    watchdog.look()
    assert not progress.take_rebuild()
