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
from collections.abc import Iterator
from posixpath import dirname, join, normpath
from typing import Any

from services.schools.roster.limits import (
    SHEET_LIMIT,
    UNPACKED_LIMIT,
)
from services.schools.roster.package_parts import (
    VettedSheet,
    _Cells,
    _Parser,
    _Repeats,
    _Strings,
    _Styles,
    _Tags,
    _Watcher,
)
from services.schools.roster.refusals import (
    RosterDamaged,
    RosterEncrypted,
    RosterHasLinks,
    RosterHasMacros,
    RosterNotSpreadsheet,
    RosterUnpacksTooLarge,
)

ENTRY_LIMIT = 3000
SMALL_PART_LIMIT = 2 * 1024 * 1024
CHUNK = 256 * 1024

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE_REL = "http://schemas.openxmlformats.org/package/2006/relationships"


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
        if any(name.startswith("xl/externallinks/") or name == "xl/connections.xml" for name in names):
            raise RosterHasLinks
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
        tags = _Tags(name)
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
        is_1904, is_uncomputed, sheets, paths = False, False, list[Any](), list[Any]()
        for tag, attributes in self._tags(workbook):
            if tag == "workbookPr":
                is_1904 = attributes.get("date1904", "0").lower() in ("1", "true", "on")
            elif tag == "calcPr":
                is_uncomputed = attributes.get("fullCalcOnLoad", "0").lower() in ("1", "true", "on")
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
                self._copy(by_kind["styles"], container, "xl/styles.xml", _Styles(by_kind["styles"]))
            for number, (sheet, path) in enumerate(zip(sheets, paths, strict=True), 1):
                cells = _Cells(path, sheet, is_uncomputed)
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

    def _copy(self, path: str, container: zipfile.ZipFile, name: str, watcher: _Watcher) -> None:
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
    """Relations (id, kind, path); all three are our own words, so nothing in them needs quoting."""
    listed = "".join(
        f'<Relationship Id="{i}" Type="{_REL}/{kind}" Target="{path}"/>' for i, kind, path in targets
    )
    return f'<Relationships xmlns="{_PACKAGE_REL}">{listed}</Relationships>'
