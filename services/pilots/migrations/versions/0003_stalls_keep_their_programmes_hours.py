"""A stall opens and closes as its programme says by then, unless it was given hours of its own."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.alter_column("stall", "open_minute", nullable=True)
    op.alter_column("stall", "close_minute", nullable=True)
    # The owner, who runs this, sees no row of a merchant otherwise.
    op.execute("ALTER TABLE stall NO FORCE ROW LEVEL SECURITY")
    op.execute(
        "UPDATE stall SET open_minute = NULL, close_minute = NULL FROM programme p WHERE p.id = stall.programme_id"
        " AND (stall.open_minute, stall.close_minute) = (p.open_minute, p.close_minute)"
    )
    op.execute("ALTER TABLE stall FORCE ROW LEVEL SECURITY")
    op.create_check_constraint("stall_hours", "stall", "(open_minute IS NULL) = (close_minute IS NULL)")
