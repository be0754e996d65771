"""Checks of stands, alarms, the health of the banks' feeds, and the visits of volunteers."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Index,
    Integer,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from services.pilots.store.tables.ground import TIME, count, metadata, words

stand_check = Table(
    "stand_check",
    metadata,
    Column("id", Uuid, primary_key=True),
    # Absent where the code scanned claims to be no stall of ours.
    Column("stall_id", Uuid),
    Column("organisation_id", Uuid),
    Column("subject", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("differences", JSONB, nullable=False),
    Column("payload", Text, nullable=False),
    Column("check_time", TIME, nullable=False),
    Index("stand_check_stall", "stall_id", "check_time"),
)

# For the market board: no takings. One open alarm of a kind and object; a repeat counts it up.
alarm = Table(
    "alarm",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False),
    # Stall id, or the bank's BIN.
    Column("object", Text, nullable=False),
    Column("programme_id", Uuid),
    Column("stall_id", Uuid),
    Column("detail", JSONB, nullable=False),
    Column("count", Integer, nullable=False),
    Column("create_time", TIME, nullable=False),
    Column("change_time", TIME, nullable=False),
    Column("close_time", TIME),
    words("close_subject"),
    words("close_person_name"),
    words("close_note"),
    Index("alarm_open", "kind", "object", unique=True, postgresql_where=text("close_time IS NULL")),
    Index("alarm_list", "create_time"),
)

# Credits by receiving bank and minute of arrival, with a histogram of how long the bank took (ms, upper bounds in the
# domain). Health and medians come out of it.
feed_minute = Table(
    "feed_minute",
    metadata,
    Column("bin", Text, primary_key=True),
    Column("minute", TIME, primary_key=True),
    # Programme of the stall; the nil id where it is none's.
    Column("programme_id", Uuid, primary_key=True),
    # Bucket of the histogram.
    Column("bucket", Integer, primary_key=True),
    count("credits"),
    # So that a run of late credits can be dated.
    Column("first_bank_time", TIME, nullable=False),
    Column("last_arrive_time", TIME, nullable=False),
    Index("feed_minute_time", "minute"),
    postgresql_with={"fillfactor": "60"},
)

# Payments of a stall by hour of arrival: what is usual there, so that silence can be told. Never shown to anybody.
stall_hour = Table(
    "stall_hour",
    metadata,
    Column("hour", TIME, primary_key=True),
    Column("stall_id", Uuid, primary_key=True),
    count("payments"),
    Column("last_time", TIME, nullable=False),
    postgresql_with={"fillfactor": "60"},
)

# Payments taken back and amounts that are nearly right: signs that somebody tries a stall. Forgotten after some days.
stall_sign = Table(
    "stall_sign",
    metadata,
    Column("payment_id", Uuid, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("stall_id", Uuid, nullable=False),
    Column("sign_time", TIME, nullable=False),
    Index("stall_sign_time", "sign_time"),
    CheckConstraint("kind IN ('reversed', 'near_miss')", name="stall_sign_kind"),
)

feed = Table(
    "feed",
    metadata,
    Column("bin", Text, primary_key=True),
    Column("median_ms", Integer, nullable=False),
    Column("last_arrive_time", TIME, nullable=False),
    Column("late_since", TIME),
    Column("change_time", TIME, nullable=False),
)

helper_visit = Table(
    "helper_visit",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("subject", Text, nullable=False),
    words("helper_name"),
    # Of the bill; wiped once it may no longer be seen.
    Column("reference", Text, nullable=False),
    Column("consent", Text, nullable=False),
    Column("visit_date", Date, nullable=False),
    Column("begin_time", TIME, nullable=False),
    Column("view_until", TIME, nullable=False),
    Column("print_time", TIME),
    Column("is_wiped", Boolean, nullable=False, server_default="false"),
    Index("helper_visit_day", "subject", "visit_date"),
    Index("helper_visit_seen", "view_until", postgresql_where=text("NOT is_wiped")),
)
