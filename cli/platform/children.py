"""Child processes of the embedded platform: started, awaited, watched, and stopped by their process ids."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from kit.errors import FailedPrecondition

_STOP_SECONDS: Final = 30.0
# A child that was asked to end and is still there after this long is killed.
_READY_SECONDS: Final = 120.0


class ChildEnded(FailedPrecondition):
    reason = "PROCESS_ENDED"
    vi = "Tiến trình {name} dừng ngay khi khởi động. Xem {log}: {last}"
    en = "The process {name} ended while starting. See {log}: {last}"


@dataclass
class Child:
    """One child with its log file and the file that it writes when it is ready."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    ready: Path


@dataclass
class Children:
    """The children of one platform; the last one started is the first one stopped."""

    folder: Path
    running: list[Child] = field(default_factory=list)

    def start(self, name: str, arguments: Sequence[str], environment: Mapping[str, str]) -> Child:
        """Start `python arguments…` in a session of its own, so that Ctrl-C reaches the parent alone."""
        self.folder.mkdir(parents=True, exist_ok=True)
        log, ready = self.folder / f"{name}.log", self.folder / f"{name}.ready"
        ready.unlink(missing_ok=True)
        with log.open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, *arguments, "--ready-file", str(ready)],
                env={**os.environ, **environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        child = Child(name, process, log, ready)
        self.running.append(child)
        return child

    def wait_ready(self, child: Child) -> str:
        """What the child wrote when it was ready (its port). Raises ChildEnded."""
        deadline = time.monotonic() + _READY_SECONDS
        while time.monotonic() < deadline:
            if child.ready.exists() and (text := child.ready.read_text()):
                return text
            if child.process.poll() is not None:
                break
            time.sleep(0.01)
        raise ChildEnded(name=child.name, log=child.log, last=_last_line(child.log))

    def ended(self) -> Child | None:
        """A child that is no longer there, if any."""
        return next((child for child in self.running if child.process.poll() is not None), None)

    def stop(self) -> None:
        """Ask each to end, the newest first; kill what does not."""
        for child in reversed(self.running):
            if child.process.poll() is None:
                child.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + _STOP_SECONDS
        for child in reversed(self.running):
            try:
                child.process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.process.kill()
                child.process.wait()
        self.running.clear()


def _last_line(path: Path) -> str:
    lines = path.read_text(errors="replace").strip().splitlines() if path.exists() else []
    return lines[-1][:300] if lines else "-"
