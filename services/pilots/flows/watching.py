"""Alarms by the clock: silent stalls, late banks, signs of fraud. What ended closes its alarm by itself."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from kit import clock
from services.pilots.domain.alarms import Kind, Occasion
from services.pilots.domain.feeds import Health
from services.pilots.domain.risks import WINDOW
from services.pilots.domain.silence import Silence, hours_of, silent_stalls
from services.pilots.flows.feeds import reckon_feeds
from services.pilots.store import alarms, risks, trades

# What an alarm that ended by itself says, in words of the pages.
MONEY_CAME: Final = "money_came"
CLOSED_FOR_THE_DAY: Final = "closed_for_the_day"
IN_TIME_AGAIN: Final = "in_time_again"
_RUN_MOST: Final = timedelta(days=2)


def watch_feeds(session: Session) -> dict[str, Health]:
    """Reckon the feeds, raise an alarm for each bank that became late, close those of banks in time again."""
    now = clock.now()
    feeds = reckon_feeds(session)
    late = {bin_code: each.late_since for bin_code, each in feeds.items() if each.late_since is not None}
    raised = alarms.raised_since(session, Kind.BANK_LATE, now - _RUN_MOST)
    alarms.close_ended(session, Kind.BANK_LATE, late.keys(), IN_TIME_AGAIN, now)
    # An alarm of this very run that somebody has closed is not raised again.
    fresh = [
        Occasion(Kind.BANK_LATE, bin_code, {"since": since.isoformat()})
        for bin_code, since in late.items()
        if bin_code not in raised or raised[bin_code] < since
    ]
    alarms.raise_once(session, fresh, now)
    return feeds


def watch_stalls(session: Session, quiet: timedelta) -> list[Silence]:
    """Raise an alarm for each stall that fell silent, close those of stalls that took money or closed for the day."""
    now = clock.now()
    midnight = _midnight(now)
    known = trades.trades(session, hours_of(now - quiet, now), midnight)
    last = {str(trade.stall_id): trade.last_time for trade in known}
    raised = alarms.raised_since(session, Kind.SILENT, midnight)

    def took_since(stall: str, moment: datetime) -> bool:
        time = last.get(stall)
        return time is not None and time > moment

    waiting = [stall for stall, moment in raised.items() if not took_since(stall, moment)]
    at_work = [str(trade.stall_id) for trade in known if trade.hours.covers(now, now)]
    alarms.close_ended(session, Kind.SILENT, waiting, MONEY_CAME, now)
    alarms.close_ended(session, Kind.SILENT, at_work, CLOSED_FOR_THE_DAY, now)
    silent = silent_stalls(known, quiet, now)
    # One alarm for each silence: after somebody closed it, the stall has to take money before it can fall silent again.
    fresh = [each for each in silent if str(each.stall_id) not in waiting]
    alarms.raise_once(session, [_occasion(each) for each in fresh], now)
    return silent


def watch_risks(session: Session) -> None:
    """Raise an alarm, or count one up, for each stall at which signs of fraud came together."""
    now = clock.now()
    for signs in risks.signs(session, now - WINDOW):
        if signs.is_risk:
            detail = {"reversed": signs.reversed, "near_misses": signs.near_misses}
            occasion = Occasion(Kind.RISK, str(signs.stall_id), detail, signs.programme_id, signs.stall_id)
            alarms.raise_alarm(session, occasion, now)


def _occasion(silence: Silence) -> Occasion:
    detail = {"since": silence.since.isoformat(), "neighbours": silence.neighbours}
    return Occasion(Kind.SILENT, str(silence.stall_id), detail, silence.programme_id, silence.stall_id)


def _midnight(now: datetime) -> datetime:
    return now.astimezone(clock.CITY_ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
