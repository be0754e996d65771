"""VietQR.vn callbacks: Basic credentials for a short-lived token, then transactions with that Bearer token.

Source: VietQR.vn's pages on transaction-sync. The provider calls `token_generate` with Basic credentials, then
`transaction-sync` with the token. Names come in lower case, on older pages in camel case; both are read. How the
optional `sign` is made is not documented (chưa xác nhận), so it is not checked: the token alone proves the sender, and
a connection of this kind has `confirm_above` and a list of sender addresses. No test call is documented.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping, Sequence

from kit import ids
from services.intake.adapters import proof
from services.intake.adapters.answers import json_answer
from services.intake.adapters.fields import (
    Element,
    Entry,
    Tally,
    document_of,
    key_of,
    memo_text,
    object_of,
    text,
)
from services.intake.domain import (
    Answer,
    BadSignature,
    Direction,
    DuplicateKey,
    Headers,
    Outcome,
    Reading,
    Verdict,
    Verified,
)
from services.intake.limits import check_size

__all__ = ["answer", "read", "token_answer", "token_digest", "verify", "verify_basic", "verify_digests"]

TOKEN_SECONDS = 300
"""How long a token is in force; the documentation's newer text."""

_DIRECTIONS = {"c": Direction.IN, "d": Direction.OUT}


def verify(
    secrets: Sequence[str], headers: Mapping[str, str], raw_body: bytes, now: int, auth: str | None
) -> Verified:
    """Prove the sender by a token in force. Raises SignatureMissing, BadSignature, BodyTooLarge."""
    return verify_digests([token_digest(secret) for secret in secrets if secret], headers, raw_body)


def verify_digests(digests: Sequence[str], headers: Mapping[str, str], raw_body: bytes) -> Verified:
    """The same against stored digests of the tokens in force (`token_digest`), so that no token is ever stored."""
    check_size(raw_body)
    token = proof.after_scheme(proof.header(Headers.of(headers), "authorization"), "bearer")
    proof.match_secret(digests, token_digest(token))
    return Verified(raw_body)


def token_digest(token: str) -> str:
    """SHA-256 of a token in hexadecimal; tokens are random, so no salt is needed."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def verify_basic(secrets: Sequence[str], headers: Mapping[str, str]) -> None:
    """Prove the caller of `token_generate`; each secret is `user:password`. Raises SignatureMissing, BadSignature."""
    received = proof.after_scheme(proof.header(Headers.of(headers), "authorization"), "basic")
    try:
        credentials = base64.b64decode(received, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadSignature() from error
    proof.match_any(proof.keys_of(secrets), credentials)


def token_answer(token: str) -> Answer:
    """The answer of `token_generate`."""
    return json_answer(200, {"access_token": token, "token_type": "Bearer", "expires_in": TOKEN_SECONDS})


def answer(outcome: Outcome) -> Answer:
    """`error`, `errorReason`, `toastMessage` and our id of the callback in `object.reftransactionid`."""
    accepted = outcome.verdict is Verdict.ACCEPTED
    body: dict[str, object] = {
        "error": not accepted,
        "errorReason": None if accepted else outcome.reason,
        "toastMessage": "" if accepted else outcome.reason,
        "object": {"reftransactionid": _receipt(outcome)} if accepted else None,
    }
    return json_answer(outcome.http_status, body, outcome.retry_after_seconds)


def _receipt(outcome: Outcome) -> str:
    return ids.external("clb", outcome.receipt) if outcome.receipt else ""


def read(verified: Verified) -> Reading:
    """The one transaction of the body. Raises BodyUnreadable if it is no JSON object within the limits, or holds one
    name in two spellings."""
    body = object_of(document_of(verified))
    members: Element = {}
    for name, value in body.items():
        if name.lower() in members:
            raise DuplicateKey(key=name[:80])
        members[name.lower()] = value
    tally = Tally()
    tally.judge(_entry(members))
    return tally.reading()


def _entry(members: Element) -> Entry:
    direction = members.get("transtype")
    identity = text(members.get("transactionid"))
    bank_reference = text(members.get("referencenumber"))
    key = key_of("transactionid", identity) if identity else key_of("referencenumber", bank_reference)
    return Entry(
        provider_transaction_id=identity,
        bank_reference=bank_reference,
        account=text(members.get("bankaccount")),
        virtual_account=None,
        amount=members.get("amount"),
        direction=_DIRECTIONS.get(direction.lower()) if isinstance(direction, str) else None,
        memo=memo_text(members.get("content")),
        occur_time=text(members.get("transactiontime")),
        dedupe_key=key,
    )
