"""A list is read in a process of its own (`kit.apart`): this process only learns a reading or a refusal.

A process starts in about 0.1 s of work, so each file gets a fresh one, and at most `READERS` at a time: uploads never
take the machine from callbacks.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

import msgspec

from kit import apart, log
from kit.errors import Unavailable
from services.schools.roster.limits import UPLOAD_LIMIT
from services.schools.roster.reader import Failure, Job
from services.schools.roster.refusals import (
    REFUSALS,
    RosterDamaged,
    RosterTooHeavy,
    RosterTooLarge,
)
from services.schools.roster.rows import Reading

READERS: Final = 2
# Together below the minute that the page waits for an answer.
READ_SECONDS: Final = 40.0
_QUEUE_SECONDS: Final = 15.0
_COMMAND: Final = apart.command("services.schools.roster.reader")
_log = log.get(__name__)
_readers = threading.BoundedSemaphore(READERS)


class RosterBusy(Unavailable):
    reason = "ROSTER_BUSY"
    vi = "Đang có nhiều tệp chờ đọc. Xin thử lại sau một phút."
    en = "Many files are waiting to be read. Please try again in a minute."


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
    if not _readers.acquire(timeout=_QUEUE_SECONDS):
        raise RosterBusy
    try:
        ended = apart.run(_COMMAND, msgspec.json.encode(job) + b"\n" + content, seconds=READ_SECONDS)
    finally:
        _readers.release()
    if ended.code is None:
        raise RosterTooHeavy
    if ended.code == 0:
        return ended.answer
    try:
        failure = msgspec.json.decode(ended.answer, type=Failure)
        refusal = REFUSALS[failure.reason]
    except (msgspec.DecodeError, KeyError):
        # A fault of ours or of a library: logged by its kind alone, for its text may hold a pupil's data.
        _log.error("the reader failed", kind=ended.fault)
        raise RosterDamaged(place=job.file_name[:80] or "?") from None
    raise refusal(violations=(), **failure.metadata)
