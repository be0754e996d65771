"""schools."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from kit import migrate

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("organisation_id", sa.UUID(), nullable=True),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("seal", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("audit_organisation", "audit", ["organisation_id", "id"], unique=False)
    op.create_table(
        "collection_round",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("organisation_id", sa.UUID(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("school_year", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("due_date", sa.Date(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("scope_values", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("contact", sa.Text(), nullable=False),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("release_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "collection_round_organisation", "collection_round", ["organisation_id", "create_time"], unique=False
    )
    op.create_table(
        "idempotency_key",
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("response", sa.LargeBinary(), nullable=False),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("caller", "method", "request_id", name="idempotency_key_pk"),
    )
    op.create_index("idempotency_key_create_time", "idempotency_key", ["create_time"], unique=False)
    op.create_table(
        "pupil",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("organisation_id", sa.UUID(), nullable=False),
        sa.Column("full_name", sa.Text(), nullable=False),
        sa.Column("person_key", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("search", sa.Text(), nullable=False),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("sex", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("withdraw_date", sa.Date(), nullable=True),
        sa.Column("withdraw_reason", sa.Text(), nullable=False),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("pupil_person", "pupil", ["organisation_id", "person_key", "birth_date"], unique=False)
    op.create_table(
        "school_class",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("organisation_id", sa.UUID(), nullable=False),
        sa.Column("school_year", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("natural_key", sa.Text(), nullable=False),
        sa.Column("grade", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "school_class_name", "school_class", ["organisation_id", "school_year", "name"], unique=True
    )
    op.create_table(
        "enrolment",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("organisation_id", sa.UUID(), nullable=False),
        sa.Column("pupil_id", sa.UUID(), nullable=False),
        sa.Column("class_id", sa.UUID(), nullable=False),
        sa.Column("school_year", sa.Text(), nullable=False),
        sa.Column("from_date", sa.Date(), nullable=False),
        sa.Column("to_date", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["class_id"],
            ["school_class.id"],
        ),
        sa.ForeignKeyConstraint(
            ["pupil_id"],
            ["pupil.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "enrolment_class",
        "enrolment",
        ["class_id"],
        unique=False,
        postgresql_where=sa.text("to_date IS NULL"),
    )
    op.create_index(
        "enrolment_present",
        "enrolment",
        ["organisation_id", "pupil_id", "school_year"],
        unique=True,
        postgresql_where=sa.text("to_date IS NULL"),
    )
    op.create_table(
        "fee_item",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("organisation_id", sa.UUID(), nullable=False),
        sa.Column("round_id", sa.UUID(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("title_key", sa.Text(), nullable=False),
        sa.Column("fee_kind", sa.Text(), nullable=False),
        sa.Column("legal_kind", sa.Text(), nullable=False),
        sa.Column("unit_price", sa.BigInteger(), nullable=False),
        sa.Column("quantity_milli", sa.BigInteger(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.UUID(), nullable=False),
        sa.Column("bin", sa.Text(), nullable=False),
        sa.Column("account_number", sa.Text(), nullable=False),
        sa.Column("holder_name", sa.Text(), nullable=False),
        sa.Column("per_pupil", sa.Boolean(), nullable=False),
        sa.Column("voluntary", sa.Boolean(), nullable=False),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("unit_price >= 0 AND quantity_milli > 0", name="fee_item_amounts"),
        sa.ForeignKeyConstraint(
            ["round_id"],
            ["collection_round.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("fee_item_title", "fee_item", ["round_id", "title_key"], unique=True)
    op.create_table(
        "issue_job",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("organisation_id", sa.UUID(), nullable=False),
        sa.Column("round_id", sa.UUID(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("issued", sa.Integer(), nullable=False),
        sa.Column("existing", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("problems", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("start_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("end_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_time", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["round_id"],
            ["collection_round.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "issue_job_running",
        "issue_job",
        ["round_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('waiting', 'running')"),
    )
    op.create_table(
        "pupil_identifier",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("organisation_id", sa.UUID(), nullable=False),
        sa.Column("pupil_id", sa.UUID(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("from_date", sa.Date(), nullable=False),
        sa.Column("to_date", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["pupil_id"],
            ["pupil.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("pupil_identifier_pupil", "pupil_identifier", ["pupil_id"], unique=False)
    op.create_index(
        "pupil_identifier_value",
        "pupil_identifier",
        ["organisation_id", "kind", "value"],
        unique=True,
        postgresql_where=sa.text("to_date IS NULL"),
    )
    op.create_table(
        "roster_import",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("organisation_id", sa.UUID(), nullable=False),
        sa.Column("school_year", sa.Text(), nullable=False),
        sa.Column("round_id", sa.UUID(), nullable=True),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("sheet", sa.Text(), nullable=False),
        sa.Column("sheets", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("columns", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("item_headings", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("person_name", sa.Text(), nullable=False),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("apply_time", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["round_id"],
            ["collection_round.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "roster_import_organisation", "roster_import", ["organisation_id", "create_time"], unique=False
    )
    op.create_table(
        "assessment",
        sa.Column("organisation_id", sa.UUID(), nullable=False),
        sa.Column("fee_item_id", sa.UUID(), nullable=False),
        sa.Column("pupil_id", sa.UUID(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount >= 0", name="assessment_amount"),
        sa.ForeignKeyConstraint(
            ["fee_item_id"],
            ["fee_item.id"],
        ),
        sa.ForeignKeyConstraint(
            ["pupil_id"],
            ["pupil.id"],
        ),
        sa.PrimaryKeyConstraint("fee_item_id", "pupil_id"),
    )
    op.create_table(
        "exemption",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("organisation_id", sa.UUID(), nullable=False),
        sa.Column("round_id", sa.UUID(), nullable=False),
        sa.Column("pupil_id", sa.UUID(), nullable=False),
        sa.Column("fee_item_id", sa.UUID(), nullable=True),
        sa.Column("percent_hundredths", sa.Integer(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint("percent_hundredths BETWEEN 0 AND 10000 AND amount >= 0", name="exemption_bounds"),
        sa.ForeignKeyConstraint(
            ["fee_item_id"],
            ["fee_item.id"],
        ),
        sa.ForeignKeyConstraint(
            ["pupil_id"],
            ["pupil.id"],
        ),
        sa.ForeignKeyConstraint(
            ["round_id"],
            ["collection_round.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "exemption_pupil",
        "exemption",
        [
            "round_id",
            "pupil_id",
            sa.literal_column("coalesce(fee_item_id, '00000000-0000-0000-0000-000000000000')"),
        ],
        unique=True,
    )
    op.create_table(
        "import_row",
        sa.Column("import_id", sa.UUID(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.UUID(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("pupil_id", sa.UUID(), nullable=True),
        sa.Column("pupil", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("items", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("problems", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("changes", sa.ARRAY(sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["roster_import.id"],
        ),
        sa.PrimaryKeyConstraint("import_id", "row"),
    )
    op.create_index("import_row_outcome", "import_row", ["import_id", "outcome", "row"], unique=False)
    op.create_table(
        "issued_item",
        sa.Column("organisation_id", sa.UUID(), nullable=False),
        sa.Column("fee_item_id", sa.UUID(), nullable=False),
        sa.Column("pupil_id", sa.UUID(), nullable=False),
        sa.Column("round_id", sa.UUID(), nullable=False),
        sa.Column("invoice_id", sa.UUID(), nullable=True),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("exempted", sa.BigInteger(), nullable=False),
        sa.Column("exemption_reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["fee_item_id"],
            ["fee_item.id"],
        ),
        sa.ForeignKeyConstraint(
            ["pupil_id"],
            ["pupil.id"],
        ),
        sa.PrimaryKeyConstraint("fee_item_id", "pupil_id"),
    )
    op.create_index("issued_item_pupil", "issued_item", ["pupil_id"], unique=False)
    op.create_index("issued_item_round", "issued_item", ["round_id", "pupil_id"], unique=False)
    migrate.protect(
        op,
        "schools",
        tenant_tables=(
            "school_class",
            "pupil",
            "enrolment",
            "pupil_identifier",
            "collection_round",
            "fee_item",
            "assessment",
            "exemption",
            "roster_import",
            "import_row",
            "issue_job",
            "issued_item",
            "audit",
        ),
        app_tables=("idempotency_key",),
        append_only=("audit",),
    )
    migrate.protect_audit(op, "schools")
