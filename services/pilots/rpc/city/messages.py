"""Published tables as messages. A figure that is suppressed has no value and says that it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import Final

from services.pilots.domain.definitions import Definition
from services.pilots.domain.figures import Cells, DayCell, Row
from services.pilots.domain.indicators import Indicator
from services.pilots.domain.weeks import DAYS
from services.pilots.flows.figures import Now, View
from services.pilots.store.figures import Stored
from xoai.pilots.v1 import city_service_pb2 as pb

_OPEN_KINDS: Final = ("street", "market", "fair")


def city_view(view: View, now: Now, bank_name: Callable[[str], str]) -> pb.CityView:
    """Everything of a week, with the banks and the alarms of this moment."""
    message = _view(view)
    if view.week is not None:
        rows = view.weeks[view.week].published.rows
        message.sections.extend(_row(row) for row in rows if row.kind == "section")
    message.feeds.extend(
        pb.FeedRow(
            bank_name=bank_name(bin_code),
            median_milliseconds=median,
            late_since=late_since.isoformat() if late_since else "",
        )
        for bin_code, median, late_since in now.feeds
    )
    message.open_alarms = now.open_alarms
    message.oldest_alarm_time = now.oldest_alarm.isoformat() if now.oldest_alarm else ""
    return message


def open_view(view: View) -> pb.CityView:
    """What is open to everybody: the same tables without blocks, banks and alarms."""
    return _view(view)


def indicator_to(value: Indicator) -> pb.Indicator:
    return pb.Indicator(
        sequence=value.sequence,
        name=value.name,
        place=value.place,
        ward_set=value.ward_set,
        period_from=value.period_from.isoformat(),
        period_to=value.period_to.isoformat(),
        value=value.value,
        unit=value.unit,
        as_of=value.as_of.isoformat(),
        definition_version=value.definition_version,
        complete=value.is_complete,
    )


def definition_to(value: Definition) -> pb.Definition:
    return pb.Definition(
        name=value.name, version=value.version, unit=value.unit, vi=value.vi, en=value.en, scope=value.scope
    )


def _view(view: View) -> pb.CityView:
    message = pb.CityView(periods=[day.isoformat() for day in view.periods])
    if view.week is None:
        return message
    stored = view.weeks[view.week]
    published = stored.published
    message.MergeFrom(
        pb.CityView(
            period_from=view.week.monday.isoformat(),
            period_to=view.week.sunday.isoformat(),
            ward_set=published.ward_set,
            programmes=[_row(row) for row in published.rows if row.kind in _OPEN_KINDS],
            wards=[_row(row) for row in published.rows if row.kind == "ward"],
            total=_row(published.rows[-1]),
            days=_days(view),
            median_confirm_milliseconds=published.service.median_ms,
            feed_share=published.service.told_share,
            helper_visits=published.service.visits,
            as_of=stored.as_of.isoformat(),
            definition_version=stored.definition_version,
            complete=stored.is_complete,
        )
    )
    _add_week_before(message, view.weeks.get(view.week.before))
    return message


def _add_week_before(message: pb.CityView, before: Stored | None) -> None:
    if before is None:
        return
    published = before.published
    message.total_before.CopyFrom(_row(published.rows[-1]))
    if published.service.median_ms is not None:
        message.median_confirm_before_milliseconds = published.service.median_ms
    if published.service.told_share is not None:
        message.feed_share_before = published.service.told_share


def _row(row: Row) -> pb.PlaceRow:
    x, y, width, height = row.box
    cells = row.cells
    return pb.PlaceRow(
        code=row.code,
        name=row.name,
        kind=row.kind,
        stalls=_cell(cells.stalls),
        with_qr=_cell(cells.with_qr),
        active_30_days=_cell(cells.active),
        transfers=_cell(cells.transfers),
        takings=_cell(cells.takings),
        share_permille=_share(cells),
        payments=_cell(cells.payments),
        x=x,
        y=y,
        width=width,
        height=height,
        programme_code=row.programme_code,
    )


def _cell(value: int | None) -> pb.Cell:
    return pb.Cell(value=value, suppressed=value is None)


def _share(cells: Cells) -> pb.Cell:
    """A share has no value either where nothing was sold at all; that is no secret."""
    return pb.Cell(value=cells.share_permille, suppressed=cells.takings is None)


def _days(view: View) -> Iterable[pb.DayRow]:
    cells: dict[date, DayCell] = {
        cell.day: cell for stored in view.weeks.values() for cell in stored.published.days
    }
    for day in sorted(cells):
        cell, before = cells[day], cells.get(day - timedelta(days=DAYS))
        row = pb.DayRow(
            date=day.isoformat(), transfers=_cell(cell.transfers), note=cell.note, note_en=cell.note_en
        )
        if before is not None:
            is_known = cell.transfers is not None and before.transfers is not None
            change = (cell.transfers or 0) - (before.transfers or 0)
            row.change.CopyFrom(_cell(change if is_known else None))
        yield row
