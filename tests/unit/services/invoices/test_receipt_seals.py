"""What a receipt's seal covers, and the statement that is signed about it."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.signing import Signer
from services.invoices.domain import statements
from services.invoices.domain.seals import (
    GENESIS,
    Seal,
    Sealed,
    canonical,
    chain_hash,
    mark,
    payer_hash,
)
from services.invoices.domain.statements import Fault, NotAReceipt, PublicKey

SALT = bytes(range(16))
SEALED = Sealed(
    organisation_id=UUID("0190a000-0000-7000-8000-000000000001"),
    series="BN",
    year=2026,
    number=1284,
    reference="XDK7M4PQ9R",
    title='Khoản thu "tháng 11"',
    group_name="3A",
    payer_name="Nguyễn Ngọc Bảo Hân",
    amount=936_000,
    splits='[["1.1", 560000], ["1.2", 376000]]',
    bank_reference="FT26326123456",
    payer_account_last_four="4417",
    bank_time=datetime(2026, 11, 22, 1, 15, 2, tzinfo=UTC),
    issue_time=datetime(2026, 11, 22, 1, 15, 3, 250_000, tzinfo=UTC),
)
# For this test only.
SIGNER = Signer(base64.b64encode(bytes(range(32))).decode())
KEYS = {SIGNER.key_id: PublicKey(SIGNER.key_id, SIGNER.public_key)}


def test_the_sealed_bytes_are_these() -> None:
    """Golden: a change here makes every receipt sealed before worthless; it needs a form of its own."""
    expected = (
        '{"organisation":"0190a000-0000-7000-8000-000000000001","series":"BN","year":2026,"number":1284,'
        '"reference":"XDK7M4PQ9R","title":"Khoản thu \\"tháng 11\\"","group":"3A","payer_hash":"'
        "79c95ce2ab1fcf4cbd086e2a9197130091776df3c30ff83766a752228aff0b33"
        '","amount":936000,"splits":[["1.1",560000],["1.2",376000]],"bank_reference":"FT26326123456",'
        '"payer_account":"4417","bank_time":"2026-11-22T01:15:02.000000Z",'
        '"issue_time":"2026-11-22T01:15:03.250000Z"}'
    )
    assert canonical(SEALED, SALT).decode() == expected
    assert (
        chain_hash(GENESIS, canonical(SEALED, SALT)).hex()
        == "1580b54cfed2732e2dbaf5489c573aa44417c818b7d4bad73e04ddd5703ab859"
    )
    assert json.loads(canonical(SEALED, SALT))["title"] == SEALED.title


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
TIMES = st.datetimes(timezones=st.just(UTC))
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "organisation_id": st.uuids(),
    "year": st.integers(2020, 2100),
    "number": st.integers(1, 99_999_999),
    "amount": st.integers(1, 10**13),
    "splits": st.lists(st.tuples(TEXTS, st.integers(-(10**13), 10**13)).map(list), max_size=3).map(
        json.dumps
    ),
    "bank_time": st.none() | TIMES,
    "issue_time": TIMES,
}


@given(st.sampled_from(Sealed._fields), st.data())
def test_any_other_value_is_another_hash(name: str, data: st.DataObject) -> None:
    """Whatever field changes, to whatever; and the bytes stay JSON that says the value."""
    other = data.draw(VALUES.get(name, TEXTS))
    changed = SEALED._replace(**{name: other})
    assert (canonical(changed, SALT) == canonical(SEALED, SALT)) == (other == getattr(SEALED, name))
    json.loads(canonical(changed, SALT))


def test_a_moment_is_the_same_bytes_in_every_zone() -> None:
    """The database's zone is no part of a receipt."""
    there = SEALED.issue_time.astimezone(timezone(timedelta(hours=7)))
    assert canonical(SEALED._replace(issue_time=there), SALT) == canonical(SEALED, SALT)


def test_the_payers_name_is_not_in_the_sealed_bytes() -> None:
    """Only its hash, and with another salt another one: initials on the paper stay initials."""
    sealed = canonical(SEALED, SALT).decode()
    assert not {"Nguyễn", "Ngọc", "Bảo", "Hân"} & set(sealed.replace('"', " ").split())
    assert payer_hash("Hân", SALT) != payer_hash("Hân", bytes(16))


def test_what_follows_another_hash_is_another_hash() -> None:
    """A receipt taken out or put in changes every mark after it."""
    content = canonical(SEALED, SALT)
    assert chain_hash(GENESIS, content) != chain_hash(bytes([1]) * 32, content)
    assert mark(bytes.fromhex("9f20c4a177b012de") + bytes(24)) == "9f20 c4a1 77b0 12de"


def made(signer: Signer = SIGNER, content: bytes | None = None) -> bytes:
    content = canonical(SEALED, SALT) if content is None else content
    seal = Seal(1284, chain_hash(GENESIS, canonical(SEALED, SALT)), SALT, GENESIS)
    return statements.attachment(
        signer, content, seal, page=bytes(32), unit="Trường A", payer="N. Hân", print_time="2026-11-22"
    )


def test_a_good_statement_says_what_was_sealed() -> None:
    statement = statements.read(made())
    assert statement.faults(KEYS) == []
    assert (statement.number, statement.amount, statement.unit, statement.payer) == (
        1284,
        936_000,
        "Trường A",
        "N. Hân",
    )


def test_no_byte_of_a_statement_can_be_changed() -> None:
    """Every position once: no receipt at all, or a fault."""
    attached = made()
    for position in range(len(attached)):
        changed = bytearray(attached)
        changed[position] ^= 0x01
        try:
            statement = statements.read(bytes(changed))
        except NotAReceipt:
            continue
        same = statement.signature == statements.read(attached).signature and (
            statement.signed_bytes == statements.read(attached).signed_bytes
        )
        assert same or statement.faults(KEYS), position


def test_an_unknown_a_revoked_and_a_strangers_key_prove_nothing() -> None:
    """A stranger who names our key, a stranger's own key, and ours after it was revoked."""
    stranger = Signer(base64.b64encode(bytes(32)).decode())
    assert statements.read(made(stranger)).faults(KEYS) == [Fault.KEY_UNKNOWN]
    forged = made(stranger).decode().replace(stranger.key_id, SIGNER.key_id).encode()
    assert statements.read(forged).faults(KEYS) == [Fault.SIGNATURE_WRONG]
    revoked = {SIGNER.key_id: PublicKey(SIGNER.key_id, SIGNER.public_key, is_revoked=True)}
    assert statements.read(made()).faults(revoked) == [Fault.KEY_REVOKED]


def test_signed_content_that_has_not_its_own_hash_is_told() -> None:
    """Whoever stole the key still has to know a hash of the chain, and cannot make other content fit it."""
    other = canonical(SEALED._replace(amount=9_360_000), SALT)
    assert statements.read(made(content=other)).faults(KEYS) == [Fault.HASH_WRONG]


@pytest.mark.parametrize(
    "attached",
    [
        b"",
        b"[]",
        b"{}",
        b"null",
        b'{"statement":1,"signature":""}',
        b"\xff\xfe",
        b"[" * 60_000,
        b'{"a":' * 12_000,
        b" " * (statements.MOST_BYTES + 1),
        b'{"statement":"{}","statement":"{}","signature":""}',
        made().replace(b"xoai receipt 1", b"xoai receipt 9"),
        made().replace(b"936000", b"936000.5"),
        made().replace(b"936000", b"true"),
    ],
)
def test_what_is_no_statement_is_refused(attached: bytes) -> None:
    with pytest.raises(NotAReceipt):
        statements.read(attached)


@pytest.mark.parametrize("key", ["", "c2hvcnQ=", "not base64!", base64.b64encode(bytes(33)).decode()])
def test_a_signing_key_has_32_bytes(key: str) -> None:
    """A short or mistyped key stops the start instead of signing with something else; it is not repeated."""
    with pytest.raises(ValueError, match="32 bytes") as refused:
        Signer(key)
    assert not key or key not in str(refused.value)
