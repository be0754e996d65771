"""The city's drawings: where things stand, and that they say what the tables say."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from gateway.web.city import schematic, trend
from gateway.web.city.schematic import Box, Measure, Schematic
from gateway.web.city.words import Words
from tests.support.fake_city import cell, section, week
from xoai.pilots.v1 import city_service_pb2 as pb


class Plain:
    """A page in Vietnamese, as far as words of figures need one."""

    locale = "vi"

    @staticmethod
    def gettext(message: str, /, **values: object) -> str:
        return message % values if values else message


WORDS = Words(Plain())  # type: ignore[arg-type]


def draw(view: pb.CityView) -> Schematic:
    sizes = {row.code: "quầy" for row in view.programmes}
    drawing = schematic.draw(view, WORDS, sizes, schematic.measure_of(view))
    assert drawing is not None
    return drawing


def touch(one: Box, other: Box) -> bool:
    return (
        one.x < other.x + other.width
        and other.x < one.x + one.width
        and one.y < other.y + other.height
        and other.y < one.y + one.height
    )


def assert_nothing_overlaps(drawing: Schematic) -> None:
    solid = [*(block.box for block in drawing.blocks), *drawing.bands]
    for place, box in enumerate(solid):
        assert not any(touch(box, other) for other in solid[:place]), box
    for fair in drawing.fairs:
        inside = [block.box for block in drawing.blocks if block.stalls]
        assert not any(touch(fair, box) for box in solid if box not in inside)


def test_streets_run_between_their_blocks() -> None:
    """Hùng Vương lies across with its name along it, Lê Duẩn upright; the fair is a dashed box of stalls."""
    drawing = draw(week())
    across, upright = drawing.bands
    assert across.width > across.height
    assert upright.height > upright.width
    assert [label.is_upright for label in drawing.labels] == [False, True, False]
    assert len(drawing.fairs) == 1
    assert [len(block.stalls) for block in drawing.blocks if block.stalls] == [10, 10, 10]
    assert_nothing_overlaps(drawing)


def test_programmes_on_one_place_stand_under_one_another() -> None:
    """Each was drawn as if it had the sheet for itself: none hides the other."""
    view = week()
    del view.sections[:]
    for programme in view.programmes:
        for number in range(8):
            box = (20 + number % 4 * 240, 120 if number < 4 else 520, 220, 300)
            view.sections.append(section(programme.code, f"X{number}", box, 400, 6))
    drawing = draw(view)
    assert len(drawing.blocks) == 24
    assert len(drawing.bands) == 2
    assert_nothing_overlaps(drawing)


def test_a_street_with_blocks_on_one_side_has_its_band_above() -> None:
    """There is always a street with its name."""
    view = week()
    del view.sections[:]
    view.sections.extend(
        section("hung-vuong", f"A{number}", (number * 100, 100, 90, 60), 400, 6) for number in range(3)
    )
    drawing = draw(view)
    assert drawing.bands[0].y < 100
    assert_nothing_overlaps(drawing)


@pytest.mark.parametrize(
    ("permille", "step"), [(0, 1), (149, 1), (150, 2), (300, 3), (449, 3), (599, 4), (600, 5), (None, 0)]
)
def test_steps_of_the_share(permille: int | None, step: int) -> None:
    """Five steps from the legend's bounds; a hidden share has none."""
    assert Measure(is_share=True).step(cell(permille)) == step


def test_without_blocks_there_is_no_drawing() -> None:
    """A city without blocks shows no empty frame."""
    assert schematic.draw(pb.CityView(), WORDS, {}, schematic.measure_of(pb.CityView())) is None


def test_where_shares_are_not_known_blocks_show_what_they_took() -> None:
    """Traders who enter no cash have no share: then the blocks are coloured by their transfers, in whole millions."""
    view = week()
    for number, row in enumerate(view.sections):
        row.share_permille.CopyFrom(cell(None))
        row.transfers.CopyFrom(cell(None if number == 0 else number * 1_300_000))
    drawing = draw(view)
    assert not drawing.measure.is_share
    assert drawing.blocks[0].step == 0
    assert {block.step for block in drawing.blocks} == {0, 1, 2, 3, 4, 5}
    assert drawing.blocks[-1].figure == "23"
    assert [drawing.measure.bound_text(place, WORDS) for place in (0, -1)] == ["4", "16"]


def chart(view: pb.CityView) -> trend.Trend:
    return trend.draw(view, WORDS, english=False)


def test_bars_are_in_proportion_and_hidden_ones_say_nothing() -> None:
    """From 0; this week darker; a hidden day has the same small bar whatever it was; three or four lines."""
    found = chart(week())
    heights = {bar.title: bar.height for bar in found.bars}
    assert heights["T7 14/11: 740"] > heights["CN 15/11: 717"] > heights["T2 16/11: 471"]
    hidden = [bar for bar in found.bars if bar.is_hidden]
    assert {bar.height for bar in hidden} == {20}
    assert [bar.is_now for bar in found.bars].count(True) == 7
    assert 4 <= len(found.lines) <= 5
    assert [mark.text for mark in found.lines] == ["0", "200", "400", "600", "800"]


def test_days_in_a_row_share_one_name_and_names_do_not_touch() -> None:
    """The fair's two days are named once; a second name that would touch stands lower."""
    view = week()
    view.days[-2].note = view.days[-2].note_en = "Một ngày lễ có tên rất dài"
    notes = chart(view).notes
    assert next(note.text for note in notes) == "Hội chợ 14–15/11"
    assert len({note.y for note in notes}) == 2
    assert all(0 < note.x < trend.WIDTH for note in notes)


@pytest.mark.parametrize("values", [[None] * 7, [0] * 7, [3], [10**9] * 7, []])
def test_any_week_can_be_drawn(values: Sequence[int | None]) -> None:
    """All hidden, all nothing, one day, billions of millions, none at all."""
    view = week()
    del view.days[:]
    for number, value in enumerate(values):
        view.days.add(
            date=f"2026-11-{16 + number}", transfers=cell(None if value is None else value * 1_000_000)
        )
    found = chart(view)
    assert len(found.bars) == len(values)
    assert all(bar.height > 0 for bar in found.bars)
    assert 2 <= len(found.lines) <= 5


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (0, "0 ₫"),
        (999_999, "999.999 ₫"),
        (1_000_000, "1 triệu ₫"),
        (999_999_999, "999 triệu ₫"),
        (1_000_000_000, "1,00 tỷ ₫"),
        (3_949_999_999, "3,94 tỷ ₫"),
        (12_345_678_901_234, "12.345,67 tỷ ₫"),
    ],
)
def test_amounts_are_short_and_rounded_down(amount: int, text: str) -> None:
    """Billions with two decimals, millions whole, smaller ones in full."""
    assert WORDS.money(cell(amount)).replace("\u00a0", " ") == text


@pytest.mark.parametrize(
    ("now", "before", "text"),
    [
        (108, 100, "+8,0 %"),
        (92, 100, "−8,0 %"),
        (100, 100, "+0,0 %"),
        (1, 0, ""),
        (None, 5, ""),
        (5, None, ""),
    ],
)
def test_growth_needs_both_figures(now: int | None, before: int | None, text: str) -> None:
    """A change against a hidden figure would give it away, and is not written."""
    assert WORDS.grown(cell(now), cell(before)).replace("\u00a0", " ") == text
