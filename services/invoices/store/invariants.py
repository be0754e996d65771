"""The invariants of this service's own database, as SQL that finds what breaks them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, LiteralString

from sqlalchemy import text
from sqlalchemy.orm import Session

from kit.invariants import Breach, breaches

# Each yields (what, where) for breaches only.
_CHECKS: Final[tuple[tuple[str, LiteralString], ...]] = (
    (
        "I5",
        """SELECT 'amount due ' || i.amount_due || ', lines ' || coalesce(l.total, 0), 'invoice ' || i.id
           FROM invoice i LEFT JOIN (
               SELECT DISTINCT ON (invoice_id) invoice_id, total FROM (
                   SELECT n.invoice_id, n.version, sum(n.amount) AS total FROM invoice_line n
                   JOIN invoice o ON o.id = n.invoice_id AND n.version <= o.version GROUP BY 1, 2
               ) v ORDER BY invoice_id, version DESC
           ) l ON l.invoice_id = i.id
           WHERE i.amount_due <> coalesce(l.total, 0)""",
    ),
    (
        "I5",
        """SELECT 'payment ' || r.amount || ', split over lines ' || s.total, 'receipt of payment ' || r.payment_id
           FROM receipt r, LATERAL (
               SELECT sum((split ->> 1)::bigint) AS total FROM jsonb_array_elements(r.splits) AS split
           ) s WHERE s.total <> r.amount""",
    ),
    (
        "I6",
        """SELECT 'recorded as paid ' || i.amount_paid || ', receipts in force ' || coalesce(r.total, 0),
                  'invoice ' || i.id
           FROM invoice i LEFT JOIN (
               SELECT invoice_id, sum(amount) AS total FROM receipt WHERE cancel_time IS NULL GROUP BY 1
           ) r ON r.invoice_id = i.id
           WHERE i.amount_paid <> coalesce(r.total, 0)""",
    ),
    (
        "I6",
        """SELECT 'state ' || state || ' with ' || amount_paid || ' of ' || amount_due || ' paid', 'invoice ' || id
           FROM invoice
           WHERE state <> 'void' AND state <> CASE
               WHEN amount_paid <= 0 THEN 'open' WHEN amount_paid >= amount_due THEN 'paid' ELSE 'part_paid' END""",
    ),
    (
        "I8",
        """SELECT 'newest total known is version ' || i.applied_version || ', told was ' || coalesce(t.newest, 0),
                  'invoice ' || i.id
           FROM invoice i LEFT JOIN (
               SELECT invoice_id, max(applied_version) AS newest FROM (
                   SELECT invoice_id, applied_version FROM receipt
                   UNION ALL SELECT invoice_id, applied_version FROM payment_reversal
               ) told GROUP BY 1
           ) t ON t.invoice_id = i.id
           WHERE i.applied_version <> coalesce(t.newest, 0)""",
    ),
    (
        "I8",
        """SELECT 'sequence ' || i.sequence || ', a payment made ' || t.newest, 'invoice ' || i.id
           FROM invoice i JOIN (
               SELECT invoice_id, max(sequence) AS newest FROM (
                   SELECT invoice_id, sequence FROM receipt
                   UNION ALL SELECT invoice_id, sequence FROM payment_reversal
               ) made GROUP BY 1
           ) t ON t.invoice_id = i.id
           WHERE i.sequence < t.newest""",
    ),
    (
        "I10",
        """SELECT 'receipts issued ' || coalesce(r.issued, 0) || ', highest number ' || coalesce(r.highest, 0)
                  || ', counter ' || coalesce(c.last_number, 0),
                  'organisation ' || coalesce(r.organisation_id, c.organisation_id) || ' '
                  || coalesce(r.series, c.series) || '/' || coalesce(r.year, c.year)
           FROM (SELECT organisation_id, series, year, count(*) AS issued, max(number) AS highest
                 FROM receipt GROUP BY 1, 2, 3) r
           FULL JOIN receipt_counter c
             ON c.organisation_id = r.organisation_id AND c.series = r.series AND c.year = r.year
           WHERE coalesce(r.issued, 0) <> coalesce(r.highest, 0)
              OR coalesce(r.highest, 0) <> coalesce(c.last_number, 0)""",
    ),
    (
        "I10",
        """SELECT CASE WHEN v.payment_id IS NULL THEN 'cancelled without a reversal'
                       ELSE 'in force though its payment was reversed' END,
                  'receipt of payment ' || r.payment_id
           FROM receipt r LEFT JOIN payment_reversal v ON v.payment_id = r.payment_id
           WHERE (r.cancel_time IS NULL) <> (v.payment_id IS NULL)""",
    ),
    (
        "I10",
        """SELECT 'receipt of an invoice that is not there', 'receipt of payment ' || r.payment_id
           FROM receipt r WHERE NOT EXISTS (SELECT FROM invoice i WHERE i.id = r.invoice_id)""",
    ),
)


def findings(session: Session) -> list[Breach]:
    """What breaks them, some of each at most; empty is well."""
    return breaches(session, _CHECKS)


def paid_by_invoice(session: Session) -> Iterator[tuple[str, int]]:
    """(invoice id, đồng recorded as paid) in order of id, for those that have any."""
    rows = session.execute(
        text("SELECT id, amount_paid FROM invoice WHERE amount_paid <> 0 ORDER BY id"),
        execution_options={"yield_per": 5_000},
    )
    for id, amount_paid in rows:
        yield str(id), amount_paid
