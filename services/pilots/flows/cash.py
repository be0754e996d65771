"""Cash beside the transfers: entered by keypad, taken back while its day is open."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from uuid import UUID

from sqlalchemy.orm import Session

from kit import audit, clock, ids
from kit.auth import Subject
from kit.db import cursor
from services.pilots.domain.days import Day, Hours, day_of, end_of
from services.pilots.domain.errors_sales import CashNotFound, DayClosed, SaleNotFound
from services.pilots.domain.sales import Seller, checked_cash
from services.pilots.domain.takings import Place
from services.pilots.domain.telling import of_stall
from services.pilots.flows import events
from services.pilots.flows.access import SELL, require_stall
from services.pilots.store import cash as store
from services.pilots.store import days, sales
from services.pilots.store.cash import Cash


def enter_cash(session: Session, subject: Subject, stall_id: UUID, amount: int, sale_id: UUID | None) -> Cash:
    """Enter cash on the day that runs. Raises CashOutOfRange, DayClosed, SaleNotFound for another stall's sale."""
    require_stall(session, subject, stall_id, SELL, lock=True)
    if sale_id is not None:
        sale = sales.read(session, sale_id)
        if sale is None or sale.stall_id != stall_id:
            raise SaleNotFound()
    entry = enter(session, subject, stall_id, amount, sale_id=sale_id)
    _audit(session, subject, entry, "cash.enter")
    return entry


def enter(session: Session, subject: Subject, stall_id: UUID, amount: int, *, sale_id: UUID | None) -> Cash:
    """Enter cash at a stall that the caller has locked. Raises CashOutOfRange, DayClosed."""
    amount = checked_cash(amount)
    seller, place = place_of(session, stall_id)
    now = clock.now()
    book_date = day_of(now, place.hours)
    day = _open_day(session, place, book_date)
    (sequence,) = events.add(session, [of_stall(stall_id, seller.organisation_id, now, book_date)])
    entry = Cash(
        id=ids.new(),
        organisation_id=seller.organisation_id,
        stall_id=stall_id,
        amount=amount,
        sale_id=sale_id,
        book_date=book_date,
        subject=subject.label,
        sequence=sequence,
        create_time=now,
    )
    store.insert(session, entry)
    _save_day(session, place, book_date, day.add_cash(amount))
    return entry


def take_back_cash(session: Session, subject: Subject, id: UUID) -> Cash:
    """Take an entry back; again is harmless. Raises CashNotFound, DayClosed."""
    seen = store.read(session, id)
    if seen is None:
        raise CashNotFound()
    require_stall(session, subject, seen.stall_id, SELL, lock=True)
    entry = store.read(session, id)
    assert entry is not None
    if entry.cancel_time is not None:
        return entry
    now = clock.now()
    _, place = place_of(session, entry.stall_id)
    day = _open_day(session, place, entry.book_date)
    store.cancel(session, id, now)
    _save_day(session, place, entry.book_date, day.add_cash(-entry.amount))
    events.add(session, [of_stall(entry.stall_id, entry.organisation_id, now, entry.book_date)])
    _audit(session, subject, entry, "cash.take_back")
    return replace(entry, cancel_time=now)


def place_of(session: Session, stall_id: UUID) -> tuple[Seller, Place]:
    """A stall that is there, and where its days are counted."""
    seller = sales.seller(session, stall_id)
    assert seller is not None
    hours = Hours(seller.close_minute, seller.cut_off_minute)
    place = Place(stall_id, seller.organisation_id, seller.programme_id, seller.section_id, hours)
    return seller, place


def _open_day(session: Session, place: Place, book_date: date) -> Day:
    day = days.read(session, place.stall_id, book_date)
    if day.is_closed:
        begins = end_of(book_date, place.hours).astimezone(clock.CITY_ZONE)
        raise DayClosed(day=book_date.strftime("%d/%m/%Y"), time=begins.strftime("%H:%M"))
    return day


def _save_day(session: Session, place: Place, book_date: date, day: Day) -> None:
    days.save(cursor(session).connection, {(place.stall_id, book_date): day}, {place.stall_id: place})


def _audit(session: Session, subject: Subject, entry: Cash, action: str) -> None:
    audit.record(
        session,
        subject=subject.label,
        action=action,
        object=f"cash:{entry.id}",
        organisation_id=entry.organisation_id,
        detail={"stall": str(entry.stall_id), "amount": entry.amount, "day": entry.book_date.isoformat()},
    )
