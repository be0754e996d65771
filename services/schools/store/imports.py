"""Queries on imports of lists and their rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, text
from sqlalchemy.orm import Session

from services.schools.store import bulk
from services.schools.store.tables import roster_import

# Everything but the file itself, which is read only to give wrong rows back.
_COLUMNS = (
    "id, organisation_id, school_year, round_id, file_name, sha256, sheet, sheets, columns, item_headings, state,"
    " subject, person_name, create_time, apply_time"
)


def add(session: Session, **values: Any) -> None:
    session.execute(insert(roster_import).values(**values))


def add_rows(
    session: Session, import_id: UUID, organisation_id: UUID, rows: Sequence[dict[str, Any]]
) -> None:
    """Insert (or overwrite) rows of an import."""
    bulk.execute(
        session,
        "INSERT INTO import_row (import_id, row, organisation_id, outcome, pupil_id, pupil, items, problems, changes)"
        " SELECT :import, row, :organisation, outcome, pupil_id, pupil, items, problems, changes FROM {rows}"
        " ON CONFLICT (import_id, row) DO UPDATE SET outcome = excluded.outcome, pupil_id = excluded.pupil_id,"
        " pupil = excluded.pupil, items = excluded.items, problems = excluded.problems, changes = excluded.changes",
        "row integer, outcome text, pupil_id uuid, pupil jsonb, items jsonb, problems jsonb, changes text[]",
        rows,
        **{"import": import_id, "organisation": organisation_id},
    )


def get(session: Session, id: UUID, *, lock: bool = False) -> Row[Any] | None:
    suffix = " FOR UPDATE" if lock else ""
    return session.execute(
        text(f"SELECT {_COLUMNS} FROM roster_import WHERE id = :id{suffix}"), {"id": id}
    ).first()


def content(session: Session, id: UUID) -> bytes:
    """The uploaded file."""
    return bytes(
        session.execute(text("SELECT content FROM roster_import WHERE id = :id"), {"id": id}).scalar_one()
    )


def find(
    session: Session, organisation_id: UUID, after: Sequence[Any] | None, limit: int
) -> Sequence[Row[Any]]:
    """Imports of a school, newest first."""
    condition = " AND (create_time, id) < (CAST(:k1 AS timestamptz), CAST(:k2 AS uuid))" if after else ""
    values: dict[str, Any] = {"organisation": organisation_id, "limit": limit}
    if after:
        values |= {"k1": after[0], "k2": after[1]}
    return session.execute(
        text(
            f"SELECT {_COLUMNS} FROM roster_import WHERE organisation_id = :organisation{condition}"
            " ORDER BY create_time DESC, id DESC LIMIT :limit"
        ),
        values,
    ).all()


def counts(session: Session, imports: Sequence[UUID]) -> dict[UUID, dict[str, int]]:
    """Rows by outcome."""
    found: dict[UUID, dict[str, int]] = {id: {} for id in imports}
    rows = session.execute(
        text(
            "SELECT import_id, outcome, count(*) AS number FROM import_row WHERE import_id = ANY(:ids)"
            " GROUP BY import_id, outcome"
        ),
        {"ids": list(imports)},
    )
    for row in rows:
        found[row.import_id][row.outcome] = row.number
    return found


def item_totals(session: Session, id: UUID) -> dict[str, int]:
    """Sums of the item columns over the good rows."""
    rows = session.execute(
        text(
            "SELECT item.key, sum(CAST(item.value AS bigint)) AS total FROM import_row,"
            " jsonb_each_text(items) AS item WHERE import_id = :id AND outcome <> 'wrong' GROUP BY item.key"
        ),
        {"id": id},
    )
    return {row.key: int(row.total) for row in rows}


def class_totals(session: Session, id: UUID) -> Sequence[Row[Any]]:
    """Pupils and sums over the item columns by class, of the good rows: class_name, pupils, amount."""
    return session.execute(
        text(
            "SELECT pupil->>'class_name' AS class_name, count(*) AS pupils, CAST(coalesce(sum(own.amount), 0) AS bigint)"
            " AS amount FROM import_row, LATERAL (SELECT sum(CAST(value AS bigint)) AS amount"
            " FROM jsonb_each_text(items)) AS own WHERE import_id = :id AND outcome <> 'wrong' GROUP BY 1"
        ),
        {"id": id},
    ).all()


def rows_of(session: Session, id: UUID, outcome: str, after_row: int, limit: int) -> Sequence[Row[Any]]:
    """Rows of an import in the order of the sheet."""
    condition = " AND outcome = :outcome" if outcome else ""
    return session.execute(
        text(
            f"SELECT * FROM import_row WHERE import_id = :id AND row > :after{condition} ORDER BY row LIMIT :limit"
        ),
        {"id": id, "outcome": outcome, "after": after_row, "limit": limit},
    ).all()


def get_row(session: Session, id: UUID, row: int) -> Row[Any] | None:
    statement = text("SELECT * FROM import_row WHERE import_id = :id AND row = :row FOR UPDATE")
    return session.execute(statement, {"id": id, "row": row}).first()


def good_rows(session: Session, id: UUID, *, pending: bool = False) -> Sequence[Row[Any]]:
    """Rows that are right, as read and judged; `pending`: only those that have not gone on."""
    condition = " AND apply_time IS NULL" if pending else ""
    statement = text(
        "SELECT row, outcome, pupil_id, pupil, items, changes FROM import_row"
        f" WHERE import_id = :id AND outcome <> 'wrong'{condition} ORDER BY row"
    )
    return session.execute(statement, {"id": id}).all()


def count_pending(session: Session, imports: Sequence[UUID]) -> dict[UUID, int]:
    """Rows that are right and have not gone on, by import."""
    rows = session.execute(
        text(
            "SELECT import_id, count(*) AS number FROM import_row WHERE import_id = ANY(:ids)"
            " AND outcome <> 'wrong' AND apply_time IS NULL GROUP BY import_id"
        ),
        {"ids": list(imports)},
    )
    return {row.import_id: row.number for row in rows}


def mark_applied(session: Session, id: UUID, now: datetime) -> None:
    """The rows that are right have gone on, and so has the list."""
    session.execute(
        text(
            "UPDATE import_row SET apply_time = :now WHERE import_id = :id AND outcome <> 'wrong' AND apply_time IS NULL"
        ),
        {"id": id, "now": now},
    )
    session.execute(
        text("UPDATE roster_import SET state = 'applied', apply_time = :now WHERE id = :id"),
        {"id": id, "now": now},
    )
