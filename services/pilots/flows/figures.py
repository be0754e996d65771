"""Publishing a week's figures, once; and reading what was published."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any, Final

from sqlalchemy import Row
from sqlalchemy.orm import Session

from kit import clock
from services.pilots.domain.definitions import VERSION
from services.pilots.domain.errors_figures import PeriodNotPublished
from services.pilots.domain.figures import Block, Place, Raw, publish
from services.pilots.domain.indicators import Indicator, indicators_of
from services.pilots.domain.wards import reported_ward, ward_set_on
from services.pilots.domain.weeks import Week, due_weeks, week_of
from services.pilots.publish import indicators as announce
from services.pilots.store import figures as store
from services.pilots.store import rollup
from services.pilots.store.figures import Stored

MOST_INDICATORS: Final = 500


@dataclass(frozen=True, slots=True)
class View:
    """A published week with those before it that its page shows, and all periods that there are, newest first.

    `weeks` is empty, and `week` None, as long as nothing was published.
    """

    week: Week | None
    weeks: dict[Week, Stored]
    periods: list[date]


@dataclass(frozen=True, slots=True)
class Now:
    """What is not of a period: open alarms with the oldest one's time, and banks with their median (ms) and delay."""

    open_alarms: int
    oldest_alarm: datetime | None
    feeds: Sequence[tuple[str, int, datetime | None]]


def publish_next(session: Session) -> int:
    """Publish the oldest week that is due and was not published yet; how many tables, 0 if none is.

    A week that is not complete yet is left for later while later ones go on, at most until its last moment.
    """
    rollup.lock(session)
    first = rollup.first_day(session)
    if first is None:
        return 0
    now, done = clock.now(), store.published_weeks(session)
    for week in due_weeks(first, now):
        if week not in done:
            is_complete = rollup.is_complete(session, week)
            if is_complete or week.waits_no_longer(now):
                return _publish(session, week, now, is_complete=is_complete)
    return 0


def view(session: Session, period_to: date | None) -> View:
    """A published week, the newest one if none is named. Raises PeriodNotPublished."""
    periods = store.periods(session)
    if period_to is None and not periods:
        return View(None, {}, [])
    wanted = period_to or periods[0]
    week = week_of(wanted)
    weeks = store.read(session, week) if wanted == week.sunday else {}
    if week not in weeks:
        raise PeriodNotPublished(period_to=wanted.strftime("%d/%m/%Y"))
    return View(week, weeks, periods)


def now(session: Session) -> Now:
    """Open alarms and the banks' feeds."""
    count, oldest = store.open_alarms(session)
    return Now(count, oldest, store.feeds(session))


def indicators_after(session: Session, after: int, limit: int) -> tuple[list[Indicator], int]:
    """Indicators behind a sequence number, at most 500, and the newest sequence number that there is."""
    rows = store.indicators_after(session, after, min(limit or MOST_INDICATORS, MOST_INDICATORS))
    return rows, store.last_sequence(session)


def last_sequence(session: Session) -> int:
    """The newest indicator's sequence number."""
    return store.last_sequence(session)


def _publish(session: Session, week: Week, moment: datetime, *, is_complete: bool) -> int:
    places = list(_places(week, rollup.programmes(session, week)))
    ids = [place.id for place in places]
    transfers, cash = rollup.sums(session, week, ids)
    stalls, active = rollup.stalls(session, week, ids)
    raw = Raw(
        stalls=stalls,
        transfers=transfers,
        cash=cash,
        active=active,
        days=rollup.days(session, week, ids),
        delays=rollup.delays(session, week),
        visits=rollup.visits(session, week),
    )
    published = publish(week, ward_set_on(week.sunday), places, raw)
    tables = store.add(session, Stored(published, moment, VERSION, is_complete))
    indicators = indicators_of(published, moment, is_complete=is_complete)
    announce.published(session, indicators, store.add_indicators(session, indicators))
    return tables


def _places(week: Week, rows: Iterable[Row[Any]]) -> Iterable[Place]:
    for _, group in groupby(rows, key=lambda row: row.id):
        blocks = list(group)
        first = blocks[0]
        ward_code, ward_name = reported_ward(first.ward_code, first.former_ward_code, week.sunday)
        yield Place(
            id=first.id,
            kind=first.kind,
            code=first.code,
            name=first.name,
            ward_code=ward_code,
            ward_name=ward_name,
            start_date=first.start_date,
            end_date=first.end_date,
            blocks=[
                Block(row.section_id, row.section_code, row.section_name, row.x, row.y, row.width, row.height)
                for row in blocks
                if row.section_id is not None
            ],
        )
