"""second factor, notices and finding by name."""

import sqlalchemy as sa
from alembic import op

from kit import migrate
from kit.text import search_key

revision = "0002"
down_revision = "0001"
_OWNER, _WORKER, _APP = migrate.roles("directory")


def upgrade() -> None:
    _make_tables()
    op.add_column("api_key", sa.Column("use_time", sa.DateTime(timezone=True), nullable=True))
    op.add_column("login_session", sa.Column("prove_time", sa.DateTime(timezone=True), nullable=True))
    op.add_column("person", sa.Column("login_time", sa.DateTime(timezone=True), nullable=True))
    for table in ("organisation", "person"):
        # The default lets the program before this one go on inserting.
        op.add_column(table, sa.Column("search", sa.Text(), nullable=False, server_default=sa.text("''")))
    _fill_search("person", "id", "login")
    op.execute("ALTER TABLE organisation NO FORCE ROW LEVEL SECURITY")
    _fill_search("organisation", "organisation_id", "code")
    op.execute("ALTER TABLE organisation FORCE ROW LEVEL SECURITY")
    migrate.protect(
        op,
        "directory",
        tenant_tables=("notice",),
        worker_tables=("second_factor", "notice_read", "clock_offset"),
    )
    _let_administrators_act()


def _make_tables() -> None:
    op.create_table(
        "clock_offset",
        sa.Column("is_set", sa.Boolean(), nullable=False),
        sa.Column("seconds", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("is_set", name="clock_offset_one_row"),
        sa.PrimaryKeyConstraint("is_set"),
    )
    op.create_table(
        "second_factor",
        sa.Column("person_id", sa.UUID(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirm_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("person_id"),
    )
    op.create_table(
        "notice",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("organisation_id", sa.UUID(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("account_id", sa.UUID(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.organisation_id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("notice_organisation", "notice", ["organisation_id", "create_time"], unique=False)
    op.create_table(
        "notice_read",
        sa.Column("notice_id", sa.UUID(), nullable=False),
        sa.Column("person_id", sa.UUID(), nullable=False),
        sa.Column("read_time", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"]),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("notice_id", "person_id"),
    )


def _fill_search(table: str, id: str, second: str) -> None:
    connection = op.get_bind()
    for row in connection.execute(sa.text(f"SELECT {id} AS id, name, {second} AS second FROM {table}")):
        connection.execute(
            sa.text(f"UPDATE {table} SET search = :search WHERE {id} = :id"),
            {"id": row.id, "search": search_key(f"{row.name} {row.second}")},
        )


def _let_administrators_act() -> None:
    """Ending somebody's sessions and second factor, without reading a secret of either."""
    op.execute(f"GRANT DELETE, SELECT (person_id) ON login_session TO {_APP}")
    op.execute(f"GRANT DELETE, SELECT (person_id, confirm_time) ON second_factor TO {_APP}")
    # Who administers one organisation must not take over somebody who works for others too, so the question whether
    # there are memberships out of sight is answered past row-level security, and nothing else of them.
    op.execute(f"CREATE POLICY elsewhere ON membership FOR SELECT TO {_OWNER} USING (true)")
    op.execute(
        "CREATE FUNCTION count_memberships(person uuid) RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER"
        " SET search_path = public AS 'SELECT count(*) FROM membership WHERE person_id = person'"
    )
    op.execute("REVOKE ALL ON FUNCTION count_memberships(uuid) FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION count_memberships(uuid) TO {_WORKER}, {_APP}")
