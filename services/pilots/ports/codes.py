"""VietQR texts and names of banks, from the vietqr service."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from kit import auth
from kit.grpc_client import Channels
from services.pilots.domain.bank_names import trial_name
from xoai.vietqr.v1 import vietqr_service_pb2 as pb
from xoai.vietqr.v1 import vietqr_service_pb2_grpc as pb_grpc

_CODES_AT_ONCE: Final = 1_000


@dataclass(frozen=True, slots=True)
class Code:
    """What a QR code asks: to this account, with this reference in 62-08.

    Without an amount (đồng) it stands (11); with one it is for one payment (12), unless it says that it stands.
    """

    bin: str
    account_number: str
    reference: str
    amount: int | None = None
    is_standing: bool = False


class Codes:
    """Calls to vietqr."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels
        self._subject = auth.service("pilots")
        self._banks: dict[str, str] = {}

    def encode(self, codes: Sequence[Code]) -> list[str]:
        """VietQR payloads, in order."""
        stub = pb_grpc.VietqrServiceStub(self._channels.to("vietqr"))
        payloads: list[str] = []
        for start in range(0, len(codes), _CODES_AT_ONCE):
            wanted = [
                pb.TransferCode(
                    bin=code.bin,
                    account_number=code.account_number,
                    amount=code.amount,
                    purpose=code.reference,
                    initiation="11" if code.is_standing else "",
                )
                for code in codes[start : start + _CODES_AT_ONCE]
            ]
            request = pb.EncodeCodesRequest(codes=wanted)
            payloads += self._channels.call(stub.EncodeCodes, request, self._subject, timeout=10).payloads
        return payloads

    def bank_name(self, bin: str) -> str:
        """The short name of a bank; call `load_banks` before a transaction in which this is asked."""
        self.load_banks()
        return (self._banks.get(bin) or trial_name(bin)) if bin else ""

    def load_banks(self) -> None:
        """Ask for the list of banks, once."""
        if not self._banks:
            stub = pb_grpc.VietqrServiceStub(self._channels.to("vietqr"))
            listed = self._channels.call(stub.ListBanks, pb.ListBanksRequest(), self._subject)
            self._banks = {bank.bin: bank.short_name for bank in listed.banks}
