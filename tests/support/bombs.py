"""Files that are no honest list: wrong kinds, locked ones, and bombs. All made here, none stored."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

import xlwt

MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
HEADING = b'<row r="1"><c r="A1" t="inlineStr"><is><t>H\xe1\xbb\x8d v\xc3\xa0 t\xc3\xaan</t></is></c></row>'


def _relations(*targets: tuple[str, str]) -> str:
    listed = "".join(
        f'<Relationship Id="r{number}" Type="{_OFFICE}/{kind}" Target="{path}"/>'
        for number, (kind, path) in enumerate(targets)
    )
    return f'<Relationships xmlns="{_PACKAGE}">{listed}</Relationships>'


def package(
    sheet: bytes,
    *,
    strings: bytes | None = None,
    styles: bytes | None = None,
    more: dict[str, bytes] | None = None,
    workbook: str = "",
    level: int = 1,
) -> bytes:
    """An XLSX file around the XML of one sheet, put together by hand."""
    targets = [("worksheet", "worksheets/sheet1.xml")]
    parts: dict[str, bytes] = {"xl/worksheets/sheet1.xml": sheet}
    if strings is not None:
        targets.append(("sharedStrings", "sharedStrings.xml"))
        parts["xl/sharedStrings.xml"] = strings
    if styles is not None:
        targets.append(("styles", "styles.xml"))
        parts["xl/styles.xml"] = styles
    book = workbook or (
        f'<workbook {MAIN} xmlns:r="{_OFFICE}"><sheets><sheet name="DS" sheetId="1" r:id="r0"/></sheets></workbook>'
    )
    parts |= {
        "_rels/.rels": _relations(("officeDocument", "xl/workbook.xml")).encode(),
        "xl/workbook.xml": book.encode(),
        "xl/_rels/workbook.xml.rels": _relations(*targets).encode(),
        **(more or {}),
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as container:
        for name, content in parts.items():
            container.writestr(name, content)
    return out.getvalue()


def sheet_xml(rows: bytes, tail: bytes = b"") -> bytes:
    return f"<worksheet {MAIN}><sheetData>".encode() + rows + b"</sheetData>" + tail + b"</worksheet>"


def lie_about_sizes(content: bytes, size: int = 100) -> bytes:
    """The same zip file with every unpacked size in its directory and heads said to be `size`."""
    changed = bytearray(content)
    for mark, place in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        start = changed.find(mark)
        while start >= 0:
            struct.pack_into("<I", changed, start + place, size)
            start = changed.find(mark, start + 4)
    return bytes(changed)


def zip_of(names: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as container:
        for name, content in names.items():
            container.writestr(name, content)
    return out.getvalue()


def old_list(rows: list[list[object]] | None = None) -> bytes:
    """A small XLS file."""
    book = xlwt.Workbook()
    sheet = book.add_sheet("DS")
    for number, row in enumerate(rows or [["Họ và tên", "Lớp"], ["Nguyễn Văn An", "3A"]]):
        for column, value in enumerate(row):
            sheet.write(number, column, value)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def renamed_stream(name: str) -> bytes:
    """An OLE file whose one stream is not `Workbook` but `name` (EncryptedPackage, WordDocument …)."""
    content = bytearray(old_list())
    old = "Workbook".encode("utf-16-le")
    start = content.find(old)
    fresh = name.encode("utf-16-le")
    content[start : start + len(fresh)] = fresh
    struct.pack_into("<H", content, start + 64, len(fresh) + 2)
    return bytes(content)


def locked_old_list() -> bytes:
    """An XLS file with a password: a record FILEPASS stands where a harmless one stood."""
    content = bytearray(old_list())
    # INTERFACEHDR (0x00E1) follows the beginning of the workbook; its kind becomes FILEPASS (0x002F).
    start = content.find(b"\xe1\x00\x02\x00")
    content[start : start + 2] = b"\x2f\x00"
    return bytes(content)


def deflated_zeros(size: int) -> tuple[bytes, int]:
    """`size` zero bytes deflated, and their checksum."""
    maker, crc, block = zlib.compressobj(9, zlib.DEFLATED, -15), 0, bytes(1 << 20)
    parts = []
    for _ in range(size >> 20):
        parts.append(maker.compress(block))
        crc = zlib.crc32(block, crc)
    return b"".join([*parts, maker.flush()]), crc
