"""Processor time and memory of processes, read from /proc: steadier than rates on a machine that others use too."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

_TICK: Final = os.sysconf("SC_CLK_TCK")


def descendants(pid: int) -> set[int]:
    """A process and all that it started."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError, IndexError, ValueError):
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    found = {pid}
    grew = True
    while grew:
        more = {child for child, parent in parents.items() if parent in found} - found
        found |= more
        grew = bool(more)
    return found


def seconds(pids: Iterable[int]) -> float:
    """Processor seconds that these processes have used, ended children of theirs included."""
    total = 0
    for pid in pids:
        with suppress(OSError, IndexError, ValueError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            total += sum(int(value) for value in fields[11:15])
    return total / _TICK


def proportional_bytes(pids: Iterable[int]) -> int:
    """Memory by proportional set size: pages that several processes share count once in all."""
    total = 0
    for pid in pids:
        with suppress(OSError):
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1]) * 1024
    return total


class Clock:
    """Processor time by part, between two moments."""

    def __init__(self, roots: Mapping[str, int]) -> None:
        """`roots`: names of parts with the process at the top of each."""
        self._roots = dict(roots)
        self._began = self._now()

    def _now(self) -> dict[str, float]:
        return {name: seconds(descendants(pid)) for name, pid in self._roots.items()}

    def microseconds(self, units: int) -> str:
        """What each part cost for one unit since the clock was made, in words."""
        now = self._now()
        spent = {name: (now[name] - self._began[name]) * 1e6 / units for name in now}
        parts = ", ".join(f"{name} {value:.0f}" for name, value in spent.items())
        return f"{sum(spent.values()):.0f} µs of processor time each ({parts})"
