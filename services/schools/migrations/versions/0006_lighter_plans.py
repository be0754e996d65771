"""lighter plans."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    # A plan is written at once for a whole school: its job is written in the same transaction and never deleted.
    op.drop_constraint("issued_item_job_id_fkey", "issued_item", type_="foreignkey")
    # The business key follows from the bill and was read by nobody; older versions may still write it.
    op.alter_column("issued_item", "source_id", server_default="")
    # Settling makes each row longer by invoice and reference: all of a page's rows find room for that on their page.
    op.execute("ALTER TABLE issued_item SET (fillfactor = 45)")
