"""Pictures of a code: SVG for pages and paper, PNG for saving; always black on white."""

from __future__ import annotations

import io
from functools import lru_cache
from itertools import groupby
from typing import Final, Literal

import qrcode
from PIL import Image
from qrcode import constants

Level = Literal["L", "M", "Q", "H"]
Matrix = tuple[tuple[bool, ...], ...]

_LEVELS: Final = {
    "L": constants.ERROR_CORRECT_L,
    "M": constants.ERROR_CORRECT_M,
    "Q": constants.ERROR_CORRECT_Q,
    "H": constants.ERROR_CORRECT_H,
}
# ISO/IEC 18004 asks for the best of eight masks, which costs four fifths of the time; readers take any mask.
# 2 (columns modulo 3) leaves no large areas on our texts.
_MASK: Final = 2
QUIET_ZONE: Final = 4  # modules, ISO/IEC 18004


@lru_cache(maxsize=512)
def matrix(payload: str, level: Level = "M") -> Matrix:
    """The modules of the code, True for black, without a quiet zone."""
    code = qrcode.QRCode(error_correction=_LEVELS[level], border=0, mask_pattern=_MASK)
    code.add_data(payload)
    code.make(fit=True)
    return tuple(tuple(bool(module) for module in row) for row in code.modules)


def svg(payload: str, *, level: Level = "M", quiet_zone: int = QUIET_ZONE, title: str = "VietQR") -> str:
    """An inline `<svg>` without styles or scripts, about 3 KB; the page gives it its size."""
    modules = matrix(payload, level)
    side = len(modules) + 2 * quiet_zone
    path = _path(modules, quiet_zone)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" role="img" '
        f'aria-label="{_attribute(title)}" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h{side}v{side}H0z"/>'
        f'<path stroke="#000" d="{path}"/></svg>'
    )


def png(payload: str, *, level: Level = "M", quiet_zone: int = QUIET_ZONE, module_pixels: int = 8) -> bytes:
    """A two-colour PNG with `module_pixels` pixels a module, below 2 KB."""
    modules = matrix(payload, level)
    side = len(modules) + 2 * quiet_zone
    image = Image.new("1", (side, side), 1)
    for y, row in enumerate(modules, start=quiet_zone):
        for x, black in enumerate(row, start=quiet_zone):
            if black:
                image.putpixel((x, y), 0)
    output = io.BytesIO()
    size = side * module_pixels
    image.resize((size, size), Image.Resampling.NEAREST).save(output, "PNG", optimize=True)
    return output.getvalue()


def _path(modules: Matrix, quiet_zone: int) -> str:
    """Rows as strokes one module thick: `M` to a row's first black run, then black `h`, white `m` in turn."""
    parts = []
    for y, row in enumerate(modules, start=quiet_zone):
        x = quiet_zone
        begun = False
        for black, run in groupby(row):
            length = len(list(run))
            if black:
                parts.append(f"h{length}" if begun else f"M{x} {y}.5h{length}")
                begun = True
            elif begun:
                parts.append(f"m{length} 0")
            x += length
    return "".join(parts)


def _attribute(text: str) -> str:
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
