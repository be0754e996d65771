"""A list is read in a process of its own (`kit.apart`): this process only learns a reading or a refusal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

import msgspec

from kit import apart
from kit.errors import Unavailable
from kit.readers import Reader, Turns
from services.schools.roster.limits import UPLOAD_LIMIT
from services.schools.roster.reader import Job
from services.schools.roster.refusals import (
    REFUSALS,
    RosterDamaged,
    RosterTooHeavy,
    RosterTooLarge,
)
from services.schools.roster.rows import Reading


class RosterBusy(Unavailable):
    reason = "ROSTER_BUSY"
    vi = "Đang có nhiều tệp chờ đọc. Xin thử lại sau một phút."
    en = "Many files are waiting to be read. Please try again in a minute."


# Waiting and reading stay together below the minute that the page waits for an answer.
_TURNS: Final = Turns(2, wait_seconds=15, busy=RosterBusy)
_READER: Final = Reader(
    apart.command("services.schools.roster.reader"),
    seconds=40,
    refusals=REFUSALS,
    too_heavy=RosterTooHeavy,
    damaged=lambda name: RosterDamaged(place=name),
)


def read_limited(content: bytes, *, sheet: str | None = None, today: date, file_name: str = "") -> Reading:
    """As `reading.read`, apart. Raises the same refusals, RosterTooHeavy past its limits, RosterBusy."""
    job = Job("read", sheet=sheet, today=today, file_name=file_name)
    return msgspec.json.decode(_run(job, content), type=Reading)


def wrong_rows_limited(
    content: bytes, sheet_name: str, file_name: str, problems: Mapping[int, Sequence[str]]
) -> bytes:
    """As `writing.wrong_rows`, apart: it opens the file anew. Raises what `read_limited` does."""
    texts = {row: list(found) for row, found in problems.items()}
    return _run(Job("wrong_rows", sheet=sheet_name, file_name=file_name, problems=texts), content)


def _run(job: Job, content: bytes) -> bytes:
    if len(content) > UPLOAD_LIMIT:
        raise RosterTooLarge(limit_mb=UPLOAD_LIMIT >> 20)
    with _TURNS.taken():
        return _READER.read(msgspec.json.encode(job) + b"\n" + content, name=job.file_name)
