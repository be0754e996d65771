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
from array import array
from posixpath import dirname, join, normpath
from typing import Any, Final

from kit.containers import Container, Refusals
from services.schools.roster.limits import SHEET_LIMIT, UNPACKED_LIMIT
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
CONTAINER_REFUSALS: Final = Refusals(
    damaged=lambda place: RosterDamaged(place=place),
    too_large=lambda limit: RosterUnpacksTooLarge(limit_mb=limit >> 20),
    other_kind=lambda vi, en: RosterNotSpreadsheet(kind_vi=vi, kind_en=en),
    encrypted=RosterEncrypted,
    macros=RosterHasMacros,
    links=RosterHasLinks,
)

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE_REL = "http://schemas.openxmlformats.org/package/2006/relationships"


class Package:
    """An XLSX file as a checked zip container. Raises a refusal if it is none, or is not safe to open."""

    def __init__(self, content: bytes) -> None:
        self._container = Container(content, CONTAINER_REFUSALS, limit=UNPACKED_LIMIT, most_parts=ENTRY_LIMIT)

    def _tags(self, name: str) -> list[tuple[str, dict[str, str]]]:
        tags = _Tags(name)
        parser = _Parser(name, tags)
        for chunk in self._container.chunks(name, SMALL_PART_LIMIT):
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
        for chunk in self._container.chunks(path):
            parser.feed(chunk)

    def _copy(self, path: str, container: zipfile.ZipFile, name: str, watcher: _Watcher) -> None:
        parser = _Parser(path, watcher)
        with container.open(name, "w") as target:
            for chunk in self._container.chunks(path):
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
