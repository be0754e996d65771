"""Seals of receipts: the chunk that waits, stored seals, and the whole chain for a check.

Sealing happens after payments are committed and touches no row that recording them locks.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, LiteralString, NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from kit.arrays import bytes_array, integers, text_array, uuids
from kit.db import cursor
from services.invoices.domain.seals import GENESIS, SALT_BYTES, Place, Seal, Sealed

# Any number; one at a time extends chains. Nobody waits for it who has nothing to seal.
_LOCK: Final = 7_300_212
_SEALED: Final[LiteralString] = """
    r.number, i.reference, i.title, i.group_name, i.payer_name, r.amount, r.splits::text, r.bank_reference,
    r.payer_account_last_four, r.bank_time, r.issue_time"""
# Books that are behind, as many as fill a chunk, and of each the receipts after its last seal. Numbers become visible
# in order: a batch draws them under the lock of the book's counter row, which it holds until it commits, so whoever
# draws the next ones sees these committed; and a batch that fails gives its numbers back with the counter. A gap is
# therefore never a receipt that is still to come: nothing is sealed past one, and `xoai verify` names it.
_WAITING: Final[LiteralString] = f"""
    WITH behind AS (
        SELECT c.organisation_id, c.series, c.year, coalesce(s.number, 0) AS sealed, s.hash,
               sum(c.last_number - coalesce(s.number, 0)) OVER (ORDER BY c.organisation_id, c.series, c.year)
               - (c.last_number - coalesce(s.number, 0)) AS before
        FROM receipt_counter c LEFT JOIN LATERAL (
            SELECT number, hash FROM receipt_seal s
            WHERE s.organisation_id = c.organisation_id AND s.series = c.series AND s.year = c.year
            ORDER BY s.number DESC LIMIT 1) s ON true
        WHERE coalesce(s.number, 0) < c.last_number
          AND (%(organisation)s::uuid IS NULL OR (c.organisation_id, c.series, c.year)
               = (%(organisation)s::uuid, %(series)s::text, %(year)s::smallint))
          AND EXISTS (
            SELECT FROM receipt n WHERE n.organisation_id = c.organisation_id AND n.series = c.series
            AND n.year = c.year AND n.number = coalesce(s.number, 0) + 1)
    )
    SELECT b.organisation_id, b.series, b.year, b.sealed, b.hash, {_SEALED}
    FROM behind b
    JOIN receipt r ON r.organisation_id = b.organisation_id AND r.series = b.series AND r.year = b.year
     AND r.number > b.sealed AND r.number <= b.sealed + %(limit)s - b.before
    JOIN invoice i ON i.id = r.invoice_id
    WHERE b.before < %(limit)s
    ORDER BY b.organisation_id, b.series, b.year, r.number"""
_ADD: Final[LiteralString] = """
    WITH book AS MATERIALIZED (SELECT %s::timestamptz AS seal_time, %s::uuid[] AS ids, %s::text[] AS series,
                                      %s::smallint[] AS years)
    INSERT INTO receipt_seal (organisation_id, series, year, number, hash, salt, seal_time)
    SELECT b.ids[n.book], b.series[n.book], b.years[n.book], n.number, n.hash, n.salt, b.seal_time
    FROM book b, unnest(%s::integer[], %s::integer[], %s::bytea[], %s::bytea[]) AS n(book, number, hash, salt)"""
_FIND: Final = text(
    """
    SELECT s.number, s.hash, s.salt, p.hash AS previous_hash
    FROM receipt_seal s LEFT JOIN receipt_seal p
      ON p.organisation_id = s.organisation_id AND p.series = s.series AND p.year = s.year
     AND p.number = s.number - 1
    WHERE s.organisation_id = :organisation_id AND s.series = :series AND s.year = :year AND s.number = :number
    """
)
_RECORD: Final = f"""
    SELECT r.organisation_id, r.series, r.year, {_SEALED}, r.cancel_time, r.cancel_reason
    FROM receipt r JOIN invoice i ON i.id = r.invoice_id
    WHERE r.organisation_id = :organisation_id AND r.series = :series AND r.year = :year AND r.number = :number"""
_CHAIN: Final = f"""
    SELECT coalesce(s.organisation_id, r.organisation_id) AS organisation_id, coalesce(s.series, r.series) AS series,
           coalesce(s.year, r.year) AS year, coalesce(s.number, r.number) AS place, s.hash, s.salt, {_SEALED}
    FROM receipt_seal s
    FULL JOIN (receipt r JOIN invoice i ON i.id = r.invoice_id)
      ON s.organisation_id = r.organisation_id AND s.series = r.series AND s.year = r.year AND s.number = r.number
    ORDER BY 1, 2, 3, 4"""


class Waiting(NamedTuple):
    """A receipt to be sealed next; `last_hash` is that of its book's last stored seal."""

    place: Place
    last_hash: bytes
    sealed: Sealed


@dataclass(frozen=True, slots=True)
class Link:
    """One number of a book as it is stored: its seal (None: not sealed) and its record (None: gone)."""

    place: Place
    number: int
    hash: bytes | None
    salt: bytes | None
    sealed: Sealed | None


@dataclass(frozen=True, slots=True)
class Record:
    """A receipt as it stands now, with what cancelled it."""

    sealed: Sealed
    cancel_time: datetime | None
    cancel_reason: str


def lock(session: Session) -> None:
    """Wait until nobody else extends a chain; held until the transaction ends."""
    session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})


def waiting(session: Session, limit: int, place: Place | None = None) -> list[Waiting]:
    """At most `limit` receipts to be sealed, of all books or of one, by book and number. One statement."""
    values: dict[str, object] = {"limit": limit, "organisation": None, "series": None, "year": None}
    if place is not None:
        values |= {"organisation": place.organisation_id, "series": place.series, "year": place.year}
    found = []
    book: tuple[Any, ...] = ()
    # In binary form, which is read faster.
    for row in cursor(session).execute(_WAITING, values, binary=True).fetchall():
        if row[:3] != book:
            book, current, number = row[:3], Place(*row[:3]), row[3]
        number += 1
        if row[5] == number:
            found.append(Waiting(current, row[4] or GENESIS, Sealed._make(book + row[5:])))
    return found


def salts(count: int) -> list[bytes]:
    """New salts."""
    random = os.urandom(SALT_BYTES * count)
    return [random[start : start + SALT_BYTES] for start in range(0, len(random), SALT_BYTES)]


def add(session: Session, seals: Sequence[tuple[Place, Seal]], now: datetime) -> None:
    """Store seals. One statement."""
    books = list(dict.fromkeys(place for place, _ in seals))
    order = {place: position for position, place in enumerate(books, 1)}
    cursor(session).execute(
        _ADD,
        (
            now,
            uuids(place.organisation_id for place in books),
            text_array([place.series for place in books]),
            integers(place.year for place in books),
            integers([order[place] for place, _ in seals]),
            integers([seal.number for _, seal in seals]),
            bytes_array([seal.hash for _, seal in seals]),
            bytes_array([seal.salt for _, seal in seals]),
        ),
    )


def find(session: Session, place: Place, number: int) -> Seal | None:
    """The seal of a number, None if it has none yet."""
    row = session.execute(_FIND, _key(place, number)).first()
    if row is None:
        return None
    previous = row.previous_hash if row.number > 1 else GENESIS
    return Seal(row.number, bytes(row.hash), bytes(row.salt), bytes(previous or b""))


def find_record(session: Session, place: Place, number: int) -> Record | None:
    """The receipt of a number as it stands now."""
    row = session.execute(text(_RECORD), _key(place, number)).first()
    if row is None:
        return None
    return Record(Sealed._make(row[:14]), row.cancel_time, row.cancel_reason)


def chain(session: Session) -> Iterator[Link]:
    """Every number of every book in order, seals and records side by side, streamed."""
    rows = session.execute(text(_CHAIN), execution_options={"yield_per": 5_000})
    for row in rows:
        book = row[:3]
        # A record that is gone leaves its number empty.
        sealed = Sealed._make((*book, *row[6:])) if row.number is not None else None
        hash, salt = (bytes(row.hash), bytes(row.salt)) if row.hash is not None else (None, None)
        yield Link(Place(*book), row.place, hash, salt, sealed)


def _key(place: Place, number: int) -> dict[str, object]:
    return {
        "organisation_id": place.organisation_id,
        "series": place.series,
        "year": place.year,
        "number": number,
    }
