"""The token file: every text and edge is readable on every ground it stands on, in both themes (WCAG 2 contrast)."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

STYLE = (Path(__file__).resolve().parents[3] / "gateway/static/xoai.css").read_text(encoding="utf-8")
GROUNDS = ("canvas", "surface", "sunken", "tint")
STATES = ("received", "waiting", "short", "problem", "neutral")


def tokens(dark: bool) -> dict[str, str]:
    """The colours of a theme; what the dark one does not say again is as in the light one."""
    blocks = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)
    found: dict[str, str] = {}
    for block in blocks[: 2 if dark else 1]:
        found.update(re.findall(r"--([a-z0-9-]+): (#[0-9A-F]{6});", block))
    return found


def luminance(colour: str) -> float:
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def ratio(first: str, second: str) -> float:
    lighter, darker = sorted((luminance(first), luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_the_formula_is_the_standard_one() -> None:
    """Black on white is 21; the best known grey on white is 4.54."""
    assert round(ratio("#000000", "#FFFFFF"), 2) == 21.0
    assert round(ratio("#767676", "#FFFFFF"), 2) == 4.54


@pytest.mark.parametrize("dark", [False, True])
def test_texts_are_readable(dark: bool) -> None:
    """Every text colour has 4.5 on every ground it may stand on."""
    colours = tokens(dark)
    pairs = [(text, ground) for text in ("ink", "ink-2", "action") for ground in GROUNDS]
    pairs += [("ink-3", ground) for ground in ("canvas", "surface")]
    pairs += [(state, ground) for state in STATES for ground in (f"{state}-bg", "canvas", "surface")]
    pairs += [(text, f"{state}-bg") for state in STATES for text in ("ink", "ink-2", "action")]
    pairs += [
        ("on-action", "action"),
        ("on-action", "action-hover"),
        ("on-deep", "deep"),
        ("on-deep-2", "deep"),
    ]
    pairs += [
        ("on-full-received", "full-received"),
        ("on-full-short", "full-short"),
        ("on-full-lost", "full-lost"),
    ]
    low = {
        pair: round(value, 2) for pair in pairs if (value := ratio(colours[pair[0]], colours[pair[1]])) < 4.5
    }
    assert low == {}


@pytest.mark.parametrize("dark", [False, True])
def test_edges_and_the_focus_ring_are_seen(dark: bool) -> None:
    """Borders of controls, the progress bar and one of the two focus rings have 3 on every ground."""
    colours = tokens(dark)
    assert ratio(colours["edge"], colours["canvas"]) >= 3
    assert ratio(colours["edge"], colours["surface"]) >= 3
    for ground in GROUNDS:
        assert (
            max(ratio(colours["mango"], colours[ground]), ratio(colours["focus-ring"], colours[ground])) >= 3
        )
    assert ratio(colours["received"], colours["sunken"]) >= 3


def test_the_style_sheet_stays_small() -> None:
    """At most 12 KB on the wire."""
    assert len(gzip.compress(STYLE.encode(), 9)) <= 12 * 1024
