"""One code, one thing: a code that a stall, a pack or a sale carries is never another one's."""

import sqlalchemy as sa
from alembic import op

from kit import migrate

revision = "0002"
down_revision = "0001"
_CARRIERS = ("stall", "pack_code", "sale")


def upgrade() -> None:
    op.create_table(
        "code",
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("payable_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("reference"),
    )
    for table in _CARRIERS:
        # The owner, who runs this, sees no row of a merchant otherwise.
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        # A code that stands on a board keeps it, whatever sale drew it later.
        op.execute(
            f"INSERT INTO code (reference, payable_id) SELECT reference, id FROM {table} ON CONFLICT DO NOTHING"
        )
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    migrate.protect(op, "pilots", app_tables=("code",), append_only=("code",), tenant_tables=())
