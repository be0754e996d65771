"""A row corrected in place: each text typed is read as the same cell of a file would be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date

from services.schools.roster.amounts import Bad, read_amount
from services.schools.roster.cells import (
    read_birth_date,
    read_class,
    read_code,
    read_ministry_code,
    read_name,
    read_personal_number,
    read_phone,
    read_sex,
)
from services.schools.roster.rows import EXPECTED, PUPIL_FIELDS, Problem, Row
from services.schools.roster.sheets import Value

ITEM = "item:"
_REQUIRED = {"full_name": "NAME_MISSING", "class_name": "CLASS_MISSING"}
_LABELS = {"full_name": "Họ và tên", "class_name": "Lớp", "birth_date": "Ngày sinh", "sex": "Giới tính"}
# Problems whose column is not the one of the field: a name or a date in several columns, a sex by marks.
_BY_REASON = {
    "NAME": "full_name",
    "DATE": "birth_date",
    "SEX": "sex",
    "CLASS": "class_name",
    "PHONE": "phone",
}


def field_of(problem: Problem, columns: Mapping[str, str]) -> str:
    """The field that a problem's column holds, or item:HEADING; empty where the row as a whole is meant."""
    if not problem.column:
        return ""
    for field, heading in columns.items():
        if heading == problem.column:
            return field
    return _BY_REASON.get(problem.reason.partition("_")[0], f"{ITEM}{problem.column}")


def is_field(field: str, headings: tuple[str, ...]) -> bool:
    """True if a row of a list with these item headings has such a cell."""
    return field in PUPIL_FIELDS or field.removeprefix(ITEM) in headings


def corrected(row: Row, columns: Mapping[str, str], texts: Mapping[str, str], today: date) -> Row:
    """The row with these cells as typed, by field; problems of other cells stay."""
    problems = [item for item in row.problems if field_of(item, columns) not in (*texts, "")]
    pupil, items = row.pupil, dict(row.items)
    # The birth date first: a personal number is checked against it.
    for field in sorted(texts, key=lambda name: name != "birth_date"):
        text = texts[field].strip()
        found = _read(field, text, today, pupil.birth_date)
        if isinstance(found, Bad):
            heading = columns.get(field, _LABELS.get(field, field.removeprefix(ITEM)))
            problems.append(_problem(heading, text, found))
            found = None
        if field.startswith(ITEM):
            items.pop(field.removeprefix(ITEM), None)
            if isinstance(found, int):
                items[field.removeprefix(ITEM)] = found
        else:
            pupil = replace(pupil, **{field: found})  # type: ignore[arg-type]
    return Row(row.row, "wrong" if problems else "ok", pupil, items, tuple(problems))


def _read(field: str, text: str, today: date, born: date | None) -> object:
    if not text:
        return Bad(_REQUIRED[field]) if field in _REQUIRED else None
    if field.startswith(ITEM):
        return read_amount(text, None)
    if field == "birth_date":
        return read_birth_date(text, today)
    if field == "personal_number":
        return read_personal_number(text, born)
    readers: dict[str, Callable[[Value], object]] = {
        "full_name": read_name,
        "sex": read_sex,
        "class_name": read_class,
        "pupil_code": read_code,
        "ministry_code": read_ministry_code,
        "phone": read_phone,
    }
    return readers[field](text)


def _problem(heading: str, text: str, bad: Bad) -> Problem:
    vi, en = EXPECTED[bad.reason]
    values = dict(bad.values)
    return Problem(heading, text, bad.reason, vi.format(**values), en.format(**values), bad.suggestion)
