"""rows go on once."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("import_row", sa.Column("apply_time", sa.DateTime(timezone=True), nullable=True))
    op.execute(
        "UPDATE import_row SET apply_time = roster_import.apply_time FROM roster_import"
        " WHERE roster_import.id = import_row.import_id AND roster_import.state = 'applied'"
        " AND import_row.outcome <> 'wrong'"
    )
