"""What stands in the way of a platform is told in one line that says what to do, at once, and nothing is left running."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from kit.migrate import ROOT


def xoai(folder: Path, *arguments: str, **environment: str) -> tuple[int, list[str]]:
    """Exit code and lines of `xoai ARGUMENTS`, run in a folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("XOAI_")}
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", *arguments],
        cwd=folder,
        env={**kept, "PYTHONPATH": f"{ROOT}:{ROOT / 'gen'}", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, (done.stdout + done.stderr).splitlines()


@pytest.mark.parametrize("command", [["demo", "--once"], ["demo", "--once", "--mode", "full"], ["up"]])
def test_port_in_use(tmp_path: Path, command: list[str]) -> None:
    """The port is named, with the two ways out."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        code, lines = xoai(tmp_path, *command, "--port", port)
    assert (code, len(lines)) == (1, 1)
    assert lines[0].startswith("PORT_IN_USE")
    assert port in lines[0]


@pytest.mark.parametrize("command", [["demo", "--once"], ["up"]])
def test_folder_without_rights(tmp_path: Path, command: list[str]) -> None:
    """A folder that this user may not write is named."""
    (tmp_path / ".run").write_text("a file where the folder should be")
    code, lines = xoai(tmp_path, *command, "--port", "0")
    assert (code, len(lines)) == (1, 1)
    assert lines[0].startswith("FOLDER_RIGHTS")
    assert ".run" in lines[0]


@pytest.mark.parametrize("command", [["demo", "--once"], ["up"]])
def test_postgres_too_old(tmp_path: Path, command: list[str]) -> None:
    """The version found and the one needed are named."""
    old = tmp_path / "old"
    old.mkdir()
    for name in ("postgres", "initdb", "pg_ctl"):
        (old / name).write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) 13.9'\n")
        (old / name).chmod(0o755)
    code, lines = xoai(tmp_path, *command, "--port", "0", XOAI_POSTGRES_BIN=str(old))
    assert (code, len(lines)) == (1, 1)
    assert lines[0].startswith("POSTGRES_TOO_OLD")
    assert "13" in lines[0]
    assert "15" in lines[0]


def test_installation_that_does_not_run(tmp_path: Path) -> None:
    """Of a platform that was stopped or killed its address is left: one line, not a traceback."""
    address = f"postgresql://{{role}}:secret@/{{database}}?host={tmp_path}&port=5999"
    code, lines = xoai(tmp_path, "verify", XOAI_DATABASE_URL=address, XOAI_MODE="test")
    assert (code, len(lines)) == (1, 1), lines
    assert lines[0].startswith("INSTALLATION_AWAY")
    assert "make demo" in lines[0]
    assert "secret" not in lines[0]
