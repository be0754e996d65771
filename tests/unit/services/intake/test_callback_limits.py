"""Strict reading of JSON from outside."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.intake.domain import (
    BodyNotJson,
    BodyTooDeep,
    BodyTooLarge,
    BodyTooManyValues,
    BodyUnreadable,
    DuplicateKey,
)
from services.intake.limits import LARGEST_BODY, NumberText, check_shape, read_json


def nested(levels: int, opening: str = "[", closing: str = "]") -> bytes:
    return (opening * levels + "1" + closing * levels).encode()


def test_numbers_stay_as_written() -> None:
    """A number is the text the sender wrote, and never a float."""
    found = read_json(b'{"a": 50000, "b": 50000.0, "c": 1e999999, "d": -0, "e": 0.10}')
    assert found == {"a": "50000", "b": "50000.0", "c": "1e999999", "d": "-0", "e": "0.10"}
    assert isinstance(found, dict)
    assert all(isinstance(value, NumberText) for value in found.values())


def test_texts_are_no_numbers() -> None:
    """A text of digits stays a text."""
    found = read_json(b'{"a": "50000"}')
    assert isinstance(found, dict)
    assert type(found["a"]) is str


def test_a_huge_number_costs_nothing() -> None:
    """A quarter of a million digits are kept, not reckoned."""
    assert read_json(b"9" * LARGEST_BODY) == "9" * LARGEST_BODY


@pytest.mark.parametrize("levels", [1, 19, 20])
def test_depth_up_to_the_limit(levels: int) -> None:
    """Twenty levels are read."""
    assert json.loads(nested(levels)) is not None
    read_json(nested(levels))
    read_json(nested(levels, '{"a":', "}"))


@pytest.mark.parametrize("levels", [21, 100, 10_000])
def test_depth_beyond_the_limit(levels: int) -> None:
    """One level more is refused, by lists and by objects, also where brackets in texts stand around it."""
    for raw in (nested(levels), nested(levels, '{"a":', "}"), nested(levels, '["]]}}\\"[", ', "]")):
        with pytest.raises(BodyTooDeep):
            read_json(raw)


def test_wide_is_not_deep() -> None:
    """Many lists beside each other, and brackets inside texts, are no depth."""
    assert len(read_json(b"[" + b",".join([b"[]"] * 500) + b"]")) == 500  # type: ignore[arg-type]
    text = '["' + "[" * 300 + '\\"' + "{" * 300 + '\\\\"]'
    assert read_json(text.encode()) == json.loads(text)


@pytest.mark.parametrize("raw", [b'{"a":1,"a":1}', b'{"x":{"a":1,"b":2,"a":3}}', b'[{"\\u0061":1,"a":2}]'])
def test_a_key_twice_is_refused(raw: bytes) -> None:
    """The last of two equal keys never wins in silence, however it is spelt."""
    with pytest.raises(DuplicateKey) as caught:
        read_json(raw)
    assert caught.value.metadata == {"key": "a"}


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b" ",
        b"{",
        b'{"a":}',
        b'{"a":1} x',
        b"NaN",
        b"[Infinity]",
        b"-Infinity",
        b"\xff\xfe",
        b'"\xed\xa0\x80"',
        b'"a\nb"',
        b"{'a':1}",
        b"01",
        b"1.",
        b"[1,]",
        b"\xef\xbb\xbf{}",
        "１".encode(),
        b"nul",
    ],
)
def test_what_is_no_json(raw: bytes) -> None:
    """Anything but one RFC 8259 document in UTF-8 is refused."""
    with pytest.raises(BodyNotJson):
        read_json(raw)


def test_size_limit() -> None:
    """A byte more than 256 KB is refused before anything is looked at."""
    body = b'"' + b"a" * (LARGEST_BODY - 2) + b'"'
    assert read_json(body) == "a" * (LARGEST_BODY - 2)
    with pytest.raises(BodyTooLarge) as caught:
        read_json(body + b" ")
    assert caught.value.metadata == {"size": str(LARGEST_BODY + 1), "limit": str(LARGEST_BODY)}


def test_count_limit() -> None:
    """More values than any real body has are refused."""
    with pytest.raises(BodyTooManyValues):
        read_json(b"[" + b"1," * 20_000 + b"1]")


HOSTILE = {
    "lists": b"[" * LARGEST_BODY,
    "objects": b'{"a":' * (LARGEST_BODY // 5),
    "numbers": b"[" + b"1," * 130_000 + b"1]",
    "digits": b'{"amount":' + b"9" * 200_000 + b"}",
    "exponent": b'{"amount":1e999999}',
    "quotes": b'"' + b'\\"' * 131_000,
    "many texts": (b'"\\"' * 87_000)[: LARGEST_BODY - 30] + b"[" * 25,
    "backslashes": b"[" * 25 + b'"' + b"\\" * 262_000,
    "escapes": b'["' + b"\\u1ea1" * 43_000 + b'"]',
    "keys": b"{" + b",".join(b'"%d":1' % i for i in range(19_000)) + b"}",
    "ten megabytes": b"[" * 10_000_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_bodies_cost_little(name: str) -> None:
    """No body costs 50 ms of CPU (best of three: other work on the machine is not the body's)."""
    best = None
    for _ in range(3):
        start = time.process_time_ns()
        try:
            read_json(HOSTILE[name])
        except BodyUnreadable as error:
            assert error.reason  # noqa: PT017
        except BodyTooLarge:
            assert len(HOSTILE[name]) > LARGEST_BODY
        spent = time.process_time_ns() - start
        best = spent if best is None else min(best, spent)
    assert best is not None
    assert best < 50_000_000


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=30,
)


def depth(document: object) -> int:
    if isinstance(document, dict):
        return 1 + max((depth(value) for value in document.values()), default=0)
    return 1 + max((depth(value) for value in document), default=0) if isinstance(document, list) else 0


def as_texts(document: object) -> object:
    if isinstance(document, dict):
        return {key: as_texts(value) for key, value in document.items()}
    if isinstance(document, list):
        return [as_texts(value) for value in document]
    return str(document) if isinstance(document, int) and not isinstance(document, bool) else document


@settings(deadline=None)
@given(JSON, st.booleans())
def test_reads_as_the_standard_library(document: object, ascii_only: bool) -> None:
    """Every document within the limits reads as the standard library reads it, numbers as texts."""
    raw = json.dumps(document, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    assert read_json(raw) == as_texts(document)


@settings(deadline=None)
@given(JSON, st.integers(0, 6))
def test_depth_is_exact(document: object, limit: int) -> None:
    """The quick measure of depth agrees with counting."""
    raw = json.dumps(document, ensure_ascii=False).encode()
    if depth(document) > limit:
        with pytest.raises(BodyTooDeep):
            check_shape(raw, deepest=limit)
    else:
        check_shape(raw, deepest=limit)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200) | st.text('{}[]",:\\u0123456789eE.-truefalsn ', max_size=80).map(str.encode))
def test_any_bytes(raw: bytes) -> None:
    """Whatever comes is read or refused with a reason, and what is read is what the standard library would read."""
    try:
        found = read_json(raw)
    except BodyUnreadable as error:
        assert error.reason.isupper()  # noqa: PT017
        assert error.text_vi  # noqa: PT017
    else:
        json.loads(raw)
        assert found is None or isinstance(found, str | dict | list | bool)
