"""How every flow begins and ends: a book with the time read once, and all changes written in one round trip."""

from __future__ import annotations

import uuid_utils
from sqlalchemy.orm import Session

from kit import clock, outbox
from kit.db import cursor
from kit.references import Found, find
from services.reconciliation import publish
from services.reconciliation.domain.book import Book
from services.reconciliation.store import batch, books


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
    with cursor(session).connection.pipeline():
        send(session, book)
        finish(session, book)


def send(session: Session, book: Book) -> None:
    """Send what was decided so far to the server, inside a pipeline, and do not wait: it works while we go on."""
    changes = book.take_changes()
    arrived = batch.write_arrivals(session, changes, book.now)
    events = publish.events_of(changes, book.now)
    batch.write_rest(session, changes, book.now, arrived)
    outbox.add(session, events)
    for entry in changes.entries:
        book.sums.add(entry)


def finish(session: Session, book: Book) -> None:
    """Add all that was posted to the balances: the last locks of the transaction."""
    books.add_to_balances(session, book.sums)
