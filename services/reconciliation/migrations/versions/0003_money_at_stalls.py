"""Sales that ask, codes that take what has none, and whose money is a trader's."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("payable", sa.Column("ask_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("payable", sa.Column("open_minute", sa.SmallInteger(), nullable=True))
    op.add_column("payable", sa.Column("close_minute", sa.SmallInteger(), nullable=True))
    op.add_column(
        "receiving_account",
        sa.Column("is_merchant", sa.Boolean(), server_default="false", nullable=False),
    )
    op.add_column("credit", sa.Column("asked_payable_id", sa.Uuid(), nullable=True))
    op.add_column("credit", sa.Column("is_merchant", sa.Boolean(), server_default="false", nullable=False))
    op.create_check_constraint(
        "credit_asks_for_a_sale", "credit", "(reason = 'ASKED') = (asked_payable_id IS NOT NULL)"
    )
    op.create_index(
        "payable_asking",
        "payable",
        ["account_id", "ask_until"],
        unique=False,
        postgresql_where=sa.text("ask_until IS NOT NULL"),
    )
    op.create_index(
        "payable_account_default",
        "payable",
        ["account_id"],
        unique=False,
        postgresql_where=sa.text("open_minute IS NOT NULL"),
    )
    op.create_index(
        "credit_asked",
        "credit",
        ["bin", "account_number"],
        unique=False,
        postgresql_where=sa.text("asked_payable_id IS NOT NULL"),
    )
