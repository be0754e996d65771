"""Metrics of every process, in Prometheus' form."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram, start_http_server

RPC_SECONDS = Histogram(
    "xoai_rpc_seconds",
    "Duration of gRPC calls by method and outcome",
    ["method", "outcome"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
OUTBOX_OLDEST_AGE = Gauge(
    "xoai_outbox_oldest_age_seconds", "Age of the oldest event not yet announced", ["service"]
)
OUTBOX_ROWS = Gauge("xoai_outbox_rows", "Events not yet announced", ["service"])
EVENTS_PUBLISHED = Counter("xoai_events_published_total", "Events announced", ["service"])
EVENTS_HANDLED = Counter(
    "xoai_events_handled_total", "Events handled by consumer and outcome", ["consumer", "outcome"]
)
CONSUMER_BATCH = Histogram(
    "xoai_consumer_batch_events",
    "Events per batch",
    ["consumer"],
    buckets=(1, 5, 20, 50, 100, 200, 500, 1000),
)
DEAD_LETTERS_OPEN = Gauge("xoai_dead_letters_open", "Dead letters that wait for a person", ["consumer"])


def listen(address: str) -> None:
    """Serve /metrics on host:port."""
    host, _, port = address.rpartition(":")
    start_http_server(int(port), addr=host or "127.0.0.1")
