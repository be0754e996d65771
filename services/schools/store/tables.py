"""Tables of the schools service."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import UUID as SqlUuid

from kit.audit import audit_table
from kit.idempotency import idempotency_table

metadata = MetaData()
_TIME = DateTime(timezone=True)


def _organisation() -> Column[object]:
    return Column("organisation_id", SqlUuid, nullable=False)


school_class = Table(
    "school_class",
    metadata,
    Column("id", SqlUuid, primary_key=True),
    _organisation(),
    Column("school_year", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("natural_key", Text, nullable=False),
    Column("grade", Text, nullable=False),
    Index("school_class_name", "organisation_id", "school_year", "name", unique=True),
)

pupil = Table(
    "pupil",
    metadata,
    Column("id", SqlUuid, primary_key=True),
    _organisation(),
    Column("full_name", Text, nullable=False),
    Column("person_key", Text, nullable=False),
    Column("name_key", Text, nullable=False),
    Column("search", Text, nullable=False),
    Column("birth_date", Date),
    Column("sex", Text, nullable=False),
    Column("phone", Text, nullable=False),
    Column("withdraw_date", Date),
    Column("withdraw_reason", Text, nullable=False),
    Column("create_time", _TIME, nullable=False),
    Index("pupil_person", "organisation_id", "person_key", "birth_date"),
)

enrolment = Table(
    "enrolment",
    metadata,
    Column("id", SqlUuid, primary_key=True),
    _organisation(),
    Column("pupil_id", SqlUuid, ForeignKey("pupil.id"), nullable=False),
    Column("class_id", SqlUuid, ForeignKey("school_class.id"), nullable=False),
    Column("school_year", Text, nullable=False),
    Column("from_date", Date, nullable=False),
    Column("to_date", Date),
    # A pupil sits in one class at a time.
    Index(
        "enrolment_present",
        "organisation_id",
        "pupil_id",
        "school_year",
        unique=True,
        postgresql_where=text("to_date IS NULL"),
    ),
    Index("enrolment_class", "class_id", postgresql_where=text("to_date IS NULL")),
)

pupil_identifier = Table(
    "pupil_identifier",
    metadata,
    Column("id", SqlUuid, primary_key=True),
    _organisation(),
    Column("pupil_id", SqlUuid, ForeignKey("pupil.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("from_date", Date, nullable=False),
    Column("to_date", Date),
    Index(
        "pupil_identifier_value",
        "organisation_id",
        "kind",
        "value",
        unique=True,
        postgresql_where=text("to_date IS NULL"),
    ),
    Index("pupil_identifier_pupil", "pupil_id"),
)

collection_round = Table(
    "collection_round",
    metadata,
    Column("id", SqlUuid, primary_key=True),
    _organisation(),
    Column("title", Text, nullable=False),
    Column("school_year", Text, nullable=False),
    Column("period", Text, nullable=False),
    Column("due_date", Date, nullable=False),
    Column("scope", Text, nullable=False),
    Column("scope_values", ARRAY(Text), nullable=False),
    Column("state", Text, nullable=False),
    Column("contact", Text, nullable=False),
    Column("create_time", _TIME, nullable=False),
    Column("release_time", _TIME),
    Column("version", BigInteger, nullable=False),
    Index("collection_round_organisation", "organisation_id", "create_time"),
)

fee_item = Table(
    "fee_item",
    metadata,
    Column("id", SqlUuid, primary_key=True),
    _organisation(),
    Column("round_id", SqlUuid, ForeignKey("collection_round.id"), nullable=False),
    Column("title", Text, nullable=False),
    # Folded title: how the column of a list finds its item.
    Column("title_key", Text, nullable=False),
    Column("fee_kind", Text, nullable=False),
    Column("legal_kind", Text, nullable=False),
    Column("unit_price", BigInteger, nullable=False),
    Column("quantity_milli", BigInteger, nullable=False),
    Column("unit", Text, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("account_id", SqlUuid, nullable=False),
    Column("bin", Text, nullable=False),
    Column("account_number", Text, nullable=False),
    Column("holder_name", Text, nullable=False),
    Column("per_pupil", Boolean, nullable=False),
    Column("voluntary", Boolean, nullable=False),
    Column("create_time", _TIME, nullable=False),
    CheckConstraint("unit_price >= 0 AND quantity_milli > 0", name="fee_item_amounts"),
    Index("fee_item_title", "round_id", "title_key", unique=True),
)

# The list's amounts, pupil by pupil.
assessment = Table(
    "assessment",
    metadata,
    _organisation(),
    Column("fee_item_id", SqlUuid, ForeignKey("fee_item.id"), primary_key=True),
    Column("pupil_id", SqlUuid, ForeignKey("pupil.id"), primary_key=True),
    Column("amount", BigInteger, nullable=False),
    CheckConstraint("amount >= 0", name="assessment_amount"),
)

exemption = Table(
    "exemption",
    metadata,
    Column("id", SqlUuid, primary_key=True),
    _organisation(),
    Column("round_id", SqlUuid, ForeignKey("collection_round.id"), nullable=False),
    Column("pupil_id", SqlUuid, ForeignKey("pupil.id"), nullable=False),
    Column("fee_item_id", SqlUuid, ForeignKey("fee_item.id")),
    Column("percent_hundredths", Integer, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    CheckConstraint("percent_hundredths BETWEEN 0 AND 10000 AND amount >= 0", name="exemption_bounds"),
    Index(
        "exemption_pupil",
        "round_id",
        "pupil_id",
        text("coalesce(fee_item_id, '00000000-0000-0000-0000-000000000000')"),
        unique=True,
    ),
)

roster_import = Table(
    "roster_import",
    metadata,
    Column("id", SqlUuid, primary_key=True),
    _organisation(),
    Column("school_year", Text, nullable=False),
    Column("round_id", SqlUuid, ForeignKey("collection_round.id")),
    Column("file_name", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("sheet", Text, nullable=False),
    Column("sheets", ARRAY(Text), nullable=False),
    Column("columns", JSONB, nullable=False),
    Column("item_headings", ARRAY(Text), nullable=False),
    Column("state", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("person_name", Text, nullable=False),
    Column("create_time", _TIME, nullable=False),
    Column("apply_time", _TIME),
    Index("roster_import_organisation", "organisation_id", "create_time"),
)

import_row = Table(
    "import_row",
    metadata,
    Column("import_id", SqlUuid, ForeignKey("roster_import.id"), primary_key=True),
    Column("row", Integer, primary_key=True),
    _organisation(),
    Column("outcome", Text, nullable=False),
    Column("pupil_id", SqlUuid),
    Column("pupil", JSONB, nullable=False),
    Column("items", JSONB, nullable=False),
    Column("problems", JSONB, nullable=False),
    Column("changes", ARRAY(Text), nullable=False),
    # When the row went on; a row goes on once.
    Column("apply_time", DateTime(timezone=True)),
    Index("import_row_outcome", "import_id", "outcome", "row"),
)

issue_job = Table(
    "issue_job",
    metadata,
    Column("id", SqlUuid, primary_key=True),
    _organisation(),
    Column("round_id", SqlUuid, ForeignKey("collection_round.id"), nullable=False),
    Column("state", Text, nullable=False),
    Column("total", Integer, nullable=False),
    Column("issued", Integer, nullable=False),
    Column("existing", Integer, nullable=False),
    Column("refused", Integer, nullable=False),
    Column("problems", ARRAY(Text), nullable=False),
    Column("start_time", _TIME, nullable=False),
    Column("end_time", _TIME),
    Column("lease_time", _TIME),
    # One job of a round at a time.
    Index(
        "issue_job_running",
        "round_id",
        unique=True,
        postgresql_where=text("state IN ('waiting', 'running')"),
    ),
)

# Which item of which pupil stands on which invoice: what is here is not issued again.
issued_item = Table(
    "issued_item",
    metadata,
    _organisation(),
    Column("fee_item_id", SqlUuid, ForeignKey("fee_item.id"), primary_key=True),
    Column("pupil_id", SqlUuid, ForeignKey("pupil.id"), primary_key=True),
    Column("round_id", SqlUuid, nullable=False),
    # planned → issued or refused. Planned before invoices are asked, so that a crash never bills otherwise than planned;
    # what was refused is planned anew by the next release.
    Column("outcome", Text, nullable=False),
    # No foreign key: it costs a sixth of writing a plan, a job is written with it, and no job is ever deleted.
    Column("job_id", SqlUuid, nullable=False),
    # Which bill of the job: rows of the same place are lines of one invoice.
    Column("place", Integer, nullable=False),
    # No longer written: it follows from the bill. To be dropped once no running version writes it.
    Column("source_id", Text, nullable=False, server_default=""),
    Column("invoice_id", SqlUuid),
    Column("reference", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("exempted", BigInteger, nullable=False),
    Column("exemption_reason", Text, nullable=False),
    Index("issued_item_round", "round_id", "pupil_id"),
    Index("issued_item_pupil", "pupil_id"),
    Index("issued_item_job", "job_id", "place"),
    CheckConstraint(
        "outcome IN ('planned', 'issued', 'refused') AND (outcome <> 'issued' OR invoice_id IS NOT NULL)",
        name="issued_item_outcome",
    ),
    # What a bill became stands in no index: settling it stays on its page (HOT).
    postgresql_with={"fillfactor": "45"},
)

# Invoices of withdrawn pupils that are still to be voided: written with the withdrawal, done by a job.
void_wish = Table(
    "void_wish",
    metadata,
    _organisation(),
    Column("invoice_id", SqlUuid, primary_key=True),
    Column("pupil_id", SqlUuid, ForeignKey("pupil.id"), nullable=False),
    Column("reason", Text, nullable=False),
    Column("create_time", _TIME, nullable=False),
    Column("end_time", _TIME),
    # Why it could not be voided, for a person: it was paid meanwhile, say.
    Column("problem", Text, nullable=False),
    Index("void_wish_open", "create_time", postgresql_where=text("end_time IS NULL")),
    Index("void_wish_pupil", "pupil_id"),
)

audit = audit_table(metadata)
idempotency_key = idempotency_table(metadata)
