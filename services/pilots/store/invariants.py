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
        "I6",
        """SELECT 'recorded as paid ' || s.amount_paid || ' in ' || s.payments || ' payments, in force '
                  || coalesce(t.total, 0) || ' in ' || coalesce(t.payments, 0), 'sale ' || s.id
           FROM sale s LEFT JOIN (
               SELECT payable_id, sum(amount) AS total, count(*) AS payments FROM taking
               WHERE kind = 'sale' AND reverse_time IS NULL GROUP BY 1
           ) t ON t.payable_id = s.id
           WHERE s.amount_paid <> coalesce(t.total, 0) OR s.payments <> coalesce(t.payments, 0)""",
    ),
    (
        "I6",
        """SELECT 'state ' || state || ' with ' || amount_paid || ' of ' || amount || ' paid', 'sale ' || id
           FROM sale
           WHERE state NOT IN ('cancelled', 'settled') AND state <> CASE
               WHEN amount_paid <= 0 THEN 'open' WHEN amount_paid >= amount THEN 'paid' ELSE 'part_paid' END""",
    ),
    (
        "I6",
        """SELECT 'day says ' || concat_ws('/', d.transfer_count, d.transfer_sum, d.private_count, d.private_sum,
                      d.late_count, d.late_sum)
                  || ', its takings ' || concat_ws('/', t.transfer_count, t.transfer_sum, t.private_count,
                      t.private_sum, t.late_count, t.late_sum),
                  'stall ' || coalesce(d.stall_id, t.stall_id) || ' on ' || coalesce(d.book_date, t.book_date)
           FROM stall_day d FULL JOIN (
               SELECT stall_id, book_date,
                      count(*) FILTER (WHERE NOT is_private AND NOT is_late) AS transfer_count,
                      coalesce(sum(amount) FILTER (WHERE NOT is_private AND NOT is_late), 0) AS transfer_sum,
                      count(*) FILTER (WHERE is_private) AS private_count,
                      coalesce(sum(amount) FILTER (WHERE is_private), 0) AS private_sum,
                      count(*) FILTER (WHERE NOT is_private AND is_late) AS late_count,
                      coalesce(sum(amount) FILTER (WHERE NOT is_private AND is_late), 0) AS late_sum
               FROM taking WHERE reverse_time IS NULL GROUP BY 1, 2
           ) t USING (stall_id, book_date)
           WHERE (coalesce(d.transfer_count, 0), coalesce(d.transfer_sum, 0), coalesce(d.private_count, 0),
                  coalesce(d.private_sum, 0), coalesce(d.late_count, 0), coalesce(d.late_sum, 0))
              <> (coalesce(t.transfer_count, 0), coalesce(t.transfer_sum, 0), coalesce(t.private_count, 0),
                  coalesce(t.private_sum, 0), coalesce(t.late_count, 0), coalesce(t.late_sum, 0))""",
    ),
    (
        "I6",
        """SELECT 'day says cash ' || coalesce(d.cash_count, 0) || '/' || coalesce(d.cash_sum, 0) || ', entered '
                  || coalesce(c.count, 0) || '/' || coalesce(c.total, 0),
                  'stall ' || coalesce(d.stall_id, c.stall_id) || ' on ' || coalesce(d.book_date, c.book_date)
           FROM stall_day d FULL JOIN (
               SELECT stall_id, book_date, count(*) AS count, sum(amount) AS total FROM cash_entry
               WHERE cancel_time IS NULL GROUP BY 1, 2
           ) c USING (stall_id, book_date)
           WHERE coalesce(d.cash_count, 0) <> coalesce(c.count, 0)
              OR coalesce(d.cash_sum, 0) <> coalesce(c.total, 0)""",
    ),
    (
        "I6",
        """SELECT 'taking of a payable that is not there', 'payment ' || t.payment_id FROM taking t
           WHERE CASE t.kind
               WHEN 'sale' THEN NOT EXISTS (SELECT FROM sale s WHERE s.id = t.payable_id AND s.stall_id = t.stall_id)
               WHEN 'pack' THEN NOT EXISTS (
                   SELECT FROM pack_code c WHERE c.id = t.payable_id AND c.stall_id = t.stall_id)
               ELSE t.payable_id <> t.stall_id END""",
    ),
    (
        "I6",
        """SELECT 'its code ' || reference || ' is not its own', kind || ' ' || id FROM (
               SELECT 'stall' AS kind, id, reference FROM stall
               UNION ALL SELECT 'pack', id, reference FROM pack_code
               UNION ALL SELECT 'sale', id, reference FROM sale
           ) carrier LEFT JOIN code USING (reference)
           WHERE code.payable_id IS DISTINCT FROM carrier.id""",
    ),
    # Old events are forgotten from the front: what is kept ends at the stall's sequence and has no gap.
    (
        "I8",
        """SELECT 'sequence ' || s.sequence || ', kept ' || coalesce(e.count, 0) || ' events from '
                  || coalesce(e.first, 0) || ' to ' || coalesce(e.last, 0), 'stall ' || s.id
           FROM stall s LEFT JOIN (
               SELECT stall_id, count(*) AS count, min(sequence) AS first, max(sequence) AS last
               FROM stall_event GROUP BY 1
           ) e ON e.stall_id = s.id
           WHERE e.last <> s.sequence OR e.count <> e.last - e.first + 1""",
    ),
    (
        "I8",
        """SELECT 'sequence ' || s.sequence || ', money made ' || t.last, 'stall ' || s.id
           FROM stall s JOIN (
               SELECT stall_id, max(sequence) AS last FROM (
                   SELECT stall_id, sequence FROM taking UNION ALL SELECT stall_id, sequence FROM cash_entry
               ) made GROUP BY 1
           ) t ON t.stall_id = s.id
           WHERE s.sequence < t.last""",
    ),
)


def findings(session: Session) -> list[Breach]:
    """What breaks them, some of each at most; empty is well."""
    return breaches(session, _CHECKS)


def paid_by_payable(session: Session) -> Iterator[tuple[str, int]]:
    """(payable id, đồng recorded as paid): sales by their own amount, standing codes and packs by their takings."""
    rows = session.execute(
        text(
            "SELECT id, amount_paid FROM sale WHERE amount_paid <> 0"
            " UNION ALL SELECT payable_id, CAST(sum(amount) AS bigint) FROM taking"
            " WHERE kind <> 'sale' AND reverse_time IS NULL GROUP BY 1"
        ),
        execution_options={"yield_per": 5_000},
    )
    for id, amount_paid in rows:
        yield str(id), amount_paid
