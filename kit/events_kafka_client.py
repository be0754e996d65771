"""What the publisher and the subscriptions to Apache Kafka share: how a client finds its brokers, and what may pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from kafka import KafkaConsumer
from kafka.errors import KafkaError

from kit import log
from kit.events import TransientEventsError

COMMON: Final[Mapping[str, Any]] = {
    # A client that cannot reach any broker says so soon; our own loops try again.
    "bootstrap_timeout_ms": 5_000,
    # The default of 30 s would delay recovery long after the broker is back.
    "reconnect_backoff_max_ms": 1_000,
    # A partition's new leader is found soon after the old one died.
    "metadata_max_age_ms": 5_000,
}

_QUESTION: Final[Mapping[str, Any]] = {
    **COMMON,
    "bootstrap_timeout_ms": 2_000,
    "request_timeout_ms": 12_000,
    "enable_auto_commit": False,
    "allow_auto_create_topics": False,
    "metrics_enabled": False,
}
CLOSE_TIMEOUT_MS: Final = 3_000

_logger = log.get(__name__)


def answers(servers: Sequence[str]) -> bool:
    """True if a broker answers a question about the cluster, asked by a client of its own."""
    return ask(servers, lambda consumer: consumer.topics() is not None)


def ask(servers: Sequence[str], question: Callable[[KafkaConsumer], bool]) -> bool:
    """What a client of its own, that belongs to no group, answers; False if it reaches no broker."""
    try:
        consumer = KafkaConsumer(bootstrap_servers=list(servers), **_QUESTION)
    except (KafkaError, OSError):
        return False
    try:
        return question(consumer)
    except (KafkaError, OSError):
        return False
    finally:
        consumer.close(autocommit=False, timeout_ms=CLOSE_TIMEOUT_MS)


@contextmanager
def transient() -> Iterator[None]:
    """Whatever client or brokers say against us, the same call may succeed later with a new client."""
    try:
        yield
    except KafkaError as error:
        raise TransientEventsError(f"{type(error).__name__}: {error}") from error
    except (OSError, RuntimeError, KeyError, IndexError, AttributeError) as error:
        # Faults inside the client under broken connections: told with their trace, and met with a new client.
        _logger.error("fault in the Kafka client", exc_info=error)
        raise TransientEventsError(f"{type(error).__name__}: {error}") from error
