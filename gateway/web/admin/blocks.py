"""The blocks of a programme as rows of a form: added, taken out and placed without a script."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from gateway.fields import Fields
from gateway.page import Page
from xoai.pilots.v1 import stalls_service_pb2 as pb

SIDES: Final = ("x", "y", "width", "height")
# The service takes no more.
MOST: Final = 60
_SHEET: Final = 1_000
_NAME: Final = re.compile(r"doan-(\d{1,3})-ma")
# A block without a place is put on the sheet in rows of four.
_COLUMNS, _STEP_X, _STEP_Y, _WIDTH, _HEIGHT = 4, 245, 64, 225, 48
_Place = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Block:
    """A row of the form as typed; `id` of a block that there is."""

    id: str = ""
    code: str = ""
    name: str = ""
    place: dict[str, str] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Nothing was typed: a row that was added and not needed."""
        return not (self.code or self.name or any(self.place.values()))


def blocks_of(sections: Sequence[pb.Section]) -> list[Block]:
    """The rows of the blocks that there are."""
    return [
        Block(row.id, row.code, row.name, {side: str(getattr(row, side)) for side in SIDES})
        for row in sections
    ]


def typed_blocks(fields: Fields) -> list[Block]:
    """The rows that were sent, in the order of the form."""
    numbers = sorted(int(match[1]) for name in fields.values() if (match := _NAME.fullmatch(name)))
    return [
        Block(
            fields.text(f"doan-{number}-id"),
            fields.text(f"doan-{number}-ma"),
            fields.text(f"doan-{number}-ten"),
            {side: fields.text(f"doan-{number}-{side}") for side in SIDES},
        )
        for number in numbers[: MOST + 1]
    ]


def after_press(blocks: list[Block], pressed: str) -> list[Block]:
    """The rows after “add a block” (`them`) or “take out the third” (`bo-2`) was pressed."""
    if pressed == "them":
        return [*blocks, Block()]
    number = pressed.removeprefix("bo-")
    return [block for place, block in enumerate(blocks) if str(place) != number]


def sections_of(blocks: Sequence[Block], fields: Fields, page: Page) -> list[pb.Section]:
    """The blocks of the rows; empty rows are passed over, what is wrong is an error at its field."""
    _ = page.gettext
    found: list[pb.Section] = []
    for number, block in enumerate(blocks):
        if block.is_empty:
            continue
        if not block.code:
            fields.errors[f"doan-{number}-ma"] = _("Ghi mã của đoạn thứ %(number)s, như A", number=number + 1)
        if not block.name:
            fields.errors[f"doan-{number}-ten"] = _("Ghi tên của đoạn thứ %(number)s", number=number + 1)
        place = _typed_place(block)
        if place is None:
            fields.errors[f"doan-{number}-x"] = _(
                "Chỗ của đoạn thứ %(number)s: ghi đủ bốn số nguyên, nằm trong tờ 1.000 × 1.000, hoặc để trống cả bốn",
                number=number + 1,
            )
            continue
        x, y, width, height = place or _free_place([_place_of(row) for row in found], blocks)
        found.append(
            pb.Section(
                id=block.id, code=block.code.upper(), name=block.name, x=x, y=y, width=width, height=height
            )
        )
    if not found and not fields.errors:
        fields.errors["sections"] = _("Ghi ít nhất một đoạn hoặc dãy")
    if len(found) > MOST:
        fields.errors["sections"] = _("Nhiều nhất %(most)s đoạn", most=MOST)
    return found


def _typed_place(block: Block) -> _Place | tuple[()] | None:
    """The place on the sheet; empty where none was typed, None where it is none."""
    typed = [block.place.get(side, "") for side in SIDES]
    if not any(typed):
        return ()
    if not all(text.isascii() and text.isdecimal() and len(text) <= 4 for text in typed):
        return None
    x, y, width, height = map(int, typed)
    is_on_sheet = min(width, height) > 0 and x + width <= _SHEET and y + height <= _SHEET
    return (x, y, width, height) if is_on_sheet else None


def _free_place(taken: list[_Place], blocks: Sequence[Block]) -> _Place:
    """The first cell of the sheet on which no block stands; blocks placed further down the form count as well."""
    taken = taken + [place for block in blocks if (place := _typed_place(block))]
    cells = [
        (10 + number % _COLUMNS * _STEP_X, 10 + number // _COLUMNS * _STEP_Y, _WIDTH, _HEIGHT)
        for number in range(MOST)
    ]
    return next((cell for cell in cells if not any(_overlap(cell, other) for other in taken)), cells[0])


def _place_of(section: pb.Section) -> _Place:
    return section.x, section.y, section.width, section.height


def _overlap(one: _Place, other: _Place) -> bool:
    return (
        one[0] < other[0] + other[2]
        and other[0] < one[0] + one[2]
        and one[1] < other[1] + other[3]
        and other[1] < one[1] + one[3]
    )
