"""The figures of a week as single numbers for the operation centre's feed: what the tables show, no number more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from services.pilots.domain import definitions as names
from services.pilots.domain.definitions import BY_NAME
from services.pilots.domain.figures import CITY, Cells, Published


@dataclass(frozen=True, slots=True)
class Indicator:
    """One number of one period; `value` None: suppressed. `place`: a programme's code, ward:CODE, or city."""

    name: str
    place: str
    ward_set: str
    period_from: date
    period_to: date
    value: int | None
    unit: str
    as_of: datetime
    definition_version: int
    is_complete: bool
    sequence: int = 0


def indicators_of(published: Published, as_of: datetime, *, is_complete: bool) -> list[Indicator]:
    """Every indicator of a week."""
    week = published.week

    def indicator(name: str, place: str, value: int | None, day: date | None = None) -> Indicator:
        return Indicator(
            name=name,
            place=place,
            ward_set=published.ward_set,
            period_from=day or week.monday,
            period_to=day or week.sunday,
            value=value,
            unit=BY_NAME[name].unit,
            as_of=as_of,
            definition_version=BY_NAME[name].version,
            is_complete=is_complete,
        )

    found = [
        indicator(name, _place(row.kind, row.code), value)
        for row in published.rows
        if row.kind != "section"
        for name, value in _of_cells(row.cells)
    ]
    found += [indicator(names.TRANSFERS_DAY, CITY, cell.transfers, cell.day) for cell in published.days]
    service = published.service
    told = None if service.told_share is None else service.told_share // 100
    found += [
        indicator(names.MEDIAN, CITY, service.median_ms),
        indicator(names.TOLD, CITY, told),
        indicator(names.VISITS, CITY, service.visits),
    ]
    return found


def _place(kind: str, code: str) -> str:
    if kind == "ward":
        return f"ward:{code}"
    # A programme may have any code, also the city's word.
    return f"programme:{code}" if code == CITY and kind != "total" else code


def _of_cells(cells: Cells) -> Iterator[tuple[str, int | None]]:
    yield names.STALLS, cells.stalls
    yield names.WITH_QR, cells.with_qr
    yield names.ACTIVE, cells.active
    yield names.TRANSFERS, cells.transfers
    yield names.PAYMENTS, cells.payments
    yield names.TAKINGS, cells.takings
    yield names.SHARE, cells.share_permille
