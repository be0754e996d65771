"""The process that reads one file for `limited`: a job as a line of JSON, then the file, on standard input."""

from __future__ import annotations

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


def _load() -> apart.Work:
    from services.schools.roster.refusals import RosterRefused, RosterTooHeavy

    return apart.Work(_work, RosterRefused, RosterTooHeavy)


def _work(job_and_file: bytes) -> bytes:
    line, _, content = job_and_file.partition(b"\n")
    job = msgspec.json.decode(line, type=Job)
    if job.kind == "wrong_rows":
        from services.schools.roster.writing import wrong_rows

        return wrong_rows(content, job.sheet or "", job.file_name, job.problems)
    from services.schools.roster.reading import read

    assert job.today is not None
    return msgspec.json.encode(read(content, sheet=job.sheet, today=job.today, file_name=job.file_name))


if __name__ == "__main__":
    apart.answer(_load, memory=MEMORY_LIMIT, cpu_seconds=CPU_SECONDS)
