"""Queries on the boards that stand at stalls, and on the codes of packs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from kit.arrays import integers, moments, text_array, uuids
from services.pilots.domain.stalls import PackCode, Stand, StandState

_INSERT: Final = text(
    """
    INSERT INTO stand (stall_id, issue_number, organisation_id, state, issue_date, bin, account_number,
        account_holder, payload, check_code)
    SELECT n.stall_id, n.issue_number, s.organisation_id, 'in_use', n.issue_date, n.bin, n.account_number,
           n.account_holder, n.payload, n.check_code
    FROM unnest(CAST(:stall_ids AS uuid[]), CAST(:numbers AS integer[]), CAST(:dates AS date[]),
                CAST(:bins AS text[]), CAST(:accounts AS text[]), CAST(:holders AS text[]),
                CAST(:payloads AS text[]), CAST(:check_codes AS text[]))
        AS n(stall_id, issue_number, issue_date, bin, account_number, account_holder, payload, check_code)
    JOIN stall s ON s.id = n.stall_id
    """
)


@dataclass(frozen=True, slots=True)
class Wanting:
    """A stall that needs a board, with the account whose code it has to carry."""

    stall_id: UUID
    reference: str
    bin: str
    account_number: str


def flag(session: Session, stall_ids: Iterable[UUID], reason: str) -> None:
    """Flag the boards in use of these stalls: they are to be taken away."""
    session.execute(
        text(
            "UPDATE stand SET state = 'flagged', flag_reason = :reason"
            " WHERE stall_id = ANY(CAST(:ids AS uuid[])) AND state = 'in_use'"
        ),
        {"ids": uuids(stall_ids), "reason": reason},
    )


def last_numbers(session: Session, stall_ids: Sequence[UUID]) -> dict[UUID, int]:
    """The highest issue number of each of the (locked) stalls; those without a board are left out."""
    rows = session.execute(
        text(
            "SELECT stall_id, max(issue_number) AS number FROM stand"
            " WHERE stall_id = ANY(CAST(:ids AS uuid[])) GROUP BY stall_id"
        ),
        {"ids": uuids(stall_ids)},
    )
    return {row.stall_id: row.number for row in rows}


def add(session: Session, stands: Sequence[Stand]) -> None:
    """Insert boards in use, and note that their stalls need none."""
    session.execute(
        _INSERT,
        {
            "stall_ids": uuids(stand.stall_id for stand in stands),
            "numbers": integers(stand.issue_number for stand in stands),
            "dates": moments(stand.issue_date for stand in stands),
            "bins": text_array([stand.bin for stand in stands]),
            "accounts": text_array([stand.account_number for stand in stands]),
            "holders": text_array([stand.account_holder for stand in stands]),
            "payloads": text_array([stand.payload for stand in stands]),
            "check_codes": text_array([stand.check_code for stand in stands]),
        },
    )
    set_needed(session, [stand.stall_id for stand in stands], is_needed=False)


def set_needed(session: Session, stall_ids: Iterable[UUID], *, is_needed: bool) -> None:
    """Note that stalls need a board, or no longer do."""
    session.execute(
        text("UPDATE stall SET needs_stand = :is_needed WHERE id = ANY(CAST(:ids AS uuid[]))"),
        {"ids": uuids(sorted(stall_ids)), "is_needed": is_needed},
    )


def wanting(session: Session, limit: int) -> list[Wanting]:
    """Stalls that need a board, at most `limit`."""
    rows = session.execute(
        text(
            "SELECT id, reference, bin, account_number FROM stall WHERE needs_stand ORDER BY id LIMIT :limit"
        ),
        {"limit": limit},
    )
    return [Wanting(row.id, row.reference, row.bin, row.account_number) for row in rows]


def still_wanting(session: Session, stall_ids: Sequence[UUID]) -> set[UUID]:
    """Those of the (locked) stalls that still need a board."""
    rows = session.execute(
        text("SELECT id FROM stall WHERE id = ANY(CAST(:ids AS uuid[])) AND needs_stand"),
        {"ids": uuids(stall_ids)},
    )
    return {row.id for row in rows}


def of_stall(session: Session, stall_id: UUID) -> list[Stand]:
    """Every board that a stall ever had, the newest first."""
    rows = session.execute(
        text("SELECT * FROM stand WHERE stall_id = :id ORDER BY issue_number DESC"), {"id": stall_id}
    )
    return [_stand(row) for row in rows]


def pack_codes(session: Session, stall_ids: Sequence[UUID]) -> list[PackCode]:
    """The codes of stalls' packs, from small to large."""
    rows = session.execute(
        text(
            "SELECT id, stall_id, amount, reference, version FROM pack_code"
            " WHERE stall_id = ANY(CAST(:ids AS uuid[])) ORDER BY stall_id, amount"
        ),
        {"ids": uuids(stall_ids)},
    )
    return [PackCode(*row) for row in rows]


def add_pack_codes(session: Session, organisation_id: UUID, codes: Sequence[PackCode], now: datetime) -> None:
    """Insert codes of a (locked) stall that has none for their amounts."""
    session.execute(
        text(
            """
            INSERT INTO pack_code (id, organisation_id, stall_id, amount, reference, version, create_time)
            SELECT n.id, :organisation_id, n.stall_id, n.amount, n.reference, n.version, :now
            FROM unnest(CAST(:ids AS uuid[]), CAST(:stall_ids AS uuid[]), CAST(:amounts AS bigint[]),
                        CAST(:references AS text[]), CAST(:versions AS bigint[]))
                AS n(id, stall_id, amount, reference, version)
            """
        ),
        {
            "organisation_id": organisation_id,
            "now": now,
            "ids": uuids(code.id for code in codes),
            "stall_ids": uuids(code.stall_id for code in codes),
            "amounts": integers(code.amount for code in codes),
            "references": text_array([code.reference for code in codes]),
            "versions": integers(code.version for code in codes),
        },
    )


def advance_pack_codes(session: Session, stall_ids: Iterable[UUID]) -> None:
    """Raise the version of the codes of stalls whose account changed."""
    session.execute(
        text("UPDATE pack_code SET version = version + 1 WHERE stall_id = ANY(CAST(:ids AS uuid[]))"),
        {"ids": uuids(stall_ids)},
    )


def _stand(row: Row[Any]) -> Stand:
    return Stand(
        stall_id=row.stall_id,
        issue_number=row.issue_number,
        state=StandState(row.state),
        issue_date=row.issue_date,
        bin=row.bin,
        account_number=row.account_number,
        account_holder=row.account_holder,
        payload=row.payload,
        check_code=row.check_code,
        flag_reason=row.flag_reason,
        check_time=row.check_time,
    )
