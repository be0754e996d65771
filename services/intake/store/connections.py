"""Queries on connections, secrets, virtual accounts, callbacks and exceptions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, insert, text
from sqlalchemy.orm import Session

from kit.clock import CITY_ZONE
from services.intake.store.tables import connection, connection_secret

CHANNEL: Final = "intake_connections"

# What the HTTP process keeps in memory; read whole, since a city has some hundred connections.
ALL: Final = """
SELECT c.id, c.organisation_id, c.provider, c.auth, c.bin, c.account_numbers, c.confirm_above, c.allowed_addresses,
       coalesce((SELECT array_agg(s.id::text || ':' || encode(s.sealed, 'hex') ORDER BY s.create_time DESC)
                 FROM connection_secret s WHERE s.connection_id = c.id AND s.remove_time IS NULL), '{}') AS secrets,
       coalesce((SELECT array_agg(v.virtual_account || E'\\t' || v.account_number)
                 FROM virtual_account v WHERE v.connection_id = c.id), '{}') AS virtual_accounts
FROM connection c WHERE NOT c.disabled"""
ADD_TOKEN: Final = "INSERT INTO bearer_token (digest, connection_id, expire_time) VALUES (%s, %s, %s)"
TOKENS: Final = "SELECT digest FROM bearer_token WHERE connection_id = %s AND expire_time > %s"


def add(session: Session, **values: Any) -> None:
    session.execute(insert(connection).values(**values))
    _tell(session)


def add_secret(session: Session, **values: Any) -> None:
    session.execute(insert(connection_secret).values(**values))
    _tell(session)


def remove_secret(session: Session, connection_id: UUID, secret_id: UUID, now: datetime) -> bool:
    """Take a secret out of force; False if there is no such."""
    removed = session.execute(
        text(
            "UPDATE connection_secret SET remove_time = :now WHERE id = :id AND connection_id = :connection"
            " AND remove_time IS NULL RETURNING id"
        ),
        {"id": secret_id, "connection": connection_id, "now": now},
    ).first()
    _tell(session)
    return removed is not None


def set_virtual_accounts(
    session: Session, connection_id: UUID, organisation_id: UUID, rows: Sequence[Any]
) -> None:
    """Replace the map of virtual accounts."""
    session.execute(text("DELETE FROM virtual_account WHERE connection_id = :id"), {"id": connection_id})
    if rows:
        session.execute(
            text(
                "INSERT INTO virtual_account (connection_id, virtual_account, organisation_id, account_number, payer_id)"
                " SELECT :id, v, :organisation, a, p FROM unnest(CAST(:v AS text[]), CAST(:a AS text[]),"
                " CAST(:p AS text[])) AS r(v, a, p)"
            ),
            {
                "id": connection_id,
                "organisation": organisation_id,
                "v": [row[0] for row in rows],
                "a": [row[1] for row in rows],
                "p": [row[2] for row in rows],
            },
        )
    _tell(session)


def disable(session: Session, id: UUID) -> None:
    session.execute(text("UPDATE connection SET disabled = true WHERE id = :id"), {"id": id})
    _tell(session)


def get(session: Session, id: UUID) -> Row[Any] | None:
    rows = find(session, None, id)
    return rows[0] if rows else None


def find(session: Session, organisation_id: UUID | None, id: UUID | None = None) -> Sequence[Row[Any]]:
    """Connections with the times of their last callback and pull."""
    return session.execute(
        text(
            "SELECT c.*, (SELECT max(arrive_time) FROM callback b WHERE b.connection_id = c.id AND b.channel = 'callback')"
            " AS last_callback_time, (SELECT max(pull_time) FROM pull_cursor p WHERE p.connection_id = c.id) AS last_pull_time"
            " FROM connection c WHERE (CAST(:organisation AS uuid) IS NULL OR c.organisation_id = :organisation)"
            " AND (CAST(:id AS uuid) IS NULL OR c.id = :id) ORDER BY c.create_time, c.id"
        ),
        {"organisation": organisation_id, "id": id},
    ).all()


def secrets(session: Session, connections: Sequence[UUID]) -> Sequence[Row[Any]]:
    return session.execute(
        text("SELECT * FROM connection_secret WHERE connection_id = ANY(:ids) ORDER BY create_time"),
        {"ids": list(connections)},
    ).all()


def virtual_accounts(session: Session, connection_id: UUID) -> dict[str, str]:
    rows = session.execute(
        text("SELECT virtual_account, account_number FROM virtual_account WHERE connection_id = :id"),
        {"id": connection_id},
    )
    return {row.virtual_account: row.account_number for row in rows}


def list_virtual_accounts(session: Session, connection_id: UUID) -> Sequence[Row[Any]]:
    return session.execute(
        text("SELECT * FROM virtual_account WHERE connection_id = :id ORDER BY virtual_account"),
        {"id": connection_id},
    ).all()


def set_confirm_above(session: Session, id: UUID, confirm_above: int) -> None:
    session.execute(
        text("UPDATE connection SET confirm_above = :amount WHERE id = :id"),
        {"id": id, "amount": confirm_above},
    )
    _tell(session)


def lock(session: Session, id: UUID) -> None:
    """Keep other changes of a connection away until this one has ended."""
    session.execute(text("SELECT 1 FROM connection WHERE id = :id FOR UPDATE"), {"id": id})


def kept_since(session: Session, connection_id: UUID, since: datetime) -> tuple[int, int]:
    """Callbacks of a connection since a moment, and credits announced by them."""
    row = session.execute(
        text(
            "SELECT count(DISTINCT b.id) AS callbacks, count(r.id) AS credits FROM callback b"
            " LEFT JOIN report r ON r.callback_id = b.id AND r.announced"
            " WHERE b.connection_id = :id AND b.arrive_time >= :since AND b.channel = 'callback'"
        ),
        {"id": connection_id, "since": since},
    ).one()
    return int(row.callbacks), int(row.credits)


def activity(session: Session, connection_id: UUID, today: date) -> Row[Any]:
    """Counts of what a connection told."""
    return session.execute(
        text(
            "SELECT (SELECT count(*) FROM callback WHERE connection_id = :id AND channel = 'callback') AS callbacks,"
            " (SELECT count(*) FROM callback WHERE connection_id = :id AND channel = 'callback'"
            "  AND arrive_time >= :midnight) AS callbacks_today,"
            " (SELECT count(*) FROM report WHERE connection_id = :id AND announced) AS reports,"
            " coalesce((SELECT repeats FROM tally WHERE connection_id = :id), 0) AS repeats,"
            " coalesce((SELECT refused FROM tally WHERE connection_id = :id), 0) AS refused,"
            " (SELECT count(*) FROM intake_exception WHERE connection_id = :id AND state = 'open') AS exceptions"
        ),
        {"id": connection_id, "midnight": datetime.combine(today, time(), CITY_ZONE)},
    ).one()


def cursor_of(session: Session, connection_id: UUID, account_number: str) -> str | None:
    """Where the last pull of an account ended; locks out a second pull of it."""
    return session.execute(
        text("SELECT cursor FROM pull_cursor WHERE connection_id = :id AND account_number = :account"),
        {"id": connection_id, "account": account_number},
    ).scalar()


def save_cursor(
    session: Session,
    connection_id: UUID,
    organisation_id: UUID,
    account: str,
    cursor: str | None,
    now: datetime,
) -> None:
    session.execute(
        text(
            "INSERT INTO pull_cursor (connection_id, account_number, organisation_id, cursor, pull_time)"
            " VALUES (:id, :account, :organisation, :cursor, :now)"
            " ON CONFLICT (connection_id, account_number) DO UPDATE SET cursor = excluded.cursor, pull_time = :now"
        ),
        {
            "id": connection_id,
            "account": account,
            "organisation": organisation_id,
            "cursor": cursor,
            "now": now,
        },
    )


def list_callbacks(
    session: Session, connection_id: UUID, before: UUID | None, limit: int
) -> Sequence[Row[Any]]:
    """Callbacks of a connection, newest first (ids begin with the time)."""
    return session.execute(
        text(
            "SELECT b.*, c.provider, (SELECT array_agg(r.id) FROM report r WHERE r.callback_id = b.id AND r.announced)"
            " AS report_ids FROM callback b JOIN connection c ON c.id = b.connection_id WHERE b.connection_id = :id"
            " AND (CAST(:before AS uuid) IS NULL OR b.id < :before) ORDER BY b.id DESC LIMIT :limit"
        ),
        {"id": connection_id, "before": before, "limit": limit},
    ).all()


def get_callback(session: Session, id: UUID | None, report_id: UUID | None) -> Row[Any] | None:
    condition = "b.id = :id" if id else "b.id = (SELECT callback_id FROM report WHERE id = :report)"
    return session.execute(
        text(
            "SELECT b.*, c.provider, (SELECT array_agg(r.id) FROM report r WHERE r.callback_id = b.id AND r.announced)"
            f" AS report_ids FROM callback b JOIN connection c ON c.id = b.connection_id WHERE {condition}"
        ),
        {"id": id, "report": report_id},
    ).first()


def list_exceptions(
    session: Session, organisation_id: UUID | None, with_closed: bool, before: UUID | None, limit: int
) -> Sequence[Row[Any]]:
    """Exceptions, newest first."""
    return session.execute(
        text(
            "SELECT * FROM intake_exception WHERE (CAST(:organisation AS uuid) IS NULL OR organisation_id = :organisation)"
            " AND (:closed OR state = 'open') AND (CAST(:before AS uuid) IS NULL OR id < :before)"
            " ORDER BY id DESC LIMIT :limit"
        ),
        {"organisation": organisation_id, "closed": with_closed, "before": before, "limit": limit},
    ).all()


def close_exception(session: Session, id: UUID, reason: str, now: datetime) -> Row[Any] | None:
    """Close an open exception; the row as it then stands, None if there is none."""
    session.execute(
        text(
            "UPDATE intake_exception SET state = 'closed', close_time = :now, close_reason = :reason"
            " WHERE id = :id AND state = 'open'"
        ),
        {"id": id, "now": now, "reason": reason},
    )
    return session.execute(text("SELECT * FROM intake_exception WHERE id = :id"), {"id": id}).first()


def lock_exception(session: Session, id: UUID) -> Row[Any] | None:
    """An exception, locked to the end of the transaction."""
    statement = text("SELECT * FROM intake_exception WHERE id = :id FOR UPDATE")
    return session.execute(statement, {"id": id}).first()


def announced_by(session: Session, callback_id: UUID) -> int:
    """How many credits a message announced when it came."""
    statement = text("SELECT count(*) FROM report WHERE callback_id = :id AND announced")
    return int(session.execute(statement, {"id": callback_id}).scalar_one())


def close_exceptions_of(session: Session, callback_id: UUID, reason: str, now: datetime) -> None:
    """Close every open exception of a message."""
    session.execute(
        text(
            "UPDATE intake_exception SET state = 'closed', close_time = :now, close_reason = :reason"
            " WHERE callback_id = :id AND state = 'open'"
        ),
        {"id": callback_id, "now": now, "reason": reason},
    )


def summary(session: Session) -> Row[Any]:
    """Counts over everything that the caller may see."""
    return session.execute(
        text(
            "SELECT (SELECT count(*) FROM callback WHERE channel = 'callback') AS callbacks,"
            " (SELECT count(*) FROM report WHERE announced) AS reports,"
            " (SELECT coalesce(sum(repeats), 0) FROM tally) AS repeats,"
            " (SELECT count(*) FROM intake_exception WHERE state = 'open') AS exceptions,"
            " (SELECT count(*) FROM outbox) AS outbox"
        )
    ).one()


def forget_tokens(session: Session, now: datetime) -> None:
    session.execute(text("DELETE FROM bearer_token WHERE expire_time < :now"), {"now": now})


def unaccounted(session: Session) -> Sequence[Row[Any]]:
    """Accepted callbacks that are in none of: reported, repeat, exception, ignored with a reason (I4)."""
    return session.execute(
        text(
            "SELECT b.id, b.outcome FROM callback b WHERE NOT CASE b.outcome"
            " WHEN 'reported' THEN EXISTS (SELECT FROM report r WHERE r.callback_id = b.id AND r.announced)"
            " WHEN 'exception' THEN EXISTS (SELECT FROM intake_exception e WHERE e.callback_id = b.id)"
            " WHEN 'repeat' THEN NOT EXISTS (SELECT FROM report r WHERE r.callback_id = b.id AND r.announced)"
            " WHEN 'ignored' THEN NOT EXISTS (SELECT FROM report r WHERE r.callback_id = b.id AND r.announced)"
            " ELSE false END LIMIT 100"
        )
    ).all()


def _tell(session: Session) -> None:
    """Tell the HTTP processes to read the connections again, with this commit."""
    session.execute(text("SELECT pg_notify(:channel, '')"), {"channel": CHANNEL})
