"""A command with a request id has its effect once: the answer is stored in the same transaction and given again.

The unique key is (caller, method, request id). The same id with another request is refused; a second request while the
first is in work waits on the unique index and then gets the first one's answer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from sqlalchemy import Column, DateTime, Index, LargeBinary, MetaData, PrimaryKeyConstraint, Table, Text, text
from sqlalchemy.orm import Session

from kit import clock
from kit.errors import IdempotencyKeyMissing, IdempotencyKeyReused


def idempotency_table(metadata: MetaData) -> Table:
    """The table of stored answers, kept at least seven days."""
    return Table(
        "idempotency_key",
        metadata,
        Column("caller", Text, nullable=False),
        Column("method", Text, nullable=False),
        Column("request_id", Text, nullable=False),
        Column("request_hash", LargeBinary, nullable=False),
        Column("response", LargeBinary, nullable=False),
        Column("create_time", DateTime(timezone=True), nullable=False),
        PrimaryKeyConstraint("caller", "method", "request_id", name="idempotency_key_pk"),
        Index("idempotency_key_create_time", "create_time"),
    )


def once(
    session: Session,
    *,
    caller: str,
    method: str,
    request_id: str,
    request: bytes,
    effect: Callable[[], bytes],
) -> bytes:
    """The stored answer of this request, or that of `effect`, stored now. Raises IdempotencyKeyMissing or …Reused."""
    if not request_id:
        raise IdempotencyKeyMissing()
    key = {"caller": caller, "method": method, "request_id": request_id}
    digest = hashlib.sha256(request).digest()
    # Inserting first makes a second request wait here for the first one's commit, instead of doing its work too.
    inserted = session.execute(
        text(
            "INSERT INTO idempotency_key (caller, method, request_id, request_hash, response, create_time)"
            " VALUES (:caller, :method, :request_id, :digest, '', :now) ON CONFLICT DO NOTHING RETURNING 1"
        ),
        {**key, "digest": digest, "now": clock.now()},
    ).first()
    if inserted is None:
        row = session.execute(
            text(
                "SELECT request_hash, response FROM idempotency_key"
                " WHERE caller = :caller AND method = :method AND request_id = :request_id"
            ),
            key,
        ).one()
        if bytes(row.request_hash) != digest:
            raise IdempotencyKeyReused()
        return bytes(row.response)
    response = effect()
    session.execute(
        text(
            "UPDATE idempotency_key SET response = :response"
            " WHERE caller = :caller AND method = :method AND request_id = :request_id"
        ),
        {**key, "response": response},
    )
    return response


def forget_old(session: Session) -> int:
    """Delete stored answers older than seven days; returns how many."""
    result = session.execute(
        text("DELETE FROM idempotency_key WHERE create_time < :now - interval '7 days'"), {"now": clock.now()}
    )
    return int(getattr(result, "rowcount", 0))
