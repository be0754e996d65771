"""The load maker: banks that call back over HTTP, each on a connection of its own. A process apart.

Requests are signed before the clock starts. Closed: each connection sends its next request when it has its answer.
Open (`--rate`): requests go out at their times, whatever the answers do, on whichever connection is free.
Reads lines `path TAB body` from a file, says `ready`, waits for a line on its standard input, and says at the end, as
one line of JSON, when it began and ended (seconds of the machine's monotonic clock) and what was answered.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections import deque
from pathlib import Path
from typing import Final, cast

import uvloop

from bench.money import SECRET
from kit import clock
from services.intake.adapters import xoai

_HOST: Final = "127.0.0.1"


def requests(path: Path) -> list[bytes]:
    """Signed requests as they go over the wire."""
    stamp = int(clock.now().timestamp())
    made = []
    for number, line in enumerate(path.read_bytes().splitlines()):
        target, _, body = line.partition(b"\t")
        headers = xoai.sign(SECRET, f"msg_{number}", stamp, body)
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        head = (
            f"POST {target.decode()} HTTP/1.1\r\nhost: {_HOST}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\n{lines}\r\n"
        )
        made.append(head.encode() + body)
    return made


class Load:
    """What is to be sent, and what came back."""

    def __init__(self, waiting: list[bytes], seconds: float, rate: float) -> None:
        self.waiting = deque(waiting)
        self.rate = rate
        self.seconds = seconds
        self.accepted = 0
        self.refused = 0
        self.first_refusal = ""
        self.open = 0
        self.idle: deque[Bank] = deque()
        self.sent: list[float] = []
        self.took: list[float] = []
        self.deadline = 0.0
        self.done = asyncio.Event()

    def next(self, bank: Bank) -> None:
        """The bank may send again."""
        if self.rate:
            self.idle.append(bank)
            if not self.waiting and self.open == 0:
                self.done.set()
            return
        if self.waiting and time.monotonic() < self.deadline:
            bank.send(self.waiting.popleft())
        elif self.open == 0:
            self.done.set()

    async def paced(self) -> None:
        """Send at the rate; a request that finds no free connection goes out late, and that is counted."""
        began = time.monotonic()
        number = 0
        while self.waiting:
            due = began + number / self.rate
            pause = due - time.monotonic()
            if pause > 0:
                await asyncio.sleep(pause)
            while not self.idle:
                await asyncio.sleep(0.001)
            self.sent.append(due)
            self.idle.popleft().send(self.waiting.popleft())
            number += 1


class Bank(asyncio.Protocol):
    """One connection; one request at a time."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._transport: asyncio.Transport | None = None
        self._received = b""
        self._began = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are not asyncio's by class.
        self._transport = cast(asyncio.Transport, transport)

    def send(self, request: bytes) -> None:
        assert self._transport is not None
        self._load.open += 1
        self._began = time.monotonic()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, separator, body = self._received.partition(b"\r\n\r\n")
        if not separator:
            return
        place = head.lower().find(b"content-length: ")
        length = int(head[place + 16 :].split(b"\r\n", 1)[0])
        if len(body) < length:
            return
        load = self._load
        if head[9:12] == b"200":
            load.accepted += 1
        else:
            load.refused += 1
            load.first_refusal = load.first_refusal or self._received[:300].decode(errors="replace")
        self._received = b""
        load.open -= 1
        load.took.append(time.monotonic() - self._began)
        load.next(self)

    def connection_lost(self, error: Exception | None) -> None:
        if not self._load.done.is_set():
            self._load.refused += 1
            self._load.first_refusal = self._load.first_refusal or f"connection lost: {error}"
            self._load.done.set()


async def run(load: Load, port: int, connections: int) -> dict[str, object]:
    """Connect, wait for the word, send, and tell."""
    loop = asyncio.get_running_loop()
    banks = [(await loop.create_connection(lambda: Bank(load), _HOST, port))[1] for _ in range(connections)]
    print("ready", flush=True)
    await loop.run_in_executor(None, sys.stdin.readline)
    began = time.monotonic()
    load.deadline = began + load.seconds
    for bank in banks:
        load.next(bank)
    if load.rate:
        await load.paced()
    await load.done.wait()
    ended = time.monotonic()
    took = sorted(load.took)
    return {
        "began": began,
        "ended": ended,
        "accepted": load.accepted,
        "refused": load.refused,
        "first_refusal": load.first_refusal,
        "left": len(load.waiting),
        "p50_ms": took[len(took) // 2] * 1000 if took else None,
        "p99_ms": took[len(took) * 99 // 100] * 1000 if took else None,
        "sent": load.sent,
    }


def main() -> int:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--rate", type=float, default=0)
    arguments = parser.parse_args()
    waiting = requests(arguments.requests)

    async def start() -> dict[str, object]:
        return await run(
            Load(waiting, arguments.seconds, arguments.rate), arguments.port, arguments.connections
        )

    print(json.dumps(uvloop.run(start())), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
