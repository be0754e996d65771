"""What a benchmark found, in the form of `.run/bench/results.json`, and the machine on which it was found."""

from __future__ import annotations

import json
import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).resolve().parent.parent / ".run" / "bench"
FILE: Final = FOLDER / "results.json"


@dataclass(frozen=True, slots=True)
class Result:
    """One figure; `ratio` is value ÷ yardstick_value where a yardstick stands beside it, else null."""

    name: str
    what: str
    value: float
    unit: str
    min: float
    max: float
    runs: int
    yardstick: str | None
    yardstick_value: float | None
    ratio: float | None
    goal: str
    met: bool
    machine: str


class Refused(Exception):
    """A run whose sums do not hold, or that did not do what it should measure: there is no figure."""


def least(
    name: str,
    what: str,
    unit: str,
    values: Sequence[float],
    *,
    yardstick: str,
    yardsticks: Sequence[float],
    factor: float,
) -> Result:
    """A rate that should be at least `factor` × the yardstick; both are medians."""
    value, beside = statistics.median(values), statistics.median(yardsticks)
    return _made(
        name, what, unit, values, yardstick, beside, f"≥ {factor:g} × {yardstick}", value >= factor * beside
    )


def share(name: str, what: str, unit: str, values: Sequence[float], *, other: Result, percent: int) -> Result:
    """A rate that should be at least so many per cent of another result."""
    value = statistics.median(values)
    goal = f"≥ {percent} % of {other.name}"
    return _made(
        name, what, unit, values, other.name, other.value, goal, value * 100 >= percent * other.value
    )


def rate(
    name: str,
    what: str,
    unit: str,
    values: Sequence[float],
    *,
    limit: float,
    yardstick: str,
    yardsticks: Sequence[float],
) -> Result:
    """A rate that should be at least `limit`, with a yardstick beside it; both are medians."""
    value, beside = statistics.median(values), statistics.median(yardsticks)
    return _made(name, what, unit, values, yardstick, beside, f"≥ {limit:g} {unit}", value >= limit)


def most(name: str, what: str, unit: str, values: Sequence[float], limit: float) -> Result:
    """A duration or size that should be at most `limit`."""
    value = statistics.median(values)
    return _made(name, what, unit, values, None, None, f"≤ {limit:g} {unit}", value <= limit)


def _made(
    name: str,
    what: str,
    unit: str,
    values: Sequence[float],
    yardstick: str | None,
    beside: float | None,
    goal: str,
    met: bool,
) -> Result:
    value = statistics.median(values)
    return Result(
        name=name,
        what=what,
        value=_rounded(value),
        unit=unit,
        min=_rounded(min(values)),
        max=_rounded(max(values)),
        runs=len(values),
        yardstick=yardstick,
        yardstick_value=None if beside is None else _rounded(beside),
        ratio=None if beside is None else round(value / beside, 2),
        goal=goal,
        met=met,
        machine=machine(),
    )


def _rounded(value: float) -> float:
    """No more digits than the measurement has."""
    return round(value) if value >= 100 else round(value, 2)


def read() -> list[Result]:
    """The results of the last runs, in the order in which they are kept."""
    return [Result(**each) for each in json.loads(FILE.read_text())] if FILE.exists() else []


def write(found: Sequence[Result]) -> list[Result]:
    """Keep these results, in place of earlier ones of the same names; all that are kept now."""
    names = {each.name for each in found}
    kept = [each for each in read() if each.name not in names] + list(found)
    FOLDER.mkdir(parents=True, exist_ok=True)
    part = FILE.with_suffix(".part")
    part.write_text(json.dumps([asdict(each) for each in kept], ensure_ascii=False, indent=1) + "\n")
    part.replace(FILE)
    return kept


@cache
def machine() -> str:
    """Cores, processor, memory and system, in one line."""
    model = "unknown processor"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    memory = int(Path("/proc/meminfo").read_text().split(None, 2)[1]) / 1024**2
    cores = len(os.sched_getaffinity(0))
    return f"{cores} cores of {model}, {memory:.0f} GiB, Linux {platform.release()}, Python {platform.python_version()}"
