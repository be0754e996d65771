"""Tables of intake."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import UUID as SqlUuid

from kit.audit import audit_table
from kit.idempotency import idempotency_table
from kit.outbox import outbox_table

metadata = MetaData()
_TIME = DateTime(timezone=True)


def _organisation() -> Column[object]:
    return Column("organisation_id", SqlUuid, nullable=False)


connection = Table(
    "connection",
    metadata,
    Column("id", SqlUuid, primary_key=True),
    _organisation(),
    Column("provider", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("auth", Text, nullable=False),
    Column("bin", Text, nullable=False),
    Column("account_numbers", ARRAY(Text), nullable=False),
    Column("confirm_above", BigInteger, nullable=False),
    Column("allowed_addresses", ARRAY(Text), nullable=False),
    Column("pull_url", Text, nullable=False),
    Column("pull_secret", LargeBinary, nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("create_time", _TIME, nullable=False),
    Index("connection_organisation", "organisation_id"),
)

connection_secret = Table(
    "connection_secret",
    metadata,
    Column("id", SqlUuid, primary_key=True),
    Column("connection_id", SqlUuid, ForeignKey("connection.id"), nullable=False),
    _organisation(),
    Column("sealed", LargeBinary, nullable=False),
    Column("last_four", Text, nullable=False),
    Column("create_time", _TIME, nullable=False),
    Column("remove_time", _TIME),
    Index("connection_secret_connection", "connection_id"),
)

virtual_account = Table(
    "virtual_account",
    metadata,
    Column("connection_id", SqlUuid, ForeignKey("connection.id"), primary_key=True),
    Column("virtual_account", Text, primary_key=True),
    _organisation(),
    Column("account_number", Text, nullable=False),
    Column("payer_id", Text, nullable=False),
)

callback = Table(
    "callback",
    metadata,
    Column("id", SqlUuid, primary_key=True),
    Column("connection_id", SqlUuid, nullable=False),
    _organisation(),
    Column("channel", Text, nullable=False),
    Column("arrive_time", _TIME, nullable=False),
    Column("raw_body", LargeBinary, nullable=False),
    # reported, repeat, ignored, exception: what became of the body as a whole.
    Column("outcome", Text, nullable=False),
    Column("warnings", ARRAY(Text), nullable=False),
    Index("callback_connection", "connection_id", "arrive_time"),
)

# One element of a body: a credit that was announced, or one that was passed over. Unique by the provider's own id.
report = Table(
    "report",
    metadata,
    Column("id", SqlUuid, primary_key=True),
    Column("connection_id", SqlUuid, nullable=False),
    _organisation(),
    Column("callback_id", SqlUuid, nullable=False),
    Column("dedupe_key", Text),
    Column("digest", LargeBinary, nullable=False),
    Column("announced", Boolean, nullable=False),
    # A callback told of it, not only the provider's list: the next callback is a repeated delivery.
    Column("called_back", Boolean, nullable=False, server_default=text("true")),
    Index(
        "report_dedupe",
        "connection_id",
        "dedupe_key",
        unique=True,
        postgresql_where=text("dedupe_key IS NOT NULL"),
    ),
    Index("report_callback", "callback_id"),
)

# Counted instead of stored: what was told again, and what was refused at the door.
tally = Table(
    "tally",
    metadata,
    Column("connection_id", SqlUuid, primary_key=True),
    _organisation(),
    Column("repeats", BigInteger, nullable=False),
    Column("refused", BigInteger, nullable=False),
)

intake_exception = Table(
    "intake_exception",
    metadata,
    Column("id", SqlUuid, primary_key=True),
    _organisation(),
    Column("connection_id", SqlUuid, nullable=False),
    Column("callback_id", SqlUuid, nullable=False),
    Column("reason", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("create_time", _TIME, nullable=False),
    Column("close_time", _TIME),
    Column("close_reason", Text, nullable=False),
    Index("intake_exception_open", "organisation_id", "create_time", postgresql_where=text("state = 'open'")),
    Index("intake_exception_callback", "callback_id"),
)

bearer_token = Table(
    "bearer_token",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("connection_id", SqlUuid, nullable=False),
    Column("expire_time", _TIME, nullable=False),
)

pull_cursor = Table(
    "pull_cursor",
    metadata,
    Column("connection_id", SqlUuid, ForeignKey("connection.id"), primary_key=True),
    Column("account_number", Text, primary_key=True),
    _organisation(),
    Column("cursor", Text),
    Column("pull_time", _TIME, nullable=False),
)

outbox = outbox_table(metadata)
audit = audit_table(metadata)
idempotency_key = idempotency_table(metadata)
