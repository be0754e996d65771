"""The process that reads one file for `limited`: the file on standard input, its lines on standard output."""

from __future__ import annotations

from typing import Final

import msgspec

from kit import apart

# A list at every limit takes 0.2 GB and some seconds.
MEMORY_LIMIT: Final = 512 * 1024 * 1024
CPU_SECONDS: Final = 15


def _load() -> apart.Work:
    from services.pilots.lists.reading import read
    from services.pilots.lists.refusals import EnrolmentRefused, EnrolmentTooHeavy

    return apart.Work(lambda content: msgspec.json.encode(read(content)), EnrolmentRefused, EnrolmentTooHeavy)


if __name__ == "__main__":
    apart.answer(_load, memory=MEMORY_LIMIT, cpu_seconds=CPU_SECONDS)
