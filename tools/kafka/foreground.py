"""Run one Kafka broker until SIGTERM or Ctrl-C, for a supervisor; exits 1 when the broker dies by itself.

With --install it only fetches and prepares what a broker needs. KAFKA_DATA names another folder for its data, and
KAFKA_BENCHMARK (not empty) gives it the compiler and memory of a benchmark.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

from kit import kafka_broker
from kit.errors import Error


def main(what: str) -> int:
    """Start the broker on a port, wait, stop it; or install."""
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    try:
        if what == "--install":
            kafka_broker.install()
            return 0
        folder = Path(os.environ.get("KAFKA_DATA") or kafka_broker.INSTALLED / "data")
        broker = kafka_broker.start(
            folder, port=int(what), is_benchmark=bool(os.environ.get("KAFKA_BENCHMARK"))
        )
    except Error as error:
        print(f"{error.text_vi}\n{error.text_en}", file=sys.stderr)
        return 1
    print(f"Kafka: {broker.address}", flush=True)
    while not ended.wait(1.0):
        if broker.pid() is None:
            return 1
    broker.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
