"""What a roll-up reads: the week's sums by block and owner. Nothing of it is stored or leaves the transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from services.pilots.domain.suppression import Shares
from services.pilots.domain.weeks import ACTIVE_DAYS, Week

# Any number: one roll-up at a time, so that sequence numbers become visible in their order.
_LOCK: Final = 7_300_401

_PROGRAMMES: Final = text(
    """
    SELECT p.id, p.kind, p.code, p.name, p.ward_code, p.former_ward_code, p.start_date, p.end_date,
           s.id AS section_id, s.code AS section_code, s.name AS section_name, s.x, s.y, s.width, s.height
    FROM programme p LEFT JOIN section s ON s.programme_id = p.id
    WHERE p.start_date <= :sunday AND (p.end_date IS NULL OR p.end_date >= :monday)
    ORDER BY p.start_date, p.code, s.position
    """
)
# A week's money: what was told late and stands apart in the trader's book belongs to it here.
_SUMS: Final = text(
    """
    SELECT section_id, organisation_id, sum(transfer_sum + late_sum)::bigint,
           sum(transfer_count + late_count)::bigint, sum(cash_sum)::bigint
    FROM stall_day
    WHERE book_date BETWEEN :monday AND :sunday AND programme_id = ANY(:programmes)
    GROUP BY section_id, organisation_id
    """
)
_DAYS: Final = text(
    """
    SELECT book_date, organisation_id, sum(transfer_sum + late_sum)::bigint
    FROM stall_day
    WHERE book_date BETWEEN :monday AND :sunday AND programme_id = ANY(:programmes)
    GROUP BY book_date, organisation_id
    """
)
_STALLS: Final = text(
    """
    WITH active AS (
        SELECT DISTINCT stall_id FROM stall_day
        WHERE book_date BETWEEN :first_active AND :sunday AND programme_id = ANY(:programmes)
          AND transfer_count + late_count > 0
    )
    SELECT s.section_id, s.organisation_id, count(*), count(b.stall_id), count(a.stall_id)
    FROM stall s
    LEFT JOIN active a ON a.stall_id = s.id
    LEFT JOIN stand b ON b.stall_id = s.id AND b.state = 'in_use'
    WHERE s.programme_id = ANY(:programmes)
      AND (s.create_time < :ends OR a.stall_id IS NOT NULL)
      AND NOT (s.state = 'withdrawn' AND s.change_time < :ends)
    GROUP BY s.section_id, s.organisation_id
    """
)
_DELAYS: Final = text(
    "SELECT bucket, sum(credits)::bigint FROM feed_minute WHERE minute >= :begins AND minute < :ends GROUP BY bucket"
)
_VISITS: Final = text("SELECT count(*) FROM helper_visit WHERE visit_date BETWEEN :monday AND :sunday")
_COMPLETE: Final = text(
    """
    SELECT NOT EXISTS (SELECT FROM feed WHERE late_since IS NOT NULL)
       AND NOT EXISTS (
           SELECT FROM stall_day WHERE book_date BETWEEN :monday AND :sunday AND close_time IS NULL)
    """
)
_FIRST_DAY: Final = text("SELECT min(book_date) FROM stall_day")

# Block → owner → values in each measure.
ByBlock = dict[UUID, dict[UUID, tuple[int, ...]]]


def lock(session: Session) -> None:
    """Let no other roll-up work until this transaction ends."""
    session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def first_day(session: Session) -> date | None:
    """The first business day of any stall."""
    found: date | None = session.execute(_FIRST_DAY).scalar_one()
    return found


def is_complete(session: Session, week: Week) -> bool:
    """True if no bank is late now and every stall's days of the week are closed."""
    return bool(session.execute(_COMPLETE, _span(week)).scalar_one())


def programmes(session: Session, week: Week) -> Sequence[Row[tuple[object, ...]]]:
    """The programmes that were open in the week, a row for each block."""
    return session.execute(_PROGRAMMES, _span(week)).all()


def sums(session: Session, week: Week, programme_ids: list[UUID]) -> tuple[ByBlock, ByBlock]:
    """Transfers (đồng, count) and cash (đồng) by block and owner."""
    transfers: ByBlock = {}
    cash: ByBlock = {}
    for block, owner, amount, payments, cash_amount in session.execute(
        _SUMS, {**_span(week), "programmes": programme_ids}
    ):
        transfers.setdefault(block, {})[owner] = (amount, payments)
        cash.setdefault(block, {})[owner] = (cash_amount,)
    return transfers, cash


def days(session: Session, week: Week, programme_ids: list[UUID]) -> dict[date, Shares]:
    """Transfers (đồng) by day and owner."""
    found: dict[date, dict[Any, tuple[int, ...]]] = {}
    for day, owner, amount in session.execute(_DAYS, {**_span(week), "programmes": programme_ids}):
        found.setdefault(day, {})[owner] = (amount,)
    return {**found}


def stalls(
    session: Session, week: Week, programme_ids: list[UUID]
) -> tuple[dict[UUID, tuple[int, int]], ByBlock]:
    """Stalls registered and with a board by block; and those that took a payment and that did not by block and owner."""
    counts: dict[UUID, tuple[int, int]] = {}
    active: ByBlock = {}
    values = {
        **_span(week),
        "programmes": programme_ids,
        "first_active": week.sunday - timedelta(days=ACTIVE_DAYS - 1),
    }
    for block, owner, registered, with_qr, used in session.execute(_STALLS, values):
        have = counts.get(block, (0, 0))
        counts[block] = (have[0] + registered, have[1] + with_qr)
        active.setdefault(block, {})[owner] = (used, registered - used)
    return counts, active


def delays(session: Session, week: Week) -> dict[int, int]:
    """Credits of the week by bucket of their delay."""
    rows = session.execute(_DELAYS, _span(week)).all()
    return {row[0]: row[1] for row in rows}


def visits(session: Session, week: Week) -> int:
    """Visits of volunteers in the week."""
    return int(session.execute(_VISITS, _span(week)).scalar_one())


def _span(week: Week) -> dict[str, object]:
    return {"monday": week.monday, "sunday": week.sunday, "begins": week.begins, "ends": week.ends}
