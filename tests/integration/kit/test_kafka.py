"""Kafka under faults: the broker killed, its log lost, records that are no events."""

from __future__ import annotations

import secrets
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from kafka import KafkaProducer

from kit import kafka_broker
from kit.events import Delivery, Event, Publisher, Subscription, TransientEventsError
from kit.events_kafka import KafkaLog
from kit.events_kafka_client import answers
from kit.kafka_broker import Broker, JavaMissing
from tests.support.events import TOPIC, make_event, versions, without_repeats

PATIENCE = 60.0


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    started = kafka_broker.start(tmp_path / "kafka", heap="192m")
    yield started
    started.kill()


@pytest.fixture
def events_log(broker: Broker) -> Iterator[KafkaLog]:
    log = KafkaLog([broker.address])
    log.create_topics([TOPIC])
    yield log
    log.close()


def publish_until_done(publisher: Publisher, events: list[Event]) -> None:
    """What the relay does: the same page again until it is acknowledged."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            publisher.publish(events)
            return
        except TransientEventsError:
            assert time.monotonic() < deadline, "the log did not come back"
            time.sleep(0.2)


def poll_until(subscription: Subscription, enough: Callable[[list[Delivery]], bool]) -> list[Delivery]:
    """What the inbox does: trouble is waited out; what comes is committed."""
    found: list[Delivery] = []
    deadline = time.monotonic() + PATIENCE
    while not enough(found):
        assert time.monotonic() < deadline, f"only {len(found)} events came"
        try:
            batch = subscription.poll(max_events=50, timeout=0.5)
            found += batch
            subscription.commit(batch)
        except TransientEventsError:
            time.sleep(0.2)
    return found


@pytest.mark.timeout(240)
def test_a_broker_killed_again_and_again_loses_and_reorders_nothing(
    broker: Broker, events_log: KafkaLog
) -> None:
    """Publisher and consumer live through kill -9 and restart of the broker by themselves."""
    total, keys = 150, ["a", "b", "c"]
    publisher = events_log.publisher()

    def send() -> None:
        for version in range(total):
            publish_until_done(publisher, [make_event(key, version) for key in keys])
            time.sleep(0.05)

    sender = threading.Thread(target=send)
    subscription = events_log.subscribe("survivor", [TOPIC])
    killer = threading.Thread(target=kill_twice, args=(broker,))
    sender.start()
    killer.start()
    wanted = {(key, total - 1) for key in keys}
    found = poll_until(
        subscription, lambda found: wanted <= {(each.event.key, each.event.version) for each in found}
    )
    sender.join(PATIENCE)
    killer.join(PATIENCE)
    subscription.close()
    publisher.close()
    assert {key: without_repeats(numbers) for key, numbers in versions(found).items()} == {
        key: list(range(total)) for key in keys
    }


def kill_twice(broker: Broker) -> None:
    for _ in range(2):
        time.sleep(2)
        broker.kill()
        time.sleep(1)
        kafka_broker.start(broker.data_dir, heap="192m")


@pytest.mark.timeout(240)
def test_a_log_that_comes_back_empty_is_read_from_its_beginning(broker: Broker, events_log: KafkaLog) -> None:
    """Offsets that the log no longer has are no trouble: the group goes on with the oldest event there is."""
    publisher = events_log.publisher()
    publisher.publish([make_event("a", version) for version in range(30)])
    subscription = events_log.subscribe("survivor", [TOPIC])
    poll_until(subscription, lambda found: len(found) >= 30)
    broker.kill()
    shutil.rmtree(broker.data_dir / "log")
    kafka_broker.start(broker.data_dir, heap="192m")
    KafkaLog([broker.address]).create_topics([TOPIC])
    publish_until_done(publisher, [make_event("a", version) for version in range(28, 33)])
    again = poll_until(subscription, lambda found: any(each.event.version == 32 for each in found))
    assert without_repeats(versions(again)["a"])[-5:] == [28, 29, 30, 31, 32]
    subscription.close()
    publisher.close()


@pytest.mark.timeout(240)
def test_live_members_go_on_after_the_broker(broker: Broker, events_log: KafkaLog) -> None:
    """A live screen's reader keeps its place in memory over a restart of the broker."""
    publisher = events_log.publisher()
    publisher.publish([make_event("a", 1)])
    subscription = events_log.subscribe("live", [TOPIC], from_end=True)
    publisher.publish([make_event("a", 2)])
    assert versions(poll_until(subscription, bool)) == {"a": [2]}
    broker.kill()
    kafka_broker.start(broker.data_dir, heap="192m")
    publish_until_done(publisher, [make_event("a", 3)])
    assert without_repeats(versions(poll_until(subscription, bool))["a"]) == [3]
    subscription.close()
    publisher.close()


def test_a_foreign_record_is_handed_on_with_its_reason(kafka_server: str) -> None:
    """Bytes that somebody else wrote into a topic reach the consumer as a problem, between our events."""
    log = KafkaLog([kafka_server])
    topic = "test.foreign"
    log.create_topics([topic])
    producer = KafkaProducer(
        bootstrap_servers=[kafka_server], enable_idempotence=False, metrics_enabled=False
    )
    producer.send(topic, value=b"\xff\xfe", partition=3).get(timeout=10)
    producer.close()
    publisher = log.publisher()
    publisher.publish([make_event("a", 1, topic=topic)])
    subscription = log.subscribe("foreign", [topic])
    found = poll_until(subscription, lambda found: len(found) >= 2)
    subscription.close()
    publisher.close()
    log.close()
    assert sorted(bool(each.problem) for each in found) == [False, True]


def test_a_page_larger_than_a_batch_goes_in_order(kafka_server: str) -> None:
    """More than a broker takes in one batch: several, one behind the other, and a record that fills one by itself."""
    log = KafkaLog([kafka_server])
    topics = ["test.large", "test.small"]
    log.create_topics(topics)
    publisher = log.publisher()
    sizes = [400_000, 200_000, 880_000, 10, 10, 300_000, 300_000, 10]
    large = [
        make_event("a", version, topic="test.large", payload=secrets.token_bytes(size))
        for version, size in enumerate(sizes)
    ]
    small = [make_event(key, version, topic="test.small") for version in range(20) for key in "abcdef"]
    publisher.publish([*small[:60], *large, *small[60:]])
    subscription = log.subscribe("large", topics)
    found = poll_until(subscription, lambda found: len(found) >= len(large) + len(small))
    subscription.close()
    publisher.close()
    log.close()
    assert [each.event for each in found if each.event.topic == "test.large"] == large
    assert versions([each for each in found if each.event.topic == "test.small"]) == {
        key: list(range(20)) for key in "abcdef"
    }


def test_a_topic_that_is_not_there_is_a_passing_trouble(
    kafka_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Publishing makes no topic by accident; once it is made, the same publisher goes on."""
    monkeypatch.setattr("kit.events_kafka_publisher._METADATA_TIMEOUT", 1.0)
    log = KafkaLog([kafka_server])
    publisher = log.publisher()
    event = make_event("a", 1, topic="test.later")
    with pytest.raises(TransientEventsError, match=r"test\.later"):
        publisher.publish([event])
    log.create_topics(["test.later"])
    publish_until_done(publisher, [event])
    subscription = log.subscribe("later", ["test.later"])
    assert [each.event for each in poll_until(subscription, bool)] == [event]
    subscription.close()
    publisher.close()
    log.close()


def test_a_refused_batch_is_told(kafka_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the broker answers for one partition fails the page, and the next page has a new client."""
    monkeypatch.setattr("kit.events_kafka_publisher._BATCH_BYTES", 4_000_000)
    log = KafkaLog([kafka_server])
    log.create_topics(["test.refused"])
    publisher = log.publisher()
    large = [
        make_event("a", version, topic="test.refused", payload=secrets.token_bytes(800_000))
        for version in (1, 2)
    ]
    with pytest.raises(TransientEventsError, match=r"test\.refused"):
        publisher.publish(large)
    publisher.publish(large[:1])
    publisher.close()
    log.close()


def test_no_broker_is_a_passing_trouble(tmp_path: Path) -> None:
    """Nobody there: publishing, subscribing and making topics say so in the same way, soon."""
    nowhere = KafkaLog(["127.0.0.1:1"])
    publisher = nowhere.publisher()
    with pytest.raises(TransientEventsError):
        publisher.publish([make_event()])
    publisher.close()
    with pytest.raises(TransientEventsError):
        nowhere.subscribe("group", [TOPIC])
    with pytest.raises(TransientEventsError):
        nowhere.create_topics([TOPIC])
    nowhere.close()
    assert not answers(["127.0.0.1:1"])


def test_without_java_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing program is named with the package that brings it."""
    kafka_broker.install()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(JavaMissing, match="apt-get install default-jre-headless") as caught:
        kafka_broker.start(tmp_path / "kafka")
    assert "java" in caught.value.text_vi
