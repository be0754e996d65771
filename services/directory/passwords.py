"""Passwords: argon2id hashes, and a guess at how easily one is guessed (the zxcvbn estimate works offline)."""

from __future__ import annotations

from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn import zxcvbn

from services.directory.domain import PASSWORD_LENGTH, PASSWORD_LONGEST, WeakPassword

# argon2id with the library's defaults (RFC 9106, second recommendation: 64 MiB, 3 passes).
_hasher: Final = PasswordHasher()
# Guesses that an attacker needs; three is "safely unguessable" against online guessing.
_LEAST_SCORE: Final = 3
# The estimate grows with the square of the length; longer passwords are strong by their length.
_ESTIMATED_LENGTH: Final = 64

# Verified when nobody has the login, so that an unknown name takes as long as a wrong password.
_NOBODY: Final = _hasher.hash("nobody has this password")


def hash_password(password: str, *, known: tuple[str, ...] = ()) -> str:
    """The hash to store. Raises WeakPassword; `known` are words of the person that must not make a password."""
    if not PASSWORD_LENGTH <= len(password) <= PASSWORD_LONGEST:
        raise WeakPassword()
    if zxcvbn(password[:_ESTIMATED_LENGTH], user_inputs=list(known))["score"] < _LEAST_SCORE:
        raise WeakPassword()
    return _hasher.hash(password)


def verify_password(stored: str, password: str) -> bool:
    """True if the password fits; an empty `stored` (nobody, or invited only) never fits and takes as long."""
    try:
        fits = _hasher.verify(stored or _NOBODY, password[:PASSWORD_LONGEST])
    except (VerificationError, InvalidHashError):
        return False
    return fits and bool(stored)
