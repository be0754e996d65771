"""A stall's day: reading it, marking private transfers, closing it; and what its phones missed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from kit import audit, clock
from kit.auth import Subject
from kit.db import cursor
from services.pilots.domain.days import Day, check_close, day_of, end_of
from services.pilots.domain.errors_sales import TakingNotFound, TakingReversed
from services.pilots.domain.sales import Sale
from services.pilots.domain.takings import Taking
from services.pilots.domain.telling import of_stall
from services.pilots.domain.unassigned import Unassigned
from services.pilots.flows import events
from services.pilots.flows.access import READ, SELL, require_stall
from services.pilots.flows.cash import place_of
from services.pilots.store import days, sales, stall_events, takings, unassigned
from services.pilots.store.days import Entry
from services.pilots.store.stall_events import Kept

MOST_EVENTS: Final = 500
# Above every sequence: the first page of a list that runs downwards.
_TOP: Final = 2**63 - 1
_FORGOTTEN_AT_ONCE: Final = 500
_EVENTS_AT_ONCE: Final = 5_000
_BY_TIME: Final = "service:pilots"


@dataclass(frozen=True, slots=True)
class StallDay:
    """A day as its screen shows it, by the server's clock."""

    stall_id: UUID
    book_date: date
    day: Day
    cut_off_time: datetime
    entries: Sequence[Entry]
    sequence: int
    waiting: Sale | None
    questions: Sequence[Unassigned]
    now: datetime


def get_day(
    session: Session, subject: Subject, stall_id: UUID, book_date: date | None, before: int | None, limit: int
) -> StallDay:
    """A day of a stall (None: the one that runs), its list newest first below a sequence, and what waits now."""
    # The sequence is read first: an event that comes meanwhile is told again rather than lost.
    stall = require_stall(session, subject, stall_id, READ)
    _, place = place_of(session, stall_id)
    now = clock.now()
    at = book_date or day_of(now, place.hours)
    return StallDay(
        stall_id=stall_id,
        book_date=at,
        day=days.read(session, stall_id, at),
        cut_off_time=end_of(at, place.hours),
        entries=days.entries(session, stall_id, at, _TOP if before is None else before, limit),
        sequence=stall.sequence,
        waiting=sales.waiting(session, stall_id, now),
        questions=unassigned.of_stall(session, place.organisation_id, stall_id),
        now=now,
    )


def list_events(
    session: Session, subject: Subject, stall_id: UUID, after: int
) -> tuple[Sequence[Kept], bool, int]:
    """What came after a sequence, oldest first; whether there is more; where the channel stands."""
    stall = require_stall(session, subject, stall_id, READ)
    kept = stall_events.after(session, stall_id, after, MOST_EVENTS + 1)
    return (
        kept[:MOST_EVENTS],
        len(kept) > MOST_EVENTS,
        max([stall.sequence, *(each.sequence for each in kept)]),
    )


def mark_private(session: Session, subject: Subject, payment_id: UUID, *, is_private: bool) -> Taking:
    """Move a transfer to the private ones, or back among the takings. Raises TakingNotFound, TakingReversed."""
    seen = takings.read(session, payment_id)
    if seen is None:
        raise TakingNotFound()
    require_stall(session, subject, seen.stall_id, SELL, lock=True)
    taking = takings.read(session, payment_id)
    assert taking is not None
    if taking.is_reversed:
        raise TakingReversed()
    if taking.is_private == is_private:
        return taking
    now = clock.now()
    moved = replace(taking, is_private=is_private)
    _, place = place_of(session, taking.stall_id)
    day = days.read(session, taking.stall_id, taking.book_date)
    day = day.add(taking.place, -taking.amount).add(moved.place, taking.amount)
    takings.set_private(session, payment_id, is_private)
    key = (taking.stall_id, taking.book_date)
    days.save(cursor(session).connection, {key: day}, {taking.stall_id: place})
    events.add(session, [of_stall(taking.stall_id, taking.organisation_id, now, taking.book_date)])
    audit.record(
        session,
        subject=subject.label,
        action="taking.private" if is_private else "taking.not_private",
        object=f"payment:{payment_id}",
        organisation_id=taking.organisation_id,
        detail={"stall": str(taking.stall_id), "amount": taking.amount, "day": taking.book_date.isoformat()},
    )
    return moved


def close_day(session: Session, subject: Subject, stall_id: UUID, book_date: date | None) -> StallDay:
    """Close a day (None: the one that runs) from its closing hour on; again is harmless. Raises DayNotYet, DayNotOver."""
    require_stall(session, subject, stall_id, SELL, lock=True)
    _, place = place_of(session, stall_id)
    now = clock.now()
    at = book_date or day_of(now, place.hours)
    check_close(at, place.hours, now)
    day = days.read(session, stall_id, at)
    if not day.is_closed:
        key = (stall_id, at)
        days.save(cursor(session).connection, {key: day}, {stall_id: place})
        days.close(session, [key], subject.label, now)
        events.add(session, [of_stall(stall_id, place.organisation_id, now, at)])
        audit.record(
            session,
            subject=subject.label,
            action="day.close",
            object=f"stall:{stall_id}",
            organisation_id=place.organisation_id,
            detail={
                "day": at.isoformat(),
                "transfer_sum": day.transfer_sum,
                "cash_sum": day.cash_sum,
                "private_sum": day.private_sum,
                "late_sum": day.late_sum,
            },
        )
    return get_day(session, subject, stall_id, at, None, 0)


def close_forgotten_days(session: Session) -> int:
    """Close days that nobody closed within a day of their cut-off; how many. No phone needs to hear of it."""
    now = clock.now()
    keys = days.lock_forgotten(session, clock.business_date(now), now, _FORGOTTEN_AT_ONCE)
    days.close(session, keys, _BY_TIME, now)
    return len(keys)


def forget_events(session: Session, kept_days: int) -> int:
    """Delete what phones were told longer ago, a chunk of it: whoever was away for so long loads the day instead."""
    return stall_events.forget(session, clock.now() - timedelta(days=kept_days), _EVENTS_AT_ONCE)
