"""settling stays on its page."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    # Which bills are still planned is found behind those that the job has counted, not by an index that every bill
    # leaves again: an update of the outcome then touches no index at all.
    op.drop_index("issued_item_planned", table_name="issued_item")
    op.create_index("issued_item_job", "issued_item", ["job_id", "place"], unique=False)
    op.execute("ALTER TABLE issued_item SET (fillfactor = 60)")
