"""The process that reads one file for `limited`: the file on standard input, its lines on standard output.

Exit code 0 with the lines; 1 with a `Failure`; anything else is a reader that its limits ended.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import Final

import msgspec

from kit import apart

# A list at every limit takes 0.2 GB and some seconds.
MEMORY_LIMIT: Final = 512 * 1024 * 1024
CPU_SECONDS: Final = 15


@dataclass(frozen=True, slots=True)
class Failure:
    """The refusal of a file: its reason and the values of its text."""

    reason: str
    metadata: dict[str, str]


def main() -> int:
    """Read the file, answer, and end."""
    apart.restrict(memory=MEMORY_LIMIT, cpu_seconds=CPU_SECONDS)
    # Imported under the limits: no code that touches the file ever runs without them.
    from services.pilots.lists.reading import read
    from services.pilots.lists.refusals import EnrolmentRefused, EnrolmentTooHeavy

    code = 0
    try:
        answer = msgspec.json.encode(read(sys.stdin.buffer.read()))
    except EnrolmentRefused as refusal:
        code, answer = 1, msgspec.json.encode(Failure(refusal.reason, refusal.metadata))
    except MemoryError:
        code, answer = 1, msgspec.json.encode(Failure(EnrolmentTooHeavy.reason, {}))
    sys.stdout.buffer.write(answer)
    sys.stdout.buffer.flush()
    os._exit(code)


if __name__ == "__main__":
    sys.exit(main())
