"""Codes drawn from tables are the library's own codes."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from qrcode import QRCode, constants
from qrcode.exceptions import DataOverflowError

from services.documents import qr
from tests.support.documents import make_payload

LEVELS = {"M": constants.ERROR_CORRECT_M, "Q": constants.ERROR_CORRECT_Q}


def library_modules(payload: str, level: str = "M") -> tuple[int, str]:
    code = QRCode(error_correction=LEVELS[level], border=0, mask_pattern=qr.MASK)
    code.add_data(payload)
    code.make(fit=True)
    return len(code.modules), "".join("1" if cell else "0" for row in code.modules for cell in row)


@settings(max_examples=80, deadline=None)
@given(
    st.one_of(
        st.text("0123456789", min_size=1, max_size=300),
        st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:", min_size=1, max_size=300),
        st.text(st.characters(codec="utf-8"), min_size=1, max_size=120),
    ),
    st.sampled_from(sorted(LEVELS)),
)
@example(make_payload("XDK7M4PQ9R"), "M")
@example(make_payload("XDK7M4PQ9R"), "Q")
@example("https://xoai.example/bien-nhan/00001284-9F20C4A1", "M")
@example("A" * 20 + "0" * 20 + "a" * 20, "M")
def test_modules_are_the_librarys(payload: str, level: str) -> None:
    """Segments, version, error correction, placement and mask agree module by module."""
    assert qr.modules(payload, level) == library_modules(payload, level)


def test_versions_with_wider_length_fields() -> None:
    """Versions from 10 and from 27 on count their letters with more bits."""
    for payload in ("b" * 250, "b" * 1200):
        assert qr.modules(payload) == library_modules(payload)


def test_too_much_text_is_refused() -> None:
    with pytest.raises(DataOverflowError):
        qr.modules("b" * 2400)


def test_the_path_draws_exactly_the_dark_modules() -> None:
    """The path's boxes, painted on squared paper, give the modules back."""
    size, cells = qr.modules(make_payload("XDK7M4PQ9R"))
    drawn = [["0"] * size for _ in range(size)]
    x = y = 0
    for move in re.findall(r"M0 (\d+)|h(\d+)v1h-\d+zm(\d+) 0|m(\d+) 0", qr.svg(make_payload("XDK7M4PQ9R"))):
        row, dark, step, light = move
        if row:
            x, y = 0, int(row)
        elif dark:
            assert dark == step
            drawn[y][x : x + int(dark)] = ["1"] * int(dark)
            x += int(dark)
        else:
            x += int(light)
    assert "".join("".join(line) for line in drawn) == cells
