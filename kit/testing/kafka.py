"""A real Kafka broker for tests: the first worker that needs it starts it, the last one stops it."""

from __future__ import annotations

import fcntl
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kit import kafka_broker


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """The address of the run's broker; `folder` is shared by all workers of the run."""
    with _users(folder) as users:
        broker = kafka_broker.start(folder / "kafka", heap="192m")
        users["count"] = users.get("count", 0) + 1
    # The client takes a second to load: only who needs a broker pays.
    from kit.events_kafka_client import answers

    deadline = time.monotonic() + 30
    while not answers([broker.address]):
        if time.monotonic() > deadline:
            raise RuntimeError(f"the broker at {broker.address} does not answer")
    try:
        yield broker.address
    finally:
        with _users(folder) as users:
            users["count"] -= 1
            if users["count"] == 0:
                broker.stop()


@contextmanager
def _users(folder: Path) -> Iterator[dict[str, int]]:
    with (folder / "kafka-users.json").open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        text = file.read()
        users: dict[str, int] = json.loads(text) if text else {}
        yield users
        file.seek(0)
        file.truncate()
        json.dump(users, file)
