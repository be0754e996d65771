"""The promise of `kit.events`, kept by every log: order per key, at least once, shared partitions."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pytest

from kit import ids
from kit.events import PARTITIONS, Delivery, Event, EventLog, Subscription, TransientEventsError, partition_of
from tests.support.events import make_event, versions, without_repeats

# A member may wait for the group to notice that another came or went.
PATIENCE = 30.0


@pytest.fixture
def topic(events_log: EventLog) -> str:
    name = f"test.{ids.new().hex}"
    events_log.create_topics([name])
    return name


@pytest.fixture
def group() -> str:
    return f"group-{ids.new().hex}"


@contextmanager
def member(
    events_log: EventLog, group: str, topics: Sequence[str], **options: bool
) -> Iterator[Subscription]:
    subscription = events_log.subscribe(group, topics, **options)
    try:
        yield subscription
    finally:
        subscription.close()


def publish(events_log: EventLog, *events: Event) -> None:
    publisher = events_log.publisher()
    try:
        publisher.publish(events)
    finally:
        publisher.close()


def poll_until(
    subscription: Subscription, enough: Callable[[list[Delivery]], bool], *, commit: bool = False
) -> list[Delivery]:
    """Poll until `enough` of what came; fails after PATIENCE seconds."""
    found: list[Delivery] = []
    deadline = time.monotonic() + PATIENCE
    while not enough(found):
        assert time.monotonic() < deadline, f"only {len(found)} events came"
        batch = subscription.poll(max_events=100, timeout=0.5)
        found += batch
        if commit and batch:
            subscription.commit(batch)
    return found


def keys_of_partition(partition: int, count: int) -> list[str]:
    keys = (f"key-{number}" for number in range(10_000))
    return [key for key in keys if partition_of(key) == partition][:count]


ONE_KEY_EACH = [keys_of_partition(partition, 1)[0] for partition in range(PARTITIONS)]


def test_an_event_arrives_as_it_was_sent(events_log: EventLog, topic: str, group: str) -> None:
    """Every field survives, in every log the same; the partition is that of the key."""
    sent = [
        make_event(
            "a", 3, topic=topic, traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        ),
        make_event("hoá đơn {1}", 2**40, topic=topic, payload=bytes(range(256)), key='k"\\'),
        make_event("", 1, topic=topic, payload=b"", key=""),
    ]
    publish(events_log, *sent)
    with member(events_log, group, [topic]) as subscription:
        found = poll_until(subscription, lambda found: len(found) >= 3)
    assert sorted((each.event for each in found), key=lambda event: event.version) == sorted(
        sent, key=lambda event: event.version
    )
    assert all(each.partition == partition_of(each.event.key) for each in found)
    assert not any(each.problem for each in found)


def test_order_per_key(events_log: EventLog, topic: str, group: str) -> None:
    """Events of one key come in the order in which they were sent, over several publishes and polls."""
    keys = [f"k{number}" for number in range(9)]
    for version in range(0, 60, 20):
        batch = [make_event(key, each, topic=topic) for each in range(version, version + 20) for key in keys]
        publish(events_log, *batch)
    with member(events_log, group, [topic]) as subscription:
        found = poll_until(subscription, lambda found: len(found) >= 60 * len(keys), commit=True)
        assert subscription.poll(max_events=100, timeout=0.2) == []
        assert subscription.lag() == 0
    assert versions(found) == {key: list(range(60)) for key in keys}


def test_poll_gives_no_more_than_asked(events_log: EventLog, topic: str, group: str) -> None:
    """`max_events` bounds the batch; nothing is skipped for it."""
    publish(events_log, *(make_event("a", version, topic=topic) for version in range(25)))
    found: list[Delivery] = []
    deadline = time.monotonic() + PATIENCE
    with member(events_log, group, [topic]) as subscription:
        while len(found) < 25 and time.monotonic() < deadline:
            batch = subscription.poll(max_events=10, timeout=0.5)
            assert len(batch) <= 10
            found += batch
    assert versions(found) == {"a": list(range(25))}


def test_an_empty_log_makes_poll_wait_and_an_event_ends_the_wait(
    events_log: EventLog, topic: str, group: str
) -> None:
    """Nothing comes before the time-out; an event comes long before it."""
    with member(events_log, group, [topic]) as subscription:
        poll_until_joined(subscription)
        began = time.monotonic()
        assert subscription.poll(max_events=10, timeout=0.6) == []
        assert time.monotonic() - began >= 0.5
        timer = threading.Timer(0.3, publish, args=(events_log, make_event("a", 1, topic=topic)))
        timer.start()
        found = poll_until(subscription, bool)
        timer.join()
        assert time.monotonic() - began < 10
    assert versions(found) == {"a": [1]}


def poll_until_joined(subscription: Subscription) -> None:
    for _ in range(4):
        assert subscription.poll(max_events=10, timeout=0.5) == []


def test_crash_between_poll_and_commit_delivers_again(events_log: EventLog, topic: str, group: str) -> None:
    """What was not committed comes again to the next member, what was committed does not."""
    publish(events_log, *(make_event("a", version, topic=topic) for version in range(10)))
    with member(events_log, group, [topic]) as first:
        found = poll_until(first, lambda found: len(found) >= 10)
        first.commit(found[:4])
    with member(events_log, group, [topic]) as second:
        again = poll_until(second, lambda found: len(found) >= 6)
    assert versions(again) == {"a": [4, 5, 6, 7, 8, 9]}


def test_groups_do_not_disturb_each_other(events_log: EventLog, topic: str, group: str) -> None:
    """Each group gets every event."""
    publish(events_log, make_event("a", 1, topic=topic))
    for name in (group, f"{group}-other"):
        with member(events_log, name, [topic]) as subscription:
            found = poll_until(subscription, bool, commit=True)
        assert versions(found) == {"a": [1]}


def test_several_topics_in_one_subscription(events_log: EventLog, topic: str, group: str) -> None:
    """A member hears all its topics; offsets of one are not those of another."""
    other = f"{topic}.other"
    events_log.create_topics([other, topic])
    publish(events_log, make_event("a", 1, topic=topic), make_event("a", 2, topic=other))
    with member(events_log, group, [topic, other]) as subscription:
        found = poll_until(subscription, lambda found: len(found) >= 2, commit=True)
    assert {(each.event.topic, each.event.version) for each in found} == {(topic, 1), (other, 2)}
    publish(events_log, make_event("a", 3, topic=other))
    with member(events_log, group, [topic, other]) as subscription:
        assert [each.event.version for each in poll_until(subscription, bool)] == [3]


def test_two_members_share_the_partitions(events_log: EventLog, topic: str, group: str) -> None:
    """Members that join deal the partitions out among them; each event then goes to one of them."""
    with member(events_log, group, [topic]) as first:
        publish(events_log, *(make_event(key, 0, topic=topic) for key in ONE_KEY_EACH))
        alone = poll_until(first, lambda found: len(found) >= PARTITIONS, commit=True)
        assert {each.partition for each in alone} == set(range(PARTITIONS))
        with member(events_log, group, [topic]) as second:
            shared = until_both_hear(events_log, topic, first, second)
            assert shared == (2, 2)
        # The second left: the first gets everything again, in order.
        publish(events_log, *(make_event(key, 10_000, topic=topic) for key in ONE_KEY_EACH))
        after = poll_until(
            first,
            lambda found: (
                {each.partition for each in found if each.event.version == 10_000} == set(range(PARTITIONS))
            ),
            commit=True,
        )
    assert all(numbers == sorted(numbers) for numbers in versions(after).values())


def until_both_hear(
    events_log: EventLog, topic: str, first: Subscription, second: Subscription
) -> tuple[int, int]:
    """Send to every partition until two members hear of two each in one round; what they heard last."""
    deadline = time.monotonic() + PATIENCE
    heard = (0, 0)
    version = 1
    while heard != (2, 2) and time.monotonic() < deadline:
        publish(events_log, *(make_event(key, version, topic=topic) for key in ONE_KEY_EACH))
        batches = []
        for subscription in (first, second):
            batch = list(subscription.poll(max_events=100, timeout=0.5))
            batch += subscription.poll(max_events=100, timeout=0.5)
            subscription.commit(batch)
            batches.append({each.partition for each in batch if each.event.version == version})
        heard = (len(batches[0]), len(batches[1]))
        assert not batches[0] & batches[1] or heard != (2, 2)
        version += 1
    return heard


def test_members_come_and_go_and_nothing_is_lost_or_reordered(
    events_log: EventLog, topic: str, group: str
) -> None:
    """While members join, leave and drop what they read, every event is committed in order per key."""
    total = 120
    stop = threading.Event()
    handled: list[Delivery] = []
    guard = threading.Lock()

    def work(lifetime: float) -> None:
        while not stop.is_set():
            ends = time.monotonic() + lifetime
            with member(events_log, group, [topic]) as subscription:
                while not stop.is_set() and time.monotonic() < ends:
                    batch = subscription.poll(max_events=7, timeout=0.5)
                    with guard:
                        handled.extend(batch)
                    subscription.commit(batch)

    threads = [threading.Thread(target=work, args=(lifetime,)) for lifetime in (1.5, 2.5, 60.0)]
    for thread in threads:
        thread.start()
    try:
        for version in range(total):
            publish(events_log, *(make_event(key, version, topic=topic) for key in ONE_KEY_EACH))
            time.sleep(0.03)
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            with guard:
                seen = {key: set(numbers) for key, numbers in versions(handled).items()}
            if all(len(seen.get(key, ())) == total for key in ONE_KEY_EACH):
                break
            time.sleep(0.1)
    finally:
        stop.set()
        for thread in threads:
            thread.join(PATIENCE)
    assert {key: without_repeats(numbers) for key, numbers in versions(handled).items()} == {
        key: list(range(total)) for key in ONE_KEY_EACH
    }


def test_nothing_becomes_visible_out_of_order(events_log: EventLog, topic: str, group: str) -> None:
    """With publishers at work at once, a reader never sees an offset before all smaller ones."""
    writers = 4
    each_writes = 40
    key = ONE_KEY_EACH[0]

    def write(name: int) -> None:
        publisher = events_log.publisher()
        for version in range(each_writes):
            publisher.publish(
                [make_event(f"w{name}", version * 2 + half, topic=topic, key=key) for half in range(2)]
            )
        publisher.close()

    threads = [threading.Thread(target=write, args=(name,)) for name in range(writers)]
    with member(events_log, group, [topic]) as subscription:
        for thread in threads:
            thread.start()
        found = poll_until(subscription, lambda found: len(found) >= writers * each_writes * 2, commit=True)
        for thread in threads:
            thread.join()
    assert [each.offset for each in found] == list(range(writers * each_writes * 2))
    assert versions(found) == {f"w{name}": list(range(each_writes * 2)) for name in range(writers)}


def test_live_members_hear_only_what_is_new(events_log: EventLog, topic: str, group: str) -> None:
    """From the end: nothing old, every member every new event, nothing remembered."""
    publish(events_log, *(make_event(key, 1, topic=topic) for key in ONE_KEY_EACH))
    with (
        member(events_log, group, [topic], from_end=True) as first,
        member(events_log, group, [topic], from_end=True) as second,
    ):
        publish(events_log, *(make_event(key, 2, topic=topic) for key in ONE_KEY_EACH))
        for subscription in (first, second):
            found = poll_until(subscription, lambda found: len(found) >= PARTITIONS, commit=True)
            assert {each.event.version for each in found} == {2}
    with member(events_log, group, [topic]) as remembering:
        found = poll_until(remembering, lambda found: len(found) >= 2 * PARTITIONS)
    assert len(found) == 2 * PARTITIONS


def test_a_topic_that_does_not_exist_is_a_passing_trouble(
    events_log: EventLog, topic: str, group: str
) -> None:
    """Publishing to it raises TransientEventsError; once it is made, the same publisher goes on."""
    late = f"{topic}.late"
    publisher = events_log.publisher()
    try:
        with pytest.raises(TransientEventsError):
            publisher.publish([make_event("a", 1, topic=topic), make_event("a", 1, topic=late)])
        events_log.create_topics([late])
        publisher.publish([make_event("a", 2, topic=late)])
    finally:
        publisher.close()
    with member(events_log, group, [late]) as subscription:
        found = poll_until(subscription, bool)
    assert 2 in versions(found)["a"]
