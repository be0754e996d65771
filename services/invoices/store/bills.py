"""What opens a bill to its payer: sealed facts, links, and the count of wrong answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

_CLAIM: Final = text(
    """
    INSERT INTO bill_miss AS m (reference, miss_date, misses) VALUES (:reference, :today, 0)
    ON CONFLICT (reference, miss_date) DO UPDATE SET misses = m.misses RETURNING misses
    """
)
_COUNT: Final = text(
    "UPDATE bill_miss SET misses = misses + 1 WHERE reference = :reference AND miss_date = :today"
)
_SEALED: Final = text("SELECT id, second_fact FROM invoice WHERE reference = :reference")
_LINKED: Final = text(
    """
    SELECT i.id FROM pay_link l JOIN invoice i ON i.id = l.invoice_id
    WHERE l.token_hash = :token_hash AND i.reference = :reference AND l.revoke_time IS NULL
      AND l.expire_time > :now
    """
)
_ADD_LINK: Final = text(
    """
    INSERT INTO pay_link (id, organisation_id, invoice_id, token_hash, create_time, expire_time)
    VALUES (:id, :organisation_id, :invoice_id, :token_hash, :create_time, :expire_time)
    """
)
_REVOKE_LINKS: Final = text(
    "UPDATE pay_link SET revoke_time = :now WHERE invoice_id = :invoice_id AND revoke_time IS NULL"
)


@dataclass(frozen=True, slots=True)
class PayLink:
    """An unguessable link to one bill, without its token."""

    id: UUID
    organisation_id: UUID
    invoice_id: UUID
    token_hash: bytes
    create_time: datetime
    expire_time: datetime


def claim_misses(session: Session, reference: str, today: date) -> int:
    """Wrong answers for this reference today; held until the transaction ends, so that guesses queue up."""
    return int(session.execute(_CLAIM, {"reference": reference, "today": today}).scalar_one())


def count_miss(session: Session, reference: str, today: date) -> None:
    """Count one more wrong answer."""
    session.execute(_COUNT, {"reference": reference, "today": today})


def sealed_fact(session: Session, reference: str) -> tuple[UUID | None, bytes]:
    """The invoice with this reference and its sealed fact; None and empty for an unknown reference."""
    row = session.execute(_SEALED, {"reference": reference}).first()
    return (None, b"") if row is None else (row.id, bytes(row.second_fact))


def linked_invoice(session: Session, reference: str, token_hash: bytes, now: datetime) -> UUID | None:
    """The invoice that a link in force leads to."""
    row = session.execute(_LINKED, {"reference": reference, "token_hash": token_hash, "now": now}).first()
    return None if row is None else row.id


def add_link(session: Session, link: PayLink) -> None:
    """Store a link by the hash of its token."""
    session.execute(
        _ADD_LINK,
        {
            "id": link.id,
            "organisation_id": link.organisation_id,
            "invoice_id": link.invoice_id,
            "token_hash": link.token_hash,
            "create_time": link.create_time,
            "expire_time": link.expire_time,
        },
    )


def revoke_links(session: Session, invoice_id: UUID, now: datetime) -> int:
    """Revoke all links of an invoice; how many there were in force."""
    return int(getattr(session.execute(_REVOKE_LINKS, {"invoice_id": invoice_id, "now": now}), "rowcount", 0))


def forget_old(session: Session, *, links_before: datetime, misses_before: date) -> int:
    """Delete links that ended before a moment and counts of days before a day; how many."""
    links = session.execute(
        text("DELETE FROM pay_link WHERE expire_time < :before"), {"before": links_before}
    )
    misses = session.execute(
        text("DELETE FROM bill_miss WHERE miss_date < :before"), {"before": misses_before}
    )
    return int(getattr(links, "rowcount", 0)) + int(getattr(misses, "rowcount", 0))
