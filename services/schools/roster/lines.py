"""What kind of line a row of the sheet is: a pupil, or a title, heading, section, total, signature or nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from kit.text import clean_display, fold
from services.schools.roster.amounts import read_amount
from services.schools.roster.headings import Column, Layout, is_blank, key_of, shown
from services.schools.roster.sheets import CellError, Sheet, Value


class _Phrase:
    """A pattern over small letters with accents, and the same without them for lists typed without any.

    Accents tell a title from a person: “Trường Tiểu học” from Trương, “Tổng cộng” from Tống.
    """

    def __init__(self, pattern: str) -> None:
        self._accented = re.compile(pattern)
        self._plain = re.compile(fold(pattern))

    def search(self, text: str) -> re.Match[str] | None:
        """The match in a text of small letters in NFC."""
        return (self._plain if text.isascii() else self._accented).search(text)


# Letters of a cell that are looked at: some patterns need time in the power of their number.
_LOOKED_AT: Final = 300
_TOTAL: Final = _Phrase(
    r"^(tổng cộng|tổng số|tổng|cộng|lu[ỹy] kế)"
    r"(\s*[:(\d.].*|\s+(tiền|số tiền|học sinh|hs|các khoản|toàn|lớp|khối|trang|dồn|mang sang)\b.*)?$"
)
_SIGNATURE: Final = _Phrase(
    r"^\(?(người (lập|nộp|thu|duyệt)|kế toán|thủ quỹ|hiệu trưởng|phó hiệu trưởng|giáo viên chủ nhiệm|gvcn|thủ trưởng|t\.? ?m\.? |ban giám hiệu"
    r"|ký tên|ký,|ký và ghi|ký ghi|đã ký|xác nhận của|đại diện (nhà|cha|ban)|trưởng ban (đại|kiểm))"
)
_DATE_LINE: Final = _Phrase(r"\bngày\b.*\btháng\b.*\bnăm\b")
_TITLE: Final = _Phrase(
    r"^(trường (tiểu|th\b|thcs|thpt|ptdt|mầm|mn\b|mẫu|trung|phổ|liên)|danh sách|phòng (gd|giáo dục)|sở (gd|giáo dục)|ubnd|uỷ ban|ủy ban|lớp\b|năm học"
    r"|học kỳ|cộng h[oò][àa] xã hội|độc lập|trang \d|tháng \d|đợt \d|ghi chú|lưu ý ?:|chú ý ?:|bằng chữ|số tiền|ấn định|tổng hợp|bảng (kê|tổng|thu)"
    r"|phiếu|đơn vị|địa chỉ|khối (lớp )?\d|nhóm (lớp )?\d|danh sách này)"
)
_INDEX_CELL: Final = re.compile(
    r"\(?([a-z]|[0-9]{1,2})\)?(\s*=.*)?|\(?[0-9]{1,2}\)?\s*=\s*[()0-9+\s\-*x]+", re.IGNORECASE
)
_CLASS_IN_TEXT: Final = re.compile(
    r"(?<![\w])(?<!khối )(?<!các )(?<!khoi )(?<!cac )(?:lớp|lop)\s*[:\-]?\s*"
    r"([0-9]{1,2}\s?[a-zđ][0-9]{0,2}(?:[./][0-9]{1,2})?|[0-9]{1,2}[./\-][0-9]{1,2}(?![./0-9])|[0-9]{1,2}(?![0-9./]|\s?%)"
    r"|(?:mầm|chồi|lá|nụ|nhà trẻ|mẫu giáo|mam|choi|la|nha tre)(?:\s[0-9]{1,2}[a-z]?|\s[a-z](?![a-z]))?)(?![\wÀ-ỹ])"
)
_SHEET_CLASS: Final = re.compile(
    r"(?:lớp|lop)?\s*([0-9]{1,2}\s?[a-zđ][0-9]{0,2}|[0-9]{1,2}[._\-][0-9]{1,2}|(?:mầm|chồi|lá|nụ|nhà trẻ|mam|choi|la|nha tre)\s?[0-9]{0,2}[a-z]?)"
)
_GRADED_TOKEN: Final = re.compile(r"(?<![\w])([0-9]{1,2}[a-zđ][0-9]{0,2})(?![\w])")


def class_in_title(text: str) -> str | None:
    """The one class that a title names: “DANH SÁCH HỌC SINH LỚP 6A1” → 6A1; None for none, several, or a grade."""
    found = {_class_name(match[1]) for match in _CLASS_IN_TEXT.finditer(_beginning(text))}
    return found.pop() if len(found) == 1 else None


def _beginning(text: str) -> str:
    """The first letters of a cell, small and in NFC: they tell what it is, however long it goes on."""
    return clean_display(text[:_LOOKED_AT]).casefold()


def class_of_sheet(name: str) -> str | None:
    """The class that a sheet is named after: “6A1”, “Lớp 3A”, “DS 6A1”; None for “Sheet1” or “Danh sách”."""
    text = _beginning(name)
    whole = _SHEET_CLASS.fullmatch(text)
    if whole is not None:
        return _class_name(whole[1])
    tokens = {match[1] for match in _GRADED_TOKEN.finditer(text)}
    return _class_name(tokens.pop()) if len(tokens) == 1 else class_in_title(text)


def _class_name(text: str) -> str:
    graded = re.fullmatch(r"([0-9]{1,2})\s?([a-zđ])(.*)", text)
    if graded is not None:
        return f"{graded[1]}{graded[2].upper()}{graded[3]}"
    return text if text[0].isdigit() else text.title()


# First words, without accents, of all that may stand among pupils and be none.
_SUSPECT_WORDS: Final = frozenset(
    (
        "tong", "cong", "luy", "nguoi", "ke", "thu", "hieu", "pho", "giao", "gvcn", "ban", "ky", "da", "xac", "dai", "truong", "danh",
        "phong", "so", "ubnd", "uy", "lop", "nam", "hoc", "doc", "trang", "thang", "dot", "ghi", "luu", "chu", "bang", "an", "phieu",
        "don", "dia", "khoi", "nhom", "ngay", "dong",
    )
)  # fmt: skip


@dataclass(slots=True)
class Lines:
    """Tells pupils' rows from all others, from the top down; remembers the class of the section it is in."""

    sheet: Sheet
    layout: Layout
    fields: list[Column]
    items: list[Column]
    section: str | None
    is_after_signature: bool = False
    sums: dict[int, int] = field(default_factory=dict)
    _heading: set[str] = field(init=False)
    _heading_words: set[str] = field(init=False)
    _wide: dict[int, int] = field(init=False)
    _names: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self._heading = {key for band in self.layout.band for key in band.values() if key}
        self._heading_words = {key.split()[0] for key in self._heading}
        # Rows that hold a merged area of three columns or more: a title or a section, if nothing else is there.
        self._wide = {
            top: left for top, left, bottom, right in self.sheet.merges if top == bottom and right - left >= 2
        }
        self._names = [column.index for column in self.layout.names]

    def is_pupil(self, number: int, row: Sequence[Value]) -> bool:
        """Whether row `number` (from 0) is a pupil's; sections and signatures are remembered on the way."""
        filled = [index for index, value in enumerate(row) if value != ""]
        if not filled:
            return False
        name = next((row[i] for i in self._names if i < len(row) and not is_blank(row[i])), None)
        if len(filled) > 2 and isinstance(name, str) and not self._is_suspect(name):
            self.is_after_signature = False
            return True
        filled = [index for index in filled if not is_blank(row[index])]
        if not filled or self._is_heading(row, filled) or self._is_index(number, row, filled):
            return False
        if len(filled) <= 2 and self._is_section(number, row, filled):
            return False
        if self._is_total(row, filled) or self._is_footer(row, filled, number):
            return False
        used = [column.index for column in (*self.fields, *self.items)]
        present = [index for index in used if index < len(row) and not is_blank(row[index])]
        if not present:
            return False
        if self.is_after_signature and not self._has_number(row) and not self._has_figures(row, present):
            return False
        self.is_after_signature = False
        return True

    def _is_suspect(self, name: str) -> bool:
        """Whether what stands in the name's column may be something else than a name."""
        first = key_of(name.split(None, 1)[0])
        if len(first) > 2 and first not in _SUSPECT_WORDS and first not in self._heading_words:
            return False
        text = _beginning(name)
        return (
            key_of(name) in self._heading
            or any(phrase.search(text) for phrase in (_TOTAL, _SIGNATURE, _DATE_LINE, _TITLE))
            or _INDEX_CELL.fullmatch(text) is not None
        )

    def _has_number(self, row: Sequence[Value]) -> bool:
        stt = self.layout.first("stt")
        if stt is None or stt.index >= len(row):
            return False
        value = row[stt.index]
        return isinstance(value, (int, float)) or (isinstance(value, str) and value.strip().isdigit())

    def _has_figures(self, row: Sequence[Value], present: list[int]) -> bool:
        """Whether anything of a pupil but names stands in the row: names alone may be those who signed."""
        return any(not isinstance(row[i], str) or any(map(str.isdigit, str(row[i]))) for i in present)

    def _is_heading(self, row: Sequence[Value], filled: list[int]) -> bool:
        """A heading repeated on a printed page: most of the row says what a row of the heading says."""
        texts = [(index, key_of(str(row[index]))) for index in filled if isinstance(row[index], str)]
        if len(texts) < 2:
            return False
        return any(
            sum(1 for index, key in texts if key and band.get(index) == key) * 5 >= len(filled) * 3
            for band in self.layout.band
            if band
        )

    def _is_index(self, number: int, row: Sequence[Value], filled: list[int]) -> bool:
        """The row of column numbers (1), (2), A, B under a heading."""
        cells = [shown(row[index], 40) for index in filled]
        names = [index for index in filled if index in self._names]
        return (
            len(filled) >= 3
            and bool(names)
            and number <= self.layout.bottom + 2
            and all(_INDEX_CELL.fullmatch(cell.strip()) for cell in cells)
        )

    def _is_section(self, number: int, row: Sequence[Value], filled: list[int]) -> bool:
        """A line that only names the class of the rows below it, or a title between printed pages."""
        value = row[filled[0]]
        if not isinstance(value, str) or isinstance(value, CellError):
            return False
        is_title = _TITLE.search(_beginning(value)) is not None
        if not is_title and not (number in self._wide and len(filled) == 1):
            return False
        found = class_in_title(value)
        if found is not None:
            self.section = found
        return True

    def _identity(self, row: Sequence[Value]) -> bool:
        kinds = ("birth_date", "pupil_code", "ministry_code", "personal_number")
        return any(
            column.index < len(row) and not is_blank(row[column.index])
            for column in self.fields
            if column.role in kinds
        )

    def _is_total(self, row: Sequence[Value], filled: list[int]) -> bool:
        for index in filled:
            value = row[index]
            if not isinstance(value, str) or isinstance(value, CellError):
                continue
            text = _beginning(value)
            if _TOTAL.search(text) is None:
                continue
            if index in self._names or not any(i in filled for i in self._names):
                # Without accents “TONG TIEN DUNG” may be a pupil: whoever has a class, a number or a code is one.
                return not self._identity(row) and not (
                    text.isascii() and index in self._names and self._is_listed(row)
                )
        return self._repeats_sums(row, filled)

    def _is_listed(self, row: Sequence[Value]) -> bool:
        kinds = ("class_name", "sex", "phone")
        return self._has_number(row) or any(
            column.index < len(row) and not is_blank(row[column.index])
            for column in self.fields
            if column.role in kinds
        )

    def _repeats_sums(self, row: Sequence[Value], filled: list[int]) -> bool:
        """A row without any word whose figures are the sums of the columns above."""
        figures = {column.index: row[column.index] for column in self.items if column.index in filled}
        others = [column.index for column in self.fields if column.index in filled]
        return (
            not others
            and bool(figures)
            and all(read_amount(value, None) == self.sums.get(i, 0) for i, value in figures.items())
        )

    def _is_footer(self, row: Sequence[Value], filled: list[int], number: int) -> bool:
        texts = [_beginning(value) for index in filled if isinstance(value := row[index], str)]
        signed = [text for text in texts if _SIGNATURE.search(text) or _DATE_LINE.search(text)]
        # Those who sign stand side by side, under whatever columns: then nothing else is in the row.
        if signed and (len(signed) == len(filled) or not self._identity(row)):
            self.is_after_signature = True
            return True
        return False
