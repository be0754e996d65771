"""What an installation needs before its processes start: roles, databases, migrations and topics.

Everything here may be run again at any time: what is there already is left alone.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import psycopg

from kit import events_postgres, migrate
from kit.events import EventLog

SERVICES: Final = (
    "directory",
    "vietqr",
    "documents",
    "invoices",
    "schools",
    "pilots",
    "intake",
    "reconciliation",
    "notifications",
)
# Services that keep something; the others live by what they are given.
DATABASES: Final = ("directory", "invoices", "schools", "pilots", "intake", "reconciliation")
EVENTS_DATABASE: Final = "events"
TOPICS: Final = (
    "directory.accounts",
    "invoices.payables",
    "invoices.invoices",
    "pilots.payables",
    "pilots.stalls",
    "pilots.indicators",
    "intake.bank-credits",
    "reconciliation.payments",
    "reconciliation.stall-payments",
    "reconciliation.credits",
)


def install_databases(admin: str, form: str, *, password: str) -> None:
    """Bring roles, databases and tables up to date.

    `admin` is a superuser's address; `form` an address with {database} and {role} to be filled in.
    """
    for service in DATABASES:
        name, (owner, _, _) = f"xoai_{service}", migrate.roles(service)
        url = form.replace("{database}", name).replace("{role}", owner)
        if not _is_current(admin, service):
            migrate.provision(admin, service, password=password)
            migrate.upgrade(service, url)


def install_events_database(admin: str, form: str, *, password: str) -> None:
    """Make the database that holds the topics where there is no Kafka; with its tables."""
    migrate.provision(admin, EVENTS_DATABASE, password=password)
    owner, worker, _ = migrate.roles(EVENTS_DATABASE)
    events_postgres.create_schema(
        form.replace("{database}", "xoai_events").replace("{role}", owner), worker=worker
    )


def install_topics(log: EventLog) -> None:
    """Make the topics that are missing."""
    log.create_topics(TOPICS)


def newest_migration(service: str) -> str:
    """The revision of a service's newest migration, read from its file name without loading Alembic."""
    folder = migrate.ROOT / "services" / service / "migrations" / "versions"
    return max(_revision(path) for path in folder.glob("*.py"))


def _revision(path: Path) -> str:
    match = re.match(r"[0-9]{4}", path.name)
    if match is None:
        raise ValueError(f"{path} does not begin with a four-digit revision")
    return match.group()


def _is_current(admin: str, service: str) -> bool:
    """True if the database is at the newest migration: a warm start then needs no more."""
    with psycopg.connect(admin, autocommit=True) as connection:
        known = connection.execute(
            "SELECT 1 FROM pg_database WHERE datname = %s", [f"xoai_{service}"]
        ).fetchone()
    if known is None:
        return False
    address = psycopg.conninfo.make_conninfo(admin, dbname=f"xoai_{service}")
    with psycopg.connect(address, autocommit=True) as connection:
        if connection.execute("SELECT to_regclass('alembic_version')").fetchone() == (None,):
            return False
        return connection.execute("SELECT version_num FROM alembic_version").fetchone() == (
            newest_migration(service),
        )
