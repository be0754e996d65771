"""A real PostgreSQL server for tests, without flushing to disk: start-up about half a second."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from kit import ids
from kit.postgres import Server, start


@contextmanager
def running(folder: Path) -> Iterator[Server]:
    """A server whose data live in `folder`; stopped at the end, the data left to who removes the folder."""
    server = start(
        folder / "postgres", fsync=False, settings={"shared_buffers": "64MB", "max_wal_size": "512MB"}
    )
    try:
        yield server
    finally:
        server.stop_immediately()


@contextmanager
def scratch_database(server: Server, *, template: str = "template1") -> Iterator[str]:
    """The name of a new database of its own, dropped at the end with whoever is still connected."""
    name = f"scratch_{ids.new().hex}"
    with psycopg.connect(server.dsn("postgres"), autocommit=True) as admin:
        admin.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
        try:
            yield name
        finally:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
