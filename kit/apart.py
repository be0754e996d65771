"""Strangers' files are read in a process of their own: bounded memory and time, no secrets, nothing of ours to reach.

This is the side of that process: `answer` is all that it does, and it restricts itself before any code touches the file.
`kit.readers` starts it and hears its answer.
"""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple, NoReturn

import msgspec

from kit.errors import Error

_NICENESS: Final = 5


@dataclass(frozen=True, slots=True)
class Failure:
    """The refusal of a file on its way back: its reason and the values of its text."""

    reason: str
    metadata: dict[str, str]


class Work(NamedTuple):
    """What a module does with a file: its function, its refusals, and the one for a file that takes too much."""

    of: Callable[[bytes], bytes]
    refused: type[Error]
    too_heavy: type[Error]


def command(module: str) -> list[str]:
    """What starts a module apart. -I: the folder and the settings that this process was started with mean nothing there."""
    return [sys.executable, "-I", "-X", "utf8", "-m", module]


def answer(load: Callable[[], Work], *, memory: int, cpu_seconds: int) -> NoReturn:
    """Read the file on standard input, answer on standard output, and end this process.

    Exit code 0 with the answer; 1 with a refusal; anything else is a process that its limits ended. `load` imports what
    does the work: no code that touches the file ever runs without the limits.
    """
    restrict(memory=memory, cpu_seconds=cpu_seconds)
    work = load()
    code = 0
    try:
        found = work.of(sys.stdin.buffer.read())
    except work.refused as refusal:
        code, found = 1, msgspec.json.encode(Failure(refusal.reason, refusal.metadata))
    except (MemoryError, RecursionError):
        code, found = 1, msgspec.json.encode(Failure(work.too_heavy.reason, {}))
    sys.stdout.buffer.write(found)
    sys.stdout.buffer.flush()
    # A table of millions of cells takes seconds to tear down; nothing in it needs a goodbye.
    os._exit(code)


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
