"""Encryption of secrets at rest: AES-256-GCM under the service's data key, the place of use bound in.

A sealed value moved to another row or column does not open, because the place is authenticated with it.
"""

from __future__ import annotations

import base64
import os

from cryptography.hazmat.primitives.ciphers.aead import AESGCM


class Sealer:
    """Seals and opens short secrets. `key` is 32 bytes in base64; the sealed form names the key it was made with."""

    def __init__(self, key: str) -> None:
        raw = base64.b64decode(key, validate=True)
        if len(raw) != 32:
            raise ValueError("XOAI_DATA_KEY must be 32 bytes in base64")
        self._cipher = AESGCM(raw)

    def seal(self, plain: str, *, place: str) -> bytes:
        """Encrypt `plain` for one place, such as `connection_secret:<id>`."""
        nonce = os.urandom(12)
        return b"\x01" + nonce + self._cipher.encrypt(nonce, plain.encode(), place.encode())

    def open(self, sealed: bytes, *, place: str) -> str:
        """The plain text. Raises cryptography.exceptions.InvalidTag if key, place or content do not fit."""
        if sealed[:1] != b"\x01":
            raise ValueError("unknown form of a sealed value")
        return self._cipher.decrypt(sealed[1:13], sealed[13:], place.encode()).decode()
