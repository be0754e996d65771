"""Banks as a benchmark uses them: writes the requests down, starts the load maker, gives the word, hears the outcome."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from bench.money import Bill, body
from bench.results import Refused
from kit import ids


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the load maker tells; times in seconds of the machine's monotonic clock."""

    began: float
    ended: float
    accepted: int
    left: int
    p50_ms: float
    p99_ms: float
    sent: Sequence[float]


def write_requests(path: Path, bills: Sequence[Bill]) -> None:
    """One callback for each bill."""
    with path.open("wb") as file:
        for number, bill in enumerate(bills):
            target = f"/v1/callbacks/xoai/{ids.external('con', bill.place.connection_id)}"
            file.write(target.encode() + b"\t" + body(number, bill) + b"\n")


class Banks:
    """A load maker that is connected and waits for the word."""

    def __init__(self, process: subprocess.Popen[str], speak: IO[str], hear: IO[str]) -> None:
        self._process, self._speak, self._hear = process, speak, hear

    def go(self) -> None:
        """Begin."""
        self._speak.write("go\n")
        self._speak.flush()

    def outcome(self) -> Outcome:
        """Wait for the end. Raises Refused if anything but acceptance was answered."""
        line = self._hear.readline()
        if not line:
            raise Refused(f"the load maker ended with {self._process.wait()}")
        told = json.loads(line)
        refused, reason = told.pop("refused"), told.pop("first_refusal")
        if refused:
            raise Refused(f"{refused} callbacks were not accepted, the first: {reason}")
        return Outcome(**told)


@contextmanager
def banks(
    requests: Path, port: int, *, connections: int = 32, seconds: float = 3600, rate: float = 0
) -> Iterator[Banks]:
    """A load maker, ready; ended on leaving."""
    command = [
        sys.executable, "-m", "bench.load", "--requests", str(requests), "--port", str(port),
        "--connections", str(connections), "--seconds", str(seconds), "--rate", str(rate),
    ]  # fmt: skip
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        if process.stdout.readline() != "ready\n":
            raise Refused(f"the load maker ended with {process.wait()}")
        yield Banks(process, process.stdin, process.stdout)
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()
