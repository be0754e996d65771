"""An XLSX container, looked at before a spreadsheet library sees any of it."""

from __future__ import annotations

import io
import zipfile
from typing import Final

from kit.containers import Container, Refusals
from services.pilots.lists.limits import PART_LIMIT, UNPACKED_LIMIT
from services.pilots.lists.refusals import (
    EnrolmentDamaged,
    EnrolmentHasLinks,
    EnrolmentHasMacros,
    EnrolmentNotSpreadsheet,
    EnrolmentUnpacksTooLarge,
)

CONTAINER_REFUSALS: Final = Refusals(
    damaged=lambda place: EnrolmentDamaged(place=place),
    too_large=lambda limit: EnrolmentUnpacksTooLarge(limit_mb=limit >> 20),
    other_kind=lambda vi, en: EnrolmentNotSpreadsheet(kind_vi=vi, kind_en=en),
    encrypted=lambda: EnrolmentNotSpreadsheet(kind_vi="tệp có mật khẩu", kind_en="protected by a password"),
    macros=EnrolmentHasMacros,
    links=EnrolmentHasLinks,
)
# What a list is made of; pictures, print settings and the rest are not for us.
_READ: Final = ("xl/workbook.xml", "xl/sharedstrings.xml", "xl/styles.xml", "[content_types].xml")


def vetted(content: bytes) -> io.BytesIO:
    """The same list in a container of our own: only the parts that are read, and none with a document type.

    So sizes that lie and parts that occur twice never reach the library. Raises a refusal.
    """
    source = Container(content, CONTAINER_REFUSALS, limit=UNPACKED_LIMIT, most_parts=PART_LIMIT)
    if "xl/workbook.xml" not in source.parts:
        raise EnrolmentNotSpreadsheet(kind_vi="tệp nén (.zip)", kind_en="a compressed archive (.zip)")
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as target:
        for name, info in source.parts.items():
            if name in _READ or name.endswith(".rels") or name.startswith("xl/worksheets/"):
                part = b"".join(source.chunks(name))
                # Encodings that hide the letters of a document type are written by no spreadsheet program.
                if b"<!DOCTYPE" in part or b"<!ENTITY" in part or part[:2] in (b"\xff\xfe", b"\xfe\xff"):
                    raise EnrolmentDamaged(place=info.filename[:80])
                target.writestr(info.filename, part)
    made.seek(0)
    return made
