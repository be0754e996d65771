"""Money of merchants that is on no stall, as snapshots told it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, LiteralString
from uuid import UUID

from sqlalchemy.orm import Session

from kit.arrays import booleans, integers, moments, text_array, uuids
from kit.db import cursor
from services.pilots.domain.sales import Sale
from services.pilots.domain.unassigned import Unassigned
from services.pilots.store import sales

_COLUMNS: Final[LiteralString] = """
    credit_id, organisation_id, version, amount, reason, sale_id, stall_id, payer_account_last_four, bin,
    account_number, bank_time, arrive_time, is_open"""
_LOCK: Final[LiteralString] = (
    "SELECT " + _COLUMNS + " FROM unassigned WHERE credit_id = ANY(%s::uuid[])"
    " ORDER BY credit_id FOR NO KEY UPDATE"
)
_SALES: Final[LiteralString] = "SELECT " + sales.COLUMNS + " FROM sale WHERE id = ANY(%s::uuid[])"
_SAVE: Final[LiteralString] = (
    "INSERT INTO unassigned AS u ("
    + _COLUMNS
    + """)
    SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::bigint[], %s::bigint[], %s::text[], %s::uuid[], %s::uuid[],
        %s::text[], %s::text[], %s::text[], %s::timestamptz[], %s::timestamptz[], %s::boolean[])
    ON CONFLICT (credit_id) DO UPDATE SET
        version = EXCLUDED.version, amount = EXCLUDED.amount, reason = EXCLUDED.reason,
        sale_id = EXCLUDED.sale_id, stall_id = EXCLUDED.stall_id, bank_time = EXCLUDED.bank_time,
        arrive_time = EXCLUDED.arrive_time, is_open = EXCLUDED.is_open
    WHERE u.version < EXCLUDED.version"""
)
_MERCHANTS: Final[LiteralString] = "SELECT organisation_id FROM unit WHERE organisation_id = ANY(%s::uuid[])"
_ACTIVE: Final[LiteralString] = """
    SELECT organisation_id, id FROM stall WHERE organisation_id = ANY(%s::uuid[]) AND state = 'active'
    ORDER BY id"""
_OF_STALL: Final[LiteralString] = (
    "SELECT " + _COLUMNS + " FROM unassigned WHERE is_open AND organisation_id = %s AND stall_id = %s"
    " ORDER BY arrive_time, credit_id"
)
_OF_MERCHANT: Final[LiteralString] = (
    "SELECT " + _COLUMNS + " FROM unassigned WHERE is_open AND organisation_id = %s"
    " ORDER BY arrive_time, credit_id LIMIT %s"
)


def merchants(session: Session, organisation_ids: Iterable[UUID]) -> frozenset[UUID]:
    """Which of these organisations hold stalls."""
    return frozenset(row[0] for row in cursor(session).execute(_MERCHANTS, (uuids(set(organisation_ids)),)))


def lock(session: Session, credit_ids: Collection[UUID]) -> dict[UUID, Unassigned]:
    """What is stored of credits, locked."""
    rows = cursor(session).execute(_LOCK, (uuids(credit_ids),))
    return {row[0]: Unassigned(*row) for row in rows}


def asked_sales(session: Session, sale_ids: Collection[UUID]) -> dict[UUID, Sale]:
    """Sales that credits ask about; those that are not there are left out."""
    rows = cursor(session).execute(_SALES, (uuids(sale_ids),))
    return {row[0]: sales.sale_of(row) for row in rows}


def active_stalls(session: Session, organisation_ids: Collection[UUID]) -> Mapping[UUID, Sequence[UUID]]:
    """The stalls that sell, of each merchant."""
    found: dict[UUID, list[UUID]] = {id: [] for id in organisation_ids}
    for organisation_id, stall_id in cursor(session).execute(_ACTIVE, (uuids(organisation_ids),)):
        found[organisation_id].append(stall_id)
    return found


def save(session: Session, credits: Sequence[Unassigned]) -> None:
    """Store credits as they now stand."""
    cursor(session).execute(
        _SAVE,
        (
            uuids(each.credit_id for each in credits),
            uuids(each.organisation_id for each in credits),
            integers(each.version for each in credits),
            integers(each.amount for each in credits),
            text_array([each.reason for each in credits]),
            text_array([str(each.sale_id) if each.sale_id else None for each in credits]),
            text_array([str(each.stall_id) if each.stall_id else None for each in credits]),
            text_array([each.payer_account_last_four for each in credits]),
            text_array([each.bin for each in credits]),
            text_array([each.account_number for each in credits]),
            moments([each.bank_time for each in credits]),
            moments([each.arrive_time for each in credits]),
            booleans(each.is_open for each in credits),
        ),
    )


def read(session: Session, credit_id: UUID) -> Unassigned | None:
    """One credit, open or not."""
    row = (
        cursor(session)
        .execute("SELECT " + _COLUMNS + " FROM unassigned WHERE credit_id = %s", (credit_id,))
        .fetchone()
    )
    return Unassigned(*row) if row is not None else None


def of_stall(session: Session, organisation_id: UUID, stall_id: UUID) -> list[Unassigned]:
    """What is asked of a stall's sales now, oldest first."""
    return [Unassigned(*row) for row in cursor(session).execute(_OF_STALL, (organisation_id, stall_id))]


def of_merchant(session: Session, organisation_id: UUID, limit: int) -> list[Unassigned]:
    """All that is on none of a merchant's stalls, oldest first."""
    return [Unassigned(*row) for row in cursor(session).execute(_OF_MERCHANT, (organisation_id, limit))]


def forget_assigned(session: Session, before: datetime) -> None:
    """Delete credits that came before a moment and are on a stall, or back at their payer, by now."""
    cursor(session).execute("DELETE FROM unassigned WHERE NOT is_open AND arrive_time < %s", (before,))
