"""A list is read in a process of its own (`kit.apart`): this process only learns its lines or a refusal."""

from __future__ import annotations

from typing import Final

import msgspec

from kit import apart
from kit.errors import Unavailable
from kit.readers import Reader, Turns
from services.pilots.domain.enrolment_values import Line
from services.pilots.lists.limits import UPLOAD_LIMIT
from services.pilots.lists.refusals import REFUSALS, EnrolmentDamaged, EnrolmentTooHeavy, EnrolmentTooLarge


class EnrolmentBusy(Unavailable):
    reason = "ENROLMENT_BUSY"
    vi = "Đang có nhiều tệp chờ đọc. Xin thử lại sau một phút."
    en = "Many files are waiting to be read. Please try again in a minute."


# Waiting and reading stay together below the minute that a page waits for an answer.
_TURNS: Final = Turns(2, wait_seconds=15, busy=EnrolmentBusy)
_READER: Final = Reader(
    apart.command("services.pilots.lists.reader"),
    seconds=25,
    refusals=REFUSALS,
    too_heavy=EnrolmentTooHeavy,
    damaged=lambda name: EnrolmentDamaged(place=name),
)


def read_limited(content: bytes) -> list[Line]:
    """As `reading.read`, apart. Raises the same refusals, EnrolmentTooHeavy past its limits, EnrolmentBusy."""
    if len(content) > UPLOAD_LIMIT:
        raise EnrolmentTooLarge(limit_mb=UPLOAD_LIMIT >> 20)
    with _TURNS.taken():
        return msgspec.json.decode(_READER.read(content), type=list[Line])
