"""Named points at which a test may let a process die, wait or fail; in production they do nothing.

XOAI_FAULTS lists faults as POINT=ACTION[:SECONDS][@WHEN], separated by semicolons. Actions: `crash` (SIGKILL
to this process), `delay:SECONDS`, `fail` (raises FaultInjected). WHEN is the number of the pass, counted from
1 (`@3`), or a probability (`@p0.05`, drawn from XOAI_FAULTS_SEED); without it every pass. Example:

    XOAI_FAULTS="relay.published=crash@3;inbox.committed=delay:2.5@p0.1"

`@FILE` reads the list from a file when the process starts; no file, no faults.
A simulation inside one process takes the points over with `install`.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final


class FaultInjected(Exception):
    """What a test asked to happen at a fault point."""


@dataclass(slots=True)
class _Fault:
    action: str
    seconds: float
    at_pass: int | None
    probability: float | None
    passes: int = field(default=0)

    def is_due(self, chance: random.Random) -> bool:
        self.passes += 1
        if self.at_pass is not None:
            return self.passes == self.at_pass
        return self.probability is None or chance.random() < self.probability


def point(name: str) -> None:
    """Mark a step between two effects; does nothing unless a test set a fault for this name."""
    if _hook is not None:
        _hook(name)


def install(hook: Callable[[str], None] | None) -> None:
    """Send every passed point to `hook` (a simulation's schedule); None ends that."""
    global _hook
    _hook = hook


def parse(spec: str, seed: int = 0) -> Callable[[str], None]:
    """The hook for a list of faults in the form of XOAI_FAULTS. Raises ValueError for another form."""
    plan = dict(_parse_one(entry.strip()) for entry in spec.split(";") if entry.strip())
    chance = random.Random(seed)

    def act(name: str) -> None:
        fault = plan.get(name)
        if fault is None or not fault.is_due(chance):
            return
        if fault.action == "crash":
            os.kill(os.getpid(), signal.SIGKILL)
        elif fault.action == "delay":
            time.sleep(fault.seconds)
        else:
            raise FaultInjected(name)

    return act


def _parse_one(entry: str) -> tuple[str, _Fault]:
    name, separator, rest = entry.partition("=")
    action, _, when = rest.partition("@")
    kind, _, seconds = action.partition(":")
    if not separator or kind not in _ACTIONS or (kind == "delay") != bool(seconds):
        raise ValueError(f"not a fault: {entry!r}")
    probability = float(when[1:]) if when.startswith("p") else None
    at_pass = int(when) if when and probability is None else None
    return name, _Fault(kind, float(seconds or 0), at_pass, probability)


_ACTIONS: Final = ("crash", "delay", "fail")


def read(spec: str) -> str:
    """The list of faults that XOAI_FAULTS holds or whose file it names."""
    if not spec.startswith("@"):
        return spec
    path = Path(spec[1:])
    return path.read_text().strip() if path.exists() else ""


_spec: Final = read(os.environ.get("XOAI_FAULTS", ""))
_hook: Callable[[str], None] | None = (
    parse(_spec, int(os.environ.get("XOAI_FAULTS_SEED", "0"))) if _spec else None
)
