"""What anybody may know who reads a board: whether it is genuine, and whose account it must name. Never a credit."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from kit import clock, references
from services.pilots.domain.errors_stalls import StallNotFound
from services.pilots.domain.stalls import Stall
from services.pilots.domain.words_of_the_day import word_of
from services.pilots.store import stalls as store


@dataclass(frozen=True, slots=True)
class PublicStall:
    """A stall as its public page shows it."""

    stall: Stall
    word_of_the_day: str
    is_outside_dates: bool


def public_stall(session: Session, code: str, word_key: bytes) -> PublicStall:
    """The stall of its board's or its pack's code, as typed or scanned. Raises StallNotFound."""
    reference = references.normalise(code)
    stall = store.by_printed_code(session, reference) if references.check(reference) else None
    if stall is None:
        raise StallNotFound()
    today = clock.today()
    is_outside = today < stall.start_date or (stall.end_date is not None and today > stall.end_date)
    return PublicStall(stall, word_of(today, word_key), is_outside)
