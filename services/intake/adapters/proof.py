"""The proof of the sender: comparisons in constant time, secrets in rotation, the window of a signed time."""

from __future__ import annotations

import hmac
from collections.abc import Sequence

from services.intake.domain import (
    BadSignature,
    Headers,
    SecretMissing,
    SignatureMissing,
    TimestampOutsideWindow,
)

SIGNATURE_WINDOW_SECONDS = 300
"""How far a signed time may lie from ours, either way."""


def header(headers: Headers, name: str) -> str:
    """A header that has to be there; SignatureMissing if it is absent or empty."""
    value = headers.get(name)
    if not value:
        raise SignatureMissing(header=name)
    return value


def keys_of(secrets: Sequence[str]) -> list[bytes]:
    """The secrets in force as bytes; SecretMissing if there is none. An empty text is no secret: it would let
    anybody sign."""
    keys = [secret.encode("utf-8", "surrogatepass") for secret in secrets if secret]
    if not keys:
        raise SecretMissing()
    return keys


def match_any(expected: Sequence[bytes], received: bytes) -> None:
    """BadSignature unless `received` equals one of `expected`. All are compared, each in constant time, so the time
    taken does not tell which secret of a rotation is in use."""
    found = False
    for candidate in expected:
        found |= hmac.compare_digest(candidate, received)
    if not found:
        raise BadSignature()


def match_secret(secrets: Sequence[str], received: str) -> None:
    """BadSignature unless the static key or token received is one of the secrets in force."""
    match_any(keys_of(secrets), received.encode("utf-8", "surrogatepass"))


def after_scheme(value: str, scheme: str) -> str:
    """The credentials of an Authorization header of that scheme (compared without letter case, RFC 9110 11.1);
    BadSignature if it is another scheme."""
    found, _, credentials = value.partition(" ")
    if found.lower() != scheme or not credentials.strip():
        raise BadSignature()
    return credentials.strip()


def check_window(signed: str, now: int, per_second: int = 1) -> None:
    """TimestampOutsideWindow unless the signed Unix time (in 1/per_second seconds, digits alone) lies within 300 s of
    now, either way. Called after the signature held: before that the time is anybody's claim."""
    if not (signed.isascii() and signed.isdigit() and len(signed) <= 16):
        raise TimestampOutsideWindow(seconds=SIGNATURE_WINDOW_SECONDS)
    if abs(now * per_second - int(signed)) > SIGNATURE_WINDOW_SECONDS * per_second:
        raise TimestampOutsideWindow(seconds=SIGNATURE_WINDOW_SECONDS)
