"""Programmes with their blocks, and the lists by which stalls are enrolled. No trader's money is in any of them."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from services.pilots.store.tables.ground import TIME, metadata, words

programme = Table(
    "programme",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("ward_code", Text, nullable=False),
    # By the list of 2023; empty: not known.
    words("former_ward_code"),
    Column("start_date", Date, nullable=False),
    Column("end_date", Date),
    # Minutes of the day in Asia/Ho_Chi_Minh.
    Column("open_minute", SmallInteger, nullable=False),
    Column("close_minute", SmallInteger, nullable=False),
    Column("cut_off_minute", SmallInteger, nullable=False),
    Column("sale_seconds", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("create_time", TIME, nullable=False),
    UniqueConstraint("code", name="programme_code"),
    CheckConstraint("kind IN ('street', 'market', 'fair')", name="programme_kind"),
)

# Blocks of a street, rows of a fair: places on a drawn schematic, in whole units that are not to scale.
section = Table(
    "section",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("programme_id", Uuid, ForeignKey("programme.id"), nullable=False),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("position", SmallInteger, nullable=False),
    Column("x", SmallInteger, nullable=False),
    Column("y", SmallInteger, nullable=False),
    Column("width", SmallInteger, nullable=False),
    Column("height", SmallInteger, nullable=False),
    UniqueConstraint("programme_id", "code", name="section_code"),
)

enrolment = Table(
    "enrolment",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("programme_id", Uuid, ForeignKey("programme.id"), nullable=False),
    Column("file_name", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("subject", Text, nullable=False),
    words("person_name"),
    Column("create_time", TIME, nullable=False),
)

# A row as it was read; once applied it keeps what became of it, so a crash goes on where it stopped.
enrolment_row = Table(
    "enrolment_row",
    metadata,
    Column("enrolment_id", Uuid, ForeignKey("enrolment.id"), primary_key=True),
    Column("row", Integer, primary_key=True),
    Column("outcome", Text, nullable=False),
    # "values" alone is a word of SQL.
    Column("row_values", JSONB, nullable=False),
    Column("problems", JSONB, nullable=False),
    Column("organisation_id", Uuid),
    Column("account_id", Uuid),
    Column("stall_id", Uuid),
    Column("account_waits", Boolean, nullable=False, server_default="false"),
    CheckConstraint(
        "outcome IN ('wrong', 'new', 'changed', 'unchanged', 'done')", name="enrolment_row_outcome"
    ),
    Index("enrolment_row_organisation", "organisation_id", postgresql_where=text("account_id IS NOT NULL")),
)
