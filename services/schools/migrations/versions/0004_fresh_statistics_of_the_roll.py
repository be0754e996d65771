"""fresh statistics of the roll."""

from alembic import op

from kit import migrate

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    # Only a table's owner may analyse it, and a large list must not wait for autovacuum.
    _, worker, app = migrate.roles("schools")
    op.execute(
        "CREATE FUNCTION refresh_roll_statistics() RETURNS void LANGUAGE plpgsql SECURITY DEFINER"
        " SET search_path = public"
        " AS 'BEGIN ANALYZE pupil, enrolment, school_class, pupil_identifier, assessment; END'"
    )
    op.execute("REVOKE ALL ON FUNCTION refresh_roll_statistics() FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION refresh_roll_statistics() TO {worker}, {app}")
