"""Run one Kafka broker until SIGTERM or Ctrl-C, for a supervisor; exits 1 when the broker dies by itself.

With --install it only fetches and prepares what a broker needs.
"""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from pathlib import Path

from kit import kafka_broker
from kit.errors import Error


def main() -> int:
    """Start the broker on a port, wait, stop it; or install."""
    parser = argparse.ArgumentParser(prog="tools/kafka/run")
    parser.add_argument("port", type=int, nargs="?", default=9092)
    parser.add_argument("--install", action="store_true")
    parser.add_argument("--data", type=Path, default=kafka_broker.INSTALLED / "data")
    parser.add_argument("--benchmark", action="store_true", help="the compiler and memory of a benchmark")
    parser.add_argument("--ready-file", type=Path)
    arguments = parser.parse_args()
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    try:
        if arguments.install:
            kafka_broker.install()
            return 0
        broker = kafka_broker.start(arguments.data, port=arguments.port, is_benchmark=arguments.benchmark)
    except Error as error:
        print(f"{error.text_vi}\n{error.text_en}", file=sys.stderr)
        return 1
    print(f"Kafka: {broker.address}", flush=True)
    if arguments.ready_file:
        arguments.ready_file.write_text(broker.address)
    while not ended.wait(0.2):
        if broker.pid() is None:
            print("the broker ended by itself", file=sys.stderr)
            return 1
    broker.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
