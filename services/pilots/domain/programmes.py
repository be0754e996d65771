"""Programmes: a street, a market or a fair with its dates, its hours and its blocks on a drawn schematic."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from kit.text import clean_display
from services.pilots.domain.errors_stalls import BadStallField, ProgrammeHasNoSections, SectionTwice
from services.pilots.domain.wards import former_ward, ward_now

MINUTES_A_DAY: Final = 24 * 60
DEFAULT_SALE_SECONDS: Final = 600
# Shorter, and nobody has paid; longer, and the question "is it this customer?" would name the wrong one.
SALE_SECONDS: Final = range(60, 3_601)
MOST_SECTIONS: Final = 60
# The schematic is drawn on a sheet of so many whole units a side.
SHEET: Final = 1_000
_CODE: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
_SECTION_CODE: Final = re.compile(r"[A-Z0-9][A-Z0-9-]{0,11}")


class Kind(StrEnum):
    STREET = "street"
    MARKET = "market"
    FAIR = "fair"


@dataclass(frozen=True, slots=True)
class Section:
    """A block of a street or a row of the fair, in whole units that are not to scale."""

    id: UUID
    code: str
    name: str
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Programme:
    """A place where stalls sell. Minutes are of the day in Asia/Ho_Chi_Minh; without an end it goes on."""

    id: UUID
    kind: Kind
    code: str
    name: str
    ward_code: str
    start_date: date
    end_date: date | None
    open_minute: int
    close_minute: int
    cut_off_minute: int
    sale_seconds: int
    version: int
    create_time: datetime
    sections: tuple[Section, ...] = ()
    # By the list of 2023, for periods before July 2025; empty: not known.
    former_ward_code: str = ""

    @property
    def ward_name(self) -> str:
        """The ward's name by today's list."""
        ward = ward_now(self.ward_code)
        return ward.name if ward else ""


def checked(wish: Programme) -> Programme:
    """The programme with its texts cleaned. Raises BadStallField, ProgrammeHasNoSections, SectionTwice."""
    code, name = wish.code.strip().lower(), clean_display(wish.name)
    if not _CODE.fullmatch(code):
        raise BadStallField(field="code", value=wish.code[:60])
    if not 0 < len(name) <= 120:
        raise BadStallField(field="name", value=wish.name[:60])
    if ward_now(wish.ward_code) is None:
        raise BadStallField(field="ward_code", value=wish.ward_code[:60])
    former = former_ward(wish.former_ward_code)
    if wish.former_ward_code and (former is None or former.now_code != wish.ward_code):
        raise BadStallField(field="former_ward_code", value=wish.former_ward_code[:60])
    if wish.end_date is not None and wish.end_date < wish.start_date:
        raise BadStallField(field="end_date", value=wish.end_date)
    hours_are_good = 0 <= wish.open_minute < wish.close_minute <= MINUTES_A_DAY
    if not hours_are_good:
        raise BadStallField(field="close_minute", value=wish.close_minute)
    if not 0 < wish.cut_off_minute <= MINUTES_A_DAY:
        raise BadStallField(field="cut_off_minute", value=wish.cut_off_minute)
    if wish.sale_seconds not in SALE_SECONDS:
        raise BadStallField(field="sale_seconds", value=wish.sale_seconds)
    return Programme(
        id=wish.id,
        kind=wish.kind,
        code=code,
        name=name,
        ward_code=wish.ward_code,
        start_date=wish.start_date,
        end_date=wish.end_date,
        open_minute=wish.open_minute,
        close_minute=wish.close_minute,
        cut_off_minute=wish.cut_off_minute,
        sale_seconds=wish.sale_seconds,
        version=wish.version,
        create_time=wish.create_time,
        sections=_checked_sections(wish.sections),
        former_ward_code=wish.former_ward_code,
    )


def _checked_sections(sections: Sequence[Section]) -> tuple[Section, ...]:
    if not sections:
        raise ProgrammeHasNoSections()
    if len(sections) > MOST_SECTIONS:
        raise BadStallField(field="sections", value=len(sections))
    found: list[Section] = []
    for section in sections:
        code, name = section.code.strip().upper(), clean_display(section.name)
        if not _SECTION_CODE.fullmatch(code):
            raise BadStallField(field="section.code", value=section.code[:60])
        if not 0 < len(name) <= 80:
            raise BadStallField(field="section.name", value=section.name[:60])
        is_on_sheet = (
            min(section.x, section.y) >= 0
            and min(section.width, section.height) > 0
            and max(section.x + section.width, section.y + section.height) <= SHEET
        )
        if not is_on_sheet:
            raise BadStallField(field="section.place", value=code)
        if any(code == other.code for other in found):
            raise SectionTwice(code=code)
        found.append(Section(section.id, code, name, section.x, section.y, section.width, section.height))
    return tuple(found)
