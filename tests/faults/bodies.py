"""Bodies that are broken and yet signed, as a bank with a fault in its program would send them."""

from __future__ import annotations

import hmac
import json
import random
import re
from collections.abc import Iterator
from typing import Any, Final

from kit import clock, ids
from sandbox.bank.callbacks import Connection
from services.intake.adapters.xoai import sign as sign_xoai

_AMOUNT: Final = re.compile(rb'("(?:amount|transferAmount)"\s*:\s*)(\d+)')
_WRONG_AMOUNTS: Final = (
    b'"%s.5"', b"%s.5", b"-%s", b"9223372036854775808", b"1e400", b"NaN", b"null", b"[%s]", b"0", b'"mot trieu"',
)  # fmt: skip


def corrupted(body: bytes, chance: random.Random) -> Iterator[bytes]:
    """The body broken in every way that section 5 of the matrix names."""
    for _ in range(4):
        at, bit = chance.randrange(len(body)), chance.randrange(8)
        yield body[:at] + bytes([body[at] ^ 1 << bit]) + body[at + 1 :]
    yield body[: chance.randrange(1, len(body))]
    yield b""
    yield body.decode().encode("utf-16")
    yield body.replace(b"nop", b"\xff\xfe\xc0")
    yield b'{"credits":' * 5_000
    yield b"[" * 100_000
    yield body + b" " * 10_000_000
    yield body[:-1] + b"," + body[1:]
    yield body.replace(b"{", b'{"amount":1,"transferAmount":1,', 1)
    for wrong in _WRONG_AMOUNTS:
        yield _AMOUNT.sub(
            lambda found, wrong=wrong: found[1] + wrong.replace(b"%s", found[2]),  # type: ignore[misc]
            body,
        )


def sign(connection: Connection, body: bytes, *, seconds: int = 0) -> dict[str, str]:
    """The headers under which the provider of the connection sends this body, whatever it is."""
    now = int(clock.now().timestamp()) + seconds
    secret = connection.secret.encode()
    headers = {"content-type": "application/json"}
    if connection.provider == "sepay":
        signature = hmac.digest(secret, f"{now}.".encode() + body, "sha256").hex()
        return headers | {"x-sepay-signature": f"sha256={signature}", "x-sepay-timestamp": str(now)}
    if connection.provider == "casso_v2":
        signature = hmac.digest(secret, f"{now * 1000}.".encode() + body, "sha512").hex()
        return headers | {"x-casso-signature": f"t={now * 1000},v1={signature}"}
    if connection.provider == "xoai":
        return headers | sign_xoai(connection.secret, str(ids.new()), now, body)
    # payOS signs inside the body: what is broken there is not proven.
    return headers


def told(provider: str, body: bytes) -> tuple[str, int] | None:
    """Bank reference and amount as a second, strict reader finds them; None where a wrong amount could be read."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({name for name, _ in pairs}) < len(pairs):
            raise ValueError("a name stands twice")
        return dict(pairs)

    try:
        document = json.loads(body.decode(), object_pairs_hook=once)
        if provider == "sepay":
            found = document.get("referenceCode"), document["transferAmount"]
        elif provider == "casso_v2" or provider == "payos":
            found = document["data"].get("reference"), document["data"]["amount"]
        else:
            (credit,) = document["credits"]
            found = credit.get("bank_reference"), credit["amount"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    reference, amount = found
    return (
        ("" if reference is None else str(reference), amount) if type(amount) is int and amount > 0 else None
    )
