"""Which rows of a notice stand on which leaf.

Deciding it here and not in the template makes every leaf one page whose number is known, which is several times
faster than letting the typesetter find out. Heights are millimetres on A5. They are reckoned from the font's own
widths; the typesetter's page count tells whether they were right, and `slack` gives more room if they were not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from PIL import ImageFont

PAGE_ROOM = 194.0
TEXT_WIDTH = 128.0
HEAD_WIDTH = 92.0
TITLE_WIDTH = 66.0
FOOT_WIDTH = 98.0
FOOT_SIDE_WIDTH = 28.0
FACT_WIDTH = 44.0
BOX_HEIGHT = 56.2

_POINT = 0.3528
_CAP_HEIGHT = 0.711
# Bold letters are wider than the regular ones that are measured; a little more keeps the estimate on the safe side.
_WIDENING = 1.05

Piece = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Spacing:
    """Gaps in millimetres: after the head, in the opening, before the table, and three in the tail; half a row's air."""

    head: float
    opening: float
    table: float
    tail: tuple[float, float, float]
    row_inset: float
    is_dense: bool


AIRY = Spacing(5.6, 3.6, 4.4, (4.0, 5.2, 4.8), 2.52, False)
DENSE = Spacing(4.0, 3.0, 2.8, (2.6, 2.4, 2.4), 2.3, True)


@dataclass(slots=True)
class Group:
    """Pieces that stay on one leaf; a row group is headed by the table's head where a leaf or a part begins."""

    pieces: list[Piece]
    height: float
    begins_part: bool = False


@dataclass(slots=True)
class Leaf:
    """What one leaf holds so far, and the millimetres taken."""

    pieces: list[Piece] = field(default_factory=list)
    used: float = 0.0
    is_fresh: bool = True

    def add(self, pieces: list[Piece], height: float) -> None:
        """Put pieces of a known height under what is there."""
        self.pieces += pieces
        self.used += height


def distribute(opening: Group, groups: list[Group], room: float, spacing: Spacing) -> list[Leaf]:
    """Fill leaves in order; a group that does not fit begins the next leaf, under a table head of its own."""
    leaf = Leaf()
    leaf.add([gap(spacing.head), *opening.pieces], spacing.head + opening.height)
    leaves = [leaf]
    for group in groups:
        heads = spacing.table + 5.5 if group.begins_part else 0.0
        if leaf.used + heads + group.height > room and not leaf.is_fresh:
            leaf = Leaf()
            leaf.add([gap(1.2)], 1.2)
            leaves.append(leaf)
        if group.begins_part or (leaf.is_fresh and leaf is not leaves[0]):
            leaf.add([gap(spacing.table), {"kind": "table-head"}], spacing.table + 5.5)
        leaf.add(group.pieces, group.height)
        leaf.is_fresh = False
    return leaves


def text_height(text: str, size: float, width: float, leading: float = 0.62) -> float:
    """Height of a text from the capitals of its first line to the baseline of its last."""
    lines = line_count(text, size, width)
    return size * _POINT * (_CAP_HEIGHT + (lines - 1) * (_CAP_HEIGHT + leading))


@lru_cache(maxsize=8192)
def line_count(text: str, size: float, width: float) -> int:
    """Lines that a text takes in a width (points and millimetres), broken between words."""
    room = width / (size * _POINT * _WIDENING)
    lines, used = 1, 0.0
    space = _ems(" ")
    for word in text.split(" "):
        ems = _ems(word)
        if used and used + space + ems > room:
            lines, used = lines + 1, 0.0
        used += (space if used else 0.0) + ems
        if used > room:  # one word longer than a line is broken inside
            lines += math.ceil(used / room) - 1
            used %= room
    return lines


def gap(millimetres: float) -> Piece:
    """Empty height."""
    return {"kind": "gap", "mm": millimetres}


@lru_cache(maxsize=8192)
def _ems(word: str) -> float:
    return _font().getlength(word) / 100


@cache
def _font() -> ImageFont.FreeTypeFont:
    """The regular weight at 100 units an em."""
    path = files("fontpkg_roboto") / "files" / "Roboto[wdth,wght].ttf"
    return ImageFont.truetype(str(path), 100, layout_engine=ImageFont.Layout.BASIC)
