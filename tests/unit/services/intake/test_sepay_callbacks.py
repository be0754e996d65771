"""SePay's callbacks: HMAC over the raw body, or the API key."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

import provider_signing as signing
import pytest
from provider_signing import KEY, NOW

from services.intake.adapters import PROVIDERS, sepay
from services.intake.domain import (
    AuthModeRequired,
    BadSignature,
    BodyNotJson,
    BodyTooLarge,
    DuplicateKey,
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


def sepay_read(document: dict[str, Any]) -> Reading:
    body = signing.dump(document)
    return read("sepay", signing.sepay_headers(body), body, auth="hmac")


def test_sepay_credit() -> None:
    """A signed SePay body becomes one credit in the common form."""
    (credit,) = sepay_read(signing.SEPAY).credits
    assert credit.to_json() == {
        "provider_transaction_id": "92704",
        "bank_reference": "MBVCB.3278907687",
        "account": "0123499999",
        "virtual_account": None,
        "amount": 2277000,
        "currency": "VND",
        "memo": "XOA7K2M9PQ hoc phi thang 11",
        "occur_time": "2025-11-22T07:02:37Z",
        "payer_name": None,
        "payer_account": None,
        "payer_bin": None,
        "test": False,
    }
    assert credit.occur_time == datetime(2025, 11, 22, 7, 2, 37, tzinfo=UTC)


@pytest.mark.parametrize("change", ["body", "timestamp", "signature", "key"])
def test_sepay_forgeries(change: str) -> None:
    """One changed byte anywhere is a forgery."""
    body = signing.dump(signing.SEPAY)
    headers = signing.sepay_headers(body, OTHER if change == "key" else KEY)
    if change == "body":
        body = body.replace(b"2277000", b"2277001")
    if change == "timestamp":
        headers["X-SePay-Timestamp"] = str(NOW + 1)
    if change == "signature":
        headers["X-SePay-Signature"] = headers["X-SePay-Signature"][:-1] + "é"
    with pytest.raises(BadSignature):
        read("sepay", headers, body, auth="hmac")


def test_sepay_body_is_signed_raw() -> None:
    """The same document written otherwise does not pass: the bytes are signed, not the meaning."""
    body = signing.dump(signing.SEPAY)
    with pytest.raises(BadSignature):
        read("sepay", signing.sepay_headers(body), json.dumps(signing.SEPAY, indent=1).encode(), auth="hmac")


@pytest.mark.parametrize(
    ("distance", "taken"), [(0, True), (300, True), (-300, True), (301, False), (-301, False)]
)
def test_sepay_window(distance: int, taken: bool) -> None:
    """A signed time holds for 300 s either way."""
    body = signing.dump(signing.SEPAY)
    headers = signing.sepay_headers(body, when=NOW + distance)
    if taken:
        assert read("sepay", headers, body, auth="hmac").credits
    else:
        with pytest.raises(TimestampOutsideWindow):
            read("sepay", headers, body, auth="hmac")


@pytest.mark.parametrize("timestamp", ["", "abc", "1e9", "-5", "１７６３８０００００", "9" * 5000])
def test_sepay_strange_times(timestamp: str) -> None:
    """A signed time that is no number of seconds is refused, signature or not."""
    body = signing.dump(signing.SEPAY)
    mac = hmac.new(KEY.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    with pytest.raises((TimestampOutsideWindow, SignatureMissing)):
        read(
            "sepay", {"x-sepay-signature": f"sha256={mac}", "x-sepay-timestamp": timestamp}, body, auth="hmac"
        )


def test_sepay_rotation() -> None:
    """Two secrets hold during rotation; one that was taken out fails at once."""
    body = signing.dump(signing.SEPAY)
    headers = signing.sepay_headers(body)
    assert read("sepay", headers, body, OTHER, KEY, auth="hmac").credits
    assert read("sepay", headers, body, KEY, OTHER, auth="hmac").credits
    with pytest.raises(BadSignature):
        read("sepay", headers, body, OTHER, auth="hmac")


def test_sepay_mode_is_the_connections() -> None:
    """The caller never chooses the weaker proof, and no mode is no proof."""
    body = signing.dump(signing.SEPAY)
    hmac_headers, key_headers = signing.sepay_headers(body), {"Authorization": f"Apikey {KEY}"}
    assert read("sepay", key_headers, body, auth="api_key").credits
    with pytest.raises(SignatureMissing):
        read("sepay", key_headers, body, auth="hmac")
    with pytest.raises(SignatureMissing):
        read("sepay", hmac_headers, body, auth="api_key")
    for mode in (None, "", "none", "HMAC"):
        with pytest.raises(AuthModeRequired):
            read("sepay", {**hmac_headers, **key_headers}, body, auth=mode)


@pytest.mark.parametrize(
    "value", [f"Apikey {OTHER}", f"Bearer {KEY}", KEY, "Apikey ", "Apikey", f"Apikey {KEY}x", "Apikey é"]
)
def test_sepay_wrong_keys(value: str) -> None:
    """Only the key itself, under its own scheme, is the key."""
    with pytest.raises(BadSignature):
        read("sepay", {"authorization": value}, signing.dump(signing.SEPAY), auth="api_key")


@pytest.mark.parametrize("secrets", [("",), ("", "")])
@pytest.mark.parametrize("auth", ["hmac", "api_key"])
def test_an_empty_secret_proves_nothing(secrets: tuple[str, ...], auth: str) -> None:
    """Nobody can sign with the empty secret."""
    body = signing.dump(signing.SEPAY)
    headers = {**signing.sepay_headers(body, ""), "authorization": "Apikey x"}
    with pytest.raises(SecretMissing):
        sepay.verify(secrets, headers, body, NOW, auth)


def test_sepay_money_out() -> None:
    """Money going out is no credit; its digest differs from that of money in under the same id."""
    reading = sepay_read({**signing.SEPAY, "transferType": "out"})
    assert (reading.credits, reading.warnings) == ((), ("MONEY_OUT",))
    assert reading.passed_over[0].dedupe_key == sepay_read(signing.SEPAY).told[0].dedupe_key == "92704"
    assert reading.passed_over[0].digest != sepay_read(signing.SEPAY).told[0].digest


def test_sepay_unknown_direction_is_for_a_person() -> None:
    """What neither comes nor goes is not guessed."""
    (element,) = sepay_read({**signing.SEPAY, "transferType": "hold"}).unreadable
    assert element.reason == "DIRECTION_UNKNOWN"


def test_sepay_test_call() -> None:
    """SePay's test call is known by its account; a payer's memo makes no test of real money."""
    assert sepay_read({**signing.SEPAY, "id": 0}).credits[0].test
    test = {**signing.SEPAY, "accountNumber": "0000000001", "content": "Giao dich thu nghiem"}
    assert sepay_read(test).credits[0].test
    assert sepay_read(test).told[0].dedupe_key is None
    assert not sepay_read({**signing.SEPAY, "content": "Giao dich thu nghiem"}).credits[0].test


def test_sepay_repeats_and_conflicts() -> None:
    """The digest follows the money, not the memo or the way the amount is written."""
    first = sepay_read(signing.SEPAY).told[0]
    assert (
        sepay_read({**signing.SEPAY, "content": "khac", "transferAmount": "2277000.00"}).told[0].digest
        == first.digest
    )
    assert sepay_read({**signing.SEPAY, "transferAmount": 2277001}).told[0].digest != first.digest
    assert sepay_read({**signing.SEPAY, "accountNumber": "1"}).told[0].digest != first.digest


def test_verified_but_unreadable() -> None:
    """A proven body that is no JSON, or has a key twice, is proven first and then unreadable."""
    for body, error in ((b'{"id":', BodyNotJson), (b'{"id":1,"id":2}', DuplicateKey)):
        verified = sepay.verify([KEY], signing.sepay_headers(body), body, NOW, "hmac")
        with pytest.raises(error):
            sepay.read(verified)


def test_a_large_body_is_refused_first() -> None:
    """256 KB is the limit for every provider, proven or not."""
    body = b" " * (256 * 1024 + 1)
    for adapter in PROVIDERS.values():
        with pytest.raises(BodyTooLarge):
            adapter.verify([KEY], signing.sepay_headers(body), body, NOW, "hmac")
