"""The process that reads one file for `limited`: a job as a line of JSON, then the file, on standard input.

Exit code 0 with the answer on standard output; 1 with a `Failure`; anything else is a reader that its limits ended.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal

import msgspec

from kit import apart

# A list at every limit of `limits.py` takes 0.5 GB and 12 s of work on an old laptop.
MEMORY_LIMIT: Final = 768 * 1024 * 1024
CPU_SECONDS: Final = 30


@dataclass(frozen=True, slots=True)
class Job:
    """What to do with the file: `read` it, or give its `wrong_rows` back with these texts by row."""

    kind: Literal["read", "wrong_rows"]
    sheet: str | None = None
    today: date | None = None
    file_name: str = ""
    problems: dict[int, list[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failure:
    """The refusal of a file: its reason and the values of its text."""

    reason: str
    metadata: dict[str, str]


def main() -> int:
    """Read the job and the file, answer, and end."""
    apart.restrict(memory=MEMORY_LIMIT, cpu_seconds=CPU_SECONDS)
    # Imported under the limits: no code that touches the file ever runs without them.
    from services.schools.roster.refusals import RosterRefused, RosterTooHeavy

    job = msgspec.json.decode(sys.stdin.buffer.readline(), type=Job)
    code = 0
    try:
        answer = _work(job, sys.stdin.buffer.read())
    except RosterRefused as refusal:
        code, answer = 1, msgspec.json.encode(Failure(refusal.reason, refusal.metadata))
    except MemoryError:
        code, answer = 1, msgspec.json.encode(Failure(RosterTooHeavy.reason, {}))
    sys.stdout.buffer.write(answer)
    sys.stdout.buffer.flush()
    # A table of millions of cells takes seconds to tear down; nothing in it needs a goodbye.
    os._exit(code)


def _work(job: Job, content: bytes) -> bytes:
    if job.kind == "wrong_rows":
        from services.schools.roster.writing import wrong_rows

        return wrong_rows(content, job.sheet or "", job.file_name, job.problems)
    from services.schools.roster.reading import read

    assert job.today is not None
    return msgspec.json.encode(read(content, sheet=job.sheet, today=job.today, file_name=job.file_name))


if __name__ == "__main__":
    sys.exit(main())
