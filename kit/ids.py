"""Identifiers: UUIDv7 inside, a prefix and 26 base32 characters outside (TypeID form: `inv_01h455vb4pex5vsknk084sn02q`).

UUIDv7 begins with the time, so new rows land at the end of an index. The outside form is Crockford base32 of the
128 bits, lower case, as the TypeID specification 0.3 has it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Final
from uuid import UUID

import uuid_utils

from kit.errors import InvalidArgument

_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_VALUE: Final = {character: value for value, character in enumerate(_ALPHABET)}
_LENGTH: Final = 26
# Two characters at a time, from the front.
_PAIRS: Final = tuple(first + second for first in _ALPHABET for second in _ALPHABET)
_SHIFTS: Final = range(5 * (_LENGTH - 2), -1, -10)

# The fixed namespace under which facts get their event ids; changing it would make every consumer see all facts anew.
EVENT_NAMESPACE: Final = UUID("6f6f2c5e-7b0f-5c1a-9d6e-786f61692e31")
_NAMESPACE_HASH: Final = hashlib.sha1(EVENT_NAMESPACE.bytes, usedforsecurity=False)


class BadId(InvalidArgument):
    reason = "BAD_ID"
    vi = "Mã “{value}” không đúng dạng {prefix}_…"
    en = "The id “{value}” does not have the form {prefix}_…"


_source: Callable[[], UUID] | None = None


def new() -> UUID:
    """A new time-ordered id."""
    if _source is not None:
        return _source()
    return UUID(bytes=uuid_utils.uuid7().bytes)


def install(source: Callable[[], UUID] | None) -> None:
    """Take new ids from `source`, a simulation's, so that a run can be repeated; None ends that."""
    global _source
    _source = source


def external(prefix: str, value: UUID) -> str:
    """The outside form of an id, such as `inv_01h455vb4pex5vsknk084sn02q`."""
    number = value.int
    return f"{prefix}_{''.join([_PAIRS[number >> shift & 1023] for shift in _SHIFTS])}"


def internal(prefix: str, text: str) -> UUID:
    """The id behind its outside form. Raises BadId for another prefix or form."""
    head, _, tail = text.rpartition("_")
    if head != prefix or len(tail) != _LENGTH or tail[0] > "7":
        raise BadId(value=text[:60], prefix=prefix)
    number = 0
    for character in tail:
        value = _VALUE.get(character)
        if value is None:
            raise BadId(value=text[:60], prefix=prefix)
        number = number << 5 | value
    return UUID(int=number)


def event_id(aggregate: str, version: int, event_type: str) -> UUID:
    """The id of a fact, the same whenever the fact is announced: UUIDv5 of (aggregate, version, type)."""
    # uuid.uuid5 by hand, at half its price: a batch makes one for every event (RFC 9562, section 5.5).
    digest = _NAMESPACE_HASH.copy()
    digest.update(f"{aggregate}\x1f{version}\x1f{event_type}".encode())
    raw = bytearray(digest.digest()[:16])
    raw[6] = raw[6] & 0x0F | 0x50
    raw[8] = raw[8] & 0x3F | 0x80
    return UUID(bytes=bytes(raw))
