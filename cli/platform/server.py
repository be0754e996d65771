"""The PostgreSQL server of a platform: the one that DATABASE_URL names, else one of its own in its folder."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

import psycopg

from kit import postgres as launcher
from kit.errors import FailedPrecondition
from kit.migrate import roles


class DatabaseAway(FailedPrecondition):
    reason = "DATABASE_AWAY"
    vi = "Máy chủ mà DATABASE_URL chỉ đến không trả lời ({detail}). Hãy sửa DATABASE_URL hoặc bỏ biến này."
    en = "The server that DATABASE_URL names does not answer ({detail}). Correct DATABASE_URL or unset it."


class OtherInstallation(FailedPrecondition):
    reason = "OTHER_INSTALLATION"
    vi = "Máy chủ mà DATABASE_URL chỉ đến đã có dữ liệu Xoài của bản cài khác. Hãy dùng máy chủ khác hoặc bỏ biến này."
    en = "The server that DATABASE_URL names holds the data of another installation. Name another one, or unset it."


def start(folder: Path, *, fsync: bool, settings: Mapping[str, str]) -> launcher.Server:
    """The server, started if it is our own. Raises DatabaseAway, OtherInstallation and the launcher's errors."""
    address = os.environ.get("DATABASE_URL")
    if not address:
        return launcher.start(folder / "postgres", fsync=fsync, settings=settings)
    try:
        server = launcher.named(address)
        with psycopg.connect(server.dsn("postgres"), connect_timeout=5) as connection:
            owner = roles("directory")[0]
            known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [owner]).fetchone()
    except psycopg.Error as error:
        raise DatabaseAway(detail=str(error).strip().splitlines()[-1]) from error
    if known and not _password_file(folder).exists():
        raise OtherInstallation()
    return server


def password_of_roles(folder: Path, server: launcher.Server) -> str:
    """What the services' roles log in with: our own server's password; on a named one, a password of their own."""
    if server.data_dir is not None:
        return server.password
    path = _password_file(folder)
    if not path.exists():
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(24))
    return path.read_text()


def _password_file(folder: Path) -> Path:
    return folder / "roles.password"
