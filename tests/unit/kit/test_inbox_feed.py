"""The thread that fetches ahead: when it does, when it lets events gather, when it tells offsets."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from kit.events import PARTITIONS
from kit.inbox_feed import Feed
from kit.testing.events_memory import MemoryLog
from tests.support.events import TOPIC, make_event


@pytest.fixture
def log() -> MemoryLog:
    made = MemoryLog()
    made.create_topics([TOPIC])
    return made


@pytest.fixture
def feed(log: MemoryLog) -> Iterator[Feed]:
    made = Feed(lambda: log.subscribe("g", [TOPIC]), max_events=10, name="feed")
    made.start()
    yield made
    made.stop()


def publish(log: MemoryLog, first: int, last: int) -> None:
    log.publisher().publish([make_event("a", version) for version in range(first, last + 1)])


def told(log: MemoryLog) -> int:
    """How many events the log believes done."""
    return sum(log.offsets.get(("g", TOPIC, part), 0) for part in range(PARTITIONS))


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_what_comes_meanwhile_gathers_behind_a_small_batch(log: MemoryLog, feed: Feed) -> None:
    """Events that come one by one while a batch is in work are the next batch, whole."""
    publish(log, 1, 1)
    batch = feed.take(timeout=5)
    for version in (2, 3, 4):
        publish(log, version, version)
        time.sleep(0.05)
    assert feed.take(timeout=0.1) == ()
    feed.done(batch)
    assert [each.event.version for each in feed.take(timeout=5)] == [2, 3, 4]


def test_small_batches_keep_their_distance(
    log: MemoryLog, feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between small batches a consumer rests in proportion to its work, and the next events gather meanwhile."""
    monkeypatch.setattr("kit.inbox_feed._LONGEST_TURN", 5.0)
    publish(log, 1, 1)
    batch = feed.take(timeout=5)
    time.sleep(0.2)
    feed.done(batch)
    for version in (2, 3, 4):
        publish(log, version, version)
        time.sleep(0.02)
    assert [each.event.version for each in feed.take(timeout=5)] == [2, 3, 4]


def test_behind_a_full_batch_the_next_is_fetched_at_once(log: MemoryLog, feed: Feed) -> None:
    """Where much is waiting, the next batch is there before the one in work is done."""
    publish(log, 1, 25)
    assert len(feed.take(timeout=5)) == 10
    assert [each.event.version for each in feed.take(timeout=5)] == list(range(11, 21))


def test_offsets_follow_seldom_and_on_leaving(log: MemoryLog, feed: Feed) -> None:
    """The log hears of many batches at once; what it has not heard yet, it hears when the consumer leaves."""
    seen = set()
    for version in range(1, 21):
        publish(log, version, version)
        feed.done(feed.take(timeout=5))
        seen.add(told(log))
    assert len(seen) < 10
    eventually(lambda: told(log) == 20)
    publish(log, 21, 21)
    feed.done(feed.take(timeout=5))
    feed.stop()
    assert told(log) == 21
