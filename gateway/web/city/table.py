"""The published tables as CSV: a row for each place and day, empty where a figure is hidden."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from starlette.responses import Response

from gateway.web.city.words import is_shown
from gateway.web.school.downloads import disposition
from gateway.web.school.exports import harmless
from xoai.pilots.v1 import city_service_pb2 as pb

HEAD = (
    "period_from",
    "period_to",
    "ward_set",
    "kind",
    "code",
    "name",
    "programme",
    "stalls",
    "stalls_with_qr",
    "stalls_active_30_days",
    "payments",
    "transfers",
    "takings",
    "cashless_share_permille",
    "as_of",
    "definition_version",
    "complete",
)


def csv_file(view: pb.CityView) -> Response:
    """All tables of a view in one file, in UTF-8 with a mark for spreadsheets."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(HEAD)
    if view.period_to:
        writer.writerows(_rows(view))
    headers = {"Content-Disposition": disposition(f"xoai-{view.period_to or 'trong'}.csv")}
    return Response(
        text.getvalue().encode("utf-8-sig"), media_type="text/csv; charset=utf-8", headers=headers
    )


def _rows(view: pb.CityView) -> Iterable[list[str | int]]:
    made: list[str | int] = [view.as_of, view.definition_version, str(view.complete).lower()]
    for row in [*view.programmes, *view.sections, *view.wards, view.total]:
        figures = [
            row.stalls,
            row.with_qr,
            row.active_30_days,
            row.payments,
            row.transfers,
            row.takings,
            row.share_permille,
        ]
        yield [
            view.period_from,
            view.period_to,
            view.ward_set,
            row.kind,
            row.code,
            harmless(row.name),
            row.programme_code,
            *map(_value, figures),
            *made,
        ]
    for day in view.days:
        if day.date >= view.period_from:
            yield [
                *(day.date, day.date, view.ward_set, "day", "city", harmless(day.note), ""),
                *("", "", "", ""),
                _value(day.transfers),
                *("", ""),
                *made,
            ]


def _value(cell: pb.Cell) -> str | int:
    return cell.value if is_shown(cell) else ""
