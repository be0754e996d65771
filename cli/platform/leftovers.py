"""Processes of a platform whose parent was killed: found by the ready file that each of them names, and ended."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Final

from kit import kafka_broker
from kit import postgres as launcher

_STOP_SECONDS: Final = 30.0
_OPTION: Final = "--ready-file"


def end(folder: Path) -> None:
    """End what still runs of the platform in a folder: its processes, then broker and database. Data stay.

    Nothing happens where nothing runs; safe after any crash.
    """
    folder = folder.absolute()
    _end(_supervisors(folder))
    _end(_named(folder))
    if (folder / "kafka").exists():
        kafka_broker.Broker("", folder / "kafka").stop()
    server = launcher.find(folder / "postgres")
    if server is not None:
        server.stop()


def _supervisors(folder: Path) -> list[int]:
    return [
        pid
        for pid, arguments in _processes()
        if str(folder / "supervisord.conf") in arguments
        and any("supervisord" in each for each in arguments[:2])
    ]


def _named(folder: Path) -> list[int]:
    """Processes that were told to write a ready file into the folder."""
    found = []
    for pid, arguments in _processes():
        for option, value in pairwise(arguments):
            if option == _OPTION and Path(value).parent == folder:
                found.append(pid)
    return found


def _processes() -> Iterable[tuple[int, list[str]]]:
    """The process ids and arguments of everything that runs, this process left out."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        with suppress(OSError):
            yield int(entry.name), (entry / "cmdline").read_text(errors="replace").split("\0")


def _end(pids: list[int]) -> None:
    """SIGTERM to each, then SIGKILL to those that are still there."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + _STOP_SECONDS
    while any(map(_lives, pids)) and time.monotonic() < deadline:
        time.sleep(0.05)
    for pid in filter(_lives, pids):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
