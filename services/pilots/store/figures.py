"""Published tables and indicators: written once, read as they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

from services.pilots.domain.figures import (
    DAYS,
    PLACES,
    SERVICE,
    Cells,
    DayCell,
    Published,
    Row,
    Service,
)
from services.pilots.domain.indicators import Indicator
from services.pilots.domain.weeks import Week
from services.pilots.store.tables.figures import figure_table, indicator

# Weeks of days that a chart shows.
CHART_WEEKS: Final = 4
_MOST_PERIODS: Final = 60

_ALARMS: Final = text("SELECT count(*), min(create_time) FROM alarm WHERE close_time IS NULL")
_FEEDS: Final = text("SELECT bin, median_ms, late_since FROM feed ORDER BY bin")


@dataclass(frozen=True, slots=True)
class Stored:
    """A published week with when and how it was made."""

    published: Published
    as_of: datetime
    definition_version: int
    is_complete: bool


def published_weeks(session: Session) -> set[Week]:
    """The weeks that were published, under whatever definition."""
    rows = session.execute(select(figure_table.c.period_from).where(figure_table.c.name == PLACES))
    return {Week(monday) for (monday,) in rows}


def add(session: Session, stored: Stored) -> int:
    """Keep the tables of a week; how many there are."""
    published, week = stored.published, stored.published.week
    contents: dict[str, Any] = {
        PLACES: [asdict(row) for row in published.rows],
        DAYS: [asdict(cell) | {"day": cell.day.isoformat()} for cell in published.days],
        SERVICE: asdict(published.service),
    }
    session.execute(
        insert(figure_table),
        [
            {
                "name": name,
                "period_from": week.monday,
                "period_to": week.sunday,
                "definition_version": stored.definition_version,
                "ward_set": published.ward_set,
                "content": content,
                "as_of": stored.as_of,
                "is_complete": stored.is_complete,
            }
            for name, content in contents.items()
        ],
    )
    return len(contents)


def add_indicators(session: Session, rows: Sequence[Indicator]) -> list[int]:
    """Keep indicators in this order; their sequence numbers, rising."""
    values = [{name: value for name, value in asdict(row).items() if name != "sequence"} for row in rows]
    statement = insert(indicator).returning(indicator.c.sequence, sort_by_parameter_order=True)
    return list(session.execute(statement, values).scalars())


def periods(session: Session) -> list[date]:
    """The last days of the published weeks, newest first."""
    statement = (
        select(figure_table.c.period_to)
        .where(figure_table.c.name == PLACES)
        .order_by(figure_table.c.period_to.desc())
        .limit(_MOST_PERIODS)
    )
    return list(session.execute(statement).scalars())


def read(session: Session, week: Week) -> dict[Week, Stored]:
    """A published week and those before it that its page needs: of the older ones only their days are of use."""
    oldest = week.sunday - timedelta(weeks=CHART_WEEKS)
    statement = select(figure_table).where(
        figure_table.c.period_to > oldest, figure_table.c.period_to <= week.sunday
    )
    found: dict[Week, dict[str, Any]] = {}
    for row in session.execute(statement):
        found.setdefault(Week(row.period_from), {})[row.name] = row
    return {each: _stored(each, tables) for each, tables in found.items()}


def indicators_after(session: Session, after: int, limit: int) -> list[Indicator]:
    """Indicators behind a sequence number, oldest first."""
    statement = (
        select(indicator).where(indicator.c.sequence > after).order_by(indicator.c.sequence).limit(limit)
    )
    return [
        Indicator(
            sequence=row.sequence,
            name=row.name,
            place=row.place,
            ward_set=row.ward_set,
            period_from=row.period_from,
            period_to=row.period_to,
            value=row.value,
            unit=row.unit,
            as_of=row.as_of,
            definition_version=row.definition_version,
            is_complete=row.is_complete,
        )
        for row in session.execute(statement)
    ]


def last_sequence(session: Session) -> int:
    """The newest indicator's sequence number; 0 if there is none."""
    statement = select(indicator.c.sequence).order_by(indicator.c.sequence.desc()).limit(1)
    return session.execute(statement).scalar() or 0


def open_alarms(session: Session) -> tuple[int, datetime | None]:
    """How many alarms are open, and since when the oldest is."""
    count, oldest = session.execute(_ALARMS).one()
    return count, oldest


def feeds(session: Session) -> list[tuple[str, int, datetime | None]]:
    """Banks by BIN with their median (ms) and since when they are late."""
    return [(bin, median, since) for bin, median, since in session.execute(_FEEDS)]


def _stored(week: Week, tables: dict[str, Any]) -> Stored:
    first = tables[PLACES]
    rows = tuple(
        Row(
            kind=row["kind"],
            code=row["code"],
            name=row["name"],
            programme_code=row["programme_code"],
            cells=Cells(**row["cells"]),
            box=tuple(row["box"]),
        )
        for row in first.content
    )
    days = tuple(
        DayCell(date.fromisoformat(cell["day"]), cell["transfers"], cell["note"], cell["note_en"])
        for cell in tables[DAYS].content
    )
    published = Published(week, first.ward_set, rows, days, Service(**tables[SERVICE].content))
    return Stored(published, first.as_of, first.definition_version, first.is_complete)
