"""Old Excel files (XLS): the OLE container and the records in it, read only as far as the library keeps silent.

The library gives an empty text for an error cell; the records BOOLERR and FORMULA tell which cells those are. The
same walk finds passwords, macros, and cells too far out. Layout: [MS-CFB] and [MS-XLS] of Microsoft's open
specifications.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from services.schools.roster.limits import CELL_LIMIT, COLUMN_LIMIT, ROW_LIMIT, ROW_SLACK, SHEET_LIMIT
from services.schools.roster.refusals import (
    RosterDamaged,
    RosterEncrypted,
    RosterHasLinks,
    RosterHasMacros,
    RosterNotSpreadsheet,
    RosterTooManyCells,
    RosterTooManyRows,
)

SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_END = 0xFFFFFFFA  # this and above are marks, not sector numbers
# Records of all sheets: sheets may claim to share them, and a file of 10 MB has room for no more.
RECORD_LIMIT = 4_000_000

_ERRORS = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
}
_BOF, _EOF, _FILEPASS, _BOUNDSHEET, _SUPBOOK = 0x0809, 0x000A, 0x002F, 0x0085, 0x01AE
# What a SUPBOOK record says instead of the length of another file's name: this file, and add-in functions.
_OWN_BOOKS = (b"\x01\x04", b"\x01\x3a")
_FORMULA, _BOOLERR = 0x0006, 0x0205
# An empty text within a formula. One without it that gave an empty text was never computed: programs that cannot
# compute write it so.
_EMPTY = b"\x17\x00"
_SINGLE = frozenset((0x0006, 0x0201, 0x0203, 0x0204, 0x0205, 0x027E, 0x00FD, 0x00D6))
_MULTIPLE = frozenset((0x00BD, 0x00BE))


@dataclass(slots=True)
class OldSheet:
    """A worksheet of an XLS file; `errors` maps (row, column), both from 0, to the error's text."""

    name: str
    is_visible: bool
    offset: int
    errors: dict[tuple[int, int], str] = field(default_factory=dict)


class _Container:
    """The streams of an OLE file. Chains are followed at most as far as the file has sectors."""

    def __init__(self, content: bytes) -> None:
        if len(content) < 1536:
            raise RosterDamaged(place="OLE")
        self._content = content
        self._shift = struct.unpack_from("<H", content, 30)[0]
        if self._shift not in (9, 12):
            raise RosterDamaged(place="OLE")
        self._size = 1 << self._shift
        self._sectors = len(content) // self._size + 1
        directory, _, self._mini_cutoff, mini_first = struct.unpack_from("<4I", content, 48)
        self._fat = self._read_fat()
        self._mini_fat = self._numbers(self._chain(mini_first))
        entries = self._chain(directory)
        self.streams: dict[str, tuple[int, int]] = {}
        self.storages: set[str] = set()
        self._mini: bytes | None = None
        for start in range(0, len(entries) - 127, 128):
            self._add_entry(entries[start : start + 128])

    def _add_entry(self, entry: bytes) -> None:
        length, kind = struct.unpack_from("<HB", entry, 64)
        name = entry[: max(0, min(length, 64) - 2)].decode("utf-16-le", "replace").lower()
        first, size = struct.unpack_from("<II", entry, 116)
        if kind == 2:
            self.streams[name] = (first, size)
        elif kind == 1:
            self.storages.add(name)
        elif kind == 5 and self._mini is None:
            self._mini = self._chain(first)[:size]

    def _sector(self, number: int) -> bytes:
        start = (number + 1) << self._shift
        return self._content[start : start + self._size]

    def _numbers(self, block: bytes) -> tuple[int, ...]:
        return struct.unpack(f"<{len(block) // 4}I", block[: len(block) // 4 * 4])

    def _read_fat(self) -> tuple[int, ...]:
        listed = list(struct.unpack_from("<109I", self._content, 76))
        more = struct.unpack_from("<I", self._content, 68)[0]
        for _ in range(self._sectors):
            if more >= _END:
                break
            block = self._numbers(self._sector(more))
            if not block:
                break
            listed.extend(block[:-1])
            more = block[-1]
        used = [number for number in listed if number < _END][: self._sectors]
        return self._numbers(b"".join(self._sector(number) for number in used))

    def _chain(self, first: int) -> bytes:
        parts: list[bytes] = []
        number = first
        while number < _END:
            if number >= len(self._fat) or len(parts) > self._sectors:
                raise RosterDamaged(place="OLE")
            parts.append(self._sector(number))
            number = self._fat[number]
        return b"".join(parts)

    def stream(self, name: str) -> bytes:
        first, size = self.streams[name]
        if size >= self._mini_cutoff:
            return self._chain(first)[:size]
        parts: list[bytes] = []
        number, mini = first, self._mini or b""
        while number < _END:
            if number >= len(self._mini_fat) or len(parts) > len(self._mini_fat):
                raise RosterDamaged(place="OLE")
            parts.append(mini[number * 64 : number * 64 + 64])
            number = self._mini_fat[number]
        return b"".join(parts)[:size]


def _records(stream: bytes, offset: int) -> Iterator[tuple[int, bytes]]:
    """Records from `offset` to the end of their substream."""
    end = len(stream)
    while offset + 4 <= end:
        kind, length = struct.unpack_from("<HH", stream, offset)
        data = stream[offset + 4 : offset + 4 + length]
        if len(data) < length:
            raise RosterDamaged(place=f"XLS, {offset}")
        yield kind, data
        if kind == _EOF:
            return
        offset += 4 + length
    raise RosterDamaged(place=f"XLS, {offset}")


def inspect(content: bytes) -> list[OldSheet]:
    """The worksheets of an XLS file with their error cells. Raises a refusal for any other OLE file."""
    try:
        container = _Container(content)
        if "encryptedpackage" in container.streams or "encryptioninfo" in container.streams:
            raise RosterEncrypted
        name = next((name for name in ("workbook", "book") if name in container.streams), None)
        if name is None:
            raise RosterNotSpreadsheet(
                kind_vi="tệp Word hoặc tệp Office cũ", kind_en="a Word or old Office file"
            )
        if any(storage.startswith("_vba_project") for storage in container.storages):
            raise RosterHasMacros
        stream = container.stream(name)
        sheets = _bound_sheets(stream)
        if len({sheet.offset for sheet in sheets}) != len(sheets):
            raise RosterDamaged(place="XLS")
        walked = 0
        for sheet in sheets:
            walked += _walk(stream, sheet)
            if walked > RECORD_LIMIT:
                raise RosterTooManyCells(sheet=sheet.name, limit_columns=COLUMN_LIMIT, limit_cells=CELL_LIMIT)
    except struct.error as error:
        raise RosterDamaged(place="XLS") from error
    return sheets


def _bound_sheets(stream: bytes) -> list[OldSheet]:
    sheets = []
    is_unicode = True
    for kind, data in _records(stream, 0):
        if kind == _BOF:
            is_unicode = struct.unpack_from("<H", data)[0] >= 0x0600
        elif kind == _FILEPASS:
            raise RosterEncrypted
        elif kind == _SUPBOOK and data[2:4] not in _OWN_BOOKS:
            raise RosterHasLinks
        elif kind == _BOUNDSHEET and data[5] == 0:
            offset, state = struct.unpack_from("<IB", data)
            sheets.append(OldSheet(_sheet_name(data, is_unicode), state & 3 == 0, offset))
            if len(sheets) > SHEET_LIMIT:
                raise RosterDamaged(place="XLS")
    return sheets


def _sheet_name(data: bytes, is_unicode: bool) -> str:
    count = data[6]
    if not is_unicode:
        return data[7 : 7 + count].decode("cp1258", "replace")
    if data[7] & 1:
        return data[8 : 8 + 2 * count].decode("utf-16-le", "replace")
    return data[8 : 8 + count].decode("latin-1")


def _walk(stream: bytes, sheet: OldSheet) -> int:
    """Find the sheet's error cells and its last cell; the number of its records."""
    last_row = last_column = -1
    count = 0
    for kind, data in _records(stream, sheet.offset):
        count += 1
        if kind in _SINGLE:
            row, column = struct.unpack_from("<HH", data)
            if kind == _BOOLERR and data[7]:
                sheet.errors[row, column] = _ERRORS.get(data[6], "#N/A")
            elif kind == _FORMULA and data[12:14] == b"\xff\xff" and data[6] == 2:
                sheet.errors[row, column] = _ERRORS.get(data[8], "#N/A")
            elif kind == _FORMULA and data[12:14] == b"\xff\xff" and data[6] == 3 and _EMPTY not in data[22:]:
                sheet.errors[row, column] = "="
        elif kind in _MULTIPLE:
            row, column = struct.unpack_from("<H", data)[0], struct.unpack_from("<H", data, len(data) - 2)[0]
        else:
            continue
        last_row, last_column = max(last_row, row), max(last_column, column)
    if last_row >= ROW_LIMIT + ROW_SLACK:
        raise RosterTooManyRows(sheet=sheet.name, limit_rows=ROW_LIMIT)
    if last_column >= COLUMN_LIMIT or (last_row + 1) * (last_column + 1) > CELL_LIMIT:
        raise RosterTooManyCells(sheet=sheet.name, limit_columns=COLUMN_LIMIT, limit_cells=CELL_LIMIT)
    return count
