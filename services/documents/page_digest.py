"""The digest of all that a PDF shows: equal for files whose pages draw the same, whatever is attached to them.

It runs over the objects that a page is drawn from (contents, fonts, pictures, annotations) with their streams unpacked,
not over the bytes of the file, so that a mail gateway that packs the file anew does no harm. The page's text alone would
not do: a word can be covered by another, and a font can draw another letter than it says.
"""

from __future__ import annotations

import hashlib
from decimal import Decimal
from typing import Any, Final

import pikepdf

# A receipt has about a hundred objects, fonts and all, of 200 kB.
MOST_OBJECTS: Final = 20_000
MOST_DEPTH: Final = 60
# Of a page: its place in the file, and where the reading aloud finds it.
_PAGE_ASIDE: Final = frozenset({"/Parent", "/StructParents", "/Tabs", "/Type"})
_INHERITED: Final = ("/MediaBox", "/CropBox", "/Rotate", "/Resources")
# Of the document: what shows nothing. Whatever else stands there (forms, layers, actions, scripts) is part of the digest.
_ROOT_ASIDE: Final = frozenset(
    {"/Type", "/Version", "/Extensions", "/Pages", "/AF", "/Metadata", "/StructTreeRoot", "/MarkInfo"}
    | {"/Lang", "/ViewerPreferences", "/PageLabels", "/PageMode", "/PageLayout", "/Names"}
)
_PACKING: Final = frozenset({"/Length", "/Filter", "/DecodeParms", "/DL"})


class TooManyObjects(Exception):
    """The page is made of more than any receipt has, or nested more deeply."""


def page_digest(pdf: pikepdf.Pdf) -> bytes:
    """SHA-256 over all pages and what else of the document shows. Raises TooManyObjects, pikepdf.PdfError."""
    digest = _Digest()
    root = pdf.Root
    digest.mapping({key: root[key] for key in root.keys() if key not in _ROOT_ASIDE})  # noqa: SIM118
    names: Any = root.get("/Names", {})
    digest.mapping({key: names[key] for key in names.keys() if key != "/EmbeddedFiles"})  # noqa: SIM118
    for page in pdf.pages:
        values = {key: page.obj[key] for key in page.obj.keys() if key not in _PAGE_ASIDE}  # noqa: SIM118
        for key in _INHERITED:
            if key not in values and (inherited := _inherited(page.obj, key)) is not None:
                values[key] = inherited
        digest.mapping(values)
    return digest.value()


def _inherited(page: Any, key: str) -> Any:
    node = page.get("/Parent")
    for _ in range(MOST_DEPTH):
        if node is None:
            return None
        if key in node:
            return node[key]
        node = node.get("/Parent")
    raise TooManyObjects


class _Digest:
    """Feeds objects into a hash: each with its kind and length, so that no two structures feed the same bytes."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256(b"xoai page 1\n")
        self._seen: dict[tuple[int, int], int] = {}
        self._objects = 0

    def value(self) -> bytes:
        return self._hash.digest()

    def mapping(self, values: dict[str, Any], depth: int = 0) -> None:
        self._put(b"d", len(values))
        for key in sorted(values):
            self._bytes(b"k", key.encode())
            self._any(values[key], depth + 1)

    def _any(self, value: Any, depth: int) -> None:
        self._objects += 1
        if self._objects > MOST_OBJECTS or depth > MOST_DEPTH:
            raise TooManyObjects
        if isinstance(value, pikepdf.Object) and value.is_indirect:
            # Met again: the place of the first meeting. Numbers of objects change when a file is packed anew.
            if value.objgen in self._seen:
                return self._put(b"r", self._seen[value.objgen])
            self._seen[value.objgen] = len(self._seen)
        if isinstance(value, pikepdf.Stream):
            return self._stream(value, depth)
        if isinstance(value, pikepdf.Dictionary):
            return self.mapping({key: value[key] for key in value.keys()}, depth)  # noqa: SIM118
        if isinstance(value, pikepdf.Array):
            self._put(b"a", len(value))
            for each in value:
                self._any(each, depth + 1)
            return None
        return self._scalar(value)

    def _stream(self, value: pikepdf.Stream, depth: int) -> None:
        try:
            data, aside = value.read_bytes(), _PACKING
        except pikepdf.PdfError:
            # A photograph's own packing, which nobody unpacks to pack it anew.
            data, aside = value.read_raw_bytes(), _PACKING - {"/Filter", "/DecodeParms"}
        self.mapping({key: value[key] for key in value.keys() if key not in aside}, depth)  # noqa: SIM118
        self._bytes(b"s", data)

    def _scalar(self, value: Any) -> None:
        match value:
            case bool():
                self._put(b"b", int(value))
            case int() | Decimal():
                self._bytes(b"i", format(Decimal(value).normalize(), "f").encode())
            case pikepdf.Name():
                self._bytes(b"n", str(value).encode(errors="surrogateescape"))
            case pikepdf.String():
                self._bytes(b"t", bytes(value))
            case None:
                self._put(b"z", 0)
            case _:
                raise pikepdf.PdfError("an object that no page is made of")

    def _put(self, kind: bytes, number: int) -> None:
        self._hash.update(b"%b%d\n" % (kind, number))

    def _bytes(self, kind: bytes, data: bytes) -> None:
        self._put(kind, len(data))
        self._hash.update(data)
