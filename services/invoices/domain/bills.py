"""Who may see more of a bill than its bare reference tells: a second fact, or an unguessable link.

Second facts such as birth dates are few, so they are stored as a MAC under a key that is not in the database, with a
salt of each invoice's own. Links are derived from their id under that key and stored hashed: they can be given again
in answer to a repeated request without ever being stored.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from kit.text import search_key

# Wrong answers a bill takes in one day (Asia/Ho_Chi_Minh) before it waits for the next.
MOST_MISSES: Final = 20
LINK_DAYS: Final = 180
_SALT_BYTES: Final = 8
_LINK_BYTES: Final = 16
_DAY_FIRST: Final = re.compile(r"([0-9]{1,2})[ ./-]([0-9]{1,2})[ ./-]([0-9]{4})")
_DAY_FIRST_CLOSE: Final = re.compile(r"([0-9]{2})([0-9]{2})((?:19|20)[0-9]{2})")
_YEAR_FIRST: Final = re.compile(r"([0-9]{4})[ ./-]([0-9]{1,2})[ ./-]([0-9]{1,2})")


class Keeper:
    """Makes and checks what opens a bill. `data_key` is the service's key for data at rest, 32 bytes in base64."""

    def __init__(self, data_key: str) -> None:
        raw = base64.b64decode(data_key, validate=True)
        if len(raw) != 32:
            raise ValueError("XOAI_DATA_KEY must be 32 bytes in base64")
        # Keyed once and copied: the one-shot digest lets go of the interpreter at each of a round's ten thousand facts.
        self._fact_mac = hmac.new(hmac.digest(raw, b"invoices second fact", "sha256"), digestmod="sha256")
        self._link_key = hmac.digest(raw, b"invoices pay link", "sha256")

    def seal_fact(self, fact: str) -> bytes:
        """What is stored of a second fact: salt and MAC. Empty for no fact, which then opens nothing."""
        return self.seal_facts([fact])[0]

    def seal_facts(self, facts: Sequence[str]) -> list[bytes]:
        """As `seal_fact`, for many: each has a salt of its own, all drawn at once."""
        drawn = secrets.token_bytes(_SALT_BYTES * len(facts))
        sealed = []
        for place, fact in enumerate(facts):
            salt = drawn[place * _SALT_BYTES : (place + 1) * _SALT_BYTES]
            normalised = normalise_fact(fact)
            sealed.append(salt + self._mac(salt, normalised) if normalised else b"")
        return sealed

    def fits(self, fact: str, sealed: bytes) -> bool:
        """Whether the fact is the sealed one. Takes the same time for none, a wrong and a right one."""
        normalised = normalise_fact(fact)
        stored = sealed if len(sealed) > _SALT_BYTES else _NOTHING
        mac = self._mac(stored[:_SALT_BYTES], normalised)
        return hmac.compare_digest(mac, stored[_SALT_BYTES:]) and bool(normalised)

    def link_token(self, link_id: UUID) -> str:
        """The 128-bit token of a link; only who holds the data key can make it."""
        return (
            base64.urlsafe_b64encode(hmac.digest(self._link_key, link_id.bytes, "sha256")[:_LINK_BYTES])
            .decode()
            .rstrip("=")
        )

    def _mac(self, salt: bytes, normalised: str) -> bytes:
        mac = self._fact_mac.copy()
        mac.update(salt + normalised.encode())
        return mac.digest()


def token_hash(token: str) -> bytes:
    """What is stored of a link's token."""
    return hashlib.sha256(token.strip().encode()).digest()


def normalise_fact(fact: str) -> str:
    """The one spelling of a fact: days as 2019-03-24 however written, else capitals and digits without accents."""
    text = " ".join(fact[:60].split())
    for form, order in ((_YEAR_FIRST, (1, 2, 3)), (_DAY_FIRST, (3, 2, 1)), (_DAY_FIRST_CLOSE, (3, 2, 1))):
        match = form.fullmatch(text)
        if match:
            year, month, day = (int(match.group(group)) for group in order)
            if 1 <= month <= 12 and 1 <= day <= 31:
                return f"{year:04d}-{month:02d}-{day:02d}"
    return search_key(text).replace(" ", "")


_NOTHING: Final = bytes(_SALT_BYTES + 32)
