"""The invariants of this service's own database, as SQL that finds what breaks them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, LiteralString

from sqlalchemy.orm import Session

from kit.db import cursor
from kit.invariants import Breach, breaches

# Each yields (what, where) for breaches only.
_CHECKS: Final[tuple[tuple[str, LiteralString], ...]] = (
    (
        "I1",
        "SELECT 'entry does not sum to zero: ' || sum(amount), 'entry ' || entry_id FROM posting"
        " GROUP BY entry_id HAVING sum(amount) <> 0 OR count(*) < 2",
    ),
    (
        "I1",
        "SELECT 'entry without postings', 'entry ' || e.id FROM journal_entry e"
        " WHERE NOT EXISTS (SELECT FROM posting p WHERE p.entry_id = e.id)",
    ),
    (
        "I1",
        """SELECT 'balance ' || coalesce(b.balance, 0) || ', postings ' || coalesce(p.total, 0),
                  'account ' || coalesce(b.organisation_id, p.organisation_id) || ' '
                  || coalesce(b.ledger_account, p.ledger_account)
           FROM ledger_balance b FULL JOIN (
               SELECT organisation_id, ledger_account, sum(amount) AS total FROM posting GROUP BY 1, 2
           ) p ON p.organisation_id = b.organisation_id AND p.ledger_account = b.ledger_account
           WHERE coalesce(b.balance, 0) <> coalesce(p.total, 0)""",
    ),
    (
        "I1",
        "SELECT 'balances sum to ' || sum(balance), 'organisation ' || organisation_id FROM ledger_balance"
        " GROUP BY organisation_id HAVING sum(balance) <> 0",
    ),
    (
        "I2",
        """SELECT 'credits received ' || coalesce(c.total, 0) || ', bank ' || coalesce(b.total, 0),
                  'organisation ' || coalesce(c.organisation_id, b.organisation_id)
           FROM (SELECT organisation_id, sum(amount) AS total FROM credit WHERE is_in_ledger GROUP BY 1) c
           FULL JOIN (SELECT organisation_id, sum(balance) AS total FROM ledger_balance
                      WHERE ledger_account LIKE 'bank:%%' GROUP BY 1) b ON b.organisation_id = c.organisation_id
           WHERE coalesce(c.total, 0) <> coalesce(b.total, 0)""",
    ),
    (
        "I2",
        """SELECT 'suspense of credits ' || coalesce(c.total, 0) || ', of the ledger ' || coalesce(b.total, 0),
                  'organisation ' || coalesce(c.organisation_id, b.organisation_id)
           FROM (SELECT organisation_id, sum(amount_suspense) AS total FROM credit GROUP BY 1) c
           FULL JOIN (SELECT organisation_id, -balance AS total FROM ledger_balance WHERE ledger_account = 'suspense') b
             ON b.organisation_id = c.organisation_id
           WHERE coalesce(c.total, 0) <> coalesce(b.total, 0)""",
    ),
    (
        "I2",
        """SELECT 'applied to payables ' || coalesce(p.total, 0) || ', collected ' || coalesce(b.total, 0),
                  'organisation ' || coalesce(p.organisation_id, b.organisation_id)
           FROM (SELECT organisation_id, sum(applied) AS total FROM payable GROUP BY 1) p
           FULL JOIN (SELECT organisation_id, -sum(balance) AS total FROM ledger_balance
                      WHERE ledger_account LIKE 'collected:%%' GROUP BY 1) b ON b.organisation_id = p.organisation_id
           WHERE coalesce(p.total, 0) <> coalesce(b.total, 0)""",
    ),
    (
        "I2",
        """SELECT 'kept of credits less used ' || coalesce(c.total, 0) || ', payers credit ' || coalesce(b.total, 0),
                  'organisation ' || coalesce(c.organisation_id, b.organisation_id)
           FROM (SELECT organisation_id, sum(kept) AS total FROM (
                     SELECT organisation_id, amount_payer_credit AS kept FROM credit
                     UNION ALL
                     SELECT organisation_id, -amount FROM payment p WHERE fund_kind = 'payer_credit'
                       AND NOT EXISTS (SELECT FROM payment_reversal r WHERE r.payment_id = p.id)) k GROUP BY 1) c
           FULL JOIN (SELECT organisation_id, -sum(balance) AS total FROM ledger_balance
                      WHERE ledger_account LIKE 'payer_credit:%%' GROUP BY 1) b
             ON b.organisation_id = c.organisation_id
           WHERE coalesce(c.total, 0) <> coalesce(b.total, 0)""",
    ),
    (
        "I2",
        "SELECT 'overdrawn: ' || balance, ledger_account || ' of ' || organisation_id FROM ledger_balance"
        " WHERE balance > 0 AND (ledger_account = 'suspense' OR ledger_account LIKE 'payer_credit:%%'"
        " OR ledger_account LIKE 'collected:%%')",
    ),
    (
        "I4",
        "SELECT 'parts do not make the amount', 'credit ' || id FROM credit WHERE amount_applied + amount_payer_credit"
        " + amount_suspense + amount_refundable <> CASE WHEN is_in_ledger THEN amount ELSE 0 END",
    ),
    (
        "I4",
        "SELECT 'suspense and reason disagree: ' || reason, 'credit ' || id FROM credit"
        " WHERE is_in_ledger AND (amount_suspense > 0) <> (reason <> '')",
    ),
    (
        "I4",
        "SELECT 'asked about by ' || count(*) || ' credits', 'payable ' || asked_payable_id FROM credit"
        " WHERE asked_payable_id IS NOT NULL GROUP BY asked_payable_id HAVING count(*) > 1",
    ),
    (
        "I4",
        """SELECT 'told by ' || count(r.id) || ' reports, counts ' || c.report_count, 'credit ' || c.id
           FROM credit c LEFT JOIN report r ON r.credit_id = c.id WHERE c.merged_into IS NULL
           GROUP BY c.id HAVING count(r.id) <> c.report_count""",
    ),
    (
        "I4",
        "SELECT 'report of no credit', 'report ' || r.id FROM report r"
        " WHERE NOT EXISTS (SELECT FROM credit c WHERE c.id = r.credit_id)",
    ),
    (
        "I4",
        "SELECT 'arrived without its entry', 'credit ' || c.id FROM credit c WHERE (c.is_in_ledger"
        " OR c.merged_into IS NOT NULL) AND NOT EXISTS (SELECT FROM journal_entry e WHERE e.id = c.id)",
    ),
    (
        "I5",
        "SELECT 'applied ' || applied || ' of ' || amount_due, 'payable ' || id FROM payable"
        " WHERE applied > amount_due AND kind <> 'sale'",
    ),
    (
        "I5",
        """SELECT 'applied ' || p.applied || ', payments ' || coalesce(y.total, 0), 'payable ' || p.id
           FROM payable p LEFT JOIN (
               SELECT payable_id, sum(amount) AS total FROM payment y
               WHERE NOT EXISTS (SELECT FROM payment_reversal r WHERE r.payment_id = y.id) GROUP BY 1
           ) y ON y.payable_id = p.id WHERE p.applied <> coalesce(y.total, 0)""",
    ),
    (
        "I5",
        """SELECT 'payments ' || coalesce(y.total, 0) || ', credit says ' || c.amount_applied, 'credit ' || c.id
           FROM credit c LEFT JOIN (
               SELECT credit_id, sum(amount) AS total FROM payment y
               WHERE NOT EXISTS (SELECT FROM payment_reversal r WHERE r.payment_id = y.id) GROUP BY 1
           ) y ON y.credit_id = c.id WHERE c.amount_applied <> coalesce(y.total, 0)""",
    ),
    (
        "I5",
        """SELECT 'splits do not make ' || amount, 'payment ' || id FROM payment
           WHERE amount <> (SELECT coalesce(sum((part ->> 2)::bigint), 0) FROM jsonb_array_elements(splits) part)""",
    ),
    (
        "I5",
        """SELECT 'lines hold ' || total || ' of ' || applied, 'payable ' || id FROM (
               SELECT id, applied, (SELECT sum((line ->> 5)::bigint) FROM jsonb_array_elements(lines) line) AS total
               FROM payable) p WHERE total <> applied""",
    ),
    (
        "I8",
        """SELECT 'facts ' || f.facts || ', versions to ' || p.applied_version, 'payable ' || p.id
           FROM payable p LEFT JOIN (
               SELECT payable_id, count(DISTINCT applied_version) AS facts FROM (
                   SELECT payable_id, applied_version FROM payment
                   UNION ALL SELECT payable_id, applied_version FROM payment_reversal) v GROUP BY 1
           ) f ON f.payable_id = p.id WHERE p.applied_version <> coalesce(f.facts, 0)""",
    ),
    (
        "I8",
        """SELECT 'handled before an open dead letter', d.consumer || ' ' || later.event_id
           FROM dead_letter d JOIN dead_letter later
             ON later.consumer = d.consumer AND later.topic = d.topic AND later.ordering_id = d.ordering_id
            AND later.id > d.id
           WHERE d.close_time IS NULL AND d.ordering_id <> '' AND later.close_time IS NOT NULL
             AND later.create_time > d.create_time""",
    ),
)


def findings(session: Session) -> list[Breach]:
    """What breaks them, some of each at most; empty is well."""
    return breaches(session, _CHECKS)


def applied_by_payable(session: Session) -> Iterator[tuple[str, int]]:
    """Every payable to which something was ever applied, in order of id, with Σ its standing allocations; streamed."""
    statement: LiteralString = """
        SELECT p.payable_id::text, coalesce(sum(p.amount) FILTER (WHERE r.payment_id IS NULL), 0)::bigint
        FROM payment p LEFT JOIN payment_reversal r ON r.payment_id = p.id
        GROUP BY p.payable_id ORDER BY p.payable_id"""
    connection = cursor(session).connection
    with connection.cursor(name="applied_by_payable") as rows:
        rows.itersize = 5_000
        rows.execute(statement)
        yield from rows
