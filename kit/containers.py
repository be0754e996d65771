"""The container of a spreadsheet (XLSX), looked at before a library sees any of it.

Names that occur twice, passwords, sizes beyond a limit, macros, links to other files and other kinds of file are
refused; each service says so in its own words (`Refusals`). What the parts hold is the service's to read.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple

from kit.errors import Error

_CHUNK: Final = 256 * 1024
# How each entry of the container's directory begins.
_ENTRY: Final = b"PK\x01\x02"


class Refusals(NamedTuple):
    """What a service makes of a file that it does not open."""

    # of the place of the damage
    damaged: Callable[[str], Error]
    # of the limit in bytes
    too_large: Callable[[int], Error]
    # of the file's kind in Vietnamese and in English
    other_kind: Callable[[str, str], Error]
    encrypted: Callable[[], Error]
    macros: Callable[[], Error]
    links: Callable[[], Error]


class Container:
    """A zip file with the parts of a spreadsheet. Raises a refusal if it is none, or is not safe to open.

    `limit` is what all parts may unpack to in bytes, whatever the file's own ratio is: an honest list packs well.
    """

    def __init__(self, content: bytes, refusals: Refusals, *, limit: int, most_parts: int) -> None:
        self._refusals, self._limit = refusals, limit
        if content.count(_ENTRY) > most_parts:
            raise refusals.damaged("zip")
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(content))
        except (zipfile.BadZipFile, zipfile.LargeZipFile, ValueError, OSError) as error:
            raise refusals.damaged("zip") from error
        self.parts: dict[str, zipfile.ZipInfo] = {}
        for info in self._zip.infolist():
            name = info.filename.replace("\\", "/").lstrip("/").lower()
            if name in self.parts:
                raise refusals.damaged(info.filename[:80])
            if info.flag_bits & 1:
                raise refusals.encrypted()
            self.parts[name] = info
        if sum(info.file_size for info in self.parts.values()) > limit:
            raise refusals.too_large(limit)
        self._refuse_other_kinds()

    def chunks(self, name: str, limit: int | None = None) -> Iterator[bytes]:
        """A part, unpacked piece by piece; never more of it than its size says. Raises a refusal."""
        info = self.parts.get(name.lower())
        if info is None or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise self._refusals.damaged(name[:80])
        if limit is not None and info.file_size > limit:
            raise self._refusals.too_large(limit)
        try:
            with self._zip.open(info) as stream:
                while chunk := stream.read(_CHUNK):
                    yield chunk
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            NotImplementedError,
            OSError,
            RuntimeError,
        ) as error:
            raise self._refusals.damaged(name[:80]) from error

    def _refuse_other_kinds(self) -> None:
        names, refusals = self.parts, self._refusals
        if any(name.endswith("vbaproject.bin") for name in names):
            raise refusals.macros()
        if any(name.startswith("xl/externallinks/") or name == "xl/connections.xml" for name in names):
            raise refusals.links()
        if "xl/workbook.bin" in names:
            raise refusals.other_kind("tệp Excel nhị phân (.xlsb)", "a binary Excel file (.xlsb)")
        if "mimetype" in names and "content.xml" in names:
            raise refusals.other_kind("tệp OpenDocument (.ods, .odt)", "an OpenDocument file")
        if any(name.startswith("word/") for name in names):
            raise refusals.other_kind("tệp Word", "a Word document")
        if any(name.startswith("ppt/") for name in names):
            raise refusals.other_kind("tệp PowerPoint", "a PowerPoint presentation")
        if "_rels/.rels" not in names:
            raise refusals.other_kind("tệp nén (.zip)", "a compressed archive (.zip)")


@contextmanager
def opened(place: str, refusals: Refusals) -> Iterator[None]:
    """Around calls of python-calamine: what it cannot read, or gives up on in a panic, is a damaged file."""
    from python_calamine import CalamineError

    try:
        yield
    except CalamineError as error:
        raise refusals.damaged(place) from error
    except BaseException as error:
        # The library's panics are of no class that could be named, and no `Exception`.
        if type(error).__name__ != "PanicException":
            raise
        raise refusals.damaged(place) from None
