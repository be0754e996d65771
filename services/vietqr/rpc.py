"""VietqrService over gRPC: protobuf to the domain and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

import grpc

from kit.auth import Permission
from kit.errors import InvalidArgument
from services.vietqr import images
from services.vietqr.domain import AdditionalData, Code, Initiation, banks, decode, encode
from services.vietqr.domain.errors import BadInitiation
from xoai.vietqr.v1 import vietqr_service_pb2 as pb
from xoai.vietqr.v1 import vietqr_service_pb2_grpc as pb_grpc

_MOST_CODES = 1_000
_LARGEST_SIDE = 2_000  # pixels
_Level = Literal["L", "M", "Q", "H"]


class TooManyCodes(InvalidArgument):
    reason = "TOO_MANY_CODES"
    vi = "Một lần xin không quá 1.000 mã QR."
    en = "Ask for at most 1,000 codes at a time."


class BadErrorCorrection(InvalidArgument):
    reason = "BAD_ERROR_CORRECTION"
    vi = "Mức sửa lỗi của mã QR là L, M, Q hoặc H, không phải “{level}”."
    en = "The error correction of a QR code is L, M, Q or H, not “{level}”."


class VietqrServicer(pb_grpc.VietqrServiceServicer):
    """Anyone may make and read codes: they hold nothing that their asker did not give."""

    PERMISSIONS: Mapping[str, Permission] = {
        "EncodeCodes": Permission(anyone=True),
        "DecodeCode": Permission(anyone=True),
        "DrawCode": Permission(anyone=True),
        "ListBanks": Permission(anyone=True),
    }

    def EncodeCodes(
        self, request: pb.EncodeCodesRequest, context: grpc.ServicerContext
    ) -> pb.EncodeCodesResponse:
        if len(request.codes) > _MOST_CODES:
            raise TooManyCodes()
        return pb.EncodeCodesResponse(payloads=[_encode(code) for code in request.codes])

    def DecodeCode(self, request: pb.DecodeCodeRequest, context: grpc.ServicerContext) -> pb.DecodedCode:
        decoded = decode(request.payload)
        code = decoded.code
        return pb.DecodedCode(
            bin=code.bin,
            account_number=code.account,
            service=code.service.value if code.service else "",
            initiation=code.initiation.value if code.initiation else "",
            amount=code.amount,
            purpose=code.additional.purpose or "",
            merchant_name=code.merchant_name or "",
            warnings=decoded.warnings,
        )

    def DrawCode(self, request: pb.DrawCodeRequest, context: grpc.ServicerContext) -> pb.DrawCodeResponse:
        level = _level(request.error_correction)
        if request.format == pb.DrawCodeRequest.FORMAT_PNG:
            modules = len(images.matrix(request.payload, level)) + 2 * images.QUIET_ZONE
            side = min(request.size or 600, _LARGEST_SIDE)
            image = images.png(request.payload, level=level, module_pixels=max(1, side // modules))
            return pb.DrawCodeResponse(image=image, media_type="image/png")
        drawn = images.svg(request.payload, level=level)
        return pb.DrawCodeResponse(image=drawn.encode(), media_type="image/svg+xml")

    def ListBanks(self, request: pb.ListBanksRequest, context: grpc.ServicerContext) -> pb.ListBanksResponse:
        known = banks.load()
        return pb.ListBanksResponse(
            banks=[
                pb.Bank(
                    bin=bank.bin,
                    code=bank.code,
                    short_name=bank.short_name,
                    name=bank.name,
                    transfer_supported=bool(bank.transfer_supported),
                    confirmed=bank.confirmed,
                    other_codes=bank.other_codes,
                )
                for bank in known.by_bin.values()
            ],
            source=f"{'; '.join(known.sources)} ({known.collected_date.isoformat()})",
        )


def _encode(code: pb.TransferCode) -> str:
    return encode(
        Code(
            bin=code.bin,
            account=code.account_number,
            amount=code.amount if code.HasField("amount") else None,
            initiation=_initiation(code.initiation),
            additional=AdditionalData(purpose=code.purpose or None),
        )
    )


def _initiation(text: str) -> Initiation | None:
    if not text:
        return None
    try:
        return Initiation(text)
    except ValueError as error:
        raise BadInitiation() from error


def _level(text: str) -> _Level:
    for level in get_args(_Level):
        if level == (text or "M"):
            chosen: _Level = level
            return chosen
    raise BadErrorCorrection(level=text)
