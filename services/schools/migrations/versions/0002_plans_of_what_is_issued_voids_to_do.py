"""plans of what is issued, voids to do."""

import sqlalchemy as sa
from alembic import op

from kit import migrate

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "void_wish",
        sa.Column("organisation_id", sa.UUID(), nullable=False),
        sa.Column("invoice_id", sa.UUID(), nullable=False),
        sa.Column("pupil_id", sa.UUID(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("end_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["pupil_id"],
            ["pupil.id"],
        ),
        sa.PrimaryKeyConstraint("invoice_id"),
    )
    op.create_index(
        "void_wish_open",
        "void_wish",
        ["create_time"],
        unique=False,
        postgresql_where=sa.text("end_time IS NULL"),
    )
    op.create_index("void_wish_pupil", "void_wish", ["pupil_id"], unique=False)
    op.add_column("issued_item", sa.Column("outcome", sa.Text()))
    op.add_column("issued_item", sa.Column("job_id", sa.UUID()))
    op.add_column("issued_item", sa.Column("place", sa.Integer()))
    op.add_column("issued_item", sa.Column("source_id", sa.Text()))
    # What was issued before there were plans belongs to the newest job of its round.
    op.execute(
        "UPDATE issued_item SET outcome = CASE WHEN invoice_id IS NULL THEN 'refused' ELSE 'issued' END, place = 0,"
        " source_id = '', job_id = (SELECT id FROM issue_job j WHERE j.round_id = issued_item.round_id"
        " ORDER BY start_time DESC, id DESC LIMIT 1)"
    )
    for column in ("outcome", "job_id", "place", "source_id"):
        op.alter_column("issued_item", column, nullable=False)
    op.create_foreign_key(None, "issued_item", "issue_job", ["job_id"], ["id"])
    op.create_check_constraint(
        "issued_item_outcome",
        "issued_item",
        "outcome IN ('planned', 'issued', 'refused') AND (outcome <> 'issued' OR invoice_id IS NOT NULL)",
    )
    op.create_index(
        "issued_item_planned",
        "issued_item",
        ["job_id", "place"],
        unique=False,
        postgresql_where=sa.text("outcome = 'planned'"),
    )
    migrate.protect(op, "schools", tenant_tables=("void_wish",))
