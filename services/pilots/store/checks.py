"""What stands at a stall as the register has it, and every check of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from services.pilots.domain.checks import Named, Naming, Outcome, Place, Verdict

# The board in use says what the code has to be; a stall without one is judged by its account in force.
_PLACE: Final = """
    SELECT s.id AS stall_id, s.organisation_id, s.programme_id, p.name AS programme_name, s.number, s.name, s.reference,
           coalesce(d.bin, s.bin) AS bin, coalesce(d.account_number, s.account_number) AS account_number,
           coalesce(d.account_holder, s.account_holder) AS account_holder,
           s.state = 'withdrawn' AS is_withdrawn, coalesce(d.issue_number, 0) AS issue_number, old.accounts
    FROM stall s
    JOIN programme p ON p.id = s.programme_id
    LEFT JOIN stand d ON d.stall_id = s.id AND d.state = 'in_use'
    LEFT JOIN LATERAL (
        SELECT coalesce(jsonb_agg(jsonb_build_array(f.bin, f.account_number)), '[]') AS accounts
        FROM stand f WHERE f.stall_id = s.id AND f.state = 'flagged'
    ) old ON true
"""
_BY_ID: Final = text(f"{_PLACE} WHERE s.id = :id")
_BY_CODE: Final = text(f"{_PLACE} WHERE s.reference = :reference")
_NAMED: Final = text(
    """
    SELECT 'stall' AS naming, id AS stall_id FROM stall WHERE reference = :reference
    UNION ALL SELECT 'pack', stall_id FROM pack_code WHERE reference = :reference
    UNION ALL SELECT 'sale', stall_id FROM sale WHERE reference = :reference
    """
)
# Two are enough to know that the account is not one stall's alone.
_OF_ACCOUNT: Final = text(
    "SELECT id FROM stall WHERE bin = :bin AND account_number = :account_number AND state <> 'withdrawn' LIMIT 2"
)
_IS_SALE: Final = text("SELECT 1 FROM sale WHERE reference = :reference")
_ADD: Final = text(
    """
    INSERT INTO stand_check
        (id, stall_id, organisation_id, subject, outcome, differences, payload, check_time)
    VALUES (:id, :stall_id, :organisation_id, :subject, :outcome, CAST(:differences AS jsonb), :payload, :now)
    """
)
_MARK: Final = text(
    "UPDATE stand SET check_time = :now WHERE stall_id = :stall_id AND issue_number = :issue_number"
)


@dataclass(frozen=True, slots=True)
class StoredCheck:
    """A check as it is kept. `subject` is who checked; `is_of_board`: the code was the stall's own, not its pack's."""

    id: UUID
    place: Place | None
    subject: str
    verdict: Verdict
    payload: str
    is_of_board: bool = True


def place(session: Session, stall_id: UUID) -> Place | None:
    """A stall with its board; None for an unknown one."""
    return _place(session.execute(_BY_ID, {"id": stall_id}).first())


def place_by_code(session: Session, reference: str) -> Place | None:
    """A stall with its board, by the stall's code; None for an unknown one."""
    return _place(session.execute(_BY_CODE, {"reference": reference}).first())


def named(session: Session, reference: str) -> Named | None:
    """Whose a reference is; None if it is nobody's."""
    row = session.execute(_NAMED, {"reference": reference}).first() if reference else None
    found = None if row is None else place(session, row.stall_id)
    return None if row is None or found is None else Named(Naming(row.naming), found)


def place_of_account(session: Session, bin_code: str, account_number: str) -> Place | None:
    """The one stall that takes money on an account; None where there is none, or more than one."""
    rows = session.execute(_OF_ACCOUNT, {"bin": bin_code, "account_number": account_number}).all()
    return place(session, rows[0].id) if len(rows) == 1 else None


def add(session: Session, check: StoredCheck, now: datetime) -> None:
    """Keep a check; one that found the board right is marked on the board."""
    found = check.place
    session.execute(
        _ADD,
        {
            "id": check.id,
            "stall_id": found.stall_id if found else None,
            "organisation_id": found.organisation_id if found else None,
            "subject": check.subject,
            "outcome": check.verdict.outcome.value,
            "differences": json.dumps(
                [each.to_json() for each in check.verdict.differences], ensure_ascii=False
            ),
            "payload": check.payload,
            "now": now,
        },
    )
    if found is not None and check.is_of_board and check.verdict.outcome is Outcome.SAME:
        session.execute(_MARK, {"stall_id": found.stall_id, "issue_number": found.issue_number, "now": now})


def is_sale(session: Session, reference: str) -> bool:
    """True for the reference of a sale."""
    return session.execute(_IS_SALE, {"reference": reference}).first() is not None


def _place(row: Row[Any] | None) -> Place | None:
    if row is None:
        return None
    return Place(
        stall_id=row.stall_id,
        organisation_id=row.organisation_id,
        programme_id=row.programme_id,
        programme_name=row.programme_name,
        number=row.number,
        name=row.name,
        reference=row.reference,
        bin=row.bin,
        account_number=row.account_number,
        account_holder=row.account_holder,
        is_withdrawn=row.is_withdrawn,
        issue_number=row.issue_number,
        old_accounts=frozenset((bin_code, account) for bin_code, account in row.accounts),
    )
