"""Sales in the database.

Whoever changes a sale, a taking, a cash entry or a day holds the row of its stall: that one lock orders all that happens
at a stall, and nothing of a stall is locked beside it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final, LiteralString
from uuid import UUID

from psycopg import Connection
from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from kit.arrays import integers, moments, text_array, uuids
from services.pilots.domain.errors_sales import ReferenceTaken
from services.pilots.domain.sales import Sale, Seller, State
from services.pilots.domain.stalls import Account

COLUMNS: Final[LiteralString] = """
    id, organisation_id, stall_id, reference, amount, amount_paid, state, account_id, bin, account_number,
    account_holder, payload, proof, rest_of_sale_id, subject, version, sequence, applied_version, payments,
    create_time, expire_time, change_time, paid_time"""
_SELECT: Final = "SELECT " + COLUMNS + " FROM sale "
_SELLER: Final = """
    SELECT s.id AS stall_id, s.organisation_id, s.programme_id, s.section_id, s.number, s.name, s.state,
           s.account_id, s.bin, s.account_number, s.account_holder, p.name AS programme_name, p.start_date,
           p.end_date, p.close_minute, p.cut_off_minute, p.sale_seconds
    FROM stall s JOIN programme p ON p.id = s.programme_id WHERE """
# A sale whose code is taken, by whatever it is, is not stored: one statement, for each sale passes here.
_INSERT: Final = text(
    """
    WITH claimed AS (
        INSERT INTO code (reference, payable_id) VALUES (:reference, :id) ON CONFLICT DO NOTHING RETURNING reference
    )
    INSERT INTO sale (id, organisation_id, stall_id, reference, amount, amount_paid, state, account_id, bin,
        account_number, account_holder, payload, proof, rest_of_sale_id, subject, version, sequence,
        applied_version, payments, create_time, expire_time, change_time, paid_time)
    SELECT :id, :organisation_id, :stall_id, claimed.reference, :amount, :amount_paid, :state, :account_id, :bin,
        :account_number, :account_holder, :payload, :proof, :rest_of_sale_id, :subject, :version, :sequence,
        :applied_version, :payments, :create_time, :expire_time, :change_time, :paid_time
    FROM claimed RETURNING id
    """
)
_SAVE: Final[LiteralString] = """
    UPDATE sale s SET state = n.state, amount_paid = n.amount_paid, proof = n.proof, version = n.version,
        sequence = n.sequence, applied_version = n.applied_version, payments = n.payments,
        paid_time = n.paid_time, change_time = n.change_time
    FROM unnest(%s::uuid[], %s::text[], %s::bigint[], %s::text[], %s::bigint[], %s::bigint[], %s::bigint[],
                %s::bigint[], %s::timestamptz[], %s::timestamptz[])
        AS n(id, state, amount_paid, proof, version, sequence, applied_version, payments, paid_time, change_time)
    WHERE s.id = n.id"""
# Sales are asked for days back at the most: none waits longer than its programme lets it.
_WAITING: Final = (
    _SELECT
    + """WHERE stall_id = :stall_id AND create_time > :now - interval '1 day' AND expire_time > :now
        AND state IN ('open', 'part_paid')
    ORDER BY create_time DESC, id DESC LIMIT 1"""
)


def seller(session: Session, stall_id: UUID) -> Seller | None:
    """A stall as selling there needs it."""
    row = session.execute(text(_SELLER + "s.id = :id"), {"id": stall_id}).one_or_none()
    return _seller_of(row) if row is not None else None


def insert(session: Session, sale: Sale) -> None:
    """Store a new sale under its code, which is claimed for good. Raises ReferenceTaken if something else has it."""
    values = {
        "id": sale.id,
        "organisation_id": sale.organisation_id,
        "stall_id": sale.stall_id,
        "reference": sale.reference,
        "amount": sale.amount,
        "amount_paid": sale.amount_paid,
        "state": sale.state.value,
        "account_id": sale.account.id,
        "bin": sale.account.bin,
        "account_number": sale.account.number,
        "account_holder": sale.account.holder_name,
        "payload": sale.payload,
        "proof": sale.proof,
        "rest_of_sale_id": sale.rest_of_sale_id,
        "subject": sale.subject,
        "version": sale.version,
        "sequence": sale.sequence,
        "applied_version": sale.applied_version,
        "payments": sale.payments,
        "create_time": sale.create_time,
        "expire_time": sale.expire_time,
        "change_time": sale.change_time,
        "paid_time": sale.paid_time,
    }
    if session.execute(_INSERT, values).first() is None:
        raise ReferenceTaken()


def read(session: Session, id: UUID) -> Sale | None:
    """A sale by its id."""
    row = session.execute(text(_SELECT + "WHERE id = :id"), {"id": id}).one_or_none()
    return sale_of(row) if row is not None else None


def waiting(session: Session, stall_id: UUID, now: datetime) -> Sale | None:
    """The newest sale of a stall that waits for money."""
    row = session.execute(text(_WAITING), {"stall_id": stall_id, "now": now}).one_or_none()
    return sale_of(row) if row is not None else None


def page_by_id(session: Session, before: UUID | None, limit: int) -> list[tuple[Sale, Seller]]:
    """Sales from the newest on, by their ids, with their stalls: for announcing again."""
    rows = session.execute(
        text(_SELECT + "WHERE CAST(:before AS uuid) IS NULL OR id < :before ORDER BY id DESC LIMIT :limit"),
        {"before": before, "limit": limit},
    )
    sales = [sale_of(row) for row in rows]
    found = session.execute(
        text(_SELLER + "s.id = ANY(CAST(:ids AS uuid[]))"), {"ids": uuids({sale.stall_id for sale in sales})}
    )
    sellers = {row.stall_id: _seller_of(row) for row in found}
    return [(sale, sellers[sale.stall_id]) for sale in sales]


def public(session: Session, reference: str) -> tuple[Sale, Row[Any]] | None:
    """A sale by its reference, with the stall's `code`, `number`, `name` and `programme_name`."""
    row = session.execute(
        text(
            "SELECT "
            + ", ".join(f"a.{column.strip()}" for column in COLUMNS.split(","))
            + ", s.reference AS code, s.number, s.name, p.name AS programme_name FROM sale a"
            " JOIN stall s ON s.id = a.stall_id JOIN programme p ON p.id = s.programme_id"
            " WHERE a.reference = :reference"
        ),
        {"reference": reference},
    ).one_or_none()
    return (sale_of(row), row) if row is not None else None


def save(connection: Connection[tuple[Any, ...]], sales: Iterable[Sale]) -> None:
    """Store what payments and sellers changed of sales."""
    changed = list(sales)
    connection.execute(
        _SAVE,
        (
            uuids(each.id for each in changed),
            text_array([each.state.value for each in changed]),
            integers(each.amount_paid for each in changed),
            text_array([each.proof for each in changed]),
            integers(each.version for each in changed),
            integers(each.sequence for each in changed),
            integers(each.applied_version for each in changed),
            integers(each.payments for each in changed),
            moments([each.paid_time for each in changed]),
            moments([each.change_time for each in changed]),
        ),
    )


def sale_of(row: Any) -> Sale:
    """The sale in a row that begins with COLUMNS."""
    return Sale(
        row[0],
        row[1],
        row[2],
        row[3],
        row[4],
        row[5],
        State(row[6]),
        Account(row[7], row[8], row[9], row[10]),
        *row[11:23],
    )


def _seller_of(row: Row[Any]) -> Seller:
    account = (
        Account(row.account_id, row.bin, row.account_number, row.account_holder) if row.account_id else None
    )
    return Seller(
        stall_id=row.stall_id,
        organisation_id=row.organisation_id,
        programme_id=row.programme_id,
        section_id=row.section_id,
        number=row.number,
        name=row.name,
        state=row.state,
        account=account,
        programme_name=row.programme_name,
        start_date=row.start_date,
        end_date=row.end_date,
        close_minute=row.close_minute,
        cut_off_minute=row.cut_off_minute,
        sale_seconds=row.sale_seconds,
    )
