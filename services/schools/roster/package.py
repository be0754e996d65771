"""The XLSX container, vetted before a spreadsheet library sees any of it.

Every part that is used is inflated under a limit, parsed by expat without document type (no entities), and copied
into a small container of our own with only workbook, strings, styles and visible sheets. So sizes that lie, parts
that occur twice, external links and pictures never reach the library. On the way the sheets are looked at for what
the library does not tell: error cells, formulas that were never computed, and cells so far out that a dense table of
them would not fit into memory.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from posixpath import dirname, join, normpath
from typing import Protocol
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

from services.schools.roster.limits import (
    CELL_LIMIT,
    COLUMN_LIMIT,
    MERGE_LIMIT,
    ROW_LIMIT,
    ROW_SLACK,
    SHEET_LIMIT,
    UNPACKED_LIMIT,
)
from services.schools.roster.refusals import (
    RosterDamaged,
    RosterEncrypted,
    RosterHasMacros,
    RosterNotSpreadsheet,
    RosterTooManyCells,
    RosterTooManyRows,
    RosterUnpacksTooLarge,
    RosterUnsafeContent,
)

ENTRY_LIMIT = 3000
SMALL_PART_LIMIT = 2 * 1024 * 1024
CHUNK = 256 * 1024
STRING_LIMIT = 2_000_000

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE_REL = "http://schemas.openxmlformats.org/package/2006/relationships"


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
    def start(self, name: str, attributes: dict[str, str]) -> None: ...
    def text(self, text: str) -> None: ...


class _Parser:
    """An expat parser that refuses document types and names the part in each error."""

    def __init__(self, part: str, watcher: _Watcher | None = None) -> None:
        self.part = part
        self._expat = expat.ParserCreate()
        self._expat.buffer_text = True
        self._expat.buffer_size = 64 * 1024
        self._expat.StartDoctypeDeclHandler = self._refuse
        if watcher is not None:
            self._expat.StartElementHandler = watcher.start
            if not isinstance(watcher, _Cells):
                self._expat.CharacterDataHandler = watcher.text
            else:
                watcher.parser = self

    def listen(self, text: Callable[[str], None] | None) -> None:
        """Tell texts to `text`, or to nobody: most cells' texts need not pass through Python at all."""
        self._expat.CharacterDataHandler = text

    def _refuse(self, *_: object) -> None:
        raise RosterUnsafeContent(place=self.part)

    def feed(self, chunk: bytes, is_last: bool = False) -> None:
        try:
            self._expat.Parse(chunk, is_last)
        except expat.ExpatError as error:
            raise RosterDamaged(place=f"{self.part}, {error.lineno}") from error


class _Tags:
    """Collects every element of a small part as (local name, attributes by local name)."""

    def __init__(self) -> None:
        self.found: list[tuple[str, dict[str, str]]] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.found.append((_local(name), {_local(key): value for key, value in attributes.items()}))

    def text(self, text: str) -> None:
        """Small parts tell all in attributes."""


class _Strings:
    """Lengths of the shared strings, so that their repetition can be bounded before it happens."""

    def __init__(self, part: str) -> None:
        self.part = part
        self.lengths = array("I")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if _local(name) == "si":
            if len(self.lengths) >= STRING_LIMIT:
                raise RosterUnpacksTooLarge(limit_mb=UNPACKED_LIMIT >> 20)
            self.lengths.append(0)

    def text(self, text: str) -> None:
        if self.lengths:
            self.lengths[-1] += len(text)


class _Cells:
    """Looks at each cell of a sheet once: where it stands, whether it holds an error or an empty formula."""

    def __init__(self, part: str, sheet: VettedSheet) -> None:
        self.part = part
        self.sheet = sheet
        self.parser: _Parser | None = None
        self.columns: dict[str, int] = {}
        self.row = -1
        self.row_text = ""
        self.column = -1
        self.last_row = -1
        self.last_column = -1
        self.valued_rows = 0
        self.strings = 0
        self.merges = 0
        self.kind: str | None = None
        self.is_open = False
        self.target = ""
        self.value = ""
        self.formula = ""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "c":
            if self.is_open:
                self.finish()
            reference = attributes.get("r")
            if reference is None:
                self.column += 1
            else:
                # What is left of a reference into another row still has digits and is refused as a column.
                letters = reference.removesuffix(self.row_text)
                column = self.columns.get(letters)
                self.column = self._column(letters) if column is None else column
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
            self.start(name.rpartition(":")[2], attributes)
        elif name == "mergeCell":
            self.merges += 1
            if self.merges > MERGE_LIMIT:
                raise self._too_wide()

    def text(self, text: str) -> None:
        if self.target == "v":
            self.value += text
        elif self.target == "f":
            self.formula += text

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
        elif not value and self.kind != "str":
            self.sheet.errors[self.row, self.column] = "=" + self.formula.strip()
            self._reach()
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
        self.kind: str | None = None
        self.is_value = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
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


class Package:
    """An XLSX file as a checked zip container. Raises a refusal if it is none, or is not safe to open."""

    def __init__(self, content: bytes) -> None:
        if content.count(b"PK\x01\x02") > ENTRY_LIMIT:
            raise RosterDamaged(place="zip")
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(content))
        except (zipfile.BadZipFile, zipfile.LargeZipFile, ValueError, OSError) as error:
            raise RosterDamaged(place="zip") from error
        self._parts: dict[str, zipfile.ZipInfo] = {}
        unpacked = 0
        for info in self._zip.infolist():
            name = info.filename.replace("\\", "/").lstrip("/").lower()
            if name in self._parts:
                raise RosterDamaged(place=info.filename[:80])
            self._parts[name] = info
            unpacked += info.file_size
            if info.flag_bits & 1:
                raise RosterEncrypted
        if unpacked > UNPACKED_LIMIT:
            raise RosterUnpacksTooLarge(limit_mb=UNPACKED_LIMIT >> 20)
        self._refuse_other_kinds()

    def _refuse_other_kinds(self) -> None:
        names = self._parts
        if any(name.endswith("vbaproject.bin") for name in names):
            raise RosterHasMacros
        if "xl/workbook.bin" in names:
            raise RosterNotSpreadsheet(
                kind_vi="tệp Excel nhị phân (.xlsb)", kind_en="a binary Excel file (.xlsb)"
            )
        if "mimetype" in names and "content.xml" in names:
            raise RosterNotSpreadsheet(
                kind_vi="tệp OpenDocument (.ods, .odt)", kind_en="an OpenDocument file"
            )
        if any(name.startswith("word/") for name in names):
            raise RosterNotSpreadsheet(kind_vi="tệp Word", kind_en="a Word document")
        if any(name.startswith("ppt/") for name in names):
            raise RosterNotSpreadsheet(kind_vi="tệp PowerPoint", kind_en="a PowerPoint presentation")
        if "_rels/.rels" not in names:
            raise RosterNotSpreadsheet(kind_vi="tệp nén (.zip)", kind_en="a compressed archive (.zip)")

    def _chunks(self, name: str, limit: int = UNPACKED_LIMIT) -> Iterator[bytes]:
        info = self._parts.get(name.lower())
        if info is None:
            raise RosterDamaged(place=name[:80])
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise RosterDamaged(place=name[:80])
        if info.file_size > limit:
            raise RosterUnpacksTooLarge(limit_mb=limit >> 20)
        try:
            with self._zip.open(info) as stream:
                while chunk := stream.read(CHUNK):
                    yield chunk
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            NotImplementedError,
            OSError,
            RuntimeError,
        ) as error:
            raise RosterDamaged(place=name[:80]) from error

    def _tags(self, name: str) -> list[tuple[str, dict[str, str]]]:
        tags = _Tags()
        parser = _Parser(name, tags)
        for chunk in self._chunks(name, SMALL_PART_LIMIT):
            parser.feed(chunk)
        parser.feed(b"", True)
        return tags.found

    def _relations(self, part: str) -> list[dict[str, str]]:
        """Relations of a part, targets as paths of this container; what points outside is left out."""
        folder = dirname(part)
        name = join(folder, "_rels", part.rpartition("/")[2] + ".rels")
        relations = []
        for tag, attributes in self._tags(name):
            if tag == "Relationship" and attributes.get("TargetMode") != "External":
                target = attributes.get("Target", "")
                path = target.lstrip("/") if target.startswith("/") else normpath(join(folder, target))
                kind = attributes.get("Type", "").rpartition("/")[2]
                relations.append({"id": attributes.get("Id", ""), "kind": kind, "path": path})
        return relations

    def _workbook_path(self) -> str:
        for tag, attributes in self._tags("_rels/.rels"):
            if tag == "Relationship" and attributes.get("Type", "").endswith("/officeDocument"):
                return normpath(attributes.get("Target", "").lstrip("/"))
        raise RosterNotSpreadsheet(kind_vi="tệp nén (.zip)", kind_en="a compressed archive (.zip)")

    def vet(self) -> tuple[list[VettedSheet], io.BytesIO]:
        """The sheets in their order, and a container that holds them as `xl/worksheets/sheet1.xml` and on."""
        workbook = self._workbook_path()
        relations = {relation["id"]: relation for relation in self._relations(workbook)}
        by_kind = {relation["kind"]: relation["path"] for relation in relations.values()}
        is_1904, sheets, paths = False, [], []
        for tag, attributes in self._tags(workbook):
            if tag == "workbookPr":
                is_1904 = attributes.get("date1904", "0").lower() in ("1", "true", "on")
            elif tag == "sheet":
                relation = relations.get(attributes.get("id", ""))
                if relation is None or relation["kind"] != "worksheet":
                    continue
                if len(sheets) >= SHEET_LIMIT:
                    raise RosterDamaged(place=workbook)
                state = attributes.get("state", "visible")
                sheets.append(VettedSheet(attributes.get("name", ""), state == "visible"))
                paths.append(relation["path"])
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as container:
            _write_frame(container, len(sheets), is_1904)
            lengths: array[int] = array("I")
            if "sharedStrings" in by_kind:
                strings = _Strings(by_kind["sharedStrings"])
                self._copy(by_kind["sharedStrings"], container, "xl/sharedStrings.xml", strings)
                lengths = strings.lengths
            if "styles" in by_kind:
                self._copy(by_kind["styles"], container, "xl/styles.xml", None)
            for number, (sheet, path) in enumerate(zip(sheets, paths, strict=True), 1):
                cells = _Cells(path, sheet)
                self._copy(path, container, f"xl/worksheets/sheet{number}.xml", cells)
                cells.close()
                if cells.strings * max(lengths, default=0) > UNPACKED_LIMIT:
                    self._weigh_strings(path, lengths)
        out.seek(0)
        return sheets, out

    def _weigh_strings(self, path: str, lengths: array[int]) -> None:
        """Refuse a sheet that repeats long texts until they fill the memory."""
        parser = _Parser(path, _Repeats(path, lengths))
        for chunk in self._chunks(path):
            parser.feed(chunk)

    def _copy(self, path: str, container: zipfile.ZipFile, name: str, watcher: _Watcher | None) -> None:
        parser = _Parser(path, watcher)
        with container.open(name, "w") as target:
            for chunk in self._chunks(path):
                parser.feed(chunk)
                target.write(chunk)
        parser.feed(b"", True)


def _write_frame(container: zipfile.ZipFile, sheets: int, is_1904: bool) -> None:
    """The workbook and its relations, in our own words."""
    numbers = range(1, sheets + 1)
    listed = "".join(f'<sheet name="{n}" sheetId="{n}" r:id="r{n}"/>' for n in numbers)
    container.writestr(
        "xl/workbook.xml",
        f'<workbook xmlns="{_MAIN}" xmlns:r="{_REL}"><workbookPr date1904="{int(is_1904)}"/>'
        f"<sheets>{listed}</sheets></workbook>",
    )
    container.writestr("_rels/.rels", _related([("r", "officeDocument", "xl/workbook.xml")]))
    targets = [(f"r{n}", "worksheet", f"worksheets/sheet{n}.xml") for n in numbers]
    targets += [("rs", "sharedStrings", "sharedStrings.xml"), ("ry", "styles", "styles.xml")]
    container.writestr("xl/_rels/workbook.xml.rels", _related(targets))


def _related(targets: list[tuple[str, str, str]]) -> str:
    listed = "".join(
        f"<Relationship Id={quoteattr(i)} Type={quoteattr(f'{_REL}/{kind}')} Target={quoteattr(path)}/>"
        for i, kind, path in targets
    )
    return f'<Relationships xmlns="{_PACKAGE_REL}">{listed}</Relationships>'
