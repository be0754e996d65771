"""A test callback through the public endpoint: the same way a provider takes, with a body that moves no money.

Every provider's body here tells of an outgoing or empty transfer, so that nothing can be applied even by mistake.
"""

from __future__ import annotations

import hmac
import json
from typing import Any, Final

import httpx

from kit import clock, ids
from services.intake.adapters import xoai
from services.intake.rpc.forms import callback_path
from xoai.intake.v1 import intake_service_pb2 as pb

_TIMEOUT: Final = httpx.Timeout(5, connect=2)


def send(public_url: str, row: Any, secret: str) -> pb.TestConnectionResponse:
    """Send a signed body of the provider's own form and say what came back."""
    url = public_url.rstrip("/") + callback_path(row.provider, row.id)
    try:
        with httpx.Client(timeout=_TIMEOUT, follow_redirects=False) as client:
            response = _post(client, url, row, secret)
    except httpx.HTTPError as error:
        return pb.TestConnectionResponse(
            accepted=False,
            detail_vi=f"Không gọi được {url}: {type(error).__name__}",
            detail_en=f"{url} could not be reached: {type(error).__name__}",
        )
    accepted = 200 <= response.status_code < 300
    return pb.TestConnectionResponse(
        accepted=accepted,
        http_status=response.status_code,
        answer=response.text[:500],
        detail_vi="Kết nối nhận được tin báo thử." if accepted else "Tin báo thử bị từ chối; xem mã trả lời.",
        detail_en="The test callback was accepted."
        if accepted
        else "The test callback was refused; see the answer.",
    )


def _post(client: httpx.Client, url: str, row: Any, secret: str) -> httpx.Response:
    now = int(clock.now().timestamp())
    if row.provider == "vietqrvn":
        user, _, password = secret.partition(":")
        token = client.post(f"{url}/api/token_generate", auth=(user, password))
        if token.status_code != 200:
            return token
        headers = {"authorization": f"Bearer {token.json()['access_token']}"}
        body = {
            "bankaccount": row.account_numbers[0],
            "amount": 1000,
            "transType": "D",
            "content": "tin bao thu",
        }
        return client.post(f"{url}/bank/api/transaction-sync", json=body, headers=headers)
    raw, headers = _signed(row, secret, now)
    return client.post(url, content=raw, headers={"content-type": "application/json", **headers})


def _signed(row: Any, secret: str, now: int) -> tuple[bytes, dict[str, str]]:
    account = row.account_numbers[0]
    if row.provider == "xoai":
        raw = b'{"credits":[]}'
        return raw, dict(xoai.sign(secret, str(ids.new()), now, raw))
    if row.provider == "sepay":
        raw = json.dumps(
            {
                "id": 0,
                "accountNumber": account,
                "transferType": "out",
                "transferAmount": 1000,
                "content": "tin bao thu",
            }
        ).encode()
        if row.auth == "api_key":
            return raw, {"authorization": f"Apikey {secret}"}
        signature = hmac.digest(secret.encode(), f"{now}.".encode() + raw, "sha256").hex()
        return raw, {"x-sepay-signature": f"sha256={signature}", "x-sepay-timestamp": str(now)}
    if row.provider == "casso_v1":
        return json.dumps({"error": 1, "data": []}).encode(), {"secure-token": secret}
    if row.provider == "casso_v2":
        document = {"data": {"accountNumber": account, "amount": -1000, "id": 0}, "error": 0}
        raw = json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
        stamp = str(now * 1000)
        signature = hmac.digest(secret.encode(), f"{stamp}.".encode() + raw, "sha512").hex()
        return raw, {"x-casso-signature": f"t={stamp},v1={signature}"}
    return payos_body(account, secret), {}


def payos_body(account: str, secret: str) -> bytes:
    """A payOS body that says that nothing was paid, signed as payOS signs."""
    data = {"accountNumber": account, "amount": 0, "code": "01", "desc": "tin bao thu", "orderCode": 123}
    signed = "&".join(f"{name}={data[name]}" for name in sorted(data))
    signature = hmac.digest(secret.encode(), signed.encode(), "sha256").hex()

    return json.dumps(
        {"code": "01", "desc": "", "success": False, "data": data, "signature": signature}
    ).encode()
