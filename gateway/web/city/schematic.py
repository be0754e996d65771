"""The drawn schematic: blocks where their programme says, streets as bands between them, the fair as a dashed box.

Everything is in the whole units of one sheet; it is not to scale, and there is no border on it. Programmes that were each
drawn as if they had the sheet for themselves stand under one another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from gateway.web.city.words import Words, is_shown
from xoai.pilots.v1 import city_service_pb2 as pb

# Lower bounds (thousandths) of steps 2 to 5 of the share.
STEPS: Final = (150, 300, 450, 600)
_PAD: Final = 12
_LABEL: Final = 34
_MOST_STALLS: Final = 12
_FIGURE_WIDTH: Final = 84
_GAP: Final = 6
_LETTER: Final = 13
# Of blocks and the street between them where programmes stand under one another.
_ROW: Final = 56
_STREET: Final = 48
_BETWEEN: Final = 28


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on the sheet."""

    x: int
    y: int
    width: int
    height: int

    @property
    def middle(self) -> tuple[int, int]:
        """Its middle."""
        return self.x + self.width // 2, self.y + self.height // 2


# A block's row with its place.
Placed = tuple[pb.PlaceRow, Box]


@dataclass(frozen=True, slots=True)
class Block:
    """One block: `step` 1 to 5 by its share, 0 for hidden. `stalls` are drawn in it one by one at the fair."""

    box: Box
    step: int
    figure: str
    title: str
    stalls: list[Box] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Label:
    """A programme's name and how large it is, along its street."""

    x: int
    y: int
    name: str
    size: str
    is_upright: bool = False


@dataclass(frozen=True, slots=True)
class Measure:
    """What the blocks are coloured by, with the lower bounds of steps 2 to 5: the share, or the transfers in đồng."""

    is_share: bool
    bounds: tuple[int, ...] = STEPS

    def cell(self, row: pb.PlaceRow) -> pb.Cell:
        """The figure of a block."""
        return row.share_permille if self.is_share else row.transfers

    def step(self, cell: pb.Cell) -> int:
        """The step (1 to 5) of a figure; 0 where there is none."""
        return 1 + sum(cell.value >= bound for bound in self.bounds) if is_shown(cell) else 0

    def text(self, cell: pb.Cell, words: Words) -> str:
        """The figure in words: `38 %`, or whole millions."""
        return words.share(cell) if self.is_share else words.millions(cell)

    def bound_text(self, place: int, words: Words) -> str:
        """A bound in words, for the legend."""
        return self.text(pb.Cell(value=self.bounds[place]), words)


@dataclass(slots=True)
class Schematic:
    """What the template draws."""

    measure: Measure
    view_box: str = ""
    bands: list[Box] = field(default_factory=list)
    fairs: list[Box] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)


def measure_of(view: pb.CityView) -> Measure:
    """The share, unless it is known of fewer than half of the blocks whose transfers are shown."""
    transfers = [row.transfers.value for row in view.sections if is_shown(row.transfers)]
    shares = sum(is_shown(row.share_permille) for row in view.sections)
    if not transfers or 2 * shares >= len(transfers):
        return Measure(is_share=True)
    # In whole millions, so that the legend says the very bounds; different ones, whatever the amounts.
    step = max(max(transfers) // (5 * 1_000_000), 1) * 1_000_000
    return Measure(is_share=False, bounds=tuple(step * number for number in range(1, 5)))


def draw(view: pb.CityView, words: Words, sizes: dict[str, str], measure: Measure) -> Schematic | None:
    """The schematic of a week; None where no place has a drawing. `sizes` says how large each programme is."""
    drawing = Schematic(measure=measure)
    drawn = []
    for programme in view.programmes:
        rows = [row for row in view.sections if row.programme_code == programme.code and row.width > 0]
        if rows:
            drawn.append((programme, rows, [_box(row) for row in rows]))
    if _overlap([boxes for _, _, boxes in drawn]):
        _stack([(programme.kind, boxes) for programme, _, boxes in drawn])
    for programme, rows, boxes in drawn:
        size = sizes.get(programme.code, "")
        draw_one = _draw_fair if programme.kind == "fair" else _draw_street
        draw_one(drawing, programme, list(zip(rows, boxes, strict=True)), words, size)
    if not drawing.blocks:
        return None
    boxes = [*drawing.bands, *drawing.fairs, *(block.box for block in drawing.blocks)]
    left, top, right, bottom = _bounds(boxes)
    drawing.view_box = f"{left - _PAD} {top - _PAD} {right - left + 2 * _PAD} {bottom - top + 2 * _PAD}"
    return drawing


def _draw_street(
    drawing: Schematic, programme: pb.PlaceRow, rows: Sequence[Placed], words: Words, size: str
) -> None:
    boxes = [box for _, box in rows]
    for row, box in rows:
        drawing.blocks.append(_block(drawing.measure, programme, row, box, words))
    left, top, right, bottom = _bounds(boxes)
    across = _widest_gap([(box.y, box.y + box.height) for box in boxes])
    along = _widest_gap([(box.x, box.x + box.width) for box in boxes])
    if across and (not along or right - left >= bottom - top):
        band = Box(left, across[0] + _GAP, right - left, across[1] - across[0] - 2 * _GAP)
        drawing.labels.append(Label(band.x + 14, band.middle[1], programme.name, size))
    elif along:
        band = Box(along[0] + _GAP, top, along[1] - along[0] - 2 * _GAP, bottom - top)
        drawing.labels.append(
            Label(band.middle[0], band.y + band.height - 14, programme.name, size, is_upright=True)
        )
    else:
        # Blocks on one side only: the street lies above them.
        band = Box(left, top - _LABEL - _GAP - _GAP, right - left, _LABEL)
        drawing.labels.append(Label(band.x + 14, band.middle[1], programme.name, size))
    drawing.bands.append(band)


def _draw_fair(
    drawing: Schematic, programme: pb.PlaceRow, rows: Sequence[Placed], words: Words, size: str
) -> None:
    left, top, right, bottom = _bounds([box for _, box in rows])
    # As wide as its name needs, if the rows do not.
    named = (len(programme.name) + len(size) + 2) * _LETTER
    frame = Box(
        left - _PAD,
        top - _LABEL - _PAD,
        max(right - left, named) + 2 * _PAD,
        bottom - top + _LABEL + 2 * _PAD,
    )
    drawing.fairs.append(frame)
    drawing.labels.append(Label(left, top - _LABEL // 2, programme.name, size))
    for row, box in rows:
        block = _block(drawing.measure, programme, row, box, words)
        count = max(1, min(row.stalls.value, _MOST_STALLS))
        width = (box.width - _FIGURE_WIDTH) // count
        block.stalls.extend(
            Box(box.x + number * width, box.y, max(width - _GAP, 4), box.height) for number in range(count)
        )
        drawing.blocks.append(block)


def _block(measure: Measure, programme: pb.PlaceRow, row: pb.PlaceRow, box: Box, words: Words) -> Block:
    cell = measure.cell(row)
    figure = measure.text(cell, words)
    return Block(box, measure.step(cell), figure, f"{programme.name}, {row.name}: {figure}")


def _box(row: pb.PlaceRow) -> Box:
    return Box(row.x, row.y, row.width, row.height)


def _overlap(programmes: Sequence[Sequence[Box]]) -> bool:
    """True if the drawing of one programme lies on another's."""
    bounds = [_bounds(boxes) for boxes in programmes]
    return any(
        one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
        for place, one in enumerate(bounds)
        for other in bounds[:place]
    )


def _stack(programmes: Sequence[tuple[str, list[Box]]]) -> None:
    """Give programmes places under one another; blocks of a side of a street stay beside one another."""
    at = 0
    for kind, boxes in programmes:
        at += _LABEL + _PAD if kind == "fair" else 0
        rows = _rows_of(boxes)
        tops = {}
        for number, row in enumerate(rows):
            tops.update(dict.fromkeys(row, at))
            is_street = kind != "fair" and number == 0 and len(rows) > 1
            at += _ROW + (_STREET if is_street else _GAP * 2)
        at += _BETWEEN + (_PAD if kind == "fair" else 0)
        if kind != "fair" and len(rows) == 1:
            at += _LABEL
            tops = {place: top + _LABEL + 2 * _GAP for place, top in tops.items()}
        left = min(box.x for box in boxes)
        boxes[:] = [
            Box(box.x - left + (_PAD if kind == "fair" else 0), tops[place], box.width, _ROW)
            for place, box in enumerate(boxes)
        ]


def _rows_of(boxes: Sequence[Box]) -> list[list[int]]:
    """The places of boxes that share a height, from the top."""
    rows: list[list[int]] = []
    bottom = 0
    for place in sorted(range(len(boxes)), key=lambda place: boxes[place].y):
        box = boxes[place]
        if rows and box.y < bottom:
            rows[-1].append(place)
            bottom = max(bottom, box.y + box.height)
        else:
            rows.append([place])
            bottom = box.y + box.height
    return rows


def _bounds(boxes: Sequence[Box]) -> tuple[int, int, int, int]:
    return (
        min(box.x for box in boxes),
        min(box.y for box in boxes),
        max(box.x + box.width for box in boxes),
        max(box.y + box.height for box in boxes),
    )


def _widest_gap(spans: Sequence[tuple[int, int]]) -> tuple[int, int] | None:
    """The widest stretch between the spans that none of them covers, if a street has room in it."""
    gaps, end = [], None
    for low, high in sorted(spans):
        if end is not None and low - end >= _LABEL:
            gaps.append((end, low))
        end = high if end is None else max(end, high)
    return max(gaps, key=lambda gap: gap[1] - gap[0], default=None)
