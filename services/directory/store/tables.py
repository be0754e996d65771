"""Tables of the directory."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
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

organisation = Table(
    "organisation",
    metadata,
    # Named so that the one row-level policy fits this table as well.
    Column("organisation_id", SqlUuid, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("code", Text, nullable=False, unique=True),
    Column("address", Text, nullable=False),
    Column("ward_code", Text, nullable=False),
    Column("phone", Text, nullable=False),
    Column("budget_code", Text, nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("create_time", _TIME, nullable=False),
    Column("version", BigInteger, nullable=False),
    # Name and code without accents, for finding.
    Column("search", Text, nullable=False, server_default=text("''")),
)

account = Table(
    "account",
    metadata,
    Column("id", SqlUuid, primary_key=True),
    Column("organisation_id", SqlUuid, ForeignKey("organisation.organisation_id"), nullable=False),
    Column("bin", Text, nullable=False),
    Column("account_number", Text, nullable=False),
    Column("holder_name", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("propose_person_id", Text, nullable=False),
    Column("propose_time", _TIME, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("approve_person_id", Text, nullable=False),
    Column("approve_time", _TIME),
    Column("active_time", _TIME),
    Column("retire_time", _TIME),
    Column("replaces_account_id", SqlUuid, ForeignKey("account.id")),
    Column("reason", Text, nullable=False),
    CheckConstraint("approve_person_id <> propose_person_id", name="account_two_persons"),
    Index("account_organisation", "organisation_id"),
    # One live registration of an account in the city: money for it must have one owner.
    Index(
        "account_live",
        "bin",
        "account_number",
        unique=True,
        postgresql_where=text("state IN ('proposed', 'cooling', 'active')"),
    ),
)

person = Table(
    "person",
    metadata,
    Column("id", SqlUuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("login", Text, nullable=False, unique=True),
    Column("password_hash", Text, nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("create_time", _TIME, nullable=False),
    Column("login_time", _TIME),
    # Name and login without accents, for finding.
    Column("search", Text, nullable=False, server_default=text("''")),
)

second_factor = Table(
    "second_factor",
    metadata,
    Column("person_id", SqlUuid, ForeignKey("person.id"), primary_key=True),
    # The shared secret of RFC 6238, sealed.
    Column("sealed", LargeBinary, nullable=False),
    Column("create_time", _TIME, nullable=False),
    # Empty until a first code proved that the app has the secret.
    Column("confirm_time", _TIME),
    # The time step of the last code taken; a code is good once.
    Column("last_step", BigInteger, nullable=False),
)

membership = Table(
    "membership",
    metadata,
    Column("person_id", SqlUuid, ForeignKey("person.id"), primary_key=True),
    Column("organisation_id", SqlUuid, ForeignKey("organisation.organisation_id"), primary_key=True),
    Column("role", Text, primary_key=True),
    Column("create_time", _TIME, nullable=False),
    Index("membership_organisation", "organisation_id"),
)

invitation = Table(
    "invitation",
    metadata,
    Column("id", SqlUuid, primary_key=True),
    Column("person_id", SqlUuid, ForeignKey("person.id"), nullable=False),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    Column("create_time", _TIME, nullable=False),
    Column("expire_time", _TIME, nullable=False),
    Column("use_time", _TIME),
    Index("invitation_person", "person_id"),
)

login_session = Table(
    "login_session",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    Column("person_id", SqlUuid, ForeignKey("person.id"), nullable=False),
    Column("create_time", _TIME, nullable=False),
    Column("use_time", _TIME, nullable=False),
    # When the second factor was last proved in this session.
    Column("prove_time", _TIME),
    Index("login_session_person", "person_id"),
    Index("login_session_use_time", "use_time"),
)

login_failure = Table(
    "login_failure",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=True),
    Column("key", Text, nullable=False),
    Column("create_time", _TIME, nullable=False),
    Index("login_failure_key", "key", "create_time"),
)

api_key = Table(
    "api_key",
    metadata,
    Column("id", SqlUuid, primary_key=True),
    Column("organisation_id", SqlUuid, ForeignKey("organisation.organisation_id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("permissions", ARRAY(Text), nullable=False),
    Column("secret_hash", LargeBinary, nullable=False, unique=True),
    Column("last_four", Text, nullable=False),
    Column("create_time", _TIME, nullable=False),
    Column("revoke_time", _TIME),
    Column("use_time", _TIME),
    Index("api_key_organisation", "organisation_id"),
)

notice = Table(
    "notice",
    metadata,
    Column("id", SqlUuid, primary_key=True),
    Column("organisation_id", SqlUuid, ForeignKey("organisation.organisation_id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("account_id", SqlUuid, ForeignKey("account.id"), nullable=False),
    # Who did it, as in the audit trail.
    Column("subject", Text, nullable=False),
    Column("create_time", _TIME, nullable=False),
    Index("notice_organisation", "organisation_id", "create_time"),
)

notice_read = Table(
    "notice_read",
    metadata,
    Column("notice_id", SqlUuid, ForeignKey("notice.id"), primary_key=True),
    Column("person_id", SqlUuid, ForeignKey("person.id"), primary_key=True),
    Column("read_time", _TIME, nullable=False),
)

# One row at most; demo and tests only.
clock_offset = Table(
    "clock_offset",
    metadata,
    Column("is_set", Boolean, primary_key=True),
    Column("seconds", BigInteger, nullable=False),
    CheckConstraint("is_set", name="clock_offset_one_row"),
)


outbox = outbox_table(metadata)
audit = audit_table(metadata)
idempotency_key = idempotency_table(metadata)

TENANT_TABLES = ("organisation", "account", "membership", "api_key", "notice", "audit")
APP_TABLES = ("person", "invitation", "outbox", "idempotency_key")
WORKER_TABLES = ("login_session", "login_failure", "second_factor", "notice_read", "clock_offset")
