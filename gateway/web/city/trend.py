"""The bars of the last weeks: values from 0, three or four lines, holidays and fairs named at their bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from gateway import formats
from gateway.web.city.words import Words, is_shown
from xoai.pilots.v1 import city_service_pb2 as pb

WIDTH: Final = 880
HEIGHT: Final = 320
_LEFT, _TOP, _BOTTOM = 62, 56, 36
_MILLION: Final = 1_000_000
_LINES: Final = (3, 4)
_LETTER: Final = 8


@dataclass(frozen=True, slots=True)
class Bar:
    """One day: its bar in whole units; hidden ones are hatched and have no height of their own."""

    x: int
    y: int
    width: int
    height: int
    title: str
    is_now: bool
    is_hidden: bool


@dataclass(frozen=True, slots=True)
class Mark:
    """A text with a place: at a line, under a bar or above one with a dotted line down to `to_y`."""

    x: int
    y: int
    text: str
    to_y: int = 0
    at: str = "middle"


@dataclass(frozen=True, slots=True)
class Trend:
    """What the template draws."""

    bars: list[Bar]
    lines: list[Mark]
    dates: list[Mark]
    notes: list[Mark]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = _LEFT
    floor: int = HEIGHT - _BOTTOM


def draw(view: pb.CityView, words: Words, *, english: bool) -> Trend:
    """The chart of a view's days."""
    days = list(view.days)
    most = max((row.transfers.value for row in days if is_shown(row.transfers)), default=0) // _MILLION + 1
    step = _step(most)
    top = -(-most // step) * step
    floor, room = HEIGHT - _BOTTOM, HEIGHT - _BOTTOM - _TOP
    pitch = (WIDTH - _LEFT) // max(len(days), 1)
    bars = []
    for number, row in enumerate(days):
        millions = row.transfers.value // _MILLION
        height = max(room * millions // top, 1) if is_shown(row.transfers) else 20
        bars.append(
            Bar(
                x=_LEFT + number * pitch + pitch // 8,
                y=floor - height,
                width=pitch - pitch // 4,
                height=height,
                title=f"{words.weekday(row.date)}: {words.millions(row.transfers)}",
                is_now=row.date >= view.period_from,
                is_hidden=not is_shown(row.transfers),
            )
        )
    lines = [
        Mark(_LEFT - 12, floor - room * value // top, formats.figure(value), at="end")
        for value in range(0, top + 1, step)
    ]
    dates = [
        Mark(bar.x + bar.width // 2, floor + 24, formats.short_day(row.date))
        for bar, row in zip(bars, days, strict=True)
        if date.fromisoformat(row.date).weekday() == 0
    ]
    return Trend(bars, lines, dates, _notes(days, bars, english=english))


def _step(most: int) -> int:
    """A round distance between lines, so that there are three or four of them."""
    unit = 1
    while True:
        for factor in (1, 2, 5):
            if -(-most // (unit * factor)) <= max(_LINES):
                return unit * factor
        unit *= 10


def _notes(days: Sequence[pb.DayRow], bars: Sequence[Bar], *, english: bool) -> list[Mark]:
    """Names of special days, one for days in a row; where two would touch, the later one stands lower."""
    runs: list[tuple[int, int]] = []
    for number, row in enumerate(days):
        if not row.note:
            continue
        first, last = runs[-1] if runs else (0, -2)
        if last == number - 1 and days[last].note == row.note:
            runs[-1] = (first, number)
        else:
            runs.append((number, number))
    notes: list[Mark] = []
    free = [0, 0]
    for first, last in runs:
        name = days[first].note_en if english else days[first].note
        text = f"{name} {_span(days[first].date, days[last].date)}"
        half = len(text) * _LETTER // 2
        middle = (bars[first].x + bars[last].x + bars[last].width) // 2
        x = min(max(middle, _LEFT + half), WIDTH - half)
        level = 0 if x - half >= free[0] else 1
        free[level] = x + half + _LETTER
        notes.append(Mark(x, 16 + 20 * level, text, to_y=min(bars[first].y, bars[last].y) - 4))
    return notes


def _span(first: str, last: str) -> str:
    """`20/11`, or `14–15/11` of days in a level."""
    if first == last:
        return formats.short_day(first)
    begins, ends = date.fromisoformat(first), date.fromisoformat(last)
    if begins.month == ends.month:
        return f"{begins.day}–{formats.short_day(last)}"
    return f"{formats.short_day(first)}–{formats.short_day(last)}"
