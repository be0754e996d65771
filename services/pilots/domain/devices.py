"""The phones of a stall: paired by a one-time code, known by a key, unlocked for selling by the stall's PIN."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from kit.references import ALPHABET, normalise
from services.pilots.domain.errors_stalls import BadPin, PinTooPlain

PAIRING_MINUTES: Final = 10
LIFE: Final = timedelta(days=90)
# The phone's visit is noted this seldom.
SEE_EVERY: Final = timedelta(minutes=1)
MOST_DEVICES: Final = 12
MOST_FAILURES: Final = 5
BLOCK: Final = timedelta(minutes=15)
MOST_MISSES_OF_STALL: Final = 20
MISS_WINDOW: Final = timedelta(hours=1)
# 19^12 codes, each good for ten minutes and one phone.
_CODE_LENGTH: Final = 12
_KEY_BYTES: Final = 32
_PIN: Final = re.compile(r"[0-9]{4}")
_ROWS: Final = "01234567890 09876543210"


class Role(StrEnum):
    SELLER = "seller"
    # Hears and sees, no more.
    LISTENER = "listener"


@dataclass(frozen=True, slots=True)
class Pairing:
    """A one-time code, known by its hash; `subject` is who made it."""

    code_hash: bytes
    organisation_id: UUID
    stall_id: UUID
    role: Role
    name: str
    subject: str
    expire_time: datetime


@dataclass(frozen=True, slots=True)
class Device:
    """A paired phone. Selling is open on it until `unlock_until`."""

    id: UUID
    organisation_id: UUID
    stall_id: UUID
    role: Role
    name: str
    user_agent: str
    pair_time: datetime
    expire_time: datetime
    revoke_time: datetime | None
    see_time: datetime
    unlock_until: datetime | None
    pin_failures: int
    pin_blocked_until: datetime | None

    def is_good(self, now: datetime) -> bool:
        """True unless it was revoked or is past its time."""
        return self.revoke_time is None and now < self.expire_time

    def may_sell(self, now: datetime) -> bool:
        """True while a seller's phone is unlocked."""
        return self.role is Role.SELLER and self.unlock_until is not None and now < self.unlock_until

    def is_blocked(self, now: datetime) -> bool:
        """True while its PIN is refused."""
        return self.pin_blocked_until is not None and now < self.pin_blocked_until


def new_code() -> str:
    """A pairing code in groups, for a QR code or for typing."""
    code = "".join(secrets.choice(ALPHABET) for _ in range(_CODE_LENGTH))
    return " ".join([code[0:4], code[4:8], code[8:12]])


def code_hash(code: str) -> bytes:
    """By which a pairing code is known, however it was typed."""
    return hashlib.sha256(b"pairing:" + normalise(code).encode()).digest()


def new_key() -> str:
    """A device key of 256 random bits."""
    return secrets.token_urlsafe(_KEY_BYTES)


def key_hash(key: str) -> bytes:
    """By which a device key is known."""
    return hashlib.sha256(b"device:" + key[:100].encode()).digest()


def checked_pin(pin: str) -> str:
    """A PIN as an owner chooses it. Raises BadPin, PinTooPlain."""
    if not _PIN.fullmatch(pin):
        raise BadPin()
    if len(set(pin)) == 1 or pin in _ROWS:
        raise PinTooPlain()
    return pin


def is_pin(pin: str) -> bool:
    """True if `pin` has the form of one."""
    return _PIN.fullmatch(pin) is not None
