"""The supervisor (the package `supervisor`) of the full platform: its configuration, start, control and stop."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Program:
    """One supervised process; a crashed one is started again with growing pauses."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    group: str = "xoai"
    is_started_at_once: bool = False


def write(folder: Path, programs: Sequence[Program]) -> None:
    """Write the configuration; only its owner may read it, for it holds keys."""
    lines = [
        "[unix_http_server]",
        f"file={_socket(folder)}",
        "chmod=0600",
        "[supervisord]",
        f"logfile={folder / 'supervisord.log'}",
        f"pidfile={folder / 'supervisord.pid'}",
        "nodaemon=false",
        "silent=true",
        "[rpcinterface:supervisor]",
        "supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface",
        "[supervisorctl]",
        f"serverurl=unix://{_socket(folder)}",
    ]
    for program in programs:
        lines += _program(folder, program)
    members = ",".join(program.name for program in programs if program.group)
    lines += ["[group:xoai]", f"programs={members}"]
    path = folder / "supervisord.conf"
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write("\n".join(lines) + "\n")


def start(folder: Path) -> None:
    """Start the supervisor in the background."""
    for ready in folder.glob("*.ready"):
        ready.unlink()
    _run("supervisord", folder)


def control(folder: Path, *command: str) -> str:
    """Run a command of supervisorctl. Raises subprocess.CalledProcessError if the supervisor does not answer."""
    return _run("supervisorctl", folder, *command)


def stop(folder: Path) -> None:
    """Stop every program, then the supervisor; nothing happens if none runs."""
    pid_file = folder / "supervisord.pid"
    if not pid_file.exists():
        return
    pid = int(pid_file.read_text())
    try:
        control(folder, "stop", "xoai:*")
        control(folder, "shutdown")
    except subprocess.CalledProcessError:
        pid_file.unlink(missing_ok=True)
        return
    _await_end(pid)


def _await_end(pid: int) -> None:
    for _ in range(600):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)


def _program(folder: Path, program: Program) -> list[str]:
    values = ",".join(f'{name}="{_escaped(value)}"' for name, value in program.environment.items())
    return [
        f"[program:{program.name}]",
        f"command={_escaped(shlex.join(program.command))}",
        f"environment={values}",
        f"autostart={'true' if program.is_started_at_once else 'false'}",
        "autorestart=true",
        "startsecs=1",
        "startretries=30",
        "stopwaitsecs=45",
        "stopasgroup=false",
        f"stdout_logfile={folder / f'{program.name}.log'}",
        "redirect_stderr=true",
        "stdout_logfile_maxbytes=20MB",
        "stdout_logfile_backups=1",
    ]


def _escaped(text: str) -> str:
    """Percent signs are expansions in the configuration."""
    return text.replace("%", "%%")


def _socket(folder: Path) -> Path:
    """A short path for the socket: a Unix socket's path must not pass 107 bytes."""
    name = sha256(str(folder.absolute()).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"xoai-{os.getuid()}-{name}.sock"


def _run(program: str, folder: Path, *arguments: str) -> str:
    path = Path(sys.executable).parent / program
    command = [str(path), "-c", str(folder / "supervisord.conf"), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout
