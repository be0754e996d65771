"""How every flow begins and ends: a book with the time read once, and all changes written in one round trip."""

from __future__ import annotations

import uuid_utils
from sqlalchemy.orm import Session

from kit import clock, outbox
from kit.db import cursor
from kit.references import Found, find
from services.reconciliation import publish
from services.reconciliation.domain.book import Book
from services.reconciliation.store import batch


class Finder:
    """Finds references in memos, each memo once in a transaction."""

    def __init__(self) -> None:
        self._known: dict[str, Found] = {}

    def __call__(self, memo: str) -> Found:
        found = self._known.get(memo)
        if found is None:
            found = self._known[memo] = find(memo)
        return found


def new_id() -> str:
    """A new time-ordered id as text."""
    return str(uuid_utils.uuid7())


def open_book(find: Finder | None = None) -> Book:
    """An empty book at the present moment."""
    now = clock.now()
    return Book(now, clock.business_date(now), new_id, find or Finder())


def save(session: Session, book: Book) -> None:
    """Write what was decided and what is to be announced, in one pipelined round trip."""
    events = publish.events_of(book.changes, book.now)
    with cursor(session).connection.pipeline():
        batch.write(session, book.changes, book.now)
        outbox.add(session, events)
