"""Opening a list safely: what kind of file it is by its content, its sheets, and their cells.

Cells are text, int or float, bool, date or time as the file holds them; a cell in error is a `CellError`.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import PurePath
from typing import cast

from kit.containers import opened
from services.schools.roster import compound, delimited
from services.schools.roster.limits import UPLOAD_LIMIT
from services.schools.roster.package import CONTAINER_REFUSALS, Package
from services.schools.roster.refusals import RosterDamaged, RosterEmpty, RosterTooLarge


class CellError(str):
    """The text of a cell in error (`#N/A`), or `=formula` where the file holds no computed value."""

    __slots__ = ()


Value = str | int | float | bool | date | datetime | time | timedelta
Merge = tuple[int, int, int, int]

ERROR_TEXTS = frozenset(
    (
        "#NULL!",
        "#DIV/0!",
        "#VALUE!",
        "#REF!",
        "#NAME?",
        "#NUM!",
        "#N/A",
        "#SPILL!",
        "#CALC!",
        "#GETTING_DATA",
        "#FIELD!",
        "#BLOCKED!",
        "#CONNECT!",
    )
)


@dataclass(slots=True)
class Sheet:
    """One sheet: rows of cells from the top left corner, merged areas as (top, left, bottom, right), all from 0."""

    name: str
    is_visible: bool
    rows: list[list[Value]]
    merges: Sequence[Merge] = field(default_factory=tuple)


def open_sheets(
    content: bytes, *, file_name: str = "", score: Callable[[list[list[str]]], int]
) -> Iterable[Sheet]:
    """The sheets of a file, each read when it is asked for. `score` says how good a CSV's beginning is as a heading.

    Raises a refusal (RosterTooLarge, RosterNotSpreadsheet, RosterEncrypted …) for what is not a safe spreadsheet.
    """
    if len(content) > UPLOAD_LIMIT:
        raise RosterTooLarge(limit_mb=UPLOAD_LIMIT >> 20)
    if not content.strip():
        raise RosterEmpty
    if content.startswith(b"PK"):
        return _new_sheets(content)
    if content.startswith(compound.SIGNATURE):
        return _old_sheets(content)
    name = PurePath(file_name.replace("\\", "/")).stem
    rows = delimited.records(delimited.decode(content), score, name)
    return [Sheet(name, True, cast(list[list[Value]], rows))]


def _new_sheets(content: bytes) -> Iterable[Sheet]:
    vetted, container = Package(content).vet()
    errors = [sheet.errors for sheet in vetted]
    return _read(container, [(sheet.name, sheet.is_visible) for sheet in vetted], errors)


def _old_sheets(content: bytes) -> Iterable[Sheet]:
    found = compound.inspect(content)
    errors = [sheet.errors for sheet in found]
    return _read(io.BytesIO(content), [(sheet.name, sheet.is_visible) for sheet in found], errors)


def _read(
    container: io.BytesIO, sheets: list[tuple[str, bool]], errors: list[dict[tuple[int, int], str]]
) -> Iterable[Sheet]:
    # Imported here: CSV files and refusals do not need it.
    from python_calamine import SheetTypeEnum, load_workbook

    with opened("workbook", CONTAINER_REFUSALS):
        workbook = load_workbook(container)
        indexes = [
            index
            for index, listed in enumerate(workbook.sheets_metadata)
            if listed.typ == SheetTypeEnum.WorkSheet
        ]
    if len(indexes) != len(sheets):
        raise RosterDamaged(place="workbook")
    for index, (name, is_visible), cells in zip(indexes, sheets, errors, strict=True):
        with opened(name, CONTAINER_REFUSALS):
            read = workbook.get_sheet_by_index(index)
            rows: list[list[Value]] = list(read.to_python(skip_empty_area=False))
            merges = [
                (top, left, bottom, right) for (top, left), (bottom, right) in read.merged_cell_ranges or ()
            ]
        _refuse_overlaps(name, rows, merges)
        _set_errors(rows, cells)
        yield Sheet(name, is_visible, rows, merges)


def _refuse_overlaps(name: str, rows: list[list[Value]], merges: list[Merge]) -> None:
    """Merged areas never overlap; a file in which they do could have its table walked over again and again."""
    height, width = len(rows), max(map(len, rows), default=0)
    covered = sum(
        max(0, min(bottom + 1, height) - top) * max(0, min(right + 1, width) - left)
        for top, left, bottom, right in merges
    )
    if covered > height * width:
        raise RosterDamaged(place=name)


def _set_errors(rows: list[list[Value]], cells: dict[tuple[int, int], str]) -> None:
    for (row, column), text in cells.items():
        while len(rows) <= row:
            rows.append([])
        line = rows[row]
        if len(line) <= column:
            line.extend([""] * (column + 1 - len(line)))
        line[column] = CellError(text)
