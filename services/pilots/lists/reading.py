"""From the cells of a file to the rows of an enrolment list: the heading found, columns in any order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from services.pilots.domain.enrolment_columns import HEADINGS, REQUIRED, column_of
from services.pilots.domain.enrolment_values import Line, Values
from services.pilots.lists.limits import ROW_LIMIT, SEARCH_ROWS
from services.pilots.lists.refusals import (
    EnrolmentColumnsMissing,
    EnrolmentColumnTwice,
    EnrolmentEmpty,
    EnrolmentNoHeading,
    EnrolmentTooManyRows,
)
from services.pilots.lists.tables import Cell, Table, tables

# A row with so many known headings is the heading; a title line has one at most.
_ENOUGH: Final = 4


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where the heading stands (row from 0), and the field of each column."""

    row: int
    fields: dict[int, str]


def read(content: bytes) -> list[Line]:
    """The rows of the first table with a heading. Raises a refusal of the whole file."""
    if not content.strip():
        raise EnrolmentEmpty
    best: tuple[Table, _Layout] | None = None
    for table in tables(content):
        layout = _layout(table)
        if layout is not None and (best is None or len(layout.fields) > len(best[1].fields)):
            best = table, layout
    if best is None:
        raise EnrolmentNoHeading
    table, layout = best
    missing = [HEADINGS[name] for name in REQUIRED if name not in layout.fields.values()]
    if missing:
        raise EnrolmentColumnsMissing(columns=", ".join(f"“{name}”" for name in missing), row=layout.row + 1)
    lines = [
        line
        for number, row in enumerate(table[layout.row + 1 :], layout.row + 2)
        if (line := _line(number, row, layout)) is not None
    ]
    if not lines:
        raise EnrolmentEmpty
    if len(lines) > ROW_LIMIT:
        raise EnrolmentTooManyRows(limit_rows=ROW_LIMIT)
    return lines


def _layout(table: Table) -> _Layout | None:
    found: list[tuple[int, int]] = []
    for number, row in enumerate(table[:SEARCH_ROWS]):
        known = sum(1 for cell in row if cell.text and column_of(cell.text))
        if known >= _ENOUGH:
            found.append((known, -number))
    if not found:
        return None
    number = -max(found)[1]
    fields: dict[int, str] = {}
    for place, cell in enumerate(table[number]):
        name = column_of(cell.text) if cell.text else None
        if name is None:
            continue
        if name in fields.values():
            other = next(at for at, taken in fields.items() if taken == name)
            raise EnrolmentColumnTwice(
                column=HEADINGS[name], one=table[number][other].text[:60], other=cell.text[:60]
            )
        fields[place] = name
    return _Layout(number, fields)


def _line(number: int, row: Sequence[Cell], layout: _Layout) -> Line | None:
    """A row of the list; None for a blank one, a line of title or note in one cell, and the heading once more."""
    cells = {name: row[place] for place, name in layout.fields.items() if place < len(row)}
    filled = {name: cell for name, cell in cells.items() if cell.text.strip()}
    if not filled or (len(filled) == 1 and "stall_number" not in filled):
        return None
    if all(column_of(cell.text) == name for name, cell in filled.items()):
        return None
    values = Values(**{name: cell.text for name, cell in cells.items()})
    return Line(number, values, frozenset(name for name, cell in filled.items() if cell.is_number))
