"""The day book of a unit."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from kit import clock
from kit.auth import Kind, Subject
from services.pilots.domain.daybook import DayBook, checked_year, threshold_for
from services.pilots.domain.errors_sales import OwnerOnly
from services.pilots.domain.errors_stalls import StallNotFound
from services.pilots.flows.access import READ
from services.pilots.store import daybook as store


def get_book(session: Session, subject: Subject, organisation_id: UUID, year: int) -> DayBook:
    """A unit's year, for its owner. Raises BadSaleField, OwnerOnly, PermissionDenied, StallNotFound."""
    checked_year(year)
    if subject.kind is Kind.DEVICE:
        raise OwnerOnly()
    subject.require(READ, organisation_id)
    unit = store.unit(session, organisation_id)
    if unit is None:
        raise StallNotFound()
    return DayBook(
        organisation_id=organisation_id,
        unit_name=unit.name,
        year=year,
        days=store.days(session, organisation_id, year, clock.now()),
        threshold=threshold_for(year, unit.kind),
    )
