"""Signatures that anybody can check: Ed25519 (RFC 8032) under a key of the installation.

A signature names its key by an id, the first 16 hexadecimal digits of SHA-256 over the raw public key, so that a key
can be replaced while what the old one signed stays good.
"""

from __future__ import annotations

import base64
import binascii
import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


class Signer:
    """Signs with one private key. `key` is the 32 bytes of an Ed25519 seed in base64; it leaves this object never."""

    def __init__(self, key: str) -> None:
        try:
            raw = base64.b64decode(key, validate=True)
        except binascii.Error:
            raw = b""
        if len(raw) != 32:
            raise ValueError("a signing key must be 32 bytes in base64")
        self._key = Ed25519PrivateKey.from_private_bytes(raw)
        self.public_key = self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.key_id = key_id(self.public_key)

    def sign(self, message: bytes) -> bytes:
        """The 64 bytes of a signature."""
        return self._key.sign(message)


def key_id(public_key: bytes) -> str:
    """The id of a raw public key."""
    return hashlib.sha256(public_key).hexdigest()[:16]


def is_signed(message: bytes, signature: bytes, public_key: bytes) -> bool:
    """True if the key of this raw public key signed exactly this message."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
