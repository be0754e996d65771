"""Databases and roles of a service, its migrations, and the protections every table gets: tenancy and append-only.

`provision` needs a superuser and is for embedded mode, `make up` and tests; in production an operator runs the same
statements. `upgrade` runs the service's Alembic migrations as the owner role. Migration files call `protect`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg
from alembic import command, context
from alembic.config import Config
from psycopg import sql
from sqlalchemy import MetaData, create_engine, text

ROOT = Path(__file__).resolve().parent.parent

# True for rows of the organisations named in the transaction; "*" is a caller who acts for the whole city.
# The star is taken out before the cast, since the two sides of OR are evaluated in no fixed order.
_VISIBLE = (
    "current_setting('xoai.organisations', true) = '*' OR organisation_id = ANY("
    "string_to_array(nullif(replace(current_setting('xoai.organisations', true), '*', ''), ''), ',')::uuid[])"
)


def roles(service: str) -> tuple[str, str, str]:
    """The owner, worker and app roles of a service."""
    return f"xoai_{service}_owner", f"xoai_{service}_worker", f"xoai_{service}_app"


def provision(admin_url: str, service: str, *, password: str = "") -> None:
    """Create the roles and the empty database of a service where they are missing. `admin_url` is a superuser's."""
    owner, worker, app = roles(service)
    database = f"xoai_{service}"
    with psycopg.connect(admin_url, autocommit=True) as connection:
        known = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles")}
        for role, can_login in ((owner, True), (worker, True), (app, False)):
            if role not in known:
                statement = sql.SQL("CREATE ROLE {} {} NOSUPERUSER NOBYPASSRLS").format(
                    sql.Identifier(role), sql.SQL("LOGIN" if can_login else "NOLOGIN")
                )
                connection.execute(statement)
            if can_login and password:
                connection.execute(
                    sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), sql.Literal(password))
                )
        connection.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(app), sql.Identifier(worker)))
        exists = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone()
        if exists is None:
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING 'UTF8'").format(
                    sql.Identifier(database), sql.Identifier(owner)
                )
            )
        connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(database)))
        connection.execute(
            sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}").format(
                sql.Identifier(database), sql.Identifier(worker)
            )
        )


def config(service: str, url: str) -> Config:
    """Alembic's configuration for a service; `url` is the owner's, in psycopg form."""
    result = Config()
    result.set_main_option("script_location", str(ROOT / "services" / service / "migrations"))
    result.attributes["url"] = url.replace("postgresql://", "postgresql+psycopg://", 1)
    return result


def upgrade(service: str, url: str) -> None:
    """Bring a service's database to the newest migration. `url` is the owner's."""
    command.upgrade(config(service, url), "head")


def check(service: str, url: str) -> None:
    """Raise if the service's tables in `store` are not what its migrations make."""
    command.check(config(service, url))


def run_environment(metadata: MetaData) -> None:
    """What each service's migrations/env.py does: run the migrations on the configured database."""
    engine = create_engine(context.config.attributes["url"])
    with engine.connect() as connection:
        connection.execute(text("SET lock_timeout = '5s'"))
        connection.execute(text("SET statement_timeout = '60s'"))
        connection.commit()
        context.configure(connection=connection, target_metadata=metadata, compare_type=True)
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


def protect(
    operations: Any,
    service: str,
    *,
    tenant_tables: Sequence[str],
    app_tables: Sequence[str] = (),
    app_reads: Sequence[str] = (),
    worker_tables: Sequence[str] = (),
    append_only: Sequence[str] = (),
) -> None:
    """Grant the roles their tables, enable and force row-level security, and make ledgers append-only.

    tenant_tables have an organisation_id and are filtered for the app role; app_tables (written) and app_reads (read)
    belong to no organisation; worker_tables are for consumers and jobs alone; append_only are among the others.
    """
    _, worker, app = roles(service)
    operations.execute(f"GRANT USAGE ON SCHEMA public TO {worker}, {app}")
    kept = set(append_only)
    for table in (*tenant_tables, *app_tables, *app_reads, *worker_tables):
        writes = "SELECT, INSERT" if table in kept else "SELECT, INSERT, UPDATE, DELETE"
        operations.execute(f"GRANT {writes} ON {table} TO {worker}")
        if table in app_reads:
            operations.execute(f"GRANT SELECT ON {table} TO {app}")
        elif table not in worker_tables:
            operations.execute(f"GRANT {writes} ON {table} TO {app}")
    operations.execute(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {worker}, {app}")
    for table in tenant_tables:
        operations.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        operations.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        operations.execute(
            f"CREATE POLICY tenant ON {table} TO {app} USING ({_VISIBLE}) WITH CHECK ({_VISIBLE})"
        )
        operations.execute(f"CREATE POLICY worker ON {table} TO {worker} USING (true) WITH CHECK (true)")
    if append_only:
        operations.execute(
            "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$"
            " BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'XOAIA'; END $$"
        )
    for table in append_only:
        operations.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def protect_audit(operations: Any, service: str) -> None:
    """The audit table's own protection; its chain runs over all organisations, so its end is read as the owner."""
    owner, worker, app = roles(service)
    operations.execute(f"CREATE POLICY chain ON audit FOR SELECT TO {owner} USING (true)")
    operations.execute(
        "CREATE FUNCTION audit_last_seal() RETURNS bytea LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public"
        " AS 'SELECT seal FROM audit ORDER BY id DESC LIMIT 1'"
    )
    operations.execute("REVOKE ALL ON FUNCTION audit_last_seal() FROM PUBLIC")
    operations.execute(f"GRANT EXECUTE ON FUNCTION audit_last_seal() TO {worker}, {app}")
