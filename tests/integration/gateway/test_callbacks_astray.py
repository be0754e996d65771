"""A callback that reaches the gateway, because intake is not in front of it."""

from __future__ import annotations

import httpx
import pytest


@pytest.mark.parametrize(
    "path",
    [
        "sepay/con_01h455vb4pex5vsknk084sn02q",
        "vietqrvn/con_01h455vb4pex5vsknk084sn02q/api/token_generate",
        "vietqrvn/con_01h455vb4pex5vsknk084sn02q/bank/api/transaction-sync",
    ],
)
def test_the_sender_is_asked_to_repeat(address: str, path: str) -> None:
    """Never a 2xx and never a 404 that a bank would take for final: 503 with Retry-After."""
    answer = httpx.post(f"{address}/v1/callbacks/{path}", json={"amount": 1})
    assert (answer.status_code, answer.json()["reason"]) == (503, "CALLBACKS_NOT_TAKEN")
    assert int(answer.headers["retry-after"]) > 0


def test_the_interface_describes_callbacks(address: str) -> None:
    """Who builds a sender finds the address in the description, without a key of ours."""
    paths = httpx.get(f"{address}/openapi.json").json()["paths"]
    operation = paths["/v1/callbacks/{provider}/{connection}"]["post"]
    assert "security" not in operation
