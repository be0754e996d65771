"""Files that are handed to a command."""

from __future__ import annotations

import stat
from pathlib import Path

from cli.jsonl import LineRefused


def content(path: Path, limit: int) -> bytes:
    """The file's bytes, at most one more than the limit, so that a reader can say that it is too large.

    Raises LineRefused for what is no file (a device or a pipe could go on for ever) or cannot be read.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise LineRefused("FILE_UNREADABLE", f"{path}: not a file")
        with path.open("rb") as source:
            return source.read(limit + 1)
    except OSError as error:
        raise LineRefused("FILE_UNREADABLE", f"{path}: {error.strerror}") from None
    except ValueError as error:
        raise LineRefused("FILE_UNREADABLE", str(error)) from None
