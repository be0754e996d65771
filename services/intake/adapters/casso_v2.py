"""Casso callbacks, second form: HMAC-SHA512 over the canonical JSON of the body, and one transaction.

Sources: Casso's developer pages and its samples for this signature. `X-Casso-Signature: t=MILLISECONDS,v1=HEX` over
`t.JSON`, the JSON with keys sorted at every level and without blanks. The vendor's samples write that JSON as their
language does: JavaScript leaves letters and `/` as they are, Python writes letters as \\uXXXX, PHP also `/` as `\\/`.
They differ only for bodies with such characters. JavaScript's form is tried first and the other two after it; all
three are texts of one and the same JSON value, so none of them proves anything else. Numbers stand in the signed text
as they came. A window for replays is not stated by Casso (chưa xác nhận): 300 s is ours.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from json.encoder import encode_basestring, encode_basestring_ascii

from services.intake.adapters import casso_v1, proof
from services.intake.adapters.answers import success_answer
from services.intake.adapters.fields import (
    Element,
    Entry,
    Tally,
    bin_text,
    document_of,
    key_of,
    memo_text,
    object_of,
    sign_direction,
    text,
)
from services.intake.domain import BadSignature, Headers, Reading, Verified
from services.intake.limits import MOST_VALUES_SIGNED, NumberText, read_json

__all__ = ["answer", "canonical", "read", "verify"]

answer = success_answer

_SIGNATURE = re.compile(r"\s*t=([0-9]{1,16})\s*,\s*v1=([0-9a-fA-F]{128})\s*")
_SURROGATE = re.compile("[\ud800-\udfff]")


def verify(
    secrets: Sequence[str], headers: Mapping[str, str], raw_body: bytes, now: int, auth: str | None
) -> Verified:
    """Prove that Casso signed this body. Raises SignatureMissing, BadSignature, TimestampOutsideWindow, and
    BodyUnreadable or BodyTooLarge for a body that has no canonical form within the limits."""
    document = read_json(raw_body, most_values=MOST_VALUES_SIGNED)
    match = _SIGNATURE.fullmatch(proof.header(Headers.of(headers), "x-casso-signature"))
    if match is None:
        raise BadSignature()
    timestamp, signature = match.groups()
    plain = canonical(document, _javascript_text)
    forms = [plain]
    if not plain.isascii() or "/" in plain:
        escaped = canonical(document, encode_basestring_ascii)
        forms += [escaped.replace("/", "\\/"), escaped]
    expected = [
        hmac.digest(key, f"{timestamp}.{form}".encode(), "sha512").hex().encode()
        for key in proof.keys_of(secrets)
        for form in forms
    ]
    proof.match_any(expected, signature.lower().encode())
    proof.check_window(timestamp, now, per_second=1000)
    return Verified(raw_body, document)


def canonical(found: object, write_text: Callable[[str], str]) -> str:
    """The JSON text of a document with keys sorted (as JavaScript sorts: by UTF-16) at every level and no blanks."""
    if isinstance(found, NumberText):
        return found
    if isinstance(found, str):
        return write_text(found)
    if isinstance(found, dict):
        members = (
            f"{write_text(key)}:{canonical(found[key], write_text)}" for key in sorted(found, key=_utf16)
        )
        return "{" + ",".join(members) + "}"
    if isinstance(found, list):
        return "[" + ",".join(canonical(element, write_text) for element in found) + "]"
    return "null" if found is None else "true" if found else "false"


def _utf16(key: str) -> bytes:
    return key.encode("utf-16-be", "surrogatepass")


def _javascript_text(found: str) -> str:
    """A text as JSON.stringify writes it: halves of surrogate pairs escaped, all other letters as they are."""
    return _SURROGATE.sub(lambda half: f"\\u{ord(half[0]):04x}", encode_basestring(found))


def read(verified: Verified) -> Reading:
    """The one transaction of the body. Raises BodyUnreadable if there is none within the limits."""
    body = object_of(document_of(verified))
    tally = Tally()
    if casso_v1.reports_error(body):
        tally.warn("PROVIDER_REPORTS_ERROR")
    else:
        tally.judge(_entry(object_of(body.get("data"), "data")))
    return tally.reading()


def _entry(element: Element) -> Entry:
    identity = text(element.get("id"))
    bank_reference = text(element.get("reference"))
    amount = element.get("amount")
    return Entry(
        provider_transaction_id=identity,
        bank_reference=bank_reference,
        account=text(element.get("accountNumber")),
        virtual_account=text(element.get("virtualAccountNumber")),
        amount=amount,
        direction=sign_direction(amount),
        memo=memo_text(element.get("description")),
        occur_time=text(element.get("transactionDateTime")),
        dedupe_key=key_of(identity),
        payer_name=text(element.get("counterAccountName")),
        payer_account=text(element.get("counterAccountNumber")),
        payer_bin=bin_text(element.get("counterAccountBankId")),
        test=casso_v1.is_test(identity, bank_reference),
    )
