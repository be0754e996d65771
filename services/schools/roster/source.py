"""Which sheet of a file is read, and what its columns are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from services.schools.roster.amounts import Bad, read_amount
from services.schools.roster.headings import (
    MAYBE_SUM,
    SEARCH_ROWS,
    Column,
    Layout,
    find_layout,
    is_blank,
    key_of,
    score,
    shown,
)
from services.schools.roster.lines import class_in_title, class_of_sheet
from services.schools.roster.old_fonts import from_tcvn3
from services.schools.roster.refusals import RosterNoHeading, RosterSheetUnknown
from services.schools.roster.sheets import CellError, Sheet, Value, open_sheets

_CODES = ("pupil_code", "ministry_code", "personal_number")
_CLASS_COLUMN = "Lớp"


@dataclass(slots=True)
class Source:
    """The sheet that is read, with its layout and what is known about its columns."""

    sheet: Sheet
    layout: Layout
    others: tuple[str, ...]
    items: list[Column]
    class_name: str | None


def find_source(content: bytes, sheet: str | None, file_name: str) -> Source:
    """The sheet to read: the named one, else the first visible one with a heading.

    Raises RosterSheetUnknown, RosterNoHeading, or a refusal of the whole file.
    """
    wanted = None if sheet is None else key_of(sheet) or sheet
    chosen: tuple[Sheet, Layout] | None = None
    names: list[str] = []
    others: list[str] = []
    is_named = False
    for read in open_sheets(content, file_name=file_name, score=_score):
        names.append(read.name)
        matches = wanted is None or read.name == sheet or (not is_named and key_of(read.name) == wanted)
        if not (matches or read.is_visible):
            continue
        layout = find_layout(read) or _in_old_font(read)
        takes = matches and (wanted is not None or read.is_visible) and (chosen is None or read.name == sheet)
        is_named = is_named or (wanted is not None and takes)
        if layout is None:
            continue
        if takes:
            if chosen is not None:
                others.append(chosen[0].name)
            chosen = (read, layout)
        elif read.is_visible:
            others.append(read.name)
    if wanted is not None and not is_named:
        raise RosterSheetUnknown(sheet=shown(sheet or ""), sheets=", ".join(names))
    if chosen is None:
        raise RosterNoHeading
    return _source(*chosen, tuple(others))


def _score(rows: list[list[str]]) -> int:
    return score(rows) or score(from_tcvn3(rows))


def _in_old_font(sheet: Sheet) -> Layout | None:
    """The layout of a sheet whose letters are TCVN3; the sheet then holds Unicode."""
    if not score(from_tcvn3(sheet.rows[:SEARCH_ROWS])):
        return None
    sheet.rows = from_tcvn3(sheet.rows)
    return find_layout(sheet)


def _source(sheet: Sheet, layout: Layout, others: tuple[str, ...]) -> Source:
    _settle_identifier(sheet, layout)
    _fill_merged_classes(sheet, layout)
    items = _item_columns(sheet, layout)
    titles = {
        class_in_title(shown(value, 300))
        for row in sheet.rows[: layout.top]
        for value in row
        if isinstance(value, str)
    }
    titles.discard(None)
    class_name = titles.pop() if len(titles) == 1 else class_of_sheet(sheet.name) if not titles else None
    return Source(sheet, layout, others, items, class_name)


def _column_values(sheet: Sheet, layout: Layout, index: int) -> Iterable[Value]:
    for row in sheet.rows[layout.bottom + 1 :]:
        if index < len(row) and not is_blank(row[index]):
            yield row[index]


def _settle_identifier(sheet: Sheet, layout: Layout) -> None:
    """“Mã định danh” alone may mean the ministry's ten digits or the twelve of the person: the cells tell."""
    column = layout.first("identifier")
    if column is None:
        return
    lengths = [len(shown(value).replace(" ", "")) for value in _column_values(sheet, layout, column.index)]
    is_personal = sum(1 for n in lengths if n in (11, 12)) > sum(1 for n in lengths if n in (9, 10))
    if not lengths and key_of(column.heading).startswith("so dinh danh"):
        is_personal = True
    role = "personal_number" if is_personal else "ministry_code"
    column.role = role if layout.first(role) is None else "other"


def _fill_merged_classes(sheet: Sheet, layout: Layout) -> None:
    """A class written once in a merged cell beside its pupils holds for all of them."""
    column = layout.first("class_name")
    if column is None:
        return
    for top, left, bottom, right in sheet.merges:
        if left == column.index and right == left and top > layout.bottom:
            value = sheet.rows[top][left] if top < len(sheet.rows) and left < len(sheet.rows[top]) else ""
            for row in sheet.rows[top + 1 : bottom + 1]:
                if len(row) > left and is_blank(row[left]):
                    row[left] = value


def _looks_like_amount(value: Value) -> bool:
    if isinstance(value, CellError):
        return True
    amount = read_amount(value, None)
    return not isinstance(amount, Bad) or amount.reason not in ("AMOUNT_FORM", "FORMULA_TEXT")


def _is_item(sheet: Sheet, layout: Layout, column: Column) -> bool:
    """Whether a column holds fees. A column that might, and holds figures, does: no fee may vanish silently."""
    if column.role not in ("item", "hint", "unknown"):
        return False
    values = list(_column_values(sheet, layout, column.index))
    has_digits = any(
        not isinstance(v, str) or isinstance(v, CellError) or any(map(str.isdigit, v)) for v in values
    )
    if column.role == "item":
        return has_digits or len(values) < 5
    if column.role == "hint":
        return has_digits or not values
    return has_digits and sum(1 for value in values if _looks_like_amount(value)) * 2 >= len(values)


def _item_columns(sheet: Sheet, layout: Layout) -> list[Column]:
    """The fee columns with headings that differ; a column that only sums the others is none."""
    for column in layout.columns:
        if column.role in ("item", "hint", "unknown"):
            column.role = "item" if _is_item(sheet, layout, column) else "other"
    items = layout.all("item")
    for column in list(items):
        rest = [item for item in items if item is not column]
        if rest and MAYBE_SUM.match(key_of(column.heading)) and _sums_up(sheet, layout, column, rest):
            column.role = "sum"
            items = rest
    _tell_apart(items)
    return items


def _sums_up(sheet: Sheet, layout: Layout, column: Column, rest: list[Column]) -> bool:
    """Whether a column equals the sum of the other fees wherever both can be read."""
    compared = 0
    for row in sheet.rows[layout.bottom + 1 :]:
        if column.index >= len(row):
            continue
        stated = read_amount(row[column.index], None)
        parts = [read_amount(row[item.index], None) for item in rest if item.index < len(row)]
        amounts = [part for part in parts if isinstance(part, int)]
        if not isinstance(stated, int) or any(isinstance(part, Bad) for part in parts) or not amounts:
            continue
        if stated != sum(amounts):
            return False
        compared += 1
    return compared > 0


def _tell_apart(items: list[Column]) -> None:
    """Two fees with one heading get their groups, else a number, so that neither hides the other."""
    by_heading: dict[str, list[Column]] = {}
    for column in items:
        by_heading.setdefault(column.heading, []).append(column)
    taken = set(by_heading)
    for heading, columns in by_heading.items():
        groups = {column.group for column in columns}
        for place, column in enumerate(columns[1:] if len(groups) < len(columns) else columns, 2):
            if len(columns) == 1:
                continue
            name = (
                f"{heading} ({column.group})"
                if len(groups) == len(columns) and column.group
                else f"{heading} ({place})"
            )
            while name in taken:
                name += " *"
            taken.add(name)
            column.heading = name
