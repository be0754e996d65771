"""The keys of an installation on one machine: made once, kept in a file that only its owner may read."""

from __future__ import annotations

import base64
import json
import os
import secrets
from pathlib import Path


def keys(folder: Path) -> dict[str, str]:
    """The settings XOAI_SUBJECT_KEY and XOAI_DATA_KEY of this installation."""
    path = folder / "keys.json"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        made = {
            "XOAI_SUBJECT_KEY": secrets.token_urlsafe(48),
            "XOAI_DATA_KEY": base64.b64encode(os.urandom(32)).decode(),
        }
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(made, file)
    found: dict[str, str] = json.loads(path.read_text())
    return found
