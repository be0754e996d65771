"""SePay callbacks: HMAC over the raw body, or an API key.

Sources: SePay's developer pages "Xác thực", "Tích hợp webhook", "Xử lý lỗi" and "Địa chỉ IP". HMAC: `X-SePay-Signature:
sha256=HEX` over `TIMESTAMP.BODY`, `X-SePay-Timestamp` in Unix seconds, refused beyond five minutes. API key:
`Authorization: Apikey KEY`. Any 2xx ends the retries (older pages: 200 or 201 and `success: true`). Bodies are taken
as JSON alone: the two form encodings that SePay offers have to be switched off on its side.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence

from services.intake.adapters import proof
from services.intake.adapters.answers import success_answer
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
from services.intake.domain import AuthModeRequired, Direction, Headers, Reading, Verified
from services.intake.limits import check_size

__all__ = ["answer", "read", "verify"]

answer = success_answer

_DIRECTIONS = {"in": Direction.IN, "out": Direction.OUT}
# chưa xác nhận: the dashboard's "gửi thử" was only seen in open code, with such an account and this memo. The memo
# alone is the payer's to write and never makes a test of real money.
_TEST_ACCOUNTS = frozenset(f"000000000{digit}" for digit in range(10))
_TEST_MEMO = "giao dich thu nghiem"


def verify(
    secrets: Sequence[str], headers: Mapping[str, str], raw_body: bytes, now: int, auth: str | None
) -> Verified:
    """Prove that SePay sent this body, by the mode that the connection says (`hmac` or `api_key`, never a choice of
    the caller). Raises AuthModeRequired, SignatureMissing, BadSignature, TimestampOutsideWindow, BodyTooLarge."""
    check_size(raw_body)
    found = Headers.of(headers)
    if auth == "hmac":
        signature = proof.header(found, "x-sepay-signature")
        timestamp = proof.header(found, "x-sepay-timestamp")
        signed = b"%b.%b" % (timestamp.encode("utf-8", "surrogatepass"), raw_body)
        expected = [hmac.digest(key, signed, "sha256").hex().encode() for key in proof.keys_of(secrets)]
        received = signature.lower().removeprefix("sha256=")
        proof.match_any(expected, received.encode("utf-8", "surrogatepass"))
        proof.check_window(timestamp, now)
    elif auth == "api_key":
        proof.match_secret(secrets, proof.after_scheme(proof.header(found, "authorization"), "apikey"))
    else:
        raise AuthModeRequired()
    return Verified(raw_body)


def read(verified: Verified) -> Reading:
    """The one transaction of the body. Raises BodyUnreadable if it is no JSON object within the limits."""
    tally = Tally()
    tally.judge(_entry(object_of(document_of(verified))))
    return tally.reading()


def _entry(body: Element) -> Entry:
    direction = body.get("transferType")
    identity = text(body.get("id"))
    account = text(body.get("accountNumber"))
    memo = memo_text(body.get("content")) or memo_text(body.get("description"))
    return Entry(
        provider_transaction_id=identity,
        bank_reference=text(body.get("referenceCode")),
        account=account,
        virtual_account=text(body.get("subAccount")),
        amount=body.get("transferAmount"),
        direction=_DIRECTIONS.get(direction.lower()) if isinstance(direction, str) else None,
        memo=memo,
        occur_time=text(body.get("transactionDate")),
        dedupe_key=key_of(identity),
        test=identity == "0" or (account in _TEST_ACCOUNTS and (memo or "").lower().startswith(_TEST_MEMO)),
    )
