"""The seals of receipts, and the keys that sign them."""

import sqlalchemy as sa
from alembic import op

from kit import migrate

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "receipt_seal",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("seal_time", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", "series", "year", "number"),
    )
    op.create_table(
        "receipt_key",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoke_time", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    migrate.protect(
        op,
        "invoices",
        tenant_tables=("receipt_seal",),
        app_reads=("receipt_key",),
        append_only=("receipt_seal",),
    )
