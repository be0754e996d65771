"""The whole list: from bytes to rows with their outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from services.schools.roster.amounts import Bad, read_amount, thousands_mark
from services.schools.roster.cells import (
    broken,
    is_dash,
    is_mark,
    joined,
    plain,
    read_birth_date,
    read_class,
    read_code,
    read_ministry_code,
    read_name,
    read_personal_number,
    read_phone,
    read_sex,
)
from services.schools.roster.headings import (
    Column,
    Layout,
    is_blank,
    key_of,
    shown,
)
from services.schools.roster.limits import ROW_LIMIT
from services.schools.roster.lines import Lines
from services.schools.roster.refusals import RosterTooManyRows
from services.schools.roster.rows import EXPECTED, PUPIL_FIELDS, Problem, Pupil, Reading, Row, Totals
from services.schools.roster.sheets import Sheet, Value
from services.schools.roster.source import Source, _column_values, find_source

_DASHES = ("-", "–", "—", " ")
_CODES = ("pupil_code", "ministry_code", "personal_number")
_CLASS_COLUMN = "Lớp"


@dataclass(slots=True)
class _Reader:
    """Reads row after row of one source and remembers what must differ between them."""

    source: Source
    today: date
    mark: str | None = None
    seen: dict[tuple[str, str], int] = field(default_factory=dict)
    merged: set[tuple[int, int]] = field(default_factory=set)
    single: dict[str, Column] = field(default_factory=dict)
    has_female_marks: bool = False
    name_heading: str = ""
    more_phones: list[Column] = field(default_factory=list)

    def __post_init__(self) -> None:
        sheet, layout, items = self.source.sheet, self.source.layout, self.source.items
        self.mark = thousands_mark(
            value
            for item in items
            for value in _column_values(sheet, layout, item.index)
            if isinstance(value, str)
        )
        for column in layout.columns:
            if column not in layout.names:
                self.single.setdefault(column.role, column)
        female = self.single.get("sex_female")
        if female is not None:
            self.has_female_marks = any(
                is_mark(value) for value in _column_values(sheet, layout, female.index)
            )
        self.merged = _merged_amounts(sheet, layout, items)
        self.name_heading = name_heading(layout)
        self.more_phones = layout.all("phone_more")

    def read(self, number: int, row: Sequence[Value], section: str | None) -> Row:
        """The pupil of row `number` (from 0)."""
        problems: list[Problem] = []
        row = [plain(value) if value.__class__ is str and value[:1] == "'" else value for value in row]
        values = self._fields(row, section, problems)
        self._refuse_repeats(number, values, problems)
        items: dict[str, int] = {}
        for column in self.source.items:
            value = row[column.index] if column.index < len(row) else ""
            if self.merged and (number, column.index) in self.merged:
                problems.append(_problem(column.heading, value, Bad("AMOUNT_MERGED")))
                continue
            if value == "":
                continue
            amount = read_amount(value, self.mark)
            if isinstance(amount, Bad):
                problems.append(_problem(column.heading, value, amount))
            elif amount is not None:
                items[column.heading] = amount
        pupil = Pupil(**values)  # type: ignore[arg-type]
        return Row(number + 1, "wrong" if problems else "ok", pupil, items, tuple(problems))

    def _fields(
        self, row: Sequence[Value], section: str | None, problems: list[Problem]
    ) -> dict[str, object]:
        values: dict[str, object] = dict.fromkeys(PUPIL_FIELDS)
        name = joined([row[column.index] for column in self.source.layout.names if column.index < len(row)])
        heading = self.name_heading
        values["full_name"] = _settle(heading, name, broken(name) or read_name(name), problems)
        if is_blank(name):
            problems.append(_problem(heading, "", Bad("NAME_MISSING")))
        values["birth_date"] = self._birth_date(row, problems)
        values["sex"] = self._sex(row, problems)
        values["class_name"] = self._class_name(row, section, problems)
        for role, reader in (
            ("pupil_code", read_code),
            ("ministry_code", read_ministry_code),
            ("phone", read_phone),
        ):
            column, value = self._cell(role, row)
            if role == "phone" and is_blank(value):
                column, value = self._other_phone(row)
            if column is not None and value != "":
                values[role] = _settle(column.heading, value, broken(value) or reader(value), problems)
        column, value = self._cell("personal_number", row)
        if column is not None and value != "":
            born = values["birth_date"]
            found = broken(value) or read_personal_number(value, born if isinstance(born, date) else None)
            values["personal_number"] = _settle(column.heading, value, found, problems)
        return values

    def _cell(self, role: str, row: Sequence[Value]) -> tuple[Column | None, Value]:
        """The column of a field and the row's cell in it; a lone dash says “none” as a blank does."""
        column = self.single.get(role)
        value = row[column.index] if column is not None and column.index < len(row) else ""
        return column, "" if value.__class__ is str and value[:1] in _DASHES and is_dash(value) else value

    def _other_phone(self, row: Sequence[Value]) -> tuple[Column | None, Value]:
        """The first of further telephone columns (mother, father, …) that says anything."""
        for column in self.more_phones:
            value = row[column.index] if column.index < len(row) else ""
            if not is_blank(value) and not (isinstance(value, str) and is_dash(value)):
                return column, value
        return None, ""

    def _birth_date(self, row: Sequence[Value], problems: list[Problem]) -> object:
        column, value = self._cell("birth_date", row)
        if column is None:
            parts = [self._cell(role, row) for role in ("birth_day", "birth_month", "birth_year")]
            column = parts[0][0]
            if column is None or all(is_blank(part) for _, part in parts):
                return None
            value = "/".join(shown(part) for _, part in parts)
            return _settle(
                column.group or column.heading, value, read_birth_date(value, self.today), problems
            )
        # A column of years alone tells no date and is no mistake.
        if key_of(column.heading) == "nam sinh" and shown(value).isdigit() and len(shown(value)) == 4:
            return None
        return _settle(column.heading, value, broken(value) or read_birth_date(value, self.today), problems)

    def _sex(self, row: Sequence[Value], problems: list[Problem]) -> Literal["nam", "nữ"] | object:
        column, value = self._cell("sex", row)
        if column is not None:
            return _settle(column.heading, value, broken(value) or read_sex(value), problems)
        female, female_value = self._cell("sex_female", row)
        male, male_value = self._cell("sex_male", row)
        marked: list[Literal["nam", "nữ"]] = []
        for column, value, sex in ((male, male_value, "nam"), (female, female_value, "nữ")):
            if column is None or is_blank(value) or value is False:
                continue
            if not is_mark(value):
                word = read_sex(value)
                return _settle(column.heading, value, broken(value) or word, problems)
            marked.append("nữ" if sex == "nữ" and key_of(shown(value)) not in ("nam", "trai") else "nam")
        if len(marked) == 2 and female is not None:
            return _settle(female.heading, female_value, Bad("SEX_BOTH"), problems)
        if marked:
            return marked[0]
        return "nam" if female is not None and male is None and self.has_female_marks else None

    def _class_name(self, row: Sequence[Value], section: str | None, problems: list[Problem]) -> object:
        column, value = self._cell("class_name", row)
        if column is None:
            if section is None:
                problems.append(_problem(_CLASS_COLUMN, "", Bad("CLASS_MISSING")))
            return section
        if is_blank(value):
            problems.append(_problem(column.heading, "", Bad("CLASS_MISSING")))
            return None
        return _settle(column.heading, value, broken(value) or read_class(value), problems)

    def _refuse_repeats(self, number: int, values: dict[str, object], problems: list[Problem]) -> None:
        for role in _CODES:
            code = values[role]
            if not isinstance(code, str):
                continue
            first = self.seen.setdefault((role, code.casefold()), number + 1)
            if first != number + 1:
                column = self.single[role]
                problems.append(_problem(column.heading, code, Bad("REPEATED", (("row", first),))))


def _merged_amounts(sheet: Sheet, layout: Layout, items: list[Column]) -> set[tuple[int, int]]:
    """Fee cells under a merged area with an amount in it: it is not said for whom or for what the amount is."""
    places = {item.index for item in items}
    found: set[tuple[int, int]] = set()
    for top, left, bottom, right in sheet.merges:
        columns = [index for index in range(left, min(right, left + 400) + 1) if index in places]
        if top <= layout.bottom or not columns or top >= len(sheet.rows):
            continue
        row = sheet.rows[top]
        if left < len(row) and not is_blank(row[left]):
            found.update(
                (number, index)
                for number in range(top, min(bottom + 1, len(sheet.rows)))
                for index in columns
            )
    return found


def name_heading(layout: Layout) -> str:
    """The heading of the name; of a name in two columns both joined."""
    return " ".join(dict.fromkeys(column.heading for column in layout.names))


def _problem(heading: str, found: Value, bad: Bad) -> Problem:
    vi, en = EXPECTED[bad.reason]
    values = dict(bad.values)
    text = shown(plain(found) if type(found) is str else found)
    return Problem(heading, text, bad.reason, vi.format(**values), en.format(**values), bad.suggestion)


def _settle(heading: str, value: Value, read: object, problems: list[Problem]) -> object:
    """The value as read; a wrong one becomes a problem and None."""
    if isinstance(read, Bad):
        problems.append(_problem(heading, value, read))
        return None
    return read


def read(content: bytes, *, sheet: str | None = None, today: date, file_name: str = "") -> Reading:
    """Read a list. `today` bounds birth dates; `file_name` gives a CSV its sheet's name.

    Raises a refusal (`refusals.py`) for a file that cannot be read at all. Uploads of strangers go through
    `limited.read_limited`, which does the same in a process of its own.
    """
    return read_source(find_source(content, sheet, file_name), today)


def read_source(source: Source, today: date) -> Reading:
    """Read the rows of a sheet that was found. Raises RosterTooManyRows."""
    layout, reader = source.layout, _Reader(source, today)
    fields = [
        *layout.names,
        *(column for column in layout.columns if column.role in _ROLES and column not in layout.names),
    ]
    lines = Lines(source.sheet, layout, fields, source.items, source.class_name)
    rows: list[Row] = []
    for number in range(layout.bottom + 1, len(source.sheet.rows)):
        cells = source.sheet.rows[number]
        if not lines.is_pupil(number, cells):
            continue
        row = reader.read(number, cells, lines.section)
        rows.append(row)
        if len(rows) > ROW_LIMIT:
            raise RosterTooManyRows(sheet=source.sheet.name, limit_rows=ROW_LIMIT)
        for column in source.items:
            amount = row.items.get(column.heading)
            if amount:
                lines.sums[column.index] = lines.sums.get(column.index, 0) + amount
    wrong = sum(1 for row in rows if row.outcome == "wrong")
    return Reading(
        sheet=source.sheet.name,
        sheets=source.others,
        header_row=layout.bottom + 1,
        columns=_columns(layout),
        item_headings=tuple(column.heading for column in source.items),
        rows=tuple(rows),
        totals=Totals(rows=len(rows), ok=len(rows) - wrong, wrong=wrong),
    )


_ROLES = frozenset(
    (*PUPIL_FIELDS, "sex_female", "sex_male", "birth_day", "birth_month", "birth_year")
)  # what a column of the pupil may hold


def _columns(layout: Layout) -> dict[str, str]:
    """Field → heading, in the order of the sheet."""
    found: dict[str, str] = {}
    for column in layout.columns:
        role = {"sex_female": "sex", "sex_male": "sex", "birth_day": "birth_date"}.get(
            column.role, column.role
        )
        if role == "full_name":
            found.setdefault("full_name", name_heading(layout))
        elif role in PUPIL_FIELDS:
            found.setdefault(
                role, column.group or column.heading if column.role == "birth_day" else column.heading
            )
    return found
