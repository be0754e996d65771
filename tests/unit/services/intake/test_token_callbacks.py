"""Callbacks whose sender shows a token: Casso v1, VietQR.vn."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import provider_signing as signing
import pytest
from provider_signing import KEY, NOW

from services.intake.adapters import casso_v1, vietqrvn
from services.intake.domain import (
    BadSignature,
    BodyFormUnknown,
    DuplicateKey,
    Reading,
    SecretMissing,
    SignatureMissing,
)


def casso_read(elements: object, error: object = 0, header: str = "secure-token") -> Reading:
    body = signing.dump({"error": error, "data": elements})
    return casso_v1.read(casso_v1.verify([KEY], {header: KEY}, body, NOW, None))


def test_casso_v1_credits() -> None:
    """Several transactions in one body, money out passed over."""
    reading = casso_read(
        [
            signing.CASSO_V1,
            {**signing.CASSO_V1, "id": 6734, "amount": -20000},
            {**signing.CASSO_V1, "id": 6735, "amount": "75000"},
        ]
    )
    first, second = reading.told
    assert first.credit.to_json() == {
        "provider_transaction_id": "6733",
        "bank_reference": "FT25326000123",
        "account": "123456789",
        "virtual_account": None,
        "amount": 50000,
        "currency": "VND",
        "memo": "XOA7K2M9PQ",
        "occur_time": "2025-11-22T00:00:00Z",
        "payer_name": "NGUYEN VAN A",
        "payer_account": "8888888888",
        "payer_bin": "970415",
        "test": False,
    }
    assert (second.credit.amount, second.dedupe_key, second.place) == (75000, "6735", "data[2]")
    assert reading.warnings == ("MONEY_OUT: data[1]",)
    assert first.credit.occur_time == datetime(2025, 11, 22, tzinfo=UTC)


def test_casso_v1_header_without_letter_case() -> None:
    """Header names are compared without letter case."""
    assert casso_read([signing.CASSO_V1], header="Secure-Token").credits
    assert casso_read([signing.CASSO_V1], header="SECURE-TOKEN").credits


@pytest.mark.parametrize(
    "headers",
    [
        {"secure-token": "x"},
        {"secure-token": KEY + " "},
        {"secure-token": KEY.upper()},
        {"secure-token": "é"},
    ],
)
def test_casso_v1_wrong_tokens(headers: dict[str, str]) -> None:
    """Another token is none."""
    with pytest.raises(BadSignature):
        casso_v1.verify([KEY, "khac"], headers, b"{}", NOW, None)


def test_casso_v1_needs_a_token() -> None:
    """No header and no secret are refused."""
    for headers in ({}, {"secure-token": ""}, {"x-secure-token": KEY}):
        with pytest.raises(SignatureMissing):
            casso_v1.verify([KEY], headers, b"{}", NOW, None)
    with pytest.raises(SecretMissing):
        casso_v1.verify([], {"secure-token": KEY}, b"{}", NOW, None)


def test_casso_v1_rotation() -> None:
    """Two tokens hold during rotation."""
    for secrets in ([KEY, "moi"], ["moi", KEY]):
        assert casso_v1.verify(secrets, {"secure-token": KEY}, b"{}", NOW, None).raw_body == b"{}"


@pytest.mark.parametrize("error", [1, "1", 400, "x", True])
def test_casso_v1_error(error: object) -> None:
    """A body that reports an error tells of no credit, whatever else is in it."""
    reading = casso_read([signing.CASSO_V1], error=error)
    assert (reading.credits, reading.warnings) == ((), ("PROVIDER_REPORTS_ERROR",))


@pytest.mark.parametrize("elements", [None, {}, "x", 5])
def test_casso_v1_without_list(elements: object) -> None:
    """Without a list there is nothing to read."""
    with pytest.raises(BodyFormUnknown):
        casso_read(elements)


@pytest.mark.parametrize("body", [b"[]", b"5", b"null", b'"x"'])
def test_a_body_that_is_no_object(body: bytes) -> None:
    """A body that is no object has an unknown form."""
    with pytest.raises(BodyFormUnknown):
        casso_v1.read(casso_v1.verify([KEY], {"secure-token": KEY}, body, NOW, None))


def test_casso_v1_one_bad_element_stops_no_other() -> None:
    """The unreadable element is for a person, with its key, so that a repeat opens no second case."""
    reading = casso_read([{**signing.CASSO_V1, "id": 1, "amount": 50000.5}, {**signing.CASSO_V1, "id": 2}, 7])
    assert [credit.provider_transaction_id for credit in reading.credits] == ["2"]
    assert [(one.reason, one.dedupe_key) for one in reading.unreadable] == [
        ("AMOUNT_NOT_WHOLE", "1"),
        ("ELEMENT_NOT_OBJECT", None),
    ]
    again = casso_read([{**signing.CASSO_V1, "id": 1, "amount": 50000.5}])
    assert again.unreadable[0].digest == reading.unreadable[0].digest
    other = casso_read([{**signing.CASSO_V1, "id": 1, "amount": 50000.6}])
    assert other.unreadable[0].digest != reading.unreadable[0].digest


def test_casso_v1_test_call() -> None:
    """Casso's test call has id 0 or its bank reference; the memo alone is the payer's."""
    assert casso_read([{**signing.CASSO_V1, "id": 0}]).credits[0].test
    assert casso_read([{**signing.CASSO_V1, "tid": "MA_GIAO_DICH_THU_NGHIEM"}]).credits[0].test
    assert not casso_read([{**signing.CASSO_V1, "description": "giao dich thu nghiem"}]).credits[0].test
    assert casso_read([{**signing.CASSO_V1, "id": 0}]).warnings == ("TEST_CALL: data[0]",)


@pytest.mark.parametrize("identity", [None, "", " ", True, [], {}])
def test_without_an_id_nothing_is_a_repeat(identity: object) -> None:
    """No id, no key."""
    (told,) = casso_read([{**signing.CASSO_V1, "id": identity}]).told
    assert (told.dedupe_key, told.credit.provider_transaction_id) == (None, None)


def test_texts_that_no_database_holds() -> None:
    """NUL and halves of surrogate pairs become the replacement character; the rest of a memo stays as sent."""
    body = b'{"error":0,"data":[{"id":1,"amount":5,"bank_sub_acc_id":"1","description":" a\\u0000b\\ud800c \\ud83d\\ude00 ","corresponsiveName":"\\u0000"}]}'
    (credit,) = casso_v1.read(casso_v1.verify([KEY], {"secure-token": KEY}, body, NOW, None)).credits
    assert credit.memo == " a\ufffdb\ufffdc 😀 "
    assert credit.payer_name == "\ufffd"


def test_missing_account_is_said() -> None:
    """A credit without an account is told with a warning; the service holds it for a person."""
    element = {
        key: value for key, value in signing.CASSO_V1.items() if key not in ("bank_sub_acc_id", "subAccId")
    }
    reading = casso_read([element])
    assert reading.credits[0].account is None
    assert reading.warnings == ("ACCOUNT_MISSING: data[0]",)


def test_unreadable_time_is_said() -> None:
    """A time that cannot be read is none, with a warning."""
    reading = casso_read([{**signing.CASSO_V1, "when": "hôm qua"}])
    assert reading.credits[0].occur_time is None
    assert reading.warnings == ("TIME_UNREADABLE: data[0]",)


# VietQR.vn


def vietqr_read(document: dict[str, Any], token: str = KEY) -> Reading:
    body = signing.dump(document)
    return vietqrvn.read(vietqrvn.verify([token], {"Authorization": f"Bearer {token}"}, body, NOW, None))


def test_vietqrvn_credit() -> None:
    """Lower-case and camel-case names read alike."""
    camel = {
        "bankAccount": "0011223344",
        "amount": "150000",
        "transType": "c",
        "content": "XOA7K2M9PQ",
        "transactionId": "VQ0001",
        "transactionTime": "1763800000000",
        "referenceNumber": "FT25326999",
    }
    for document in (signing.VIETQRVN, camel):
        (told,) = vietqr_read(document).told
        credit = told.credit
        assert (credit.account, credit.amount, credit.memo) == ("0011223344", 150000, "XOA7K2M9PQ")
        assert (credit.provider_transaction_id, credit.bank_reference) == ("VQ0001", "FT25326999")
        assert credit.occur_time == datetime.fromtimestamp(1763800000, UTC)
        assert told.dedupe_key == "transactionid|VQ0001"


def test_vietqrvn_keys() -> None:
    """Without a transaction id the reference number is the key; the two never meet; without both there is none."""
    without = {**signing.VIETQRVN, "transactionid": None}
    assert vietqr_read(without).told[0].dedupe_key == "referencenumber|FT25326999"
    assert vietqr_read({**without, "referencenumber": ""}).told[0].dedupe_key is None


def test_vietqrvn_directions() -> None:
    """C is a credit, D money out, anything else for a person."""
    assert vietqr_read({**signing.VIETQRVN, "transType": "D"}).warnings == ("MONEY_OUT",)
    for other in ("X", "", None, 1):
        assert (
            vietqr_read({**signing.VIETQRVN, "transType": other}).unreadable[0].reason == "DIRECTION_UNKNOWN"
        )


def test_vietqrvn_one_name_in_two_spellings() -> None:
    """The same name in two spellings is a key twice."""
    with pytest.raises(DuplicateKey):
        vietqr_read({**signing.VIETQRVN, "Amount": 9})


@pytest.mark.parametrize("value", ["Bearer x", f"Basic {KEY}", "Bearer", f"Bearer {KEY}x", KEY])
def test_vietqrvn_wrong_tokens(value: str) -> None:
    """Only a token in force, as Bearer, passes."""
    with pytest.raises(BadSignature):
        vietqrvn.verify([KEY], {"authorization": value}, b"{}", NOW, None)


def test_vietqrvn_stored_digests() -> None:
    """Tokens are compared by their digests; the digest itself is no token."""
    digest = vietqrvn.token_digest(KEY)
    assert vietqrvn.verify_digests(["x", digest], {"authorization": f"bearer {KEY}"}, b"{}").raw_body == b"{}"
    with pytest.raises(BadSignature):
        vietqrvn.verify_digests([digest], {"authorization": f"Bearer {digest}"}, b"{}")
    with pytest.raises(SecretMissing):
        vietqrvn.verify_digests([], {"authorization": f"Bearer {KEY}"}, b"{}")


def test_vietqrvn_token_request() -> None:
    """Basic credentials open the token; the answer is in the documented form."""
    good = base64.b64encode(b"truong:mat:khau").decode()
    vietqrvn.verify_basic(["cu:cu", "truong:mat:khau"], {"authorization": f"Basic {good}"})
    for value in (
        f"Basic {good[:-4]}",
        "Basic !!!",
        f"Bearer {good}",
        "Basic é",
        "Basic " + base64.b64encode(b"a:b").decode(),
    ):
        with pytest.raises(BadSignature):
            vietqrvn.verify_basic(["truong:mat:khau"], {"authorization": value})
    answer = vietqrvn.token_answer("tok")
    assert (answer.status, json.loads(answer.body)) == (
        200,
        {"access_token": "tok", "token_type": "Bearer", "expires_in": 300},
    )
