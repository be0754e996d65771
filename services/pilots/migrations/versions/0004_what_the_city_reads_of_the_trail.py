"""What the city reads of the audit trail is found without passing what traders do."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_index(
        "audit_told",
        "audit",
        ["id"],
        unique=False,
        postgresql_where=sa.text(
            "split_part(action, '.', 1) IN ('alarm', 'device', 'enrolment', 'events', 'programme', 'stall', 'stand', 'visit')"
        ),
    )
