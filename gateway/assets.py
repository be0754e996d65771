"""Static files: named by their content, compressed once at start, kept by browsers for a year."""

from __future__ import annotations

import gzip
import hashlib
import re
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from kit.errors import NotFound

FOLDER: Final = Path(__file__).parent / "static"
# What package.json names.
_PACKAGES: Final = Path(__file__).parent.parent / "node_modules"
_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webmanifest": "application/manifest+json",
    ".mp3": "audio/mpeg",
}
# What a file of ours takes from another: a module that a script imports, a style sheet that stands in front of its own.
_MODULE: Final = re.compile(rb'"\./([\w-]+\.js)"')
_SHEET: Final = re.compile(rb'@import "([\w-]+\.css)";\n')
_HTMX: Final = "static/django_htmx/htmx-4.min.js"


# Comments and line breaks of a style sheet; no string of ours holds any.
_LOOSE: Final = re.compile(rb"/\*.*?\*/|(?<=[{};,:])\s+|\s+(?=[{}])|\n\s*", re.DOTALL)


def _tight(style: bytes) -> bytes:
    """A style sheet without what only people read."""
    return _LOOSE.sub(b"", style)


@dataclass(frozen=True, slots=True)
class Asset:
    """One file, ready to be sent."""

    content: bytes
    compressed: bytes
    media_type: str


class Assets:
    """Every static file by its fingerprinted name; `url` gives that name."""

    def __init__(self) -> None:
        self._by_name: dict[str, Asset] = {}
        self._urls: dict[str, str] = {}
        self._add_reader()
        for path in sorted(path for path in FOLDER.iterdir() if path.is_file()):
            self._add_file(path.name)
        for path in sorted(FOLDER.glob("voice/*.mp3")):
            self._add(f"voice-{path.name}", path.read_bytes())
        # htmx comes from a Python package of which only this file is used.
        self._add("htmx.js", files("django_htmx").joinpath(_HTMX).read_bytes())

    def _add_file(self, name: str) -> None:
        """One file; modules that it imports come first, since it has to say their fingerprinted names."""
        if name in self._urls:
            return
        content = (FOLDER / name).read_bytes()
        if name.endswith(".css"):
            content = _tight(_SHEET.sub(lambda match: (FOLDER / match[1].decode()).read_bytes(), content))
        elif name.endswith(".js"):
            content = _MODULE.sub(self._module, content)
        self._add(name, content)

    def _add_reader(self) -> None:
        """What reads codes for browsers that have no reader of their own; its one half imports the other."""
        folder = _PACKAGES / "qr"
        self._add("qr-index.js", (folder / "index.js").read_bytes())
        decode = (folder / "decode.js").read_bytes()
        self._add("qr-decode.js", decode.replace(b"./index.js", self._urls["qr-index.js"].encode()))

    def _module(self, match: re.Match[bytes]) -> bytes:
        name = match[1].decode()
        self._add_file(name)
        return f'"{self._urls[name]}"'.encode()

    def _add(self, name: str, content: bytes) -> None:
        stem, dot, suffix = name.rpartition(".")
        fingerprint = hashlib.sha256(content).hexdigest()[:12]
        unique = f"{stem}.{fingerprint}{dot}{suffix}"
        self._by_name[unique] = Asset(content, gzip.compress(content, 9, mtime=0), _TYPES[dot + suffix])
        self._urls[name] = f"/static/{unique}"

    def url(self, name: str) -> str:
        """Where a file is found. Raises KeyError for one that does not exist."""
        return self._urls[name]

    def names(self) -> list[str]:
        """Every file, by its plain name."""
        return sorted(self._urls)

    def text(self, name: str) -> str:
        """A file's content. Raises KeyError for one that does not exist."""
        return self._by_name[self._urls[name].removeprefix("/static/")].content.decode()

    def size(self, name: str) -> int:
        """Bytes that a file costs on the wire, compressed."""
        return len(self._by_name[self._urls[name].removeprefix("/static/")].compressed)

    def respond(self, request: Request, name: str) -> Response:
        """The file of a fingerprinted name. Raises NotFound."""
        asset = self._by_name.get(name)
        if asset is None:
            raise NotFound()
        headers = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(
                asset.compressed, media_type=asset.media_type, headers={**headers, "Content-Encoding": "gzip"}
            )
        return Response(asset.content, media_type=asset.media_type, headers=headers)
