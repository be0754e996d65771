"""What the product is measured against: pgbench on the same server, and a bare FastAPI echo under the same HTTP server."""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Final

import psycopg
from fastapi import FastAPI
from pydantic import BaseModel

from bench.results import Refused
from gateway.serving import serve
from kit.postgres import Server

PGBENCH: Final = "pgbench TPC-B"
ECHO: Final = "FastAPI echo"
_SCALE: Final = 50
_CLIENTS: Final = 8
_DATABASE: Final = "yardstick"


def _program(server: Server) -> str:
    beside = server.binaries / "pgbench" if server.binaries else None
    found = str(beside) if beside and beside.exists() else shutil.which("pgbench")
    if found is None:
        raise Refused("pgbench is missing: install the package postgresql-contrib")
    return found


def _prepare(server: Server) -> None:
    """Make pgbench's tables (scale 50), once a server."""
    with psycopg.connect(server.dsn("postgres"), autocommit=True) as admin:
        if admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [_DATABASE]).fetchone():
            return
        admin.execute(f"CREATE DATABASE {_DATABASE}")
    command = [_program(server), "-i", "-q", "-I", "dtGvp", "-s", str(_SCALE), server.dsn(_DATABASE)]
    subprocess.run(command, check=True, capture_output=True)
    with psycopg.connect(server.dsn(_DATABASE), autocommit=True) as connection:
        connection.execute("CHECKPOINT")


def pgbench(server: Server, seconds: int = 6) -> float:
    """Transactions a second of TPC-B with 8 clients. Raises Refused if the server does not flush."""
    _prepare(server)
    with psycopg.connect(server.dsn(_DATABASE), autocommit=True) as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            if connection.execute(f"SHOW {setting}").fetchone() != ("on",):
                raise Refused(f"{setting} is off")
    command = [
        _program(server), "-n", "-c", str(_CLIENTS), "-j", "2", "-T", str(seconds), server.dsn(_DATABASE)
    ]  # fmt: skip
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    rate = re.search(r"^tps = ([0-9.]+)", done.stdout, re.MULTILINE)
    if rate is None:
        raise Refused(f"pgbench said: {done.stdout[-300:]}")
    return float(rate.group(1))


class Credit(BaseModel):
    """A normalised credit, as the product reads it."""

    provider_transaction_id: str
    bank_reference: str | None
    account: str
    virtual_account: str | None
    amount: int
    currency: str
    memo: str | None
    occur_time: datetime
    payer_name: str | None
    payer_account: str | None
    payer_bin: str | None


class Callback(BaseModel):
    """The body that the echo reads and gives back."""

    credits: list[Credit]


def echo() -> FastAPI:
    """One route that reads a JSON body into a model and answers with it."""
    app = FastAPI()

    @app.post("/v1/callbacks/xoai/{connection}")
    async def answer(connection: str, body: Callback):  # type: ignore[no-untyped-def]
        return body

    return app


def main() -> int:
    """Serve the echo as the gateway is served."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--ready-file", default="")
    arguments = parser.parse_args()
    app = echo()

    def tell_ready() -> None:
        if arguments.ready_file:
            Path(arguments.ready_file).write_text(str(arguments.port))

    app.router.on_startup.append(tell_ready)
    serve(app, "127.0.0.1", arguments.port)
    return 0


if __name__ == "__main__":
    sys.exit(main())
