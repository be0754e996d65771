"""Xoài's own form: Standard Webhooks."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

import provider_signing as signing
import pytest
from provider_signing import KEY, NOW
from standardwebhooks import Webhook

from services.intake.adapters import PROVIDERS, xoai
from services.intake.domain import (
    BadSignature,
    Reading,
    SecretMissing,
    SignatureMissing,
    TimestampOutsideWindow,
)

OTHER = "khoa-khac"


def read(
    provider: str,
    headers: dict[str, str],
    body: bytes,
    *secrets: str,
    now: int = NOW,
    auth: str | None = None,
) -> Reading:
    adapter = PROVIDERS[provider]
    return adapter.read(adapter.verify(secrets or (KEY,), headers, body, now, auth))


SECRET = "whsec_" + base64.b64encode(b"0123456789abcdefghijklmn").decode()


def test_xoai_credits() -> None:
    """All credits of one body, with the memo as sent."""
    body = signing.dump(
        {"credits": [signing.XOAI, {**signing.XOAI, "provider_transaction_id": "B-2", "test": True}]}
    )
    headers = signing.standard_headers(body, b"0123456789abcdefghijklmn")
    first, second = read("xoai", headers, body, SECRET).told
    assert first.credit.to_json() == signing.XOAI
    assert (first.dedupe_key, second.dedupe_key) == ("B-1", None)
    assert second.credit.test


def test_xoai_is_signed_as_the_libraries_sign() -> None:
    """The specification's library and ours make and take each other's signatures."""
    body = signing.dump({"credits": []})
    when = datetime.fromtimestamp(NOW, UTC)
    signature = Webhook(SECRET).sign("msg_9", when, body.decode())
    headers = {"Webhook-Id": "msg_9", "Webhook-Timestamp": str(NOW), "Webhook-Signature": signature}
    assert read("xoai", headers, body, SECRET).credits == ()
    assert xoai.sign(SECRET, "msg_9", NOW, body)["webhook-signature"] == signature
    bare = SECRET.removeprefix("whsec_")
    assert xoai.sign(bare, "msg_9", NOW, body)["webhook-signature"] == Webhook(bare).sign(
        "msg_9", when, body.decode()
    )


def test_xoai_one_of_several_signatures() -> None:
    """During the sender's rotation several signatures stand side by side; other versions are passed over."""
    body = signing.dump({"credits": [signing.XOAI]})
    headers = signing.standard_headers(body, b"0123456789abcdefghijklmn")
    good = headers["webhook-signature"]
    for listed in (f"v1,AAAA {good}", f"v1a,zzz {good}", f"{good} v1,AAAA"):
        assert read("xoai", {**headers, "webhook-signature": listed}, body, SECRET).credits
    for listed in ("v1,AAAA", good.replace("v1,", "v1a,"), good.replace("v1,", ""), "v1", "v1,é"):
        with pytest.raises(BadSignature):
            read("xoai", {**headers, "webhook-signature": listed}, body, SECRET)


@pytest.mark.parametrize("change", ["body", "webhook-id", "webhook-timestamp", "secret"])
def test_xoai_forgeries(change: str) -> None:
    """Id, time and body are signed."""
    body = signing.dump({"credits": [signing.XOAI]})
    headers = signing.standard_headers(body, b"0123456789abcdefghijklmn")
    if change in headers:
        headers[change] = str(NOW + 1)
    with pytest.raises(BadSignature):
        read(
            "xoai",
            headers,
            body + b" " if change == "body" else body,
            OTHER if change == "secret" else SECRET,
        )


@pytest.mark.parametrize("distance", [301, -301])
def test_xoai_window(distance: int) -> None:
    """A signed time holds for 300 s either way."""
    body = signing.dump({"credits": []})
    with pytest.raises(TimestampOutsideWindow):
        read(
            "xoai", signing.standard_headers(body, b"0123456789abcdefghijklmn", NOW + distance), body, SECRET
        )


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_é", "whsec_==="])
def test_xoai_secrets_that_are_none(secret: str) -> None:
    """A secret that stands for no key proves nothing."""
    body = signing.dump({"credits": []})
    with pytest.raises(SecretMissing):
        read("xoai", signing.standard_headers(body, b"x"), body, secret)


def test_xoai_plain_secret() -> None:
    """A secret that is no base64 is taken as it is written."""
    body = signing.dump({"credits": [signing.XOAI]})
    assert read("xoai", signing.standard_headers(body, KEY.encode()), body, KEY).credits


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_xoai_missing_headers(name: str) -> None:
    """All three headers are needed."""
    body = signing.dump({"credits": []})
    headers = signing.standard_headers(body, b"0123456789abcdefghijklmn")
    del headers[name]
    with pytest.raises(SignatureMissing):
        read("xoai", headers, body, SECRET)


def test_xoai_one_bad_element_stops_no_other() -> None:
    """Each element is judged for itself."""
    bad: list[Any] = [
        None,
        5,
        "x",
        [],
        {**signing.XOAI, "amount": 0.5},
        {**signing.XOAI, "amount": -1},
        {**signing.XOAI, "account": "9" * 129},
        {**signing.XOAI, "currency": "USD"},
        {},
    ]
    body = signing.dump({"credits": [*bad, signing.XOAI]})
    reading = read("xoai", signing.standard_headers(body, b"0123456789abcdefghijklmn"), body, SECRET)
    assert [credit.to_json() for credit in reading.credits] == [signing.XOAI]
    assert [element.reason for element in reading.unreadable] == [
        *["ELEMENT_NOT_OBJECT"] * 4,
        "AMOUNT_NOT_WHOLE",
        "AMOUNT_NOT_WHOLE",
        "FIELD_TOO_LONG",
        "CURRENCY_NOT_VND",
        "AMOUNT_NOT_WHOLE",
    ]
    assert [element.place for element in reading.unreadable] == [
        f"credits[{position}]" for position in range(9)
    ]
