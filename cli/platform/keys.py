"""The keys of an installation on one machine: made once, kept in a file that only its owner may read."""

from __future__ import annotations

import base64
import json
import os
import secrets
from pathlib import Path


def keys(folder: Path) -> dict[str, str]:
    """The keys of this installation as settings: XOAI_SUBJECT_KEY, XOAI_DATA_KEY and XOAI_RECEIPT_KEY."""
    path = folder / "keys.json"
    found: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    made = {
        "XOAI_SUBJECT_KEY": secrets.token_urlsafe(48),
        "XOAI_DATA_KEY": base64.b64encode(os.urandom(32)).decode(),
        "XOAI_RECEIPT_KEY": base64.b64encode(os.urandom(32)).decode(),
    }
    if made.keys() <= found.keys():
        return found
    # An installation from before a key was needed gets that one and keeps the others.
    folder.mkdir(parents=True, exist_ok=True)
    whole = made | found
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(whole, file)
    new.replace(path)
    return whole
