"""The supervisor (the package `supervisor`) of the full platform: its configuration, start, control and stop."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from http.client import HTTPException
from pathlib import Path
from typing import Any, Final
from xmlrpc.client import Error as CallError
from xmlrpc.client import ServerProxy

from supervisor.xmlrpc import SupervisorTransport

_GROUP: Final = "xoai"
_STOP_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Program:
    """One supervised process; one that ends is started again, one that cannot start with growing pauses.

    A server (database, broker) is started with the supervisor and stopped after everything else.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    is_server: bool = False

    @property
    def full_name(self) -> str:
        """The name by which the supervisor knows it."""
        return self.name if self.is_server else f"{_GROUP}:{self.name}"


class NotSupervised(Exception):
    """No supervisor answers in this folder."""


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
    members = ",".join(program.name for program in programs if not program.is_server)
    lines += [f"[group:{_GROUP}]", f"programs={members}"]
    path = folder / "supervisord.conf"
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write("\n".join(lines) + "\n")


def start(folder: Path) -> None:
    """Start the supervisor and the servers in the background; `start_services` starts the rest."""
    for ready in folder.glob("*.ready"):
        ready.unlink()
    program = Path(sys.executable).parent / "supervisord"
    command = [str(program), "-c", str(folder / "supervisord.conf")]
    subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)


def start_services(folder: Path) -> None:
    """Start everything that is no server, all at once."""
    _call(folder, "startProcessGroup", _GROUP, False)


def pid(folder: Path, program: str) -> int:
    """The process id of a program by its full name; 0 while it does not run. Raises NotSupervised."""
    return int(_call(folder, "getProcessInfo", program)["pid"])


def is_running(folder: Path) -> bool:
    """True if a supervisor answers in this folder."""
    try:
        _call(folder, "getState")
    except NotSupervised:
        return False
    return True


def stop(folder: Path) -> None:
    """Stop every program, then the servers, then the supervisor; nothing happens if none answers."""
    try:
        number = int(_call(folder, "getPID"))
        _call(folder, "stopProcessGroup", _GROUP, True)
        _call(folder, "shutdown")
    except NotSupervised:
        return
    deadline = time.monotonic() + _STOP_SECONDS
    while time.monotonic() < deadline:
        try:
            os.kill(number, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)


def _call(folder: Path, method: str, *arguments: object) -> Any:
    """Call a method of the supervisor over its socket. Raises NotSupervised."""
    transport = SupervisorTransport(None, None, f"unix://{_socket(folder)}")
    try:
        with ServerProxy("http://127.0.0.1", transport=transport) as server:
            return getattr(server.supervisor, method)(*arguments)
    except (OSError, HTTPException, CallError) as error:
        raise NotSupervised(f"{method}: {error}") from error
    finally:
        with suppress(OSError):
            transport.close()


def _program(folder: Path, program: Program) -> list[str]:
    values = ",".join(f'{name}="{_escaped(value)}"' for name, value in program.environment.items())
    return [
        f"[program:{program.name}]",
        f"command={_escaped(shlex.join(program.command))}",
        f"environment={values}",
        f"autostart={'true' if program.is_server else 'false'}",
        "autorestart=true",
        "startsecs=1",
        # Pauses grow by a second a try; it never gives up while what the program needs is away.
        "startretries=1000000",
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
