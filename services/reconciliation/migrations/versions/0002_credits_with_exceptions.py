"""credits with exceptions are found by an index."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_index(
        "credit_exceptions",
        "credit",
        ["organisation_id", "id"],
        unique=False,
        postgresql_where=sa.text("exceptions <> '{}'::text[]"),
    )
