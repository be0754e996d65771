"""A QR code that only this page needs to see, drawn here: the secret of an authenticator app goes to no other service."""

from __future__ import annotations

from dataclasses import dataclass

import qrcode
from qrcode import constants

_QUIET_ZONE = 4  # modules, ISO/IEC 18004


@dataclass(frozen=True, slots=True)
class Drawing:
    """A code as an SVG path of one-module strokes, in a square of `side` modules."""

    side: int
    path: str


def draw(text: str) -> Drawing:
    """The code of a text, error correction M."""
    code = qrcode.QRCode(error_correction=constants.ERROR_CORRECT_M, border=_QUIET_ZONE)
    code.add_data(text)
    code.make(fit=True)
    rows = code.get_matrix()
    strokes = [f"M{x} {y}.5h1" for y, row in enumerate(rows) for x, is_black in enumerate(row) if is_black]
    return Drawing(len(rows), "".join(strokes))
