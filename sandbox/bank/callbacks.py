"""A transfer as each provider tells of it: body and headers, signed as the provider signs."""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kit import clock, ids
from services.intake.adapters.xoai import sign


@dataclass(frozen=True, slots=True)
class Connection:
    """Where and how a provider calls back."""

    provider: str
    url: str
    secret: str
    auth: str
    accounts: tuple[str, ...]
    bin: str
    holder: str


@dataclass(frozen=True, slots=True)
class Transfer:
    """Money that was booked on an account of the sandbox bank."""

    number: int
    bank_reference: str
    account: str
    amount: int
    memo: str
    payer_name: str
    payer_account: str
    moment: datetime

    @property
    def local_time(self) -> str:
        """The city's time as providers write it."""
        return self.moment.astimezone(clock.CITY_ZONE).strftime("%Y-%m-%d %H:%M:%S")

    def normalised(self) -> dict[str, Any]:
        """The common form, for the list and for Xoài's own callbacks."""
        return {
            "provider_transaction_id": str(self.number),
            "bank_reference": self.bank_reference,
            "account": self.account,
            "virtual_account": None,
            "amount": self.amount,
            "currency": "VND",
            "memo": self.memo,
            "occur_time": self.moment.isoformat(),
            "payer_name": self.payer_name,
            "payer_account": self.payer_account,
            "payer_bin": "970499",
            "test": False,
        }


def message(connection: Connection, transfer: Transfer) -> tuple[bytes, dict[str, str]]:
    """Body and headers of the callback. Raises KeyError for a provider that the bank does not know."""
    maker = {
        "sepay": _sepay,
        "casso_v1": _casso_v1,
        "casso_v2": _casso_v2,
        "payos": _payos,
        "vietqrvn": _vietqrvn,
        "xoai": _xoai,
    }[connection.provider]
    body, headers = maker(connection, transfer)
    return body, {"content-type": "application/json", **headers}


def _now() -> int:
    return int(clock.now().timestamp())


def _sepay(connection: Connection, transfer: Transfer) -> tuple[bytes, dict[str, str]]:
    body = json.dumps(
        {
            "id": transfer.number,
            "gateway": "Ngan hang Thu",
            "transactionDate": transfer.local_time,
            "accountNumber": transfer.account,
            "code": None,
            "content": transfer.memo,
            "transferType": "in",
            "transferAmount": transfer.amount,
            "accumulated": 0,
            "subAccount": None,
            "referenceCode": transfer.bank_reference,
            "description": f"BankAPINotify {transfer.memo}",
        }
    ).encode()
    if connection.auth == "api_key":
        return body, {"authorization": f"Apikey {connection.secret}"}
    stamp = str(_now())
    signature = hmac.digest(connection.secret.encode(), f"{stamp}.".encode() + body, "sha256").hex()
    return body, {"x-sepay-signature": f"sha256={signature}", "x-sepay-timestamp": stamp}


def _casso_v1(connection: Connection, transfer: Transfer) -> tuple[bytes, dict[str, str]]:
    element = {
        "id": transfer.number,
        "tid": transfer.bank_reference,
        "description": transfer.memo,
        "amount": transfer.amount,
        "cusum_balance": 0,
        "when": transfer.local_time,
        "bank_sub_acc_id": transfer.account,
        "subAccId": transfer.account,
        "corresponsiveName": transfer.payer_name,
        "corresponsiveAccount": transfer.payer_account,
    }
    return json.dumps({"error": 0, "data": [element]}).encode(), {"secure-token": connection.secret}


def _casso_v2(connection: Connection, transfer: Transfer) -> tuple[bytes, dict[str, str]]:
    document = {
        "error": 0,
        "data": {
            "id": transfer.number,
            "reference": transfer.bank_reference,
            "description": transfer.memo,
            "amount": transfer.amount,
            "runningBalance": 0,
            "transactionDateTime": transfer.local_time,
            "accountNumber": transfer.account,
            "bankName": "Ngan hang Thu",
            "counterAccountName": transfer.payer_name,
            "counterAccountNumber": transfer.payer_account,
        },
    }
    body = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    stamp = str(_now() * 1000)
    signature = hmac.digest(connection.secret.encode(), f"{stamp}.".encode() + body, "sha512").hex()
    return body, {"x-casso-signature": f"t={stamp},v1={signature}"}


def _payos(connection: Connection, transfer: Transfer) -> tuple[bytes, dict[str, str]]:
    data: dict[str, Any] = {
        "orderCode": transfer.number,
        "amount": transfer.amount,
        "description": transfer.memo.replace("&", " ").replace("=", " "),
        "accountNumber": transfer.account,
        "reference": transfer.bank_reference,
        "transactionDateTime": transfer.local_time,
        "currency": "VND",
        "paymentLinkId": f"link{transfer.number}",
        "code": "00",
        "desc": "success",
        "counterAccountName": transfer.payer_name,
        "counterAccountNumber": transfer.payer_account,
    }
    signed = "&".join(f"{name}={data[name]}" for name in sorted(data))
    signature = hmac.digest(connection.secret.encode(), signed.encode(), "sha256").hex()
    document = {"code": "00", "desc": "success", "success": True, "data": data, "signature": signature}
    return json.dumps(document).encode(), {}


def _vietqrvn(connection: Connection, transfer: Transfer) -> tuple[bytes, dict[str, str]]:
    """Under a token that the deliverer fetches first."""
    document = {
        "bankaccount": transfer.account,
        "amount": transfer.amount,
        "transType": "C",
        "content": transfer.memo,
        "transactionid": str(transfer.number),
        "transactiontime": int(transfer.moment.timestamp() * 1000),
        "referencenumber": transfer.bank_reference,
    }
    return json.dumps(document).encode(), {}


def _xoai(connection: Connection, transfer: Transfer) -> tuple[bytes, dict[str, str]]:
    body = json.dumps({"credits": [transfer.normalised()]}).encode()
    return body, dict(sign(connection.secret, str(ids.new()), _now(), body))
