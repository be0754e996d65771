"""The PIN of a stall: argon2id over a keyed digest, so that a stolen table of four-digit PINs cannot be tried out."""

from __future__ import annotations

import hmac
from typing import Final
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from services.pilots.domain.keys import derived

# argon2id as OWASP's least (19 MiB, 2 passes): the tries of a PIN are counted, so the hash need not be the only brake.
_hasher: Final = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


class PinKeeper:
    """Hashes and checks PINs; `data_key` is the installation's key for data at rest, 32 bytes in base64."""

    def __init__(self, data_key: str) -> None:
        self._key = derived(data_key, "pin")

    def digest(self, stall_id: UUID, pin: str) -> str:
        """What stands for a PIN where the PIN itself may not be kept, not even hashed by itself."""
        return hmac.digest(self._key, f"{stall_id}:{pin}".encode(), "sha256").hex()

    def hash(self, stall_id: UUID, pin: str) -> str:
        """The hash to store."""
        return _hasher.hash(self.digest(stall_id, pin))

    def fits(self, stall_id: UUID, stored: str, pin: str) -> bool:
        """True if the PIN is the stall's."""
        try:
            return _hasher.verify(stored, self.digest(stall_id, pin))
        except (VerificationError, InvalidHashError):
            return False
