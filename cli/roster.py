"""`xoai roster read`: a school's list as the import sees it, without importing anything."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.files import content
from cli.jsonl import JsonObject, print_answer
from kit import clock
from services.schools.roster.limited import read_limited
from services.schools.roster.limits import UPLOAD_LIMIT
from services.schools.roster.rows import PUPIL_FIELDS, Problem, Row

app = typer.Typer(help="Danh sách của trường (XLSX, XLS, CSV).", no_args_is_help=True)


@app.callback()
def roster() -> None:
    """Danh sách của trường (XLSX, XLS, CSV)."""


@app.command("read")
def read_command(
    file: Annotated[Path, typer.Argument(help="Tệp XLSX, XLS hoặc CSV.")],
    sheet: Annotated[str | None, typer.Option(help="Tên trang; không có thì trang đầu có tiêu đề.")] = None,
) -> None:
    """In danh sách như khi nhập: một đối tượng JSON; tệp không đọc được thì mã thoát 1."""
    print_answer(lambda _: reading_of(file, sheet), {})


def reading_of(file: Path, sheet: str | None) -> JsonObject:
    """The list in a file. Raises a refusal of the reader, LineRefused."""
    reading = read_limited(content(file, UPLOAD_LIMIT), sheet=sheet, today=clock.today(), file_name=file.name)
    return {
        "sheet": reading.sheet,
        "sheets": list(reading.sheets),
        "header_row": reading.header_row,
        "columns": reading.columns,
        "item_headings": list(reading.item_headings),
        "rows": [_row(row) for row in reading.rows],
        "totals": {
            "rows": reading.totals.rows,
            "ok": reading.totals.ok,
            "wrong": reading.totals.wrong,
        },
    }


def _row(row: Row) -> JsonObject:
    pupil = {name: getattr(row.pupil, name) for name in PUPIL_FIELDS}
    born = row.pupil.birth_date
    return {
        "row": row.row,
        "outcome": row.outcome,
        "pupil": {**pupil, "birth_date": born.isoformat() if born else None},
        "items": row.items,
        "problems": [_problem(problem) for problem in row.problems],
    }


def _problem(problem: Problem) -> JsonObject:
    found: JsonObject = {
        "column": problem.column,
        "found": problem.found,
        "expected": problem.expected_vi,
        "reason": problem.reason,
    }
    return found if problem.suggestion is None else {**found, "suggestion": problem.suggestion}
