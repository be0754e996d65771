"""payOS callbacks: HMAC-SHA256 over the sorted `key=value` text of `data`.

Sources: payOS's page "Kiểm tra dữ liệu với signature" and its official libraries. The signature stands in the body;
signed are the keys of `data` that came, sorted, joined by `&`, with null and undefined as empty. The outer `code`,
`desc` and `success` and the types of values are not signed. How often payOS repeats is not stated (chưa xác nhận).
Since nothing escapes `&` and `=`, a memo can hold what looks like another field; such a body is proven but not
readable (SignedTextAmbiguous).
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping, Sequence
from json.encoder import encode_basestring

from services.intake.adapters import proof
from services.intake.adapters.answers import success_answer
from services.intake.adapters.casso_v2 import canonical
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
    BadSignature,
    BodyFormUnknown,
    Direction,
    Reading,
    SignatureMissing,
    SignedTextAmbiguous,
    Verified,
)
from services.intake.limits import MOST_VALUES_SIGNED, read_json

__all__ = ["answer", "read", "signed_text", "verify"]

answer = success_answer

_MONEY_FIELDS = "accountNumber|amount|code|currency|orderCode|paymentLinkId|reference|transactionDateTime|virtualAccountNumber"
_HIDDEN_FIELD = re.compile(f"&(?:{_MONEY_FIELDS})=")
_TEST_ORDER = "123"
_TEST_MEMOS = frozenset(("VQRIO123", "Ma giao dich thu nghiem"))


def verify(
    secrets: Sequence[str], headers: Mapping[str, str], raw_body: bytes, now: int, auth: str | None
) -> Verified:
    """Prove that payOS signed `data`; payOS signs no time, so repeats are told by their key alone. Raises
    SignatureMissing, BadSignature, and BodyUnreadable or BodyTooLarge for a body that cannot be checked at all."""
    body = object_of(read_json(raw_body, most_values=MOST_VALUES_SIGNED))
    signature = body.get("signature")
    if not isinstance(signature, str) or not signature:
        raise SignatureMissing(header="signature")
    signed = signed_text(object_of(body.get("data"), "data")).encode("utf-8", "surrogatepass")
    expected = [hmac.digest(key, signed, "sha256").hex().encode() for key in proof.keys_of(secrets)]
    proof.match_any(expected, signature.lower().encode("utf-8", "surrogatepass"))
    return Verified(raw_body, body)


def signed_text(data: Element) -> str:
    """The text that payOS signs for these members. BadSignature for an object inside: the vendor's libraries would
    sign "[object Object]" for any content of it."""
    return "&".join(f"{key}={_signed_value(data[key])}" for key in sorted(data))


def _signed_value(found: object) -> str:
    if isinstance(found, str):
        return "" if found in ("null", "undefined") else found
    if isinstance(found, list):
        return canonical(found, encode_basestring)
    if isinstance(found, dict):
        raise BadSignature()
    return "" if found is None else "true" if found else "false"


def read(verified: Verified) -> Reading:
    """The one payment of the body; none, with a warning, if payOS says that it did not succeed."""
    body = object_of(document_of(verified))
    data = object_of(body.get("data"), "data")
    if any(isinstance(value, str) and _HIDDEN_FIELD.search(value) for value in data.values()) or any(
        "=" in key or "&" in key for key in data
    ):
        raise SignedTextAmbiguous()
    tally = Tally()
    success, inner = body.get("success"), text(data.get("code"))
    if success is False or any(code not in (None, "00") for code in (text(body.get("code")), inner)):
        # `success` is not signed, `data.code` is: where they disagree, a person may want to look
        tally.warn("PROVIDER_REPORTS_ERROR" if inner != "00" else "PROVIDER_REPORTS_ERROR_UNSIGNED")
    elif "amount" not in data:
        raise BodyFormUnknown(detail="data has no amount")
    else:
        tally.judge(_entry(data))
    return tally.reading()


def _entry(data: Element) -> Entry:
    reference = text(data.get("reference"))
    memo = memo_text(data.get("description"))
    return Entry(
        provider_transaction_id=reference,
        bank_reference=reference,
        account=text(data.get("accountNumber")),
        virtual_account=text(data.get("virtualAccountNumber")),
        amount=data.get("amount"),
        direction=Direction.IN,
        memo=memo,
        occur_time=text(data.get("transactionDateTime")),
        dedupe_key=key_of(reference, text(data.get("paymentLinkId"))),
        payer_name=text(data.get("counterAccountName")),
        payer_account=text(data.get("counterAccountNumber")),
        payer_bin=bin_text(data.get("counterAccountBankId")),
        currency=text(data.get("currency")),
        # The call on registering an address, as the documentation's sample has it; the order number is ours to give.
        test=text(data.get("orderCode")) == _TEST_ORDER and memo in _TEST_MEMOS,
    )
