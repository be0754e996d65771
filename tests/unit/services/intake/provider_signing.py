"""Callbacks as a provider would sign them, written straight from the documentation and without the adapters."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

NOW = 1_763_800_000
KEY = "khoa-bi-mat-cua-ket-noi"

SEPAY: dict[str, Any] = {
    "id": 92704,
    "gateway": "Vietcombank",
    "transactionDate": "2025-11-22 14:02:37",
    "accountNumber": "0123499999",
    "code": None,
    "content": "XOA7K2M9PQ hoc phi thang 11",
    "transferType": "in",
    "transferAmount": 2277000,
    "accumulated": 19077000,
    "subAccount": None,
    "referenceCode": "MBVCB.3278907687",
    "description": "BankAPINotify XOA7K2M9PQ hoc phi thang 11",
}

CASSO_V1: dict[str, Any] = {
    "id": 6733,
    "tid": "FT25326000123",
    "description": "XOA7K2M9PQ",
    "amount": 50000,
    "cusum_balance": 25000000,
    "when": "2025-11-22 07:00:00",
    "bank_sub_acc_id": "123456789",
    "subAccId": "123456789",
    "bankName": "VPBank",
    "bankAbbreviation": "VPB",
    "virtualAccount": "",
    "virtualAccountName": "",
    "corresponsiveName": "NGUYEN VAN A",
    "corresponsiveAccount": "8888888888",
    "corresponsiveBankId": "970415",
    "corresponsiveBankName": "VietinBank",
}

# The published sample of Casso's repository of verification code (its Java, PHP and Python files), as data.
CASSO_V2: dict[str, Any] = {
    "error": 0,
    "data": {
        "id": 0,
        "reference": "MA_GIAO_DICH_THU_NGHIEM",
        "description": "giao dich thu nghiem",
        "amount": 599000,
        "runningBalance": 25000000,
        "transactionDateTime": "2024-10-03 15:06:37",
        "accountNumber": "88888888",
        "bankName": "VPBank",
        "bankAbbreviation": "VPB",
        "virtualAccountNumber": "",
        "virtualAccountName": "",
        "counterAccountName": "NGUYEN VAN A",
        "counterAccountNumber": "8888888888",
        "counterAccountBankId": "970415",
        "counterAccountBankName": "VietinBank",
    },
}
CASSO_V2_KEY = "mgExMrjj4i7a1p8Cs6LmFbpCd8lbw4sSX4LZXPag7TKazeIogtR90tvWYTkwQbvs"
CASSO_V2_TIME_MS = 1727948258788
CASSO_V2_SIGNATURE = (
    "ed0a4bd2e826d5cb69988cdb141e6c1a080e21f3b57eb72cd78192220042b9e7"
    "dde0868fc667faea8e224900fa7904e7c88dfa098032fb2d6b6996856e8b7ff3"
)

# The sample of payOS's documentation page on signatures, as data.
PAYOS: dict[str, Any] = {
    "orderCode": 123,
    "amount": 3000,
    "description": "VQRIO123",
    "accountNumber": "12345678",
    "reference": "TF230204212323",
    "transactionDateTime": "2023-02-04 18:25:00",
    "currency": "VND",
    "paymentLinkId": "124c33293c43417ab7879e14c8d9eb18",
    "code": "00",
    "desc": "Thành công",
    "counterAccountBankId": "",
    "counterAccountBankName": "",
    "counterAccountName": "",
    "counterAccountNumber": "",
    "virtualAccountName": "",
    "virtualAccountNumber": "",
}
PAYOS_KEY = "1a54716c8f0efb2744fb28b6e38b25da7f67a925d98bc1c18bd8faaecadd7675"
PAYOS_SIGNATURE = "412e915d2871504ed31be63c8f62a149a4410d34c4c42affc9006ef9917eaa03"

VIETQRVN: dict[str, Any] = {
    "bankaccount": "0011223344",
    "amount": 150000,
    "transType": "C",
    "content": "XOA7K2M9PQ",
    "transactionid": "VQ0001",
    "transactiontime": 1763800000000,
    "referencenumber": "FT25326999",
    "orderId": "XOA7K2M9PQ",
}

XOAI: dict[str, Any] = {
    "provider_transaction_id": "B-1",
    "bank_reference": "FT25326777",
    "account": "19001234",
    "virtual_account": "VA01",
    "amount": 350000,
    "currency": "VND",
    "memo": " XOA7K2M9PQ ",
    "occur_time": "2025-11-22T07:02:37Z",
    "payer_name": "TRAN THI B",
    "payer_account": "0987",
    "payer_bin": "970436",
    "test": False,
}


def dump(document: Any) -> bytes:
    """A body as a provider sends it."""
    return json.dumps(document, ensure_ascii=False).encode()


def sepay_headers(body: bytes, key: str = KEY, when: int = NOW) -> dict[str, str]:
    """SePay's HMAC headers."""
    mac = hmac.new(key.encode(), str(when).encode() + b"." + body, hashlib.sha256).hexdigest()
    return {"X-SePay-Signature": "sha256=" + mac, "X-SePay-Timestamp": str(when)}


def casso_v2_headers(signed_json: str, key: str = KEY, when_ms: int = NOW * 1000) -> dict[str, str]:
    """Casso's header over a canonical JSON text that the test gives."""
    mac = hmac.new(key.encode(), f"{when_ms}.{signed_json}".encode(), hashlib.sha512).hexdigest()
    return {"X-Casso-Signature": f"t={when_ms},v1={mac}"}


def sorted_json(document: Any, ascii_only: bool = False) -> str:
    """Sorted at every level, without blanks; letters as they are, or as \\uXXXX."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=ascii_only)


def payos_body(data: dict[str, Any], key: str = KEY, **outer: Any) -> bytes:
    """A payOS body with its signature, by the documentation: sorted, `key=value`, null as empty."""
    text = "&".join(
        f"{name}={'' if value is None or value in ('null', 'undefined') else value}"
        for name, value in sorted(data.items())
    )
    signature = hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()
    return dump(
        {"code": "00", "desc": "success", "success": True, **outer, "data": data, "signature": signature}
    )


def standard_headers(body: bytes, key: bytes, when: int = NOW, identity: str = "msg_1") -> dict[str, str]:
    """Standard Webhooks headers."""
    mac = hmac.new(key, f"{identity}.{when}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": identity,
        "webhook-timestamp": str(when),
        "webhook-signature": "v1," + base64.b64encode(mac).decode(),
    }
