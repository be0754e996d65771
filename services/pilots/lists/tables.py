"""The cells of a file as texts: XLSX by python-calamine, CSV in the encodings that Vietnamese offices write."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from kit.containers import opened
from services.pilots.lists.limits import CELL_LENGTH, COLUMN_LIMIT, LINE_LIMIT, ROW_LIMIT
from services.pilots.lists.package import CONTAINER_REFUSALS, vetted
from services.pilots.lists.refusals import EnrolmentNotSpreadsheet, EnrolmentTooManyRows

DELIMITERS: Final = (";", ",", "\t")
_KINDS: Final = (
    (b"\xd0\xcf\x11\xe0", "tệp Excel cũ (.xls) hoặc tệp có mật khẩu", "an old Excel file (.xls) or has a password"),
    (b"%PDF", "tệp PDF", "a PDF file"),
    (b"{\\rtf", "tệp RTF", "an RTF document"),
    (b"\x89PNG", "ảnh", "a picture"),
    (b"\xff\xd8\xff", "ảnh", "a picture"),
    (b"GIF8", "ảnh", "a picture"),
    (b"Rar!", "tệp nén", "a compressed archive"),
    (b"7z\xbc\xaf", "tệp nén", "a compressed archive"),
    (b"\x1f\x8b", "tệp nén", "a compressed archive"),
    (b"MZ", "chương trình", "a program"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cell:
    """What a cell holds, as text; `is_number` if the spreadsheet has it as a number."""

    text: str
    is_number: bool = False


Table = list[list[Cell]]


def tables(content: bytes) -> Iterator[Table]:
    """The visible sheets of a file, or the ways in which a CSV can be cut into columns. Raises a refusal."""
    if content.startswith(b"PK"):
        yield from _sheets(vetted(content))
        return
    for mark, kind_vi, kind_en in _KINDS:
        if content.startswith(mark):
            raise EnrolmentNotSpreadsheet(kind_vi=kind_vi, kind_en=kind_en)
    text = _decoded(content)
    for delimiter in DELIMITERS:
        yield _records(text, delimiter)


def _sheets(container: io.BytesIO) -> Iterator[Table]:
    from python_calamine import SheetTypeEnum, SheetVisibleEnum, load_workbook

    with opened("workbook", CONTAINER_REFUSALS):
        workbook = load_workbook(container)
        listed = list(workbook.sheets_metadata)
    for index, sheet in enumerate(listed):
        if sheet.typ != SheetTypeEnum.WorkSheet or sheet.visible != SheetVisibleEnum.Visible:
            continue
        with opened(sheet.name[:80], CONTAINER_REFUSALS):
            read = workbook.get_sheet_by_index(index)
            if read.total_height > LINE_LIMIT:
                raise EnrolmentTooManyRows(limit_rows=ROW_LIMIT)
            rows = read.to_python(skip_empty_area=False)
        yield [[_cell(value) for value in row[:COLUMN_LIMIT]] for row in rows]


def _cell(value: Any) -> Cell:
    if isinstance(value, str):
        return Cell(plain(value[:CELL_LENGTH]))
    if isinstance(value, bool):
        return Cell("TRUE" if value else "FALSE")
    if isinstance(value, datetime | date):
        return Cell(value.strftime("%d/%m/%Y"))
    if isinstance(value, time | timedelta):
        return Cell(str(value))
    # Excel keeps fifteen digits; what has more shows in a form that no telephone and no account has.
    return Cell(str(int(value)) if value == int(value) and abs(value) < 10**15 else format(value, "E"), True)


def plain(text: str) -> str:
    """Text as typed: the apostrophe before `=`, `+`, `-`, `@` (ours, in lists given back) taken off."""
    text = text.strip()
    return text[1:] if len(text) > 1 and text[0] == "'" and text[1] in "=+-@" else text


def _decoded(content: bytes) -> str:
    try:
        if content.startswith((b"\xff\xfe", b"\xfe\xff")):
            text = content.decode("utf-16")
        else:
            text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = content.decode("cp1258")
        except UnicodeDecodeError as error:
            raise _binary() from error
    if any(letter < " " and letter not in "\t\r\n\x0b\x0c" for letter in set(text)):
        raise _binary()
    if text.lstrip()[:200].lower().startswith("<"):
        raise EnrolmentNotSpreadsheet(kind_vi="trang web hoặc tệp XML", kind_en="a web page or an XML file")
    return text


def _binary() -> EnrolmentNotSpreadsheet:
    return EnrolmentNotSpreadsheet(kind_vi="tệp nhị phân", kind_en="a binary file")


def _records(text: str, delimiter: str) -> Table:
    """The records of a CSV; blank ones count, as rows of a sheet do. A quote that never closes is damage."""
    found: Table = []
    try:
        for record in csv.reader(_lines(text), delimiter=delimiter, strict=True):
            found.append([Cell(plain(value[:CELL_LENGTH])) for value in record[:COLUMN_LIMIT]])
            if len(found) > LINE_LIMIT:
                raise EnrolmentTooManyRows(limit_rows=ROW_LIMIT)
    except csv.Error:
        # Another delimiter may read the same quotes rightly; with none of them there is no heading.
        return found
    return found


def _lines(text: str) -> Iterable[str]:
    # Not splitlines: it also splits where no spreadsheet does.
    return io.StringIO(text, newline="")
