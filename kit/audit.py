"""The audit trail: who did what to which object, append-only, each row sealed over the one before it.

Money that moves by rule is explained by its journal entry; this table holds what people and keys decide. A changed,
removed or reordered row breaks the chain, and `broken_link` names the first row that does not follow.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    Index,
    LargeBinary,
    MetaData,
    Row,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import UUID as SqlUuid
from sqlalchemy.orm import Session

from kit import clock

_LOCK = 7_300_211  # any number; one writer at a time may extend the chain
_GENESIS = bytes(32)


def audit_table(metadata: MetaData) -> Table:
    """The table of audit rows; organisation is empty where an action belongs to the whole city."""
    return Table(
        "audit",
        metadata,
        Column("id", BigInteger, Identity(always=True), primary_key=True),
        Column("create_time", DateTime(timezone=True), nullable=False),
        Column("subject", Text, nullable=False),
        Column("action", Text, nullable=False),
        Column("object", Text, nullable=False),
        Column("organisation_id", SqlUuid, nullable=True),
        Column("detail", JSONB, nullable=False),
        Column("seal", LargeBinary, nullable=False),
        Index("audit_organisation", "organisation_id", "id"),
    )


def record(
    session: Session,
    *,
    subject: str,
    action: str,
    object: str,
    organisation_id: UUID | None,
    detail: Mapping[str, object],
) -> None:
    """Add one row in the caller's transaction. `detail` must hold no secret and no more personal data than needed."""
    now = clock.now()
    session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    # The chain runs over all organisations, so its end is read by a function that row-level security does not cut.
    before = session.execute(text("SELECT audit_last_seal()")).scalar()
    body = json.dumps(dict(detail), ensure_ascii=False, sort_keys=True, default=str)
    session.execute(
        text(
            "INSERT INTO audit (create_time, subject, action, object, organisation_id, detail, seal)"
            " VALUES (:now, :subject, :action, :object, :organisation, CAST(:detail AS jsonb), :seal)"
        ),
        {
            "now": now,
            "subject": subject,
            "action": action,
            "object": object,
            "organisation": organisation_id,
            "detail": body,
            "seal": _seal(
                bytes(before or _GENESIS), now, subject, action, object, organisation_id, json.loads(body)
            ),
        },
    )


def find(
    session: Session,
    *,
    organisation_id: UUID | None = None,
    subject: str = "",
    day: date | None = None,
    kinds: Sequence[str] = (),
    before: int | None = None,
    limit: int,
) -> Sequence[Row[Any]]:
    """Rows that the caller may see, newest first: of an organisation, of a subject, of a calendar day of the city.

    `kinds`: of actions of these kinds only, such as stall for stall.create; empty: of all.
    """
    since = datetime.combine(day, time(), clock.CITY_ZONE) if day else None
    return session.execute(
        text(
            "SELECT * FROM audit WHERE (CAST(:organisation AS uuid) IS NULL OR organisation_id = :organisation)"
            " AND (:subject = '' OR subject = :subject)"
            " AND (CAST(:kinds AS text[]) = '{}' OR split_part(action, '.', 1) = ANY(CAST(:kinds AS text[])))"
            " AND (CAST(:since AS timestamptz) IS NULL OR create_time >= :since AND create_time < :until)"
            " AND (CAST(:before AS bigint) IS NULL OR id < :before) ORDER BY id DESC LIMIT :limit"
        ),
        {
            "organisation": organisation_id,
            "subject": subject,
            "kinds": list(kinds),
            "since": since,
            "until": since + timedelta(days=1) if since else None,
            "before": before,
            "limit": limit,
        },
    ).all()


def count(session: Session) -> int:
    """How many rows there are."""
    return int(session.execute(text("SELECT count(*) FROM audit")).scalar_one())


def broken_link(session: Session) -> int | None:
    """The id of the first row whose seal does not follow from the row before it, or None if the chain holds."""
    rows = session.execute(
        text(
            "SELECT id, create_time, subject, action, object, organisation_id, detail, seal FROM audit ORDER BY id"
        ),
        execution_options={"yield_per": 1000},
    )
    with rows:
        return _first_broken(rows)


def _first_broken(rows: Iterable[Row[Any]]) -> int | None:
    before = _GENESIS
    for row in rows:
        seal = _seal(
            before, row.create_time, row.subject, row.action, row.object, row.organisation_id, row.detail
        )
        if seal != bytes(row.seal):
            return int(row.id)
        before = seal
    return None


def _seal(
    before: bytes,
    create_time: datetime,
    subject: str,
    action: str,
    object: str,
    organisation_id: UUID | None,
    detail: object,
) -> bytes:
    parts = json.dumps(
        [
            create_time.astimezone(UTC).isoformat(),
            subject,
            action,
            object,
            str(organisation_id or ""),
            detail,
        ],
        ensure_ascii=False,
        sort_keys=True,
    )
    return hashlib.sha256(before + parts.encode()).digest()
