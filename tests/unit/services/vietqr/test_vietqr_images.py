"""Pictures of a code: the same modules in SVG and PNG, with the quiet zone asked for."""

from __future__ import annotations

import io
import re
from xml.etree import ElementTree as ET

import pytest
from PIL import Image

from services.vietqr import images
from services.vietqr.domain import AdditionalData, Code, encode

PAYLOAD = encode(
    Code(
        bin="970436",
        account="1234567890",
        amount=450_000,
        additional=AdditionalData(purpose="XD2H656D3XMRP Hoc phi"),
    )
)


def drawn(path: str, side: int) -> list[list[bool]]:
    """The modules that a path of `M x y.5`, `h` and `m` strokes blackens."""
    modules = [[False] * side for _ in range(side)]
    x = y = 0
    for command, numbers in re.findall(r"([Mhm])([\d. ]+)", path):
        if command == "M":
            left, top = numbers.split()
            assert top.endswith(".5")
            x, y = int(left), int(float(top))
        elif command == "m":
            x += int(numbers.split()[0])
        else:
            for _ in range(int(numbers)):
                modules[y][x] = True
                x += 1
    return modules


@pytest.mark.parametrize("level", ["L", "M", "Q", "H"])
@pytest.mark.parametrize("quiet_zone", [0, 4, 7])
def test_both_pictures_show_the_modules(level: images.Level, quiet_zone: int) -> None:
    """Every module stands where it belongs, and nothing stands in the quiet zone."""
    modules = images.matrix(PAYLOAD, level)
    side = len(modules) + 2 * quiet_zone
    framed = [
        [
            quiet_zone <= y < side - quiet_zone
            and quiet_zone <= x < side - quiet_zone
            and modules[y - quiet_zone][x - quiet_zone]
            for x in range(side)
        ]
        for y in range(side)
    ]
    text = images.svg(PAYLOAD, level=level, quiet_zone=quiet_zone)
    root = ET.fromstring(text)  # noqa: S314  our own text
    assert root.attrib["viewBox"] == f"0 0 {side} {side}"
    assert drawn(root[1].attrib["d"], side) == framed
    picture = Image.open(io.BytesIO(images.png(PAYLOAD, level=level, quiet_zone=quiet_zone, module_pixels=3)))
    assert picture.size == (3 * side, 3 * side)
    pixels = [[not picture.getpixel((3 * x + 1, 3 * y + 1)) for x in range(side)] for y in range(side)]
    assert pixels == framed


def test_sizes() -> None:
    """A page may carry it inline: about 3 KB at level M; the PNG below 2 KB."""
    assert len(images.matrix(PAYLOAD)) <= 45
    assert len(images.svg(PAYLOAD)) < 3_700
    assert len(images.png(PAYLOAD)) < 2_000


def test_levels_grow() -> None:
    """A stand that gets scratched takes a higher level and more modules."""
    sides = [len(images.matrix(PAYLOAD, level)) for level in ("L", "M", "Q", "H")]  # type: ignore[arg-type]
    assert sides == sorted(sides)
    assert sides[0] < sides[-1]


def test_a_page_with_a_strict_policy_may_carry_it() -> None:
    """No style, no script, no foreign address but the name of the format, and the title is escaped."""
    text = images.svg(PAYLOAD, title='Mã "VietQR" <của> A&B')
    assert "style" not in text
    assert "script" not in text
    assert text.count("http") == 1
    assert ET.fromstring(text).attrib["aria-label"] == 'Mã "VietQR" <của> A&B'  # noqa: S314  our own text
