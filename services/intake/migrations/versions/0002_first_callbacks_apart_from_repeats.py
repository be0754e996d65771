"""first callbacks apart from repeats."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column(
        "report", sa.Column("called_back", sa.Boolean(), server_default=sa.text("true"), nullable=False)
    )
