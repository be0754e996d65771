"""CSV: which encoding, which delimiter, and the records themselves."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import Final

from services.schools.roster.limits import CELL_LIMIT, COLUMN_LIMIT, ROW_LIMIT, ROW_SLACK
from services.schools.roster.refusals import (
    RosterDamaged,
    RosterNotSpreadsheet,
    RosterTooManyCells,
    RosterTooManyRows,
)

DELIMITERS = (";", ",", "\t", "|")
# Records, blank ones included: as many as a sheet of Excel has rows.
RECORD_LIMIT = 1_048_576
# Delimiters in one line, those in quoted texts included.
LINE_DELIMITERS = 5_000
_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")
SAMPLE_RECORDS = 120

_VIETNAMESE = frozenset("ăâđêôơưĂÂĐÊÔƠƯ") | {chr(code) for code in range(0x1EA0, 0x1EFA)}
# “Họ và tên”, “Họ tên”, “Họ đệm” in TCVN3 (see old_fonts), without the first letter's case.
_TCVN3_MARKS = (b"\xe4 v\xb5 t\xaan", b"\xe4 t\xaan", b"\xe4 \xae\xd6m")
_KINDS = (
    (b"%PDF", "tệp PDF", "a PDF file"),
    (b"{\\rtf", "tệp RTF", "an RTF document"),
    (b"\x89PNG", "ảnh", "a picture"),
    (b"\xff\xd8\xff", "ảnh", "a picture"),
    (b"GIF8", "ảnh", "a picture"),
    (b"Rar!", "tệp nén (.rar)", "a compressed archive (.rar)"),
    (b"7z\xbc\xaf", "tệp nén (.7z)", "a compressed archive (.7z)"),
    (b"\x1f\x8b", "tệp nén (.gz)", "a compressed archive (.gz)"),
    (b"MZ", "chương trình", "a program"),
    (b"\x7fELF", "chương trình", "a program"),
)


def decode(content: bytes) -> str:
    """The text of a CSV file. Raises RosterNotSpreadsheet for anything that is not plain text.

    Unicode is recognised for certain; among the old code pages windows-1258 is taken where it gives Vietnamese
    letters, else windows-1252.
    """
    for mark, kind_vi, kind_en in _KINDS:
        if content.startswith(mark):
            raise RosterNotSpreadsheet(kind_vi=kind_vi, kind_en=kind_en)
    text = _decode(content)
    start = text[:2000].lstrip("\ufeff \t\r\n").lower()
    if start.startswith(("<!doctype", "<html", "<table", "<head", "<meta", "<style", "<div")):
        raise RosterNotSpreadsheet(
            kind_vi="trang web đổi đuôi thành .xls", kind_en="a web page renamed to .xls"
        )
    if start.startswith(("<?xml", "<")):
        raise RosterNotSpreadsheet(kind_vi="tệp XML", kind_en="an XML file")
    if any(unicodedata.category(letter) == "Cc" and letter not in "\t\r\n\x0b\x0c" for letter in set(text)):
        raise RosterNotSpreadsheet(kind_vi="tệp nhị phân", kind_en="a binary file")
    return text


def _decode(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _strict(content, "utf-16")
    sample = content[:4000]
    if sample.count(0) * 4 >= len(sample):
        is_little = sample[1::2].count(0) >= sample[::2].count(0)
        return _strict(content, "utf-16-le" if is_little else "utf-16-be")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    if any(mark in content[:20_000] for mark in _TCVN3_MARKS):
        return content.decode("latin-1")
    if 0 not in content:
        western = content.decode("cp1252", "replace")
        try:
            vietnamese = unicodedata.normalize("NFC", content.decode("cp1258"))
        except UnicodeDecodeError:
            return western
        return vietnamese if any(letter in _VIETNAMESE for letter in vietnamese) else western
    raise RosterNotSpreadsheet(kind_vi="tệp nhị phân", kind_en="a binary file")


def _strict(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise RosterNotSpreadsheet(kind_vi="tệp nhị phân", kind_en="a binary file") from error


def records(text: str, score: Callable[[list[list[str]]], int], name: str) -> list[list[str]]:
    """All records, blank ones included, with the delimiter whose beginning has the best heading by `score`.

    A line `sep=;` that Excel understands as a setting is obeyed and is no record. Raises RosterDamaged where a quote
    is never closed: it would swallow pupils.
    """
    text = text.removeprefix("\ufeff")
    first, _, rest = text.partition("\n")
    if first.strip().lower().startswith("sep=") and len(first.strip()) == 5:
        return _parse(rest, first.strip()[4], name, None)
    best = max(DELIMITERS, key=lambda delimiter: score(_sample(text, delimiter)))
    return _parse(text, best, name, None)


def _sample(text: str, delimiter: str) -> list[list[str]]:
    try:
        return _parse(text[:200_000], delimiter, "", SAMPLE_RECORDS)
    except RosterDamaged:
        return []


def _parse(text: str, delimiter: str, name: str, count: int | None) -> list[list[str]]:
    found: list[list[str]] = []
    blank: list[str] = []
    filled = cells = blanks = 0
    reader = csv.reader(_lines(text, delimiter, name), delimiter=delimiter, strict=True)
    try:
        for record in reader:
            if not any(record):
                # Spare lines at the end are common and are never kept; among pupils one list stands for all.
                blanks += 1
                if blanks > RECORD_LIMIT:
                    raise RosterTooManyRows(sheet=name, limit_rows=ROW_LIMIT)
                continue
            found.extend([blank] * blanks)
            found.append(record)
            blanks = 0
            if count is not None and len(found) >= count:
                break
            filled += 1
            cells += len(record)
            if filled > ROW_LIMIT + ROW_SLACK or len(found) > RECORD_LIMIT:
                raise RosterTooManyRows(sheet=name, limit_rows=ROW_LIMIT)
            if len(record) > COLUMN_LIMIT or cells > CELL_LIMIT:
                raise RosterTooManyCells(sheet=name, limit_columns=COLUMN_LIMIT, limit_cells=CELL_LIMIT)
    except csv.Error as error:
        raise RosterDamaged(place=f"CSV, {len(found) + 1}") from error
    return found


def _lines(text: str, delimiter: str, name: str) -> Iterator[str]:
    """Lines with their ends (LF, CR LF or CR), looked at before a reader makes a million cells of one."""
    for match in _LINE.finditer(text):
        line = match.group()
        if len(line) > LINE_DELIMITERS and line.count(delimiter) > LINE_DELIMITERS:
            raise RosterTooManyCells(sheet=name, limit_columns=COLUMN_LIMIT, limit_cells=CELL_LIMIT)
        yield line
