"""The stand on which faults are tried: load on, fault, load off, quiet, invariants. Any violation fails the test."""

from __future__ import annotations

import itertools
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from cli.platform.embedded import Embedded
from cli.platform.full import Full
from tests.faults.audit import Auditor
from tests.faults.city import City
from tests.faults.load import History, Load

# How often each fault acts: once in `make test`, twenty times in `make faults`.
REPEATS: Final = int(os.environ.get("XOAI_FAULT_REPEATS", "1"))
_BACK_SECONDS: Final = 120.0


@dataclass
class Stand:
    """A platform with its city and its auditor."""

    platform: Embedded | Full
    city: City
    auditor: Auditor
    seed: int
    _loads: itertools.count[int] = field(default_factory=itertools.count)

    def load(self, *, rate: float = 50.0) -> Load:
        """A load that has not begun; each of a run has its own seed."""
        return Load(self.city, self.platform.url, self.seed + next(self._loads), rate=rate)

    def run(
        self, act: Callable[[], None], *, repeats: int = REPEATS, rate: float = 50.0, dead_letters: int = 0
    ) -> History:
        """Let the fault act under load, `repeats` times; then everything must be well again."""
        load = self.load(rate=rate)
        load.start()
        try:
            time.sleep(0.7)
            for _ in range(repeats):
                act()
                time.sleep(0.7)
        finally:
            history = load.stop()
        self.settle(history, dead_letters=dead_letters)
        assert len(history.acknowledged) > len(history.sent) * 0.9
        return history

    def settle(self, history: History, *, dead_letters: int = 0) -> None:
        """All is quiet within a minute, and every invariant holds."""
        self.auditor.remember(history)
        seconds = self.auditor.wait_quiet(dead_letters=dead_letters)
        print(
            f"seed {self.seed}: {len(history.sent)} transfers, {len(history.acknowledged)} acknowledged,"
            f" answers {dict(history.statuses)}, {history.unknown} without answer, pages {dict(history.pages)},"
            f" quiet after {seconds:.1f} s"
        )
        wrong = self.auditor.violations(history)
        assert not wrong, "\n".join([f"seed {self.seed}: {len(wrong)} violations", *wrong[:20]])


def kill_and_wait(platform: Full, name: str) -> None:
    """kill -9 of a supervised part; returns when its next process is ready."""
    pid, ready = platform.pid(name), platform.ready_file(name)
    ready.unlink(missing_ok=True)
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: ready.exists() and platform.pid(name) not in (0, pid), f"{name} did not come back")


def crash_at(platform: Full, name: str, faults: str) -> None:
    """Let a part's process crash by itself at a fault point: its next process is armed, the one after it is not."""
    fault_file = platform.fault_file(name)
    fault_file.write_text(faults)
    kill_and_wait(platform, name)
    # The armed process has read its faults; the file is gone before the process after it starts.
    fault_file.unlink()
    ready = platform.ready_file(name)
    ready.unlink()
    wait_for(ready.exists, f"{name} never came to {faults}, or did not come back from it")


def wait_for(condition: Callable[[], bool], otherwise: str) -> None:
    """Wait, a minute at most, until the condition holds."""
    deadline = time.monotonic() + _BACK_SECONDS
    while not condition():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.05)
