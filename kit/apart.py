"""Strangers' files are read in a process of their own: bounded memory and time, no secrets, nothing of ours to reach.

`run` starts the process and tells how it ended, whatever the file did there; `restrict` is what the process does to
itself before any code touches the file.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from dataclasses import dataclass
from typing import Final

_NICENESS: Final = 5


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended: its exit code (None: a limit or a signal ended it), its answer, and the kind of its fault."""

    code: int | None
    answer: bytes = b""
    fault: str = ""


def command(module: str) -> list[str]:
    """What starts a module apart. -I: the folder and the settings that this process was started with mean nothing there."""
    return [sys.executable, "-I", "-X", "utf8", "-m", module]


def run(arguments: list[str], content: bytes, *, seconds: float) -> Ended:
    """Run a command on `content` with an empty environment, for at most `seconds`."""
    try:
        ended = subprocess.run(
            arguments,
            input=content,
            capture_output=True,
            timeout=seconds,
            env={},
            start_new_session=True,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Ended(None)
    if ended.returncode < 0:
        return Ended(None)
    # The kind of a fault alone: its text may hold what stands in the file.
    trace = ended.stderr.decode(errors="replace").strip().splitlines()
    return Ended(ended.returncode, ended.stdout, trace[-1].partition(":")[0][:100] if trace else "")


def restrict(*, memory: int, cpu_seconds: int) -> None:
    """Bound memory (bytes) and processor time of this process; forbid it files, processes and core dumps."""
    for name, limit in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
    ):
        _, most = resource.getrlimit(name)
        soft = limit if most == resource.RLIM_INFINITY else min(limit, most)
        resource.setrlimit(name, (soft, soft))
    os.nice(_NICENESS)
