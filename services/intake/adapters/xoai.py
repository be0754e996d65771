"""Xoài's own callbacks, for banks that connect directly: Standard Webhooks over `{"credits":[…normalised…]}`.

Source: the Standard Webhooks specification 1.0.0. Headers `webhook-id`, `webhook-timestamp` (Unix seconds) and
`webhook-signature`, a list of `v1,BASE64` separated by blanks; HMAC-SHA256 over `id.timestamp.body`; the secret is
base64, with or without `whsec_` in front. A credit is repeated by its `provider_transaction_id`, not by `webhook-id`:
one credit may come in two messages.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping, Sequence
from functools import lru_cache

from services.intake.adapters import proof
from services.intake.adapters.answers import json_answer
from services.intake.adapters.fields import (
    Element,
    Entry,
    Tally,
    bin_text,
    document_of,
    key_of,
    memo_text,
    object_of,
    text,
)
from services.intake.domain import (
    Answer,
    BadSignature,
    BodyFormUnknown,
    Direction,
    Headers,
    Outcome,
    Reading,
    SecretMissing,
    Verdict,
    Verified,
)
from services.intake.limits import MOST_ELEMENTS, check_size

__all__ = ["answer", "read", "read_credits", "sign", "verify"]

_PREFIX = "whsec_"
_MOST_SIGNATURES = 16
_ACCEPTED = json_answer(200, {"ok": True})


def verify(
    secrets: Sequence[str], headers: Mapping[str, str], raw_body: bytes, now: int, auth: str | None
) -> Verified:
    """Prove that the bank signed this body. Raises SignatureMissing, BadSignature, TimestampOutsideWindow,
    BodyTooLarge."""
    check_size(raw_body)
    found = Headers.of(headers)
    identity, timestamp = proof.header(found, "webhook-id"), proof.header(found, "webhook-timestamp")
    listed = proof.header(found, "webhook-signature").split(" ")[:_MOST_SIGNATURES]
    received = [
        value.encode("utf-8", "surrogatepass")
        for scheme, _, value in (one.partition(",") for one in listed)
        if scheme == "v1"
    ]
    expected = [_signature(key, identity, timestamp, raw_body) for key in _keys(tuple(secrets))]
    matched = False
    for candidate in expected:
        for one in received:
            matched |= hmac.compare_digest(candidate, one)
    if not matched:
        raise BadSignature()
    proof.check_window(timestamp, now)
    return Verified(raw_body)


def sign(secret: str, identity: str, timestamp: int, raw_body: bytes) -> dict[str, str]:
    """The headers with which a bank sends this body (the sandbox bank signs with it)."""
    signature = _signature(_keys((secret,))[0], identity, str(timestamp), raw_body)
    return {
        "webhook-id": identity,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{signature.decode()}",
    }


def _signature(key: bytes, identity: str, timestamp: str, raw_body: bytes) -> bytes:
    signed = b"%b.%b" % (f"{identity}.{timestamp}".encode("utf-8", "surrogatepass"), raw_body)
    return base64.b64encode(hmac.digest(key, signed, "sha256"))


@lru_cache(maxsize=1024)
def _keys(secrets: tuple[str, ...]) -> list[bytes]:
    """The keys that the secrets stand for. With the prefix that is base64 alone. Without it the specification's
    libraries decode all the same, while people paste plain text: both are taken."""
    keys: list[bytes] = []
    for secret in secrets:
        encoded = secret.removeprefix(_PREFIX).rstrip("=")
        try:
            decoded = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
        except (binascii.Error, ValueError):
            decoded = b""
        if decoded:
            keys.append(decoded)
        if secret and not secret.startswith(_PREFIX):
            keys.append(secret.encode("utf-8", "surrogatepass"))
    if not keys:
        raise SecretMissing()
    return keys


def answer(outcome: Outcome) -> Answer:
    """200 and `{"ok": true}`, else the status of the refusal with its reason."""
    if outcome.verdict is Verdict.ACCEPTED:
        return _ACCEPTED
    body: dict[str, object] = {"ok": False, "error": {"reason": outcome.reason}}
    return json_answer(outcome.http_status, body, outcome.retry_after_seconds)


def read(verified: Verified) -> Reading:
    """All credits of the body. Raises BodyUnreadable if there is no list of them within the limits."""
    body = object_of(document_of(verified))
    return read_credits(body.get("credits"), "credits")


def read_credits(found: object, name: str, most: int = MOST_ELEMENTS) -> Reading:
    """A list of credits in the normalised form; also what a transaction list in that form holds."""
    if not isinstance(found, list):
        raise BodyFormUnknown(detail=f"{name} is not a list")
    tally = Tally()
    tally.judge_all(found, name, _entry, most)
    return tally.reading()


def _entry(element: Element) -> Entry:
    identity = text(element.get("provider_transaction_id"))
    return Entry(
        provider_transaction_id=identity,
        bank_reference=text(element.get("bank_reference")),
        account=text(element.get("account")),
        virtual_account=text(element.get("virtual_account")),
        amount=element.get("amount"),
        direction=Direction.IN,
        memo=memo_text(element.get("memo")),
        occur_time=text(element.get("occur_time")),
        dedupe_key=key_of(identity),
        payer_name=text(element.get("payer_name")),
        payer_account=text(element.get("payer_account")),
        payer_bin=bin_text(element.get("payer_bin")),
        currency=text(element.get("currency")),
        test=element.get("test") is True,
    )
