"""payOS callbacks: HMAC over sorted fields."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import provider_signing as signing
import pytest
from provider_signing import KEY, NOW

from services.intake.adapters import PROVIDERS, payos
from services.intake.domain import (
    BadSignature,
    Reading,
    SignatureMissing,
    SignedTextAmbiguous,
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


def payos_read(body: bytes, *secrets: str) -> Reading:
    return read("payos", {}, body, *secrets)


def test_payos_published_sample() -> None:
    """The sample of the documentation passes, and is the test call."""
    body = signing.dump(
        {
            "code": "00",
            "desc": "success",
            "success": True,
            "data": signing.PAYOS,
            "signature": signing.PAYOS_SIGNATURE,
        }
    )
    (credit,) = payos_read(body, signing.PAYOS_KEY).credits
    assert (credit.amount, credit.account, credit.bank_reference, credit.test) == (
        3000,
        "12345678",
        "TF230204212323",
        True,
    )
    assert credit.occur_time == datetime(2023, 2, 4, 11, 25, tzinfo=UTC)


REAL = {
    **signing.PAYOS,
    "orderCode": 771,
    "description": "XOA7K2M9PQ",
    "counterAccountBankId": "970415",
    "counterAccountName": None,
    "counterAccountNumber": "0987",
    "virtualAccountNumber": "VA9",
}


def test_payos_credit() -> None:
    """A real payment; its key is the reference with the payment link."""
    reading = payos_read(signing.payos_body(REAL))
    (told,) = reading.told
    assert told.dedupe_key == "TF230204212323|124c33293c43417ab7879e14c8d9eb18"
    credit = told.credit
    assert (credit.test, credit.memo, credit.payer_bin, credit.payer_account) == (
        False,
        "XOA7K2M9PQ",
        "970415",
        "0987",
    )
    assert (credit.virtual_account, credit.payer_name, credit.currency) == ("VA9", None, "VND")


@pytest.mark.parametrize("value", [None, "null", "undefined", ""])
def test_payos_null_is_signed_as_empty(value: str | None) -> None:
    """Null, undefined and their texts are signed as empty."""
    assert payos_read(signing.payos_body({**REAL, "counterAccountName": value})).credits


def test_payos_signs_what_came() -> None:
    """An unknown key is signed like the others, and an optional one that is absent is not signed."""
    assert payos_read(signing.payos_body({**REAL, "newField": "x"})).credits
    fewer = {name: value for name, value in REAL.items() if not name.startswith("virtual")}
    assert payos_read(signing.payos_body(fewer)).credits


@pytest.mark.parametrize("name", ["amount", "accountNumber", "reference", "description", "orderCode"])
def test_payos_forgeries(name: str) -> None:
    """A changed, added or removed field is a forgery."""
    body = json.loads(signing.payos_body(REAL))
    for data in (
        {**REAL, name: "1"},
        {**REAL, "x": "1"},
        {key: value for key, value in REAL.items() if key != name},
    ):
        with pytest.raises(BadSignature):
            payos_read(signing.dump({**body, "data": data}))
    with pytest.raises(BadSignature):
        payos_read(signing.payos_body(REAL, OTHER))
    with pytest.raises(SignatureMissing):
        payos_read(signing.dump({**body, "signature": None}))


def test_payos_numbers_are_signed_as_written() -> None:
    """3000.5 is not 3000, and is no amount."""
    body = signing.payos_body({**REAL, "amount": "3000.5"}).replace(b'"3000.5"', b"3000.5")
    reading = payos_read(body)
    assert (reading.credits, reading.unreadable[0].reason) == ((), "AMOUNT_NOT_WHOLE")


def test_payos_without_success() -> None:
    """A body that says it did not succeed is no credit, whether the signed or the unsigned part says so."""
    for body, warning in (
        (signing.payos_body({**REAL, "code": "01"}), "PROVIDER_REPORTS_ERROR"),
        (signing.payos_body(REAL, success=False), "PROVIDER_REPORTS_ERROR_UNSIGNED"),
        (signing.payos_body(REAL, code="99"), "PROVIDER_REPORTS_ERROR_UNSIGNED"),
    ):
        reading = payos_read(body)
        assert (reading.credits, reading.warnings) == ((), (warning,))


def test_payos_memo_that_looks_like_fields() -> None:
    """A payer's memo can hold "&amount=…"; cut apart otherwise under the same signature, it would be other money. The
    genuine body and the one cut apart are both proven, and neither is read."""
    memo = "x&amount=9000000&orderCode=5&paymentLinkId=p&reference=r&s=t"
    genuine = {key: value for key, value in REAL.items() if not key.startswith(("counter", "virtual"))} | {
        "description": memo
    }
    body = json.loads(signing.payos_body(genuine))
    text = payos.signed_text({key: str(value) for key, value in genuine.items()})
    account, rest = text.removeprefix("accountNumber=").split("&amount=9000000", 1)
    order, rest = rest.removeprefix("&orderCode=").split("&paymentLinkId=", 1)
    link, rest = rest.split("&reference=", 1)
    reference, last = rest.split("&s=", 1)
    forged = {
        "accountNumber": account,
        "amount": "9000000",
        "orderCode": order,
        "paymentLinkId": link,
        "reference": reference,
        "s": last,
    }
    assert payos.signed_text(dict(forged)) == text
    for data in (genuine, forged):
        verified = payos.verify([KEY], {}, signing.dump({**body, "data": data}), NOW, None)
        with pytest.raises(SignedTextAmbiguous):
            payos.read(verified)


def test_payos_other_currency() -> None:
    """Money in another currency is never booked as đồng."""
    reading = payos_read(signing.payos_body({**REAL, "currency": "USD"}))
    assert (reading.credits, reading.unreadable[0].reason) == ((), "CURRENCY_NOT_VND")


def test_payos_object_inside_is_not_signed() -> None:
    """The vendor signs "[object Object]" for any object, so a body with one is not proven."""
    with pytest.raises(BadSignature):
        payos_read(signing.payos_body({**REAL, "extra": {"a": 1}}))


def test_payos_without_key_is_never_dropped() -> None:
    """Without reference or payment link nothing counts as a repeat."""
    assert payos_read(signing.payos_body({**REAL, "paymentLinkId": ""})).told[0].dedupe_key is None
