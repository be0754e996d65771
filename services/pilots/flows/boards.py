"""The market board's view: which stalls there are, whose board was checked today, what is to be taken away."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from kit import clock
from services.pilots.domain.boards import WITHDRAWN_DAYS, BoardStall, Summary
from services.pilots.domain.errors_trust import BoardNotFound
from services.pilots.store import boards as store


def list_boards(session: Session, programme: str = "") -> list[Summary]:
    """Every programme in numbers, or the one with this id or code."""
    now = clock.now()
    return store.summaries(
        session, programme=programme, today=_midnight(now), withdrawn_since=_withdrawn_since(now)
    )


def get_board(
    session: Session, programme: str, after: Sequence[Any] | None, most: int
) -> tuple[Summary, list[BoardStall]]:
    """A programme with stalls behind a place, at most so many. Raises BoardNotFound."""
    found = list_boards(session, programme) if programme else []
    if not found:
        raise BoardNotFound()
    stalls = store.stalls(
        session,
        found[0].programme_id,
        after=after,
        most=most,
        withdrawn_since=_withdrawn_since(clock.now()),
    )
    return found[0], stalls


def _midnight(now: datetime) -> datetime:
    return now.astimezone(clock.CITY_ZONE).replace(hour=0, minute=0, second=0, microsecond=0)


def _withdrawn_since(now: datetime) -> datetime:
    return now - timedelta(days=WITHDRAWN_DAYS)
