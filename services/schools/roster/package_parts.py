"""Readers of the XML parts of a package, each vetting what it sees while it streams by."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol
from xml.parsers import expat

from services.schools.roster.limits import (
    CELL_LIMIT,
    COLUMN_LIMIT,
    MERGE_LIMIT,
    ROW_LIMIT,
    ROW_SLACK,
    UNPACKED_LIMIT,
)
from services.schools.roster.refusals import (
    RosterDamaged,
    RosterTooManyCells,
    RosterTooManyErrors,
    RosterTooManyRows,
    RosterUnpacksTooLarge,
    RosterUnsafeContent,
)

STRING_LIMIT = 1_000_000
# XML elements: of a sheet or its strings, of styles (Excel has at most 64,000 formats), of a small part.
ELEMENT_LIMIT = 2 * CELL_LIMIT
STYLE_LIMIT = 500_000
TAG_LIMIT = 50_000
DEPTH_LIMIT = 10_000
# Bytes that may pass without an element: the longest text of a cell has 32,767 letters.
STILL_LIMIT = 512 * 1024
# Rows and columns of a sheet as Excel has them; more is no sheet of Excel.
SHEET_ROWS = 1_048_576
SHEET_COLUMNS = 16_384
# Cells without a computed value that are remembered, and how much of each formula.
ERROR_LIMIT = 200_000
FORMULA_SHOWN = 100


@dataclass(slots=True)
class VettedSheet:
    """A sheet of the vetted container: its name, whether people see it, and its cells that hold no value.

    `errors` maps (row, column), both from 0, to an error's text or to the formula that was never computed.
    """

    name: str
    is_visible: bool
    errors: dict[tuple[int, int], str] = field(default_factory=dict)


def _local(name: str) -> str:
    return name.rpartition(":")[2]


class _Watcher(Protocol):
    elements: int

    def start(self, name: str, attributes: dict[str, str]) -> None: ...
    def text(self, text: str) -> None: ...


class _Parser:
    """An expat parser that refuses document types and names the part in each error."""

    def __init__(self, part: str, watcher: _Watcher) -> None:
        self.part = part
        self._watcher = watcher
        self._depth = self._still = 0
        self._expat = expat.ParserCreate()
        self._expat.buffer_text = True
        self._expat.buffer_size = 64 * 1024
        self._expat.StartDoctypeDeclHandler = self._refuse
        self._expat.StartElementHandler = watcher.start
        if isinstance(watcher, _Cells):
            watcher.parser = self
        elif not isinstance(watcher, _Styles):
            self._expat.CharacterDataHandler = watcher.text

    def listen(self, text: Callable[[str], None] | None) -> None:
        """Tell texts to `text`, or to nobody: most cells' texts need not pass through Python at all."""
        self._expat.CharacterDataHandler = text

    def _refuse(self, *_: object) -> None:
        raise RosterUnsafeContent(place=self.part)

    def feed(self, chunk: bytes, is_last: bool = False) -> None:
        self._refuse_depth(chunk)
        before = self._watcher.elements
        try:
            self._expat.Parse(chunk, is_last)
        except expat.ExpatError as error:
            raise RosterDamaged(place=f"{self.part}, {error.lineno}") from error
        except (LookupError, ValueError) as error:
            # An encoding that does not exist, or one that XML is never written in.
            raise RosterDamaged(place=self.part) from error
        # A name, an attribute or a text of megabytes is no part of a list, and dear to whoever reads it after us.
        self._still = self._still + len(chunk) if self._watcher.elements == before else 0
        if self._still > STILL_LIMIT:
            raise RosterDamaged(place=self.part)

    def _refuse_depth(self, chunk: bytes) -> None:
        """Elements within elements, reckoned by marks alone, for expat itself knows no bound."""
        marks = chunk.replace(b"\0", b"") if b"\0" in chunk else chunk
        ends = marks.count(b"</")
        self._depth += marks.count(b"<") - 2 * ends - marks.count(b"/>") - marks.count(b"<?")
        if self._depth > DEPTH_LIMIT:
            raise RosterDamaged(place=self.part)


class _Tags:
    """Collects every element of a small part as (local name, attributes by local name)."""

    def __init__(self, part: str) -> None:
        self.part = part
        self.found: list[tuple[str, dict[str, str]]] = []
        self.elements = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.elements += 1
        if self.elements > TAG_LIMIT:
            raise RosterDamaged(place=self.part)
        self.found.append((_local(name), {_local(key): value for key, value in attributes.items()}))

    def text(self, text: str) -> None:
        """Small parts tell all in attributes."""


class _Styles:
    """Counts what styles hold: the library reads every number format of them."""

    def __init__(self, part: str) -> None:
        self.part = part
        self.elements = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.elements += 1
        if self.elements > STYLE_LIMIT:
            raise RosterDamaged(place=self.part)

    def text(self, text: str) -> None:
        """Styles tell all in attributes."""


class _Strings:
    """Lengths of the shared strings, so that their repetition can be bounded before it happens."""

    def __init__(self, part: str) -> None:
        self.part = part
        self.lengths = array("I")
        self.elements = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.elements += 1
        if self.elements > ELEMENT_LIMIT:
            raise RosterUnpacksTooLarge(limit_mb=UNPACKED_LIMIT >> 20)
        if _local(name) == "si":
            if len(self.lengths) >= STRING_LIMIT:
                raise RosterUnpacksTooLarge(limit_mb=UNPACKED_LIMIT >> 20)
            self.lengths.append(0)

    def text(self, text: str) -> None:
        if self.lengths:
            self.lengths[-1] += len(text)


class _Cells:
    """Looks at each cell of a sheet once: where it stands, whether it holds an error or an empty formula."""

    def __init__(self, part: str, sheet: VettedSheet, is_uncomputed: bool = False) -> None:
        """`is_uncomputed`: the file asks to be computed when it is opened, as programs write it that cannot compute
        and put 0 for every formula."""
        self.part = part
        self.sheet = sheet
        self.is_uncomputed = is_uncomputed
        self.parser: _Parser | None = None
        self.columns: dict[str, int] = {}
        self.row = -1
        self.row_text = ""
        self.column = -1
        self.last_row = -1
        self.last_column = -1
        self.valued_rows = 0
        self.strings = 0
        self.elements = 0
        self.merges = 0
        self.kind: str | None = None
        self.is_open = False
        self.target = ""
        self.value = ""
        self.formula = ""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.elements += 1
        if name == "c":
            if self.is_open:
                self.finish()
            before = self.column
            reference = attributes.get("r")
            if reference is None:
                self.column += 1
            else:
                # What is left of a reference into another row still has digits and is refused as a column.
                letters = reference.removesuffix(self.row_text)
                column = self.columns.get(letters)
                self.column = self._column(letters) if column is None else column
            if self.column <= before:
                # A cell that stands twice: one of its two values would vanish.
                raise self._damaged()
            if self.column >= SHEET_COLUMNS or self.elements > ELEMENT_LIMIT:
                raise self._too_wide()
            kind = self.kind = attributes.get("t")
            if kind == "s":
                self.strings += 1
            elif kind == "e":
                self._open("")
        elif name == "v" or name == "is":
            if self.row != self.last_row or self.column > self.last_column:
                self._reach()
            if self.is_open:
                self.target = "v"
        elif name == "f":
            self._open("f")
        elif name == "row":
            if self.is_open:
                self.finish()
            self._open_row(attributes.get("r"))
        elif ":" in name:
            self.elements -= 1
            self.start(name.rpartition(":")[2], attributes)
        elif name == "mergeCell":
            self.merges += 1
            if self.merges > MERGE_LIMIT:
                raise self._too_wide()

    def text(self, text: str) -> None:
        if self.target == "v" and len(self.value) < FORMULA_SHOWN:
            self.value += text[:FORMULA_SHOWN]
        elif self.target == "f" and len(self.formula) < FORMULA_SHOWN:
            self.formula += text[:FORMULA_SHOWN]

    def _open(self, target: str) -> None:
        """Listen to the texts of this cell, until `finish`."""
        self.target = target
        self.is_open = True
        if self.parser is not None:
            self.parser.listen(self.text)

    def finish(self) -> None:
        """Settle the cell whose texts were listened to."""
        value = self.value.strip()
        if self.kind == "e":
            self.sheet.errors[self.row, self.column] = value or "#N/A"
        elif (not value and self.kind != "str") or (self.is_uncomputed and value == "0"):
            self.sheet.errors[self.row, self.column] = "=" + self.formula.strip()
            self._reach()
        if len(self.sheet.errors) > ERROR_LIMIT:
            raise RosterTooManyErrors(sheet=self.sheet.name, limit_cells=ERROR_LIMIT)
        self.is_open, self.target, self.value, self.formula = False, "", "", ""
        if self.parser is not None:
            self.parser.listen(None)

    def _open_row(self, number: str | None) -> None:
        if number is None:
            self.row += 1
            self.row_text = str(self.row + 1)
        else:
            if not number.isascii() or not number.isdigit() or len(number) > 7 or int(number) <= self.row + 1:
                raise self._damaged()
            self.row = int(number) - 1
            self.row_text = number
        if self.row >= SHEET_ROWS:
            raise RosterTooManyRows(sheet=self.sheet.name, limit_rows=ROW_LIMIT)
        self.column = -1

    def _column(self, letters: str) -> int:
        if not letters.isascii() or not letters.isalpha() or len(letters) > 3:
            raise self._damaged()
        number = 0
        for letter in letters.upper():
            number = number * 26 + ord(letter) - 64
        self.columns[letters] = number - 1
        return number - 1

    def _reach(self) -> None:
        """Note how far the values go. Rows come in order, so a new one is met once."""
        if self.row != self.last_row:
            self.last_row = self.row
            self.valued_rows += 1
            if self.valued_rows > ROW_LIMIT + ROW_SLACK:
                raise RosterTooManyRows(sheet=self.sheet.name, limit_rows=ROW_LIMIT)
        if self.column > self.last_column:
            self.last_column = self.column
            if self.column >= COLUMN_LIMIT:
                raise self._too_wide()

    def _damaged(self) -> RosterDamaged:
        return RosterDamaged(place=f"{self.part}, {self.row + 1}")

    def _too_wide(self) -> RosterTooManyCells:
        return RosterTooManyCells(sheet=self.sheet.name, limit_columns=COLUMN_LIMIT, limit_cells=CELL_LIMIT)

    def close(self) -> None:
        """The library keeps a dense table up to the last cell; refuse it before it is asked for."""
        if self.is_open:
            self.finish()
        if (self.last_row + 1) * (self.last_column + 1) > CELL_LIMIT:
            raise self._too_wide()


class _Repeats:
    """Sums the lengths of the shared strings that a sheet's cells point to."""

    def __init__(self, part: str, lengths: array[int]) -> None:
        self.part = part
        self.lengths = lengths
        self.total = 0
        self.elements = 0
        self.kind: str | None = None
        self.is_value = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.elements += 1
        name = _local(name)
        if name == "c":
            self.kind = attributes.get("t")
        self.is_value = name == "v" and self.kind == "s"

    def text(self, text: str) -> None:
        if not self.is_value:
            return
        self.is_value = False
        try:
            self.total += self.lengths[int(text)]
        except (ValueError, IndexError) as error:
            raise RosterDamaged(place=self.part) from error
        if self.total > UNPACKED_LIMIT:
            raise RosterUnpacksTooLarge(limit_mb=UNPACKED_LIMIT >> 20)
