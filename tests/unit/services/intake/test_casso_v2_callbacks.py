"""Casso's second form: HMAC over the canonical JSON."""

from __future__ import annotations

import json
from typing import Any

import provider_signing as signing
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from provider_signing import KEY, NOW

from services.intake.adapters import PROVIDERS, casso_v2
from services.intake.domain import (
    BadSignature,
    Reading,
    SignatureMissing,
    TimestampOutsideWindow,
)
from services.intake.limits import read_json

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


def test_casso_v2_published_sample() -> None:
    """Casso's own sample passes."""
    headers = {"x-casso-signature": f"t={signing.CASSO_V2_TIME_MS},v1={signing.CASSO_V2_SIGNATURE}"}
    now = signing.CASSO_V2_TIME_MS // 1000
    (credit,) = read(
        "casso_v2", headers, signing.dump(signing.CASSO_V2), signing.CASSO_V2_KEY, now=now
    ).credits
    assert credit.to_json() == {
        "provider_transaction_id": "0",
        "bank_reference": "MA_GIAO_DICH_THU_NGHIEM",
        "account": "88888888",
        "virtual_account": None,
        "amount": 599000,
        "currency": "VND",
        "memo": "giao dich thu nghiem",
        "occur_time": "2024-10-03T08:06:37Z",
        "payer_name": "NGUYEN VAN A",
        "payer_account": "8888888888",
        "payer_bin": "970415",
        "test": True,
    }


def casso_v2_document(**changes: Any) -> dict[str, Any]:
    return {
        "error": 0,
        "data": {**signing.CASSO_V2["data"], "id": 218897, "reference": "FT24364030863634", **changes},
    }


@pytest.mark.parametrize("distance_ms", [300_000, -300_000, 300_001, -300_001])
def test_casso_v2_window(distance_ms: int) -> None:
    """The signed milliseconds hold for 300 s either way."""
    document = casso_v2_document()
    headers = signing.casso_v2_headers(signing.sorted_json(document), when_ms=NOW * 1000 + distance_ms)
    if abs(distance_ms) == 300_000:
        assert read("casso_v2", headers, signing.dump(document)).credits
    else:
        with pytest.raises(TimestampOutsideWindow):
            read("casso_v2", headers, signing.dump(document))


@pytest.mark.parametrize("form", ["javascript", "python", "php"])
def test_casso_v2_forms_of_the_vendors_samples(form: str) -> None:
    """Letters and slashes may be signed as each of the vendor's samples writes them."""
    document = casso_v2_document(description='đóng "tiền" 11/2025 \\ 😀\n', counterAccountName="NGUYỄN VĂN Ắ")
    signed = signing.sorted_json(document, ascii_only=form != "javascript")
    if form == "php":
        signed = signed.replace("/", "\\/")
    headers = signing.casso_v2_headers(signed)
    for body in (signing.dump(document), json.dumps(document, indent=2).encode()):
        (credit,) = read("casso_v2", headers, body).credits
        assert credit.memo == 'đóng "tiền" 11/2025 \\ 😀\n'
        assert credit.payer_name == "NGUYỄN VĂN Ắ"


def test_casso_v2_order_of_keys_does_not_matter() -> None:
    """The body may come in any order and spacing; keys are sorted at every level, lists and inner objects too."""
    document = casso_v2_document(extra={"b": [{"z": 1, "a": None}, True, False], "a": {}})
    headers = signing.casso_v2_headers(signing.sorted_json(document))
    reverse = {"data": dict(reversed(document["data"].items())), "error": 0}
    assert read("casso_v2", headers, json.dumps(reverse, indent=3).encode()).credits


def test_casso_v2_top_level_sorting_is_not_enough() -> None:
    """A signature over keys that are sorted at the top alone is none."""
    document = casso_v2_document()
    text = json.dumps(dict(sorted(document.items())), separators=(",", ":"))
    with pytest.raises(BadSignature):
        read("casso_v2", signing.casso_v2_headers(text), signing.dump(document))


def test_casso_v2_numbers_are_signed_as_written() -> None:
    """A number written otherwise is another text, so a body cannot be rewritten under its signature."""
    document = casso_v2_document(amount=50000)
    signed = signing.sorted_json(document)
    rewritten = signing.dump(document).replace(b"50000", b"5e4")
    with pytest.raises(BadSignature):
        read("casso_v2", signing.casso_v2_headers(signed), rewritten)
    headers = signing.casso_v2_headers(signed.replace("50000", "50000.50"))
    reading = read("casso_v2", headers, signing.dump(document).replace(b"50000", b"50000.50"))
    assert (reading.credits, reading.unreadable[0].reason) == ((), "AMOUNT_NOT_WHOLE")


@pytest.mark.parametrize(
    "header", ["", "x", "t=1", "t=1,v1=zz", "v1=" + "0" * 128, "t=,v1=" + "0" * 128, "t=1,v1=" + "0" * 128]
)
def test_casso_v2_strange_headers(header: str) -> None:
    """A header of another form proves nothing."""
    with pytest.raises((BadSignature, SignatureMissing)):
        read("casso_v2", {"X-Casso-Signature": header}, signing.dump(casso_v2_document()))


@pytest.mark.parametrize(
    ("document", "warning"),
    [
        ({"error": 1, "data": None}, "PROVIDER_REPORTS_ERROR"),
        (casso_v2_document(amount=-50000), "MONEY_OUT"),
        (casso_v2_document(amount=0), "NO_AMOUNT"),
    ],
)
def test_casso_v2_without_credit(document: dict[str, Any], warning: str) -> None:
    """Errors, money out and nothing at all are no credits."""
    headers = signing.casso_v2_headers(signing.sorted_json(document))
    reading = read("casso_v2", headers, signing.dump(document))
    assert (reading.credits, reading.warnings, reading.unreadable) == ((), (warning,), ())


def test_casso_v2_test_call() -> None:
    """Casso's test call has id 0; the memo of the test in a real transfer does not make it one."""
    document = casso_v2_document(
        id=0, reference="MA_GIAO_DICH_THU_NGHIEM", description="giao dich thu nghiem"
    )
    assert (
        read("casso_v2", signing.casso_v2_headers(signing.sorted_json(document)), signing.dump(document))
        .credits[0]
        .test
    )
    real = casso_v2_document(description="giao dich thu nghiem")
    assert (
        not read("casso_v2", signing.casso_v2_headers(signing.sorted_json(real)), signing.dump(real))
        .credits[0]
        .test
    )


TEXTS = st.text(max_size=8)
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=12,
)


@settings(deadline=None)
@given(st.dictionaries(TEXTS, DOCUMENTS, max_size=4))
def test_casso_v2_any_document_that_was_signed(document: dict[str, Any]) -> None:
    """Whatever the document holds, the canonical form is that of an independent writer."""

    def by_utf16(found: Any) -> Any:
        if isinstance(found, dict):
            return {
                key: by_utf16(found[key]) for key in sorted(found, key=lambda key: key.encode("utf-16-be"))
            }
        return [by_utf16(one) for one in found] if isinstance(found, list) else found

    signed = json.dumps(by_utf16(document), separators=(",", ":"), ensure_ascii=False)
    body = json.dumps(document, indent=1).encode()
    assert casso_v2.verify([KEY], signing.casso_v2_headers(signed), body, NOW, None).document is not None


def test_casso_v2_agrees_with_javascript() -> None:
    """Letters, controls, pairs and halves of pairs are written as JSON.stringify writes them (ECMA-262, 25.5.2)."""
    raw = rb'["", "\u0111", "\u2028\u2029", "\u0000\u001f\u007f\u0080", "\b\f\n\r\t\"\\\/", "\ud83d\ude00", "\ud800", "a\uDC00b"]'
    written = '["","đ","\u2028\u2029","\\u0000\\u001f\x7f\x80","\\b\\f\\n\\r\\t\\"\\\\/","😀","\\ud800","a\\udc00b"]'
    assert casso_v2.canonical(read_json(raw), casso_v2._javascript_text) == written
