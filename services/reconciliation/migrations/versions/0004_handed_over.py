"""Unproven credits that their traders handed to the city's desk."""

import sqlalchemy as sa
from alembic import op

from kit import migrate

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "handed_over",
        sa.Column("credit_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("hand_over_time", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("credit_id"),
    )
    migrate.protect(op, "reconciliation", tenant_tables=("handed_over",))
