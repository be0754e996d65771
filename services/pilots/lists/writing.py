"""Lists given to the market's people as XLSX: an empty one with the programme's blocks, or rows to correct.

Every cell is written as text, never as a formula, whatever the list held.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import xlsxwriter
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from services.pilots.domain.enrolment_columns import HEADINGS, TO_CORRECT, WORDS
from services.pilots.domain.enrolment_values import Problem, Values

ROWS_READY: Final = 2_000
_WIDTHS: Final = {"unit_name": 30, "holder_name": 24, "account_holder": 24, "consent": 36, "goods": 24}


@dataclass(frozen=True, slots=True)
class WrongRow:
    """A row to correct: what was found, and what is wrong with it."""

    values: Values
    problems: Sequence[Problem]


def sheet(
    title: str, sections: Mapping[str, str], banks: Sequence[str], rows: Iterable[WrongRow] = ()
) -> bytes:
    """A list of this form under a title line: empty, or with rows and a last column that says what to correct."""
    output = io.BytesIO()
    book = xlsxwriter.Workbook(output, {"in_memory": True, "strings_to_formulas": False})
    page = book.add_worksheet("Danh sách quầy")
    bold = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
    as_text = book.add_format({"num_format": "@"})
    page.write_string(0, 0, _harmless(title), book.add_format({"bold": True, "font_size": 14}))
    for column, (name, heading) in enumerate(HEADINGS.items()):
        page.write_string(1, column, heading, bold)
        page.set_column(column, column, _WIDTHS.get(name, 16), as_text)
    _offer(book, page, sections, banks)
    wrong = list(rows)
    if wrong:
        page.write_string(1, len(HEADINGS), TO_CORRECT, bold)
        page.set_column(len(HEADINGS), len(HEADINGS), 60)
    for number, row in enumerate(wrong, 2):
        for column, name in enumerate(HEADINGS):
            page.write_string(number, column, _harmless(_shown(name, getattr(row.values, name))))
        page.write_string(number, len(HEADINGS), _harmless(_words(row.problems)))
    page.freeze_panes(2, 0)
    book.close()
    return output.getvalue()


def _offer(book: Workbook, page: Worksheet, sections: Mapping[str, str], banks: Sequence[str]) -> None:
    """Choices in the cells; another bank's name or code may be typed all the same."""
    offered = book.add_worksheet("Chọn")
    for place, choices in enumerate(
        ([*sections], [*sections.values()], banks, *([*words.values()] for words in WORDS.values()))
    ):
        offered.write_column(0, place, [_harmless(choice) for choice in choices])
    offered.hide()
    fields = list(HEADINGS)
    for name, letter, count in (
        ("section_code", "A", len(sections)),
        ("bank", "C", len(banks)),
        ("unit_kind", "D", len(WORDS["unit_kind"])),
        ("relation", "E", len(WORDS["relation"])),
    ):
        if count:
            column = fields.index(name)
            source = f"='Chọn'!${letter}$1:${letter}${count}"
            choice = {"validate": "list", "source": source, "error_type": "information"}
            page.data_validation(2, column, ROWS_READY + 1, column, choice)


def _shown(name: str, value: str) -> str:
    if name in WORDS:
        return WORDS[name].get(value, value)
    if name == "phone" and value.startswith("+84"):
        return "0" + value[3:]
    return value


def _words(problems: Sequence[Problem]) -> str:
    said = []
    for item in problems:
        meant = f", gợi ý: {item.suggestion}" if item.suggestion else ""
        said.append(f"{item.column}: thấy “{item.found}”, cần {item.expected}{meant}")
    return "; ".join(said)[:30_000]


def _harmless(text: str) -> str:
    """Text that no spreadsheet takes for a formula, wherever it is copied to; reading takes the apostrophe off."""
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text[:30_000]
