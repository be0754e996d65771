"""What a reader, a printer and a phone see of a PDF, by poppler's and zbar's programs; missing ones fail the test."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp


@dataclass(frozen=True, slots=True)
class Word:
    """A word and its box in points from the top left."""

    text: str
    left: float
    top: float
    right: float
    bottom: float


def written(pdf: bytes, folder: Path) -> Path:
    path = folder / "paper.pdf"
    path.write_bytes(pdf)
    return path


def text_of(pdf: bytes, folder: Path, *options: str) -> str:
    """The text in the order of the page, pages parted by form feeds."""
    return _run("pdftotext", "-raw", *options, str(written(pdf, folder)), "-")


def fonts_of(pdf: bytes, folder: Path) -> list[tuple[str, bool, bool]]:
    """Name, whether it is embedded, whether it maps to Unicode."""
    rows = _run("pdffonts", str(written(pdf, folder))).splitlines()[2:]
    return [(row.split()[0], row.split()[-5] == "yes", row.split()[-3] == "yes") for row in rows]


def facts_of(pdf: bytes, folder: Path) -> dict[str, str]:
    lines = _run("pdfinfo", str(written(pdf, folder))).splitlines()
    return {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}


def words_of(pdf: bytes, folder: Path) -> list[list[Word]]:
    """The words of each page with their boxes."""
    page_texts = _run("pdftotext", "-bbox", str(written(pdf, folder)), "-").split("<page ")[1:]
    form = r'<word xMin="([\d.-]+)" yMin="([\d.-]+)" xMax="([\d.-]+)" yMax="([\d.-]+)">(.*?)</word>'
    return [
        [Word(found[5], *(float(found[i]) for i in range(1, 5))) for found in re.finditer(form, page)]
        for page in page_texts
    ]


def codes_of(pdf: bytes, folder: Path, page: int | None = None) -> list[list[str]]:
    """What a scanner reads from each page, or from one, printed at 150 dots an inch."""
    return [scanned(picture) for picture in pictures_of(pdf, folder, page)]


def pictures_of(pdf: bytes, folder: Path, page: int | None = None) -> list[Path]:
    """Each page, or one, as it is printed at 150 dots an inch."""
    only = ("-f", str(page), "-l", str(page)) if page else ()
    pictures = Path(mkdtemp(dir=folder))
    _run("pdftoppm", "-r", "150", "-gray", "-png", *only, str(written(pdf, folder)), str(pictures / "page"))
    return sorted(pictures.iterdir())


def scanned(picture: Path) -> list[str]:
    """What a scanner reads from a picture."""
    only_codes = ("-Sdisable", "-Sqrcode.enable")
    return _run("zbarimg", "--quiet", "--raw", *only_codes, str(picture), codes=(0, 4)).splitlines()


def _run(*command: str, codes: tuple[int, ...] = (0,)) -> str:
    done = subprocess.run(command, capture_output=True, check=False, timeout=60)
    assert done.returncode in codes, done.stderr.decode()
    return done.stdout.decode()
