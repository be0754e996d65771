"""Queries on receiving accounts as the directory announced them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from kit.arrays import uuids
from services.pilots.domain.stalls import Account, AnnouncedAccount


def save(session: Session, found: AnnouncedAccount) -> bool:
    """Take in a snapshot; False if it is not newer than what is known."""
    row = session.execute(
        text(
            """
            INSERT INTO receiving_account (account_id, version, organisation_id, bin, account_number, holder_name,
                is_active, active_time, retire_time)
            VALUES (:id, :version, :organisation, :bin, :number, :holder, :is_active, :active_time, :retire_time)
            ON CONFLICT (account_id) DO UPDATE SET version = excluded.version, bin = excluded.bin,
                account_number = excluded.account_number, holder_name = excluded.holder_name,
                is_active = excluded.is_active, active_time = excluded.active_time,
                retire_time = excluded.retire_time
            WHERE receiving_account.version < excluded.version
            RETURNING account_id
            """
        ),
        {
            "id": found.account.id,
            "version": found.version,
            "organisation": found.organisation_id,
            "bin": found.account.bin,
            "number": found.account.number,
            "holder": found.account.holder_name,
            "is_active": found.is_active,
            "active_time": found.active_time,
            "retire_time": found.retire_time,
        },
    ).first()
    return row is not None


def of_organisations(session: Session, ids: Iterable[UUID]) -> dict[UUID, list[AnnouncedAccount]]:
    """All accounts that organisations have or had."""
    found: dict[UUID, list[AnnouncedAccount]] = {}
    rows = session.execute(
        text("SELECT * FROM receiving_account WHERE organisation_id = ANY(CAST(:ids AS uuid[]))"),
        {"ids": uuids(ids)},
    )
    for row in rows:
        account = Account(row.account_id, row.bin, row.account_number, row.holder_name)
        found.setdefault(row.organisation_id, []).append(
            AnnouncedAccount(
                account, row.organisation_id, row.version, row.is_active, row.active_time, row.retire_time
            )
        )
    return found


def lock_organisations(session: Session, ids: Sequence[UUID]) -> None:
    """Let nobody else decide which account these organisations ask money to, until the transaction ends."""
    session.execute(
        text(
            "SELECT pg_advisory_xact_lock(hashtextextended('pilots.account:' || id, 0))"
            " FROM unnest(CAST(:ids AS uuid[])) AS n(id) ORDER BY id"
        ),
        {"ids": uuids(sorted(ids))},
    )
