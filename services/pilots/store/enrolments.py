"""Queries on enrolment lists, their rows, and what the pilots know of the units and stalls that a list names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import Row, insert, text
from sqlalchemy.orm import Session

from kit.arrays import text_array, uuids
from services.pilots.domain.enrolment import Judged, Known, KnownStall, KnownUnit, Outcome
from services.pilots.domain.enrolment_values import Problem, Values
from services.pilots.domain.units import match_key
from services.pilots.store.tables.places import enrolment

_ROW_COLUMNS: Final = (
    "row integer, outcome text, row_values jsonb, problems jsonb, organisation_id uuid, stall_id uuid"
)


def add(session: Session, **values: Any) -> None:
    """Insert a list."""
    session.execute(insert(enrolment).values(**values))


def get(session: Session, id: UUID, *, lock: bool = False) -> Row[Any] | None:
    """A list without its rows."""
    suffix = " FOR UPDATE" if lock else ""
    return session.execute(text(f"SELECT * FROM enrolment WHERE id = :id{suffix}"), {"id": id}).first()


def of_programme(session: Session, programme_id: UUID) -> Sequence[Row[Any]]:
    """The lists of a programme, the newest first."""
    return session.execute(
        text("SELECT * FROM enrolment WHERE programme_id = :id ORDER BY create_time DESC, id DESC LIMIT 200"),
        {"id": programme_id},
    ).all()


def save_rows(session: Session, enrolment_id: UUID, rows: Sequence[Judged]) -> None:
    """Insert rows of a list, or write their outcomes over what was said of them."""
    if not rows:
        return
    content = msgspec.json.encode(
        [
            {
                "row": row.row,
                "outcome": row.outcome.value,
                "row_values": row.values,
                "problems": row.problems,
                "organisation_id": row.organisation_id,
                "stall_id": row.stall_id,
            }
            for row in rows
        ]
    ).decode()
    session.execute(
        text(
            "INSERT INTO enrolment_row (enrolment_id, row, outcome, row_values, problems, organisation_id, stall_id)"
            " SELECT :enrolment, row, outcome, row_values, problems, organisation_id, stall_id"
            f" FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r({_ROW_COLUMNS})"
            " ON CONFLICT (enrolment_id, row) DO UPDATE SET outcome = excluded.outcome,"
            " row_values = excluded.row_values, problems = excluded.problems,"
            " organisation_id = excluded.organisation_id, stall_id = excluded.stall_id"
        ),
        {"enrolment": enrolment_id, "rows": content},
    )


def rows_of(session: Session, id: UUID, outcomes: Iterable[Outcome] = tuple(Outcome)) -> list[Judged]:
    """The rows of a list with these outcomes, in the order of the sheet."""
    found = session.execute(
        text(
            "SELECT * FROM enrolment_row WHERE enrolment_id = :id AND outcome = ANY(CAST(:outcomes AS text[]))"
            " ORDER BY row"
        ),
        {"id": id, "outcomes": text_array([outcome.value for outcome in outcomes])},
    )
    return [_judged(row) for row in found]


def rows_beside(session: Session, id: UUID, values: Values, outcomes: Iterable[Outcome]) -> list[Judged]:
    """Those of the rows with these outcomes that name the same stall, telephone or account, in the order of the sheet."""
    found = session.execute(
        text(
            "SELECT * FROM enrolment_row WHERE enrolment_id = :id AND outcome = ANY(CAST(:outcomes AS text[]))"
            " AND (row_values ->> 'stall_number' = :number OR row_values ->> 'phone' = :phone"
            "  OR row_values ->> 'account_number' = :account)"
            " ORDER BY row"
        ),
        {
            "id": id,
            "outcomes": text_array([outcome.value for outcome in outcomes]),
            "number": values.stall_number,
            "phone": values.phone,
            "account": values.account_number,
        },
    )
    return [_judged(row) for row in found]


def row_of(session: Session, id: UUID, number: int) -> Judged | None:
    """One row of a locked list."""
    found = session.execute(
        text("SELECT * FROM enrolment_row WHERE enrolment_id = :id AND row = :row"), {"id": id, "row": number}
    ).first()
    return _judged(found) if found else None


def waiting_accounts(session: Session, id: UUID) -> set[int]:
    """Rows whose account was proposed and is not in force yet."""
    found = session.execute(
        text(
            "SELECT row FROM enrolment_row r WHERE enrolment_id = :id AND account_waits"
            " AND NOT EXISTS (SELECT 1 FROM receiving_account a WHERE a.account_id = r.account_id"
            " AND (a.is_active OR a.retire_time IS NOT NULL))"
        ),
        {"id": id},
    )
    return set(found.scalars())


def counts(session: Session, ids: Sequence[UUID]) -> dict[UUID, dict[str, int]]:
    """Rows of lists by outcome."""
    found: dict[UUID, dict[str, int]] = {id: {} for id in ids}
    rows = session.execute(
        text(
            "SELECT enrolment_id, outcome, count(*) AS number FROM enrolment_row"
            " WHERE enrolment_id = ANY(CAST(:ids AS uuid[])) GROUP BY enrolment_id, outcome"
        ),
        {"ids": uuids(ids)},
    )
    for row in rows:
        found[row.enrolment_id][row.outcome] = row.number
    return found


def mark_done(session: Session, id: UUID, rows: Sequence[tuple[int, UUID, UUID, UUID | None]]) -> None:
    """Say of rows what became of them, as (row, stall, unit, the account that was proposed)."""
    session.execute(
        text(
            "UPDATE enrolment_row e SET outcome = 'done', stall_id = r.stall, organisation_id = r.unit,"
            " account_id = r.account, account_waits = r.account IS NOT NULL"
            " FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(row integer, stall uuid, unit uuid, account uuid)"
            " WHERE e.enrolment_id = :id AND e.row = r.row"
        ),
        {
            "id": id,
            "rows": msgspec.json.encode(
                [
                    {"row": row, "stall": stall, "unit": unit, "account": account}
                    for row, stall, unit, account in rows
                ]
            ).decode(),
        },
    )


def known(
    session: Session,
    programme_id: UUID,
    units: Iterable[str],
    numbers: Iterable[str],
    accounts: Iterable[tuple[str, str]],
) -> Known:
    """What is known of the units (by match key), stalls (by number) and accounts that a list names."""
    stalls = _stalls(session, programme_id, numbers)
    holders = _units(session, units, [stall.organisation_id for stall in stalls.values()])
    return Known(
        units={match_key(unit.name, unit.phone): unit for unit in holders.values()},
        stalls=stalls,
        holders=holders,
        owners=_owners(session, accounts),
    )


def _stalls(session: Session, programme_id: UUID, numbers: Iterable[str]) -> dict[str, KnownStall]:
    rows = session.execute(
        text(
            "SELECT s.*, c.code AS section_code FROM stall s JOIN section c ON c.id = s.section_id"
            " WHERE s.programme_id = :programme AND s.number = ANY(CAST(:numbers AS text[]))"
            " AND s.state <> 'withdrawn'"
        ),
        {"programme": programme_id, "numbers": text_array(sorted(set(numbers)))},
    )
    return {
        row.number: KnownStall(
            row.id, row.organisation_id, row.name, row.goods, row.section_code, row.relation, row.consent
        )
        for row in rows
    }


def _units(session: Session, keys: Iterable[str], ids: Iterable[UUID]) -> dict[UUID, KnownUnit]:
    """Units with the account in force and the one that the newest list proposed."""
    rows = session.execute(
        text(
            "SELECT u.*, a.account_id, a.bin, a.account_number, a.holder_name AS account_holder,"
            " p.row_values AS proposed FROM unit u"
            " LEFT JOIN LATERAL (SELECT * FROM receiving_account r WHERE r.organisation_id = u.organisation_id"
            "  AND r.is_active ORDER BY r.active_time DESC LIMIT 1) a ON true"
            " LEFT JOIN LATERAL (SELECT r.row_values FROM enrolment_row r JOIN enrolment e ON e.id = r.enrolment_id"
            "  WHERE r.organisation_id = u.organisation_id AND r.account_id IS NOT NULL"
            "  ORDER BY e.create_time DESC, r.row DESC LIMIT 1) p ON true"
            " WHERE u.match_key = ANY(CAST(:keys AS text[])) OR u.organisation_id = ANY(CAST(:ids AS uuid[]))"
        ),
        {"keys": text_array(sorted(set(keys))), "ids": uuids(set(ids))},
    )
    found = {}
    for row in rows:
        accounts = {(row.bin, row.account_number): row.account_holder} if row.account_id else {}
        if row.proposed is not None:
            proposed = row.proposed
            accounts[proposed["bin"], proposed["account_number"]] = proposed["account_holder"]
        found[row.organisation_id] = KnownUnit(
            row.organisation_id, row.name, row.kind, row.holder_name, row.phone, accounts, row.account_id
        )
    return found


def _owners(session: Session, accounts: Iterable[tuple[str, str]]) -> dict[tuple[str, str], UUID]:
    wanted = sorted(set(accounts))
    rows = session.execute(
        text(
            "SELECT r.bin, r.account_number, r.organisation_id FROM receiving_account r"
            " JOIN unnest(CAST(:bins AS text[]), CAST(:numbers AS text[])) AS w(bin, account_number)"
            " USING (bin, account_number) WHERE r.is_active"
        ),
        {
            "bins": text_array([bin for bin, _ in wanted]),
            "numbers": text_array([number for _, number in wanted]),
        },
    )
    return {(row.bin, row.account_number): row.organisation_id for row in rows}


def _judged(row: Row[Any]) -> Judged:
    return Judged(
        row.row,
        Outcome(row.outcome),
        Values(**row.row_values),
        tuple(Problem(**problem) for problem in row.problems),
        row.organisation_id,
        row.stall_id,
    )
