"""The installation that a command speaks to: the one in its environment, else the one that runs in this folder."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from kit.errors import FailedPrecondition
from kit.settings import Settings

RUN: Final = Path(".run")
_FILE: Final = "platform.json"


class NoInstallation(FailedPrecondition):
    reason = "NO_INSTALLATION"
    vi = "Không thấy bản cài đặt nào: chạy `make demo` hoặc `make up` trước, hoặc đặt XOAI_DATABASE_URL."
    en = "There is no installation here: run `make demo` or `make up` first, or set XOAI_DATABASE_URL."


class InstallationAway(FailedPrecondition):
    reason = "INSTALLATION_AWAY"
    vi = "Cơ sở dữ liệu của bản cài đặt không trả lời ({detail}). Chạy `make demo` hoặc `make up`, hoặc xem lại XOAI_DATABASE_URL."
    en = "The installation's database does not answer ({detail}). Run `make demo` or `make up`, or look at XOAI_DATABASE_URL."


def remember(folder: Path, environment: Mapping[str, str]) -> None:
    """Write down the environment of a running platform; only its owner may read it, for it holds keys."""
    path = folder / _FILE
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(dict(environment), file)


def settings() -> Settings:
    """The settings of the installation. Raises NoInstallation."""
    if "XOAI_DATABASE_URL" not in os.environ:
        found = [
            folder / _FILE for folder in (RUN / "up", RUN / "demo-platform") if (folder / _FILE).exists()
        ]
        if not found:
            raise NoInstallation()
        newest = max(found, key=lambda path: path.stat().st_mtime)
        os.environ.update(json.loads(newest.read_text()))
    return Settings()
