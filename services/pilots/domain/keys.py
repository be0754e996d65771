"""Keys for one purpose each, out of the installation's one key for data at rest."""

from __future__ import annotations

import base64
import hmac


def derived(data_key: str, purpose: str) -> bytes:
    """The key for a purpose; `data_key` is 32 bytes in base64. Raises ValueError."""
    raw = base64.b64decode(data_key, validate=True)
    if len(raw) != 32:
        raise ValueError("XOAI_DATA_KEY must be 32 bytes in base64")
    return hmac.digest(raw, f"pilots {purpose}".encode(), "sha256")
