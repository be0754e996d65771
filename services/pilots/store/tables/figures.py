"""The city's figures as they were published: suppressed once, then never reckoned again."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB

from services.pilots.store.tables.ground import TIME, metadata, words

# A declared table of one period. `content` is what was published, cell for cell; nobody adds to it later.
figure_table = Table(
    "figure_table",
    metadata,
    Column("name", Text, primary_key=True),
    Column("period_from", Date, primary_key=True),
    Column("period_to", Date, primary_key=True),
    Column("definition_version", Integer, primary_key=True),
    Column("ward_set", Text, nullable=False),
    Column("content", JSONB, nullable=False),
    Column("as_of", TIME, nullable=False),
    Column("is_complete", Boolean, nullable=False),
    Index("figure_table_period", "period_to"),
)

indicator = Table(
    "indicator",
    metadata,
    Column("sequence", BigInteger, Identity(always=True), primary_key=True),
    Column("name", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("ward_set", Text, nullable=False),
    Column("period_from", Date, nullable=False),
    Column("period_to", Date, nullable=False),
    Column("value", BigInteger),
    Column("unit", Text, nullable=False),
    Column("as_of", TIME, nullable=False),
    Column("definition_version", Integer, nullable=False),
    Column("is_complete", Boolean, nullable=False),
    words("note"),
    UniqueConstraint(
        "name",
        "place",
        "period_from",
        "period_to",
        "definition_version",
        "is_complete",
        name="indicator_once",
    ),
)
