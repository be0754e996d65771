"""An XLSX container, looked at before a spreadsheet library sees any of it."""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import Final

from services.pilots.lists.limits import PART_LIMIT, UNPACKED_LIMIT
from services.pilots.lists.refusals import (
    EnrolmentDamaged,
    EnrolmentHasLinks,
    EnrolmentHasMacros,
    EnrolmentNotSpreadsheet,
    EnrolmentUnpacksTooLarge,
)

_CHUNK: Final = 256 * 1024
# What a list is made of; pictures, print settings and the rest are not for us.
_READ: Final = ("xl/workbook.xml", "xl/sharedstrings.xml", "xl/styles.xml", "[content_types].xml")


def vetted(content: bytes) -> io.BytesIO:
    """The same list in a container of our own: only the parts that are read, each inflated under one limit.

    So sizes that lie, parts that occur twice and document types never reach the library. Raises a refusal.
    """
    try:
        source = zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, zipfile.LargeZipFile, ValueError, OSError) as error:
        raise EnrolmentDamaged(place="zip") from error
    parts = _parts(source)
    _refuse_other_kinds(parts)
    made, unpacked = io.BytesIO(), 0
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as target:
        for name, info in parts.items():
            if name in _READ or name.endswith(".rels") or name.startswith("xl/worksheets/"):
                part = _inflated(source, info, UNPACKED_LIMIT - unpacked)
                unpacked += len(part)
                target.writestr(info.filename, part)
    made.seek(0)
    return made


def _parts(source: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    parts: dict[str, zipfile.ZipInfo] = {}
    if len(source.infolist()) > PART_LIMIT:
        raise EnrolmentDamaged(place="zip")
    for info in source.infolist():
        name = info.filename.replace("\\", "/").lstrip("/").lower()
        if name in parts:
            raise EnrolmentDamaged(place=info.filename[:80])
        if info.flag_bits & 1:
            raise EnrolmentNotSpreadsheet(kind_vi="tệp có mật khẩu", kind_en="protected by a password")
        parts[name] = info
    if sum(info.file_size for info in parts.values()) > UNPACKED_LIMIT:
        raise EnrolmentUnpacksTooLarge(limit_mb=UNPACKED_LIMIT >> 20)
    return parts


def _refuse_other_kinds(parts: dict[str, zipfile.ZipInfo]) -> None:
    if any(name.endswith("vbaproject.bin") for name in parts):
        raise EnrolmentHasMacros
    if any(name.startswith("xl/externallinks/") or name == "xl/connections.xml" for name in parts):
        raise EnrolmentHasLinks
    if "xl/workbook.bin" in parts:
        raise EnrolmentNotSpreadsheet(
            kind_vi="tệp Excel nhị phân (.xlsb)", kind_en="a binary Excel file (.xlsb)"
        )
    if "content.xml" in parts:
        raise EnrolmentNotSpreadsheet(kind_vi="tệp OpenDocument (.ods)", kind_en="an OpenDocument file")
    if any(name.startswith(("word/", "ppt/")) for name in parts):
        raise EnrolmentNotSpreadsheet(
            kind_vi="tệp Word hoặc PowerPoint", kind_en="a Word or PowerPoint document"
        )
    if "xl/workbook.xml" not in parts:
        raise EnrolmentNotSpreadsheet(kind_vi="tệp nén (.zip)", kind_en="a compressed archive (.zip)")


def _inflated(source: zipfile.ZipFile, info: zipfile.ZipInfo, room: int) -> bytes:
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise EnrolmentDamaged(place=info.filename[:80])
    pieces, size = [], 0
    try:
        with source.open(info) as stream:
            while chunk := stream.read(_CHUNK):
                size += len(chunk)
                if size > room:
                    raise EnrolmentUnpacksTooLarge(limit_mb=UNPACKED_LIMIT >> 20)
                pieces.append(chunk)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, RuntimeError) as error:
        raise EnrolmentDamaged(place=info.filename[:80]) from error
    part = b"".join(pieces)
    # Encodings that hide the letters of a document type are written by no spreadsheet program.
    if b"<!DOCTYPE" in part or b"<!ENTITY" in part or part[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise EnrolmentDamaged(place=info.filename[:80])
    return part
