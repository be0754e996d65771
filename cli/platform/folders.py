"""The folder of a platform: made where it may be, held by one command at a time."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cli.platform import leftovers
from kit.errors import FailedPrecondition


class FolderRights(FailedPrecondition):
    reason = "FOLDER_RIGHTS"
    vi = (
        "Không ghi được vào {folder} ({detail}). Hãy cho người dùng này quyền ghi, hoặc chạy từ thư mục khác."
    )
    en = "Folder {folder} cannot be written ({detail}). Give this user the right to, or run from another folder."


def make(folder: Path) -> None:
    """Make the folder if it is not there yet. Raises FolderRights."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FolderRights(folder=error.filename or folder, detail=error.strerror) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise FolderRights(folder=folder, detail="W_OK")


class PlatformRuns(FailedPrecondition):
    reason = "PLATFORM_RUNS"
    vi = "Đang có một lệnh khác chạy nền tảng trong {folder}. Hãy dừng lệnh đó trước."
    en = "Another command runs the platform in {folder}. Stop that one first."


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """One command at a time per folder; what the command before left behind when it was killed is ended first.

    Raises FolderRights, PlatformRuns.
    """
    make(folder.parent)
    with (folder.parent / f"{folder.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise PlatformRuns(folder=folder) from error
        leftovers.end(folder)
        yield
