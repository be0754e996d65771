"""The city's figures in memory: one published week of two streets and the fair, as the picture of the page has them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import grpc

from kit import errors
from kit.auth import Permission
from services.pilots.domain.definitions import DEFINITIONS
from tests.support.fake_access import everybody
from xoai.pilots.v1 import city_service_pb2 as pb
from xoai.pilots.v1 import city_service_pb2_grpc as pb_grpc

SUNDAY = date(2026, 11, 22)
AS_OF = "2026-11-23T05:00:00+00:00"
# Of four weeks, Monday to Sunday, in millions of đồng; None is hidden.
_MILLIONS: Sequence[int | None] = (
    *(400, 410, 415, 420, 480, 600, 560),
    *(410, 390, 430, 470, 520, 620, 590),
    *(425, 420, 450, 495, 520, 740, 717),
    *(471, 427, None, 500, 694, 648, None),
)
# Code, box on the sheet, share in thousandths (None: hidden).
_HUNG_VUONG = [
    ("A1", (0, 10, 220, 52), 380),
    ("A2", (232, 10, 170, 52), 440),
    ("A3", (414, 10, 170, 52), 520),
    ("A4", (676, 10, 152, 52), 360),
    ("A5", (840, 10, 160, 52), 240),
    ("B1", (0, 136, 245, 52), 270),
    ("B2", (257, 136, 170, 52), 410),
    ("B3", (439, 136, 145, 52), 490),
    ("B4", (676, 136, 152, 52), 400),
    ("B5", (840, 136, 160, 52), 290),
]
_LE_DUAN = [
    ("A1", (428, 206, 164, 94), 340),
    ("A2", (428, 312, 164, 94), 220),
    ("A3", (428, 418, 164, 86), None),
    ("B1", (668, 206, 332, 94), 370),
    ("B2", (668, 312, 332, 94), 260),
    ("B3", (668, 418, 332, 86), None),
]
_FAIR = [("1", (20, 294, 280, 46), 710), ("2", (20, 354, 280, 46), 660), ("3", (20, 414, 280, 46), 580)]


def cell(value: int | None) -> pb.Cell:
    """A figure; None is hidden."""
    return pb.Cell(value=value, suppressed=value is None)


def place(
    kind: str,
    code: str,
    name: str,
    counts: tuple[int, int, int | None],
    takings: int | None,
    share: int | None,
) -> pb.PlaceRow:
    """A place: stalls, with a code, active; takings in đồng and its share in thousandths."""
    transfers = None if takings is None or share is None else takings * share // 1000
    return pb.PlaceRow(
        code=code,
        name=name,
        kind=kind,
        programme_code=code if kind in ("street", "fair") else "",
        stalls=cell(counts[0]),
        with_qr=cell(counts[1]),
        active_30_days=cell(counts[2]),
        takings=cell(takings),
        transfers=cell(transfers),
        share_permille=cell(share),
        payments=cell(None if transfers is None else transfers // 82_000),
    )


def section(
    programme: str, code: str, box: tuple[int, int, int, int], share: int | None, stalls: int
) -> pb.PlaceRow:
    """A block on the schematic."""
    row = place(
        "section", code, f"Đoạn {code}", (stalls, stalls, None), None if share is None else 90_000_000, share
    )
    row.programme_code = programme
    row.x, row.y, row.width, row.height = box
    return row


def week() -> pb.CityView:
    """The published week of the picture."""
    return pb.CityView(
        period_from=(SUNDAY - timedelta(days=6)).isoformat(),
        period_to=SUNDAY.isoformat(),
        ward_set="2025",
        programmes=[
            place("street", "hung-vuong", "Hùng Vương", (64, 58, 48), 4_100_000_000, 380),
            place("street", "le-duan", "Lê Duẩn", (56, 50, 33), 3_900_000_000, 270),
            place("fair", "hoi-cho", "Hội chợ", (30, 30, 25), 2_120_000_000, 650),
        ],
        sections=[section("hung-vuong", code, box, share, 6) for code, box, share in _HUNG_VUONG]
        + [section("le-duan", code, box, share, 9) for code, box, share in _LE_DUAN]
        + [section("hoi-cho", code, box, share, 10) for code, box, share in _FAIR],
        wards=[
            place("ward", "25195", "Phường Bình Phước", (94, 88, 73), None, None),
            place("ward", "25210", "Phường Đồng Xoài", (56, 50, 33), None, None),
        ],
        total=place("total", "city", "", (150, 138, 106), 10_120_000_000, 390),
        total_before=place("total", "city", "", (148, 130, 99), 9_700_000_000, 377),
        days=list(days()),
        feeds=[
            pb.FeedRow(bank_name="Ngân hàng Thử Xoài", median_milliseconds=1_100),
            pb.FeedRow(bank_name="Ngân hàng Mẫu", median_milliseconds=1_400),
            pb.FeedRow(
                bank_name="Ví Thử", median_milliseconds=38_000, late_since="2026-11-23T03:42:00+00:00"
            ),
        ],
        median_confirm_milliseconds=2_400,
        median_confirm_before_milliseconds=2_600,
        feed_share=99_970,
        feed_share_before=99_950,
        helper_visits=12,
        as_of=AS_OF,
        definition_version=1,
        complete=True,
        periods=["2026-11-22", "2026-11-15", "2026-11-08"],
        open_alarms=3,
        oldest_alarm_time="2026-11-21T05:00:00+00:00",
    )


def days() -> list[pb.DayRow]:
    """Four weeks of days."""
    rows = []
    first = SUNDAY - timedelta(days=len(_MILLIONS) - 1)
    for number, millions in enumerate(_MILLIONS):
        day = first + timedelta(days=number)
        row = pb.DayRow(
            date=day.isoformat(), transfers=cell(None if millions is None else millions * 1_000_000)
        )
        if number >= 7:
            before = _MILLIONS[number - 7]
            change = None if millions is None or before is None else (millions - before) * 1_000_000
            row.change.CopyFrom(cell(change))
        if day in (date(2026, 11, 14), date(2026, 11, 15)):
            row.note = row.note_en = "Hội chợ"
        if day == date(2026, 11, 20):
            row.note, row.note_en = "Ngày lễ thử", "Sample holiday"
        rows.append(row)
    return rows


def open_part(view: pb.CityView) -> pb.CityView:
    """What everybody may see."""
    shown = pb.CityView()
    shown.CopyFrom(view)
    for field in ("sections", "feeds", "open_alarms", "oldest_alarm_time"):
        shown.ClearField(field)
    return shown


class City(pb_grpc.CityServiceServicer):
    """Answers with `view`; tests replace it. `indicators` is the feed."""

    PERMISSIONS = everybody(
        pb,
        "CityService",
        GetCityView=Permission("city.read"),
        ListIndicators=Permission("indicators.read"),
    )

    def __init__(self) -> None:
        self.view = week()
        self.indicators = [
            pb.Indicator(
                sequence=number * 3,
                name="transfers",
                place="hung-vuong",
                ward_set="2025",
                period_from="2026-11-16",
                period_to="2026-11-22",
                value=None if number == 2 else number * 1_000_000,
                unit="dong",
                as_of=AS_OF,
                definition_version=1,
                complete=True,
            )
            for number in range(1, 4)
        ]

    def GetCityView(self, request: Any, context: grpc.ServicerContext) -> pb.CityView:
        return self._of(request.period_to)

    def GetOpenStatistics(self, request: Any, context: grpc.ServicerContext) -> pb.CityView:
        return open_part(self._of(request.period_to))

    def _of(self, period_to: str) -> pb.CityView:
        if period_to and period_to not in self.view.periods:
            raise errors.NotFound()
        return self.view

    def ListIndicators(self, request: Any, context: grpc.ServicerContext) -> pb.ListIndicatorsResponse:
        rows = [row for row in self.indicators if row.sequence > request.after]
        return pb.ListIndicatorsResponse(
            indicators=rows[: request.page_size or 500], last_sequence=self.indicators[-1].sequence
        )

    def ListDefinitions(self, request: Any, context: grpc.ServicerContext) -> pb.ListDefinitionsResponse:
        return pb.ListDefinitionsResponse(
            definitions=[
                pb.Definition(
                    name=each.name,
                    version=each.version,
                    unit=each.unit,
                    vi=each.vi,
                    en=each.en,
                    scope=each.scope,
                )
                for each in DEFINITIONS
            ]
        )
