"""What needs somebody's eye at a market: one open alarm of a kind for each stall or bank, counted up when it comes again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from kit.clock import CITY_ZONE
from kit.text import clean_display

MOST_NOTE: Final = 500
MOST_REPORT: Final = 300
# Reports that an alarm keeps, newest first.
KEPT_REPORTS: Final = 5
# Who closes what ended by itself.
BY_ITSELF: Final = "service:pilots"

_LINKS: Final = re.compile(
    r"\b(?:[a-z][a-z0-9+.-]*://|www\.)\S*|\b(?:[a-z0-9-]{1,63}\.)+[a-z]{2,24}\b(?:[:/?#]\S*)?", re.IGNORECASE
)


class Kind(StrEnum):
    CODE_DIFFERS = "code_differs"
    SILENT = "silent"
    BANK_LATE = "bank_late"
    REPORTED = "reported"
    RISK = "risk"


@dataclass(frozen=True, slots=True)
class Occasion:
    """Why an alarm is raised, or counted up. `object`: the stall's id, the bank's BIN, or the place of unknown money."""

    kind: Kind
    object: str
    detail: Mapping[str, Any] = field(default_factory=dict)
    programme_id: UUID | None = None
    stall_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm with the names of what it is about."""

    id: UUID
    kind: Kind
    object: str
    programme_id: UUID | None
    programme_name: str
    stall_id: UUID | None
    stall_number: str
    stall_name: str
    detail: Mapping[str, Any]
    count: int
    create_time: datetime
    change_time: datetime
    close_time: datetime | None = None
    close_person_name: str = ""
    close_note: str = ""

    @property
    def bin(self) -> str:
        """The bank of a bank's alarm."""
        return self.object if self.kind is Kind.BANK_LATE else ""

    def words(self, bank_name: str) -> tuple[str, str]:
        """What happened, in Vietnamese and English."""
        detail = self.detail
        match self.kind:
            case Kind.CODE_DIFFERS:
                return str(detail.get("vi", "")), str(detail.get("en", ""))
            case Kind.SILENT:
                since, neighbours = _hour_minute(detail["since"]), detail["neighbours"]
                return (
                    f"Quầy không nhận khoản nào từ {since}, trong khi {neighbours} quầy quanh đó vẫn nhận."
                    " Giờ này ngày thường quầy có bán.",
                    f"The stall has received nothing since {since}, while {neighbours} stalls around it have."
                    " On other days it sells at this hour.",
                )
            case Kind.BANK_LATE:
                since = _hour_minute(detail["since"])
                return (
                    f"{bank_name} đang gửi tin chậm, từ {since}.",
                    f"{bank_name} has been sending its messages late since {since}.",
                )
            case Kind.REPORTED:
                return (
                    "Có người báo mã của quầy trông lạ.",
                    "Somebody reported that the stall's code looks wrong.",
                )
            case Kind.RISK:
                return (
                    f"Trong 24 giờ: {detail['reversed']} khoản đã báo rồi bị rút lại,"
                    f" {detail['near_misses']} lần khách trả gần đúng số tiền.",
                    f"Within 24 hours: {detail['reversed']} payments were told and then taken back,"
                    f" {detail['near_misses']} times an amount was nearly right.",
                )


def _hour_minute(iso_time: str) -> str:
    return datetime.fromisoformat(iso_time).astimezone(CITY_ZONE).strftime("%H:%M")


def clean_report(text: str) -> str:
    """What somebody wrote, on one line, without links and without characters that steer a screen or a printer."""
    return " ".join(_LINKS.sub(" ", clean_display(text)).split())[:MOST_REPORT].strip()
