"""Codes of authenticator apps (TOTP, RFC 6238: six digits, 30 seconds, SHA-1 as every app knows it).

The library computes; which steps count, and that each counts once, is decided here.
"""

from __future__ import annotations

import hmac
from datetime import datetime
from typing import Final
from uuid import UUID

import pyotp

from kit.seal import Sealer

STEP_SECONDS: Final = 30
# Clocks of phones differ: the code before and the one after are good too.
_WINDOW: Final = 1
_ISSUER: Final = "Xoài"


class CodeKeeper:
    """Makes, seals and checks the secrets that people's apps share with us."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    def new_secret(self, person_id: UUID) -> bytes:
        """A new sealed secret of 160 bits."""
        return self._sealer.seal(pyotp.random_base32(), place=_place(person_id))

    def open(self, person_id: UUID, sealed: bytes) -> str:
        """The secret in base32, for the enrolment page alone."""
        return self._sealer.open(sealed, place=_place(person_id))

    def uri(self, person_id: UUID, sealed: bytes, login: str) -> str:
        """What the app reads from the QR code."""
        return self._totp(person_id, sealed).provisioning_uri(name=login, issuer_name=_ISSUER)

    def step_of(self, person_id: UUID, sealed: bytes, code: str, now: datetime, last_step: int) -> int | None:
        """The time step whose code this is, later than `last_step`; None if there is none."""
        totp = self._totp(person_id, sealed)
        found = None
        for step in range(_present(now) - _WINDOW, _present(now) + _WINDOW + 1):
            fits = hmac.compare_digest(totp.at(step * STEP_SECONDS).encode(), code.encode())
            if fits and step > last_step and found is None:
                found = step
        return found

    def next_code(self, person_id: UUID, sealed: bytes, now: datetime, last_step: int) -> tuple[str, int]:
        """The first code that would be taken now (empty if all were used) and the seconds until there is another."""
        step = max(_present(now), last_step + 1)
        seconds_left = STEP_SECONDS - int(now.timestamp()) % STEP_SECONDS
        if step > _present(now) + _WINDOW:
            return "", seconds_left
        return self._totp(person_id, sealed).at(step * STEP_SECONDS), seconds_left

    def _totp(self, person_id: UUID, sealed: bytes) -> pyotp.TOTP:
        return pyotp.TOTP(self.open(person_id, sealed), interval=STEP_SECONDS)


def _present(now: datetime) -> int:
    return int(now.timestamp()) // STEP_SECONDS


def _place(person_id: UUID) -> str:
    return f"second_factor:{person_id}"
