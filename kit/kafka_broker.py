"""A real Apache Kafka broker on this machine: one KRaft node for tests, benchmarks and `make up`.

`install` fetches the jars with Maven once and prepares a class-data archive, which makes the Java machine
start in two seconds instead of seven. `start` formats the storage where it is new and waits until the broker
answers.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kit.errors import FailedPrecondition

ROOT: Final = Path(__file__).resolve().parent.parent
INSTALLED: Final = ROOT / ".run" / "kafka"

_POM: Final = ROOT / "tools" / "kafka" / "pom.xml"
_LOGGING: Final = ROOT / "tools" / "kafka" / "log4j2.properties"
_READY: Final = "Kafka Server started"
_START_TIMEOUT: Final = 60.0

# The smallest heap that is steady; with less than 256 MB the cleaner's buffer must shrink too.
_SETTINGS: Final[Mapping[str, str]] = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "inter.broker.listener.name": "PLAINTEXT",
    # A group begins as soon as its first member is there.
    "group.initial.rebalance.delay.ms": "0",
    # A killed broker stalls everything until its session ends, and cannot come back before.
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
    "auto.create.topics.enable": "false",
    "num.partitions": "4",
    "default.replication.factor": "1",
    "offsets.topic.num.partitions": "4",
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.num.partitions": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "log.cleaner.dedupe.buffer.size": "16777216",
    # Topics with names, memos or accounts are kept a week at most; owners can announce again.
    "log.retention.hours": "168",
    "num.network.threads": "2",
    "num.io.threads": "4",
    "unclean.leader.election.enable": "false",
}
_LIGHT: Final = ("-XX:TieredStopAtLevel=1",)  # starts faster; benchmarks go without it


class JavaMissing(FailedPrecondition):
    reason = "JAVA_MISSING"
    vi = "Không thấy lệnh {program}, Kafka cần nó. Hãy cài: apt-get install {package}."
    en = "The program {program} is not here and Kafka needs it. Install it: apt-get install {package}."


class KafkaFailed(FailedPrecondition):
    reason = "KAFKA_FAILED"
    vi = "Kafka không chạy được ({detail}). Xem thêm trong {log}."
    en = "Kafka could not be started ({detail}). More is in {log}."


@dataclass(frozen=True, slots=True)
class Broker:
    """A running broker; `address` is what clients connect to."""

    address: str
    data_dir: Path

    def pid(self) -> int | None:
        """The process id, if the broker runs."""
        return _running_pid(self.data_dir)

    def stop(self) -> None:
        """Ask it to end (SIGTERM) and wait."""
        _end(self.data_dir, signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL."""
        _end(self.data_dir, signal.SIGKILL)


def install(folder: Path = INSTALLED) -> Path:
    """The folder of the jars, fetched if this version's are not there yet, with their class-data archive."""
    folder.mkdir(parents=True, exist_ok=True)
    jars = folder / f"jars-{hashlib.sha256(_POM.read_bytes()).hexdigest()[:12]}"
    with _alone(folder / "install.lock"):
        if not jars.exists():
            fetched = folder / "fetching"
            shutil.rmtree(fetched, ignore_errors=True)
            _maven(fetched, folder / "maven.log")
            fetched.rename(jars)
        if not (jars / "classes.jsa").exists():
            _archive_classes(jars, folder)
    return jars


def start(
    data_dir: Path,
    *,
    port: int = 0,
    heap: str = "256m",
    is_benchmark: bool = False,
    settings: Mapping[str, str] | None = None,
) -> Broker:
    """Start a broker on `data_dir`, formatted first if new; one that runs there is taken as it is.

    `port` 0 takes a free one, and the same again after a restart. Safe to call after any crash.
    """
    data_dir = data_dir.absolute()
    data_dir.mkdir(parents=True, exist_ok=True)
    jars = install()
    with _alone(data_dir / "start.lock"):
        ports = _ports(data_dir, port)
        if _running_pid(data_dir) is None:
            _configure(data_dir, ports, settings or {})
            if not (data_dir / "log" / "meta.properties").exists():
                _format(jars, data_dir)
            archive = f"-XX:SharedArchiveFile={jars / 'classes.jsa'}"
            light = () if is_benchmark else _LIGHT
            options = [f"-Xmx{heap}", f"-Xms{heap}", *light, archive, "-Xshare:auto"]
            _launch(jars, data_dir, ports["broker"], options)
        return Broker(f"127.0.0.1:{ports['broker']}", data_dir)


def _maven(target: Path, log: Path) -> None:
    program = _program("mvn", "maven")
    goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={target}"]
    with log.open("w") as output:
        done = subprocess.run(
            [program, "-q", "-B", "-f", str(_POM), *goal],
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode != 0 or not list(target.glob("kafka_*.jar")):
        raise KafkaFailed(detail="Maven", log=log)


def _archive_classes(jars: Path, folder: Path) -> None:
    """Run a broker once and let it write down the classes that it loaded."""
    data = folder / "archive-data"
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir()
    ports = _ports(data, 0)
    _configure(data, ports, {})
    _format(jars, data)
    _launch(jars, data, ports["broker"], ["-Xmx256m", f"-XX:ArchiveClassesAtExit={jars / 'classes.jsa'}"])
    _end(data, signal.SIGTERM)
    if not (jars / "classes.jsa").exists():
        raise KafkaFailed(detail="classes.jsa", log=data / "kafka.log")
    shutil.rmtree(data)


def _program(name: str, package: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise JavaMissing(program=name, package=package)
    return found


def _java(jars: Path, options: Sequence[str], main: str, *arguments: str) -> list[str]:
    # The archive only serves the very class path, in the very order, with which it was made.
    path = ":".join(sorted(str(jar) for jar in jars.glob("*.jar")))
    logging = f"-Dlog4j2.configurationFile={_LOGGING}"
    java = _program("java", "default-jre-headless")
    return [java, "-XX:+UseSerialGC", *options, logging, "-cp", path, main, *arguments]


def _configure(data_dir: Path, ports: Mapping[str, int], overrides: Mapping[str, str]) -> None:
    lines = {
        **_SETTINGS,
        "listeners": f"PLAINTEXT://127.0.0.1:{ports['broker']},CONTROLLER://127.0.0.1:{ports['controller']}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{ports['broker']}",
        "controller.quorum.voters": f"1@127.0.0.1:{ports['controller']}",
        "log.dirs": str(data_dir / "log"),
        **overrides,
    }
    (data_dir / "server.properties").write_text("".join(f"{name}={value}\n" for name, value in lines.items()))


def _format(jars: Path, data_dir: Path) -> None:
    cluster = "-"
    while cluster.startswith("-"):  # the tool would take it for an option
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode()[:22]
    archive = jars / "classes.jsa"
    options = ["-Xmx128m", *_LIGHT, *([f"-XX:SharedArchiveFile={archive}"] if archive.exists() else [])]
    arguments = ["format", "-t", cluster, "-c", str(data_dir / "server.properties"), "--ignore-formatted"]
    command = _java(jars, options, "kafka.tools.StorageTool", *arguments)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        log = data_dir / "kafka.log"
        log.write_text(done.stdout + done.stderr)
        raise KafkaFailed(detail="StorageTool", log=log)


def _launch(jars: Path, data_dir: Path, port: int, options: Sequence[str]) -> None:
    log = data_dir / "kafka.log"
    command = _java(jars, options, "kafka.Kafka", str(data_dir / "server.properties"))
    # Through a shell that ends at once: the broker is nobody's child and outlives whoever started it.
    script = 'setsid "$@" >>"$LOG" 2>&1 </dev/null & echo $!'
    began = log.stat().st_size if log.exists() else 0
    shell = subprocess.run(
        ["sh", "-c", script, "sh", *command],
        env=os.environ | {"LOG": str(log)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    pid = int(shell.stdout)
    (data_dir / "kafka.pid").write_text(str(pid))
    deadline = time.monotonic() + _START_TIMEOUT
    while not (_said(log, began, _READY) and _listens(port)):
        if not _lives(pid) or time.monotonic() > deadline:
            _end(data_dir, signal.SIGKILL)
            raise KafkaFailed(detail=_last_line(log, began), log=log)
        time.sleep(0.02)


def _said(log: Path, began: int, words: str) -> bool:
    return log.exists() and words in log.read_text(errors="replace")[began:]


def _last_line(log: Path, began: int) -> str:
    lines = [line for line in log.read_text(errors="replace")[began:].splitlines() if line.strip()]
    return lines[-1] if lines else "no output"


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _ports(data_dir: Path, port: int) -> dict[str, int]:
    """The ports of a data folder, chosen once: a broker that restarts is found where it was."""
    path = data_dir / "ports.json"
    known: dict[str, int] = json.loads(path.read_text()) if path.exists() else {}
    if not known or (port and known["broker"] != port):
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            second.bind(("127.0.0.1", 0))
            known = {"broker": port or first.getsockname()[1], "controller": second.getsockname()[1]}
        path.write_text(json.dumps(known))
    return known


def _running_pid(data_dir: Path) -> int | None:
    """The process id from our file, unless that process is gone or is another program by now."""
    try:
        pid = int((data_dir / "kafka.pid").read_text())
        command = Path(f"/proc/{pid}/cmdline").read_text()
    except (OSError, ValueError):
        return None
    return pid if _lives(pid) and str(data_dir / "server.properties") in command else None


def _lives(pid: int) -> bool:
    # A process that is just being replaced by another program shows no command line: only its state is asked
    # here.
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _end(data_dir: Path, how: signal.Signals) -> None:
    pid = _running_pid(data_dir)
    if pid is None:
        return
    with suppress(ProcessLookupError):
        os.kill(pid, how)
    deadline = time.monotonic() + _START_TIMEOUT
    while _running_pid(data_dir) is not None:
        if time.monotonic() > deadline:
            raise KafkaFailed(detail=f"no end after {how.name}", log=data_dir / "kafka.log")
        time.sleep(0.02)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
