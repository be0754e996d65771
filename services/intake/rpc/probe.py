"""A test callback through the public endpoint: the same way a provider takes, with a body that moves no money.

Every provider's body here tells of an outgoing or empty transfer, so that nothing can be applied even by mistake.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Sequence
from typing import Any, Final

import httpx

from kit import clock, ids
from services.intake.adapters import xoai
from services.intake.rpc.forms import callback_path
from xoai.intake.v1 import intake_service_pb2 as pb

_TIMEOUT: Final = httpx.Timeout(5, connect=2)
# The same length as a real one, and never one: what a stranger would sign with.
_FORGED: Final = "whsec_00000000000000000000000000000000"


class Probe:
    """One test, step by step; each step is only taken if the one before it passed."""

    def __init__(self, public_url: str, row: Any) -> None:
        self._url = public_url.rstrip("/") + callback_path(row.provider, row.id)
        self._row = row
        self.answer = pb.TestConnectionResponse()

    def run(self, secrets: Sequence[tuple[str, str]], stored: Callable[[], tuple[int, int]]) -> None:
        """Try a forged body, then one signed with each secret (last four characters, secret); then look what is kept.

        `stored` says how many test callbacks were kept since the test began, and how many of them brought a credit.
        """
        with httpx.Client(timeout=_TIMEOUT, follow_redirects=False) as client:
            try:
                if not self._refuses_forged(client):
                    return
                for last_four, secret in secrets:
                    if not self._accepts(client, last_four, secret):
                        return
            except httpx.HTTPError as error:
                self._step(
                    ("Gọi được địa chỉ nhận tin", "The callback address answers"),
                    False,
                    (f"Không gọi được {self._url}: {type(error).__name__}.",
                     f"{self._url} could not be reached: {type(error).__name__}."),
                )  # fmt: skip
                return
        kept, credits = stored()
        self._step(
            ("Tin được lưu, không ghi khoản tiền nào", "Stored, and no money was recorded"),
            kept >= len(secrets) and credits == 0,
            (
                f"{kept} tin báo thử đã lưu, {credits} khoản tiền.",
                f"{kept} test callbacks kept, {credits} credits.",
            ),
        )

    def _refuses_forged(self, client: httpx.Client) -> bool:
        response = _post(client, self._url, self._row, _forged(self._row.provider))
        status = response.status_code
        reached = status not in (403, 404) and status < 500
        hints = {
            403: ("Địa chỉ máy của Xoài không có trong danh sách được gửi của kết nối, nên không thử được.",
                  "Our own address is not in the connection's list, so it cannot be tried."),
            404: ("Nơi nhận tin chưa biết kết nối này. Xin thử lại sau vài giây.",
                  "The endpoint does not know this connection yet. Try again in a few seconds."),
        }  # fmt: skip
        answered = (f"Trả lời HTTP {status}.", f"Answered HTTP {status}.")
        self._step(
            ("Gọi được địa chỉ nhận tin", "The callback address answers"),
            reached,
            hints.get(status, answered),
        )
        if not reached:
            return False
        refused = 400 <= status < 500
        self._step(
            ("Tin ký sai khoá bị từ chối", "A body signed with a wrong secret is refused"), refused, answered
        )
        return refused

    def _accepts(self, client: httpx.Client, last_four: str, secret: str) -> bool:
        response = _post(client, self._url, self._row, secret)
        self.answer.http_status, self.answer.answer = response.status_code, response.text[:500]
        passed = 200 <= response.status_code < 300
        self._step(
            (f"Tin ký bằng khoá đuôi {last_four} được nhận", f"A body signed with the secret …{last_four} is taken"),
            passed,
            (f"Trả lời HTTP {response.status_code}: {response.text[:120]}",
             f"Answered HTTP {response.status_code}: {response.text[:120]}"),
        )  # fmt: skip
        return passed

    def _step(self, title: tuple[str, str], passed: bool, detail: tuple[str, str]) -> None:
        self.answer.steps.add(
            title_vi=title[0], title_en=title[1], passed=passed, detail_vi=detail[0], detail_en=detail[1]
        )
        self.answer.accepted = passed
        self.answer.detail_vi = "Kết nối nhận được tin báo thử." if passed else detail[0]
        self.answer.detail_en = "The test callback was accepted." if passed else detail[1]


def _forged(provider: str) -> str:
    return f"xoai:{_FORGED}" if provider == "vietqrvn" else _FORGED


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
