"""Files read apart (`kit.apart`), as the process that asks sees it: turns, an answer, or a refusal."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import msgspec

from kit import log
from kit.apart import Failure
from kit.errors import Error

_log = log.get(__name__)


class Turns:
    """How many files are read at a time, so that uploads never take the machine from callbacks."""

    def __init__(self, at_once: int, *, wait_seconds: float, busy: type[Error]) -> None:
        self._places = threading.BoundedSemaphore(at_once)
        self._wait_seconds, self._busy = wait_seconds, busy

    @contextmanager
    def taken(self) -> Iterator[None]:
        """A place, kept until the block ends. Raises `busy` if none is free in time."""
        if not self._places.acquire(timeout=self._wait_seconds):
            raise self._busy
        try:
            yield
        finally:
            self._places.release()


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads files by a module that ends in `answer`, a process a file (about 0.1 s of work).

    `refusals` are the errors that the module may answer with, by reason; `too_heavy` is raised when a limit ended it,
    what `damaged` makes of the file's name when it failed.
    """

    command: list[str]
    seconds: float
    refusals: Mapping[str, type[Error]]
    too_heavy: type[Error]
    damaged: Callable[[str], Error]

    def read(self, content: bytes, *, name: str = "") -> bytes:
        """The module's answer about `content`. Raises refusals."""
        ended = _run(self.command, content, seconds=self.seconds)
        if ended.code is None:
            raise self.too_heavy
        if ended.code == 0:
            return ended.answer
        try:
            failure = msgspec.json.decode(ended.answer, type=Failure)
            refusal = self.refusals[failure.reason]
        except (msgspec.DecodeError, KeyError):
            # A fault of ours or of a library: logged by its kind alone, for its text may hold what stands in the file.
            _log.error("the reader failed", kind=ended.fault)
            raise self.damaged(name[:80] or "?") from None
        raise refusal(violations=(), **failure.metadata)


@dataclass(frozen=True, slots=True)
class _Ended:
    """How a process ended: its exit code (None: a limit or a signal ended it), its answer, and the kind of its fault."""

    code: int | None
    answer: bytes = b""
    fault: str = ""


def _run(arguments: list[str], content: bytes, *, seconds: float) -> _Ended:
    """Run a command on `content` with an empty environment, for at most `seconds`."""
    try:
        ended = subprocess.run(
            arguments,
            input=content,
            capture_output=True,
            timeout=seconds,
            env={},
            start_new_session=True,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return _Ended(None)
    if ended.returncode < 0:
        return _Ended(None)
    # The kind of a fault alone: its text may hold what stands in the file.
    trace = ended.stderr.decode(errors="replace").strip().splitlines()
    return _Ended(ended.returncode, ended.stdout, trace[-1].partition(":")[0][:100] if trace else "")
