"""What a printed receipt carries for whoever checks it: a statement about its seal and its page, signed.

    attachment = {"statement": TEXT, "signature": base64}
    signature  = Ed25519 over "xoai receipt signature 1\\n" + TEXT in UTF-8, by the key that TEXT names
    TEXT       = a JSON object: form, content (the sealed bytes as text), previous_hash, hash, page, unit, payer,
                 print_time, key; hashes in hexadecimal

`page` is the digest of all that the page shows (services/documents/page_digest.py): the words, their places and the
letters' shapes, so that nothing on the paper can be changed, covered or added while the attachment is left alone.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from kit.errors import InvalidArgument
from kit.signing import Signer, is_signed
from services.invoices.domain.seals import Place, Seal, chain_hash

FORM: Final = "xoai receipt 1"
MOST_BYTES: Final = 64 * 1024
_SIGNED: Final = b"xoai receipt signature 1\n"
_TEXTS: Final = (
    "form",
    "content",
    "previous_hash",
    "hash",
    "page",
    "unit",
    "payer",
    "print_time",
    "key",
)


class NotAReceipt(InvalidArgument):
    reason = "NOT_A_RECEIPT"
    vi = "Tệp này không phải biên nhận có chữ ký của hệ thống ({what})."
    en = "This file is not a receipt signed by the system ({what})."


class Fault(StrEnum):
    """Why a receipt proves nothing, in the order in which a check finds it."""

    KEY_UNKNOWN = "key_unknown"
    KEY_REVOKED = "key_revoked"
    SIGNATURE_WRONG = "signature_wrong"
    HASH_WRONG = "hash_wrong"
    PAGE_CHANGED = "page_changed"
    NOT_ISSUED = "not_issued"
    OTHER_AT_PLACE = "other_at_place"
    NEIGHBOUR_BROKEN = "neighbour_broken"
    RECORD_CHANGED = "record_changed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that signs receipts; a revoked one proves nothing."""

    id: str
    raw: bytes
    is_revoked: bool = False


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement as a paper carries it, not yet checked. `page` is a digest in hexadecimal."""

    place: Place
    number: int
    reference: str
    title: str
    amount: int
    issue_time: str
    unit: str
    payer: str
    page: str
    key: str
    content: str
    hash: bytes
    previous_hash: bytes
    signed_bytes: bytes
    signature: bytes

    def faults(self, keys: Mapping[str, PublicKey]) -> list[Fault]:
        """What can be found wrong without asking anybody."""
        known = keys.get(self.key)
        if known is None:
            return [Fault.KEY_UNKNOWN]
        if not is_signed(_SIGNED + self.signed_bytes, self.signature, known.raw):
            return [Fault.SIGNATURE_WRONG]
        if known.is_revoked:
            return [Fault.KEY_REVOKED]
        return (
            [] if chain_hash(self.previous_hash, self.content.encode()) == self.hash else [Fault.HASH_WRONG]
        )


def attachment(
    signer: Signer, content: bytes, seal: Seal, *, page: bytes, unit: str, payer: str, print_time: str
) -> bytes:
    """The signed statement of a receipt with this seal, whose page has this digest."""
    values = (
        FORM,
        content.decode(),
        seal.previous_hash.hex(),
        seal.hash.hex(),
        page.hex(),
        unit,
        payer,
        print_time,
        signer.key_id,
    )
    statement = json.dumps(dict(zip(_TEXTS, values, strict=True)), ensure_ascii=False)
    signature = signer.sign(_SIGNED + statement.encode())
    signed = {"statement": statement, "signature": base64.b64encode(signature).decode()}
    return json.dumps(signed, ensure_ascii=False).encode()


def read(attached: bytes) -> Statement:
    """The statement in an attachment. Raises NotAReceipt."""
    if len(attached) > MOST_BYTES:
        raise NotAReceipt(what=f"> {MOST_BYTES >> 10} KB")
    try:
        outer = _object(attached.decode())
        text = _text(outer, "statement")
        inner = _object(text)
        said = {name: _text(inner, name) for name in _TEXTS}
        if said["form"] != FORM:
            raise ValueError("form")
        content = _object(said["content"])
        number, year, amount = (_whole(content, name) for name in ("number", "year", "amount"))
        return Statement(
            place=Place(UUID(_text(content, "organisation")), _text(content, "series"), year),
            number=number,
            reference=_text(content, "reference"),
            title=_text(content, "title"),
            amount=amount,
            issue_time=_text(content, "issue_time"),
            unit=said["unit"],
            payer=said["payer"],
            page=said["page"],
            key=said["key"],
            content=said["content"],
            hash=_hash(said["hash"]),
            previous_hash=_hash(said["previous_hash"]),
            signed_bytes=text.encode(),
            signature=base64.b64decode(_text(outer, "signature"), validate=True),
        )
    except (ValueError, RecursionError) as error:
        # UnicodeError and binascii.Error are ValueErrors. What a stranger wrote is not repeated.
        raise NotAReceipt(what="JSON") from error


def _object(text: str) -> dict[str, object]:
    value = json.loads(text, object_pairs_hook=_unique)
    if isinstance(value, dict):
        return value
    raise ValueError("no object")


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Two readers must never see two different receipts in one text."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _text(values: Mapping[str, object], name: str) -> str:
    value = values.get(name)
    if isinstance(value, str):
        return value
    raise ValueError(name)


def _whole(values: Mapping[str, object], name: str) -> int:
    value = values.get(name)
    if type(value) is not int or not 0 <= value < 1 << 53:
        raise ValueError(name)
    return value


def _hash(text: str) -> bytes:
    value = bytes.fromhex(text)
    if len(value) != 32:
        raise ValueError("no hash")
    return value
