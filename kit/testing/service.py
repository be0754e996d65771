"""A service's own migrated database for a test: cloned from a template in some tens of milliseconds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import grpc
import psycopg
from psycopg import sql
from pydantic import SecretStr

from kit import auth, clock, migrate
from kit.auth import Subject
from kit.db import Database
from kit.grpc_client import OPTIONS
from kit.grpc_errors import from_rpc_error
from kit.grpc_server import Server as GrpcServer
from kit.postgres import Server
from kit.settings import Settings
from kit.testing.postgres import scratch_database

SUBJECT_KEY = "a key for tests only, of at least 32 characters"
# 32 zero bytes: a key for tests only.
DATA_KEY = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="


def template(server: Server, service: str) -> str:
    """The name of a migrated template database of a service, made when first asked for."""
    name = f"template_{service}"
    with psycopg.connect(server.dsn("postgres"), autocommit=True) as admin:
        if admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            return name
        migrate.provision(server.dsn("postgres"), service, password=server.password)
        migrate.upgrade(service, server.dsn(f"xoai_{service}", user=migrate.roles(service)[0]))
        admin.execute(
            sql.SQL("ALTER DATABASE {} RENAME TO {}").format(
                sql.Identifier(f"xoai_{service}"), sql.Identifier(name)
            )
        )
    return name


def settings_for(server: Server, database: str, **values: Any) -> Settings:
    """Settings of a process whose one database is `database`."""
    return Settings(
        mode="test",
        database_url=SecretStr(server.dsn(database, user="{role}")),
        subject_key=SecretStr(SUBJECT_KEY),
        data_key=SecretStr(DATA_KEY),
        events="postgres",
        **values,
    )


@contextmanager
def service_database(server: Server, service: str, **options: Any) -> Iterator[Database]:
    """The database of a service, empty but migrated, gone after the test."""
    with scratch_database(server, template=template(server, service)) as name:
        with psycopg.connect(server.dsn("postgres"), autocommit=True) as admin:
            worker = migrate.roles(service)[1]
            admin.execute(
                sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(
                    sql.Identifier(name), sql.Identifier(worker)
                )
            )
        database = Database(settings_for(server, name), service, **options)
        try:
            yield database
        finally:
            database.close()


class Client:
    """Calls a stub as a subject, raising errors of ours."""

    def __init__(self, stub: Any, subject: Subject, timeout: float = 10) -> None:
        self._stub, self._subject, self._timeout = stub, subject, timeout

    def __getattr__(self, method: str) -> Any:
        def call(request: Any) -> Any:
            token = auth.sign(self._subject, SUBJECT_KEY)
            try:
                return getattr(self._stub, method)(
                    request, timeout=self._timeout, metadata=[("authorization", f"Bearer {token}")]
                )
            except grpc.RpcError as error:
                raise from_rpc_error(error) from error

        return call


@contextmanager
def served(descriptor: Any, servicer: Any, register: Any) -> Iterator[grpc.Channel]:
    """A channel to a real gRPC server on a free port with this one servicer."""
    server = GrpcServer("127.0.0.1:0", SUBJECT_KEY, threads=8)
    server.add(descriptor, servicer, register)
    server.start()
    channel = grpc.insecure_channel(f"127.0.0.1:{server.port}", options=OPTIONS)
    try:
        yield channel
    finally:
        channel.close()
        server.stop(grace=1)


def staff(
    *permissions: str,
    organisation: str = auth.EVERYWHERE,
    id: str = "00000000-0000-7000-8000-000000000001",
    is_proved: bool = True,
) -> Subject:
    """A person with permissions in one organisation (or everywhere), who has just proved a second factor."""
    return Subject(
        kind=auth.Kind.PERSON,
        id=id,
        name="Người thử",
        grants={organisation: frozenset(permissions)},
        prove_seconds=int(clock.now().timestamp()) if is_proved else 0,
    )
