"""What all adapters have in common: the table, the answers, hostile bodies, the work a callback costs."""

from __future__ import annotations

import json
import time
from functools import partial
from typing import Any
from uuid import UUID

import provider_signing as signing
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from provider_signing import KEY, NOW

from kit.errors import Error
from services.intake.adapters import PROVIDERS, adapter_of
from services.intake.domain import (
    BadSignature,
    BodyTooLarge,
    BodyUnreadable,
    Headers,
    Outcome,
    Reading,
    UnknownProvider,
    Verified,
)

SUCCESS: dict[str, Any] = {
    "sepay": {"success": True},
    "casso_v1": {"success": True},
    "casso_v2": {"success": True},
    "payos": {"success": True},
    "vietqrvn": {
        "error": False,
        "errorReason": None,
        "toastMessage": "",
        "object": {"reftransactionid": "clb_00000000000000000000000001"},
    },
    "xoai": {"ok": True},
}
FAILURE: dict[str, Any] = {
    **{
        name: {"success": False, "message": "BAD_SIGNATURE"}
        for name in ("sepay", "casso_v1", "casso_v2", "payos")
    },
    "vietqrvn": {
        "error": True,
        "errorReason": "BAD_SIGNATURE",
        "toastMessage": "BAD_SIGNATURE",
        "object": None,
    },
    "xoai": {"ok": False, "error": {"reason": "BAD_SIGNATURE"}},
}


def test_the_table_is_complete() -> None:
    """All providers of the contract are there, and no other name is one."""
    assert set(PROVIDERS) == set(SUCCESS)
    assert [name for name, adapter in PROVIDERS.items() if adapter.name != name] == []
    with pytest.raises(UnknownProvider):
        adapter_of("paypal")


def test_which_bodies_are_signed() -> None:
    """Bodies under a static key or token are not signed: their large credits wait."""
    signed = {
        (name, mode)
        for name, adapter in PROVIDERS.items()
        for mode in (adapter.auth_modes or (None,))
        if adapter.is_signed(mode)
    }
    assert signed == {("sepay", "hmac"), ("casso_v2", None), ("payos", None), ("xoai", None)}


@pytest.mark.parametrize("name", SUCCESS)
def test_answers(name: str) -> None:
    """Each provider hears success, refusal and "later" in its own form."""
    adapter = PROVIDERS[name]
    accepted = adapter.answer(Outcome.accepted(UUID(int=1)))
    assert (accepted.status, json.loads(accepted.body)) == (200, SUCCESS[name])
    assert dict(accepted.headers)["content-type"].startswith("application/json")
    refused = adapter.answer(Outcome.refused(BadSignature()))
    assert (refused.status, json.loads(refused.body)) == (401, FAILURE[name])
    assert adapter.answer(Outcome.refused(BodyTooLarge(size=1, limit=1))).status == 413
    later = adapter.answer(Outcome.unavailable(30))
    assert (later.status, dict(later.headers)["retry-after"]) == (503, "30")
    assert json.loads(later.body) != SUCCESS[name]


def readings(body: bytes) -> list[Reading]:
    found = []
    for adapter in PROVIDERS.values():
        try:
            found.append(adapter.read(Verified(body)))
        except BodyUnreadable as error:
            assert error.text_vi  # noqa: PT017
            assert error.text_en  # noqa: PT017
    return found


FIELDS = sorted(
    {
        *signing.SEPAY,
        *signing.CASSO_V1,
        *signing.CASSO_V2["data"],
        *signing.PAYOS,
        *signing.VIETQRVN,
        *signing.XOAI,
    }
)
VALUES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["in", "out", "C", "D", "VND", "1e999999", "-1", "0", "5" * 200, "\ud800", "\0"])
    | st.lists(st.integers(), max_size=2)
)
ELEMENTS = st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=12)


@settings(max_examples=200, deadline=None)
@given(ELEMENTS, ELEMENTS, st.sampled_from(["flat", "data list", "data object", "credits"]))
def test_hostile_elements(first: dict[str, Any], second: dict[str, Any], shape: str) -> None:
    """Whatever a proven body holds, it becomes credits of whole amounts, elements for a person, or a reason."""
    document = {
        "flat": first,
        "data list": {"data": [first, second]},
        "data object": {"data": first},
        "credits": {"credits": [first, second, 1]},
    }[shape]
    for reading in readings(json.dumps(document).encode()):
        for told in reading.told:
            assert 0 < told.credit.amount <= 10**15
            assert type(told.credit.amount) is int
            assert len(told.digest) == 32
            assert told.dedupe_key is None or 0 < len(told.dedupe_key) <= 200
            json.dumps(told.credit.to_json(), ensure_ascii=False).encode()
            assert "\0" not in "".join(str(value) for value in told.credit.to_json().values())
        assert len(reading.told) + len(reading.passed_over) + len(reading.unreadable) <= 3


@settings(deadline=None)
@given(
    st.binary(max_size=300),
    st.dictionaries(
        st.sampled_from(
            [
                "x-sepay-signature",
                "x-sepay-timestamp",
                "authorization",
                "secure-token",
                "x-casso-signature",
                "webhook-id",
                "webhook-timestamp",
                "webhook-signature",
            ]
        ),
        st.text(max_size=40),
        max_size=8,
    ),
    st.sampled_from([None, "hmac", "api_key"]),
)
def test_nothing_unproven_passes(body: bytes, headers: dict[str, str], auth: str | None) -> None:
    """No headers and no body pass without the secret; each refusal has its reason."""
    for adapter in PROVIDERS.values():
        with pytest.raises(Error) as caught:
            adapter.verify([KEY], headers, body, NOW, auth)
        assert caught.value.reason != "INTERNAL"


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_flipped_bits(data: st.DataObject) -> None:
    """A signed body with any bit flipped is refused by every provider that signs."""
    document = {**signing.SEPAY}
    body = signing.dump(document)
    position = data.draw(st.integers(0, len(body) * 8 - 1))
    broken = bytearray(body)
    broken[position // 8] ^= 1 << (position % 8)
    with pytest.raises(BadSignature):
        PROVIDERS["sepay"].verify([KEY], signing.sepay_headers(body), bytes(broken), NOW, "hmac")
    whole = signing.payos_body(signing.PAYOS)
    start = whole.index(b'"data"')
    place = data.draw(st.integers(start, whole.index(b'"signature"') - 1))
    cut = bytearray(whole)
    cut[place] ^= 1 << data.draw(st.integers(0, 7))
    try:
        reading = PROVIDERS["payos"].read(PROVIDERS["payos"].verify([KEY], {}, bytes(cut), NOW, None))
    except Error as error:
        assert error.reason != "INTERNAL"  # noqa: PT017
    else:  # a flip outside of the signed values (a blank, a letter of an escape) may leave the meaning as it was
        assert [credit.to_json() for credit in reading.credits] == [
            credit.to_json() for credit in PROVIDERS["payos"].read(Verified(whole)).credits
        ]


@pytest.mark.parametrize("name", SUCCESS)
def test_hostile_bodies_cost_little(name: str) -> None:
    """No body, proven or not, costs a provider's adapter 50 ms of CPU (best of three)."""
    pair = b'{"id":1,"amount":1,"bank_sub_acc_id":"1"},'
    bodies = [
        b'{"error":0,"data":[' + pair * 5000 + b"5]}",
        b'{"credits":[' + b"{}," * 9000 + b"1]}",
        b'{"data":{' + b",".join(b'"%d":1' % i for i in range(15000)) + b"}}",
        b'{"data":{"description":"' + b"&" * 250_000 + b'"},"signature":"' + b"0" * 64 + b'"}',
        b"[" * 262_144,
        b'{"data":{"amount":' + b"9" * 250_000 + b"}}",
    ]
    adapter = PROVIDERS[name]
    headers = Headers.of(
        {**signing.casso_v2_headers("x"), "secure-token": KEY, "authorization": f"Bearer {KEY}"}
    )
    for body in bodies:
        best = None
        for _ in range(3):
            start = time.process_time_ns()
            for work in (
                partial(adapter.verify, [KEY], headers, body, NOW, "hmac"),
                partial(adapter.read, Verified(body)),
            ):
                try:
                    work()
                except Error as error:
                    assert error.reason != "INTERNAL"  # noqa: PT017
            spent = time.process_time_ns() - start
            best = spent if best is None else min(best, spent)
        assert best is not None
        assert best < 50_000_000, body[:40]
