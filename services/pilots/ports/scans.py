"""Scanned codes read strictly, and the names of banks, from the vietqr service: blocking calls, never inside a transaction."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from kit import auth
from kit.errors import InvalidArgument
from kit.grpc_client import Channels
from kit.text import clean_display
from services.pilots.domain.bank_names import TRIAL_BANKS
from services.pilots.domain.checks import Code, Unreadable
from xoai.vietqr.v1 import vietqr_service_pb2 as pb
from xoai.vietqr.v1 import vietqr_service_pb2_grpc as pb_grpc

# A code whose structure was made to be read in two ways.
_TAMPERED: Final = frozenset({"DUPLICATE_TAG", "CRC_NOT_LAST", "FORMAT_NOT_FIRST"})
_ADDRESS: Final = re.compile(r"\s*(?:https?://|www\.)([^/?#\s]{1,80})", re.IGNORECASE)


class Scans:
    """Calls to vietqr."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels
        self._subject = auth.service("pilots")
        self._banks: dict[str, str] = {}

    def read(self, payload: str) -> Code | Unreadable:
        """What a scanned text says, read strictly. A text that is no VietQR is told as what it is."""
        address = _ADDRESS.match(payload)
        if address is not None:
            return _web_address(address[1])
        stub = pb_grpc.VietqrServiceStub(self._channels.to("vietqr"))
        try:
            code = self._channels.call(stub.DecodeCode, pb.DecodeCodeRequest(payload=payload), self._subject)
        except InvalidArgument as error:
            return Unreadable(error.reason, error.text_vi, error.text_en, error.reason in _TAMPERED)
        return Code(
            bin=code.bin,
            account_number=code.account_number,
            memo=clean_display(code.purpose),
            amount=code.amount if code.HasField("amount") else None,
            merchant_name=clean_display(code.merchant_name),
        )

    def banks(self) -> Mapping[str, str]:
        """The short names of the banks by BIN."""
        if not self._banks:
            stub = pb_grpc.VietqrServiceStub(self._channels.to("vietqr"))
            listed = self._channels.call(stub.ListBanks, pb.ListBanksRequest(), self._subject)
            self._banks = {bank.bin: bank.short_name for bank in TRIAL_BANKS}
            self._banks |= {bank.bin: bank.short_name or bank.name for bank in listed.banks}
        return self._banks


def _web_address(host: str) -> Unreadable:
    shown = clean_display(host)
    return Unreadable(
        "WEB_ADDRESS",
        f"Đây là một đường dẫn ({shown}), không phải mã thanh toán. Xin quét mã lớn ở giữa bảng, không phải mã kiểm tra nhỏ.",
        f"This is a web address ({shown}), no payment code. Scan the large code of the board, not the small check code.",
    )
