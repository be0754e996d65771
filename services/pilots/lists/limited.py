"""A list is read in a process of its own (`kit.apart`): this process only learns its lines or a refusal."""

from __future__ import annotations

import threading
from typing import Final

import msgspec

from kit import apart, log
from kit.errors import Unavailable
from services.pilots.domain.enrolment_values import Line
from services.pilots.lists.limits import UPLOAD_LIMIT
from services.pilots.lists.reader import Failure
from services.pilots.lists.refusals import REFUSALS, EnrolmentDamaged, EnrolmentTooHeavy, EnrolmentTooLarge

READERS: Final = 2
# Together below the minute that a page waits for an answer.
READ_SECONDS: Final = 25.0
_QUEUE_SECONDS: Final = 15.0
_COMMAND: Final = apart.command("services.pilots.lists.reader")
_log = log.get(__name__)
_readers = threading.BoundedSemaphore(READERS)


class EnrolmentBusy(Unavailable):
    reason = "ENROLMENT_BUSY"
    vi = "Đang có nhiều tệp chờ đọc. Xin thử lại sau một phút."
    en = "Many files are waiting to be read. Please try again in a minute."


def read_limited(content: bytes) -> list[Line]:
    """As `reading.read`, apart. Raises the same refusals, EnrolmentTooHeavy past its limits, EnrolmentBusy."""
    if len(content) > UPLOAD_LIMIT:
        raise EnrolmentTooLarge(limit_mb=UPLOAD_LIMIT >> 20)
    if not _readers.acquire(timeout=_QUEUE_SECONDS):
        raise EnrolmentBusy
    try:
        ended = apart.run(_COMMAND, content, seconds=READ_SECONDS)
    finally:
        _readers.release()
    if ended.code is None:
        raise EnrolmentTooHeavy
    if ended.code == 0:
        return msgspec.json.decode(ended.answer, type=list[Line])
    try:
        failure = msgspec.json.decode(ended.answer, type=Failure)
        refusal = REFUSALS[failure.reason]
    except (msgspec.DecodeError, KeyError):
        # A fault of ours or of a library: logged by its kind alone, for its text may hold a trader's data.
        _log.error("the reader failed", kind=ended.fault)
        raise EnrolmentDamaged(place="?") from None
    raise refusal(violations=(), **failure.metadata)
