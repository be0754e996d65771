"""Boards, packs and guides over gRPC: who may ask, what is refused, what comes back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from kit import auth
from kit.errors import Error, PermissionDenied
from kit.grpc_errors import from_rpc_error
from kit.testing.service import SUBJECT_KEY, served
from services.documents.domain import StandWithoutCode, TooManyPackCodes
from services.documents.rpc import DocumentsServicer, NothingToPrint
from tests.integration.services.documents.pdf_reading import codes_of, text_of
from tests.support.stand_papers import ROUND_AMOUNTS, STANDING_PAYLOAD, make_guide, make_pack
from xoai.documents.v1 import documents_service_pb2 as pb
from xoai.documents.v1 import documents_service_pb2_grpc as pb_grpc

STAND = {
    "account_holder": "LÊ THỊ MẬN",
    "account_last_four": "8842",
    "bank_name": "Ngân hàng Thử Xoài",
    "stall_number": "A12",
    "stall_name": "Trái cây Cô Mận",
    "programme_name": "Hùng Vương",
    "issue_number": 3,
    "issue_date": "2026-11-18",
    "check_code": "K7M4",
    "check_address": "https://xoai.example/quay/XQ7M4P9RT3HQA",
    "payload": STANDING_PAYLOAD,
}


@pytest.fixture(scope="module")
def stub() -> Iterator[pb_grpc.DocumentsServiceStub]:
    descriptor = pb.DESCRIPTOR.services_by_name["DocumentsService"]
    with served(descriptor, DocumentsServicer(), pb_grpc.add_DocumentsServiceServicer_to_server) as channel:
        yield pb_grpc.DocumentsServiceStub(channel)


def printed(method: Any, request: Any, service: str = "gateway") -> tuple[str, bytes]:
    """File name and content. Raises errors of ours."""
    token = auth.sign(auth.service(service), SUBJECT_KEY)
    try:
        chunks = list(method(request, timeout=30, metadata=[("authorization", f"Bearer {token}")]))
    except grpc.RpcError as error:
        raise from_rpc_error(error) from error
    return chunks[0].file_name, b"".join(chunk.content for chunk in chunks)


def pack_request(amounts: tuple[int, ...] = ROUND_AMOUNTS) -> pb.RenderPackRequest:
    entries = [
        pb.PackEntry(amount=amount, payload=STANDING_PAYLOAD, reference="XQ7M4P9RT3HQA") for amount in amounts
    ]
    return pb.RenderPackRequest(stand=pb.StandContent(**STAND), entries=entries)


@pytest.mark.parametrize(
    ("paper", "name"),
    [
        (pb.RenderStandsRequest.PAPER_A6, "bang-ma-a6.pdf"),
        (pb.RenderStandsRequest.PAPER_A5, "bang-ma-a5.pdf"),
    ],
)
def test_boards_come_as_one_file(
    stub: pb_grpc.DocumentsServiceStub, paper: Any, name: str, tmp_path: Path
) -> None:
    """Two stalls are two pages, marked as a trial where asked."""
    stands = [pb.StandContent(**STAND), pb.StandContent(**STAND | {"stall_number": "A13"})]
    request = pb.RenderStandsRequest(paper=paper, stands=stands, trial=True)
    file_name, pdf = printed(stub.RenderStands, request)
    assert file_name == name
    assert codes_of(pdf, tmp_path) == [[STANDING_PAYLOAD]] * 2
    said = text_of(pdf, tmp_path)
    assert said.count("Bản thử") == 2
    assert "quầy A13" in said


def test_a_pack_and_a_guide_come_as_files(stub: pb_grpc.DocumentsServiceStub, tmp_path: Path) -> None:
    """All that the messages hold stands on the papers."""
    name, pdf = printed(stub.RenderPack, pack_request())
    assert name == "ma-theo-so-tien-A12.pdf"
    assert len(codes_of(pdf, tmp_path)[0]) == len(make_pack().entries)
    guide = make_guide()
    request = pb.RenderGuideRequest(
        biller_name=guide.biller_name,
        payer_masked=guide.payer_masked,
        title=guide.title,
        amount=guide.amount,
        due_date="2026-11-30",
        reference=guide.reference,
        payment=pb.PaymentDetails(
            payload=guide.payment.payload,
            holder=guide.payment.holder,
            account=guide.payment.account,
            bank=guide.payment.bank,
            memo=guide.payment.memo,
            page_address=guide.payment.page_address,
        ),
        help_phone=guide.help_phone,
    )
    name, pdf = printed(stub.RenderGuide, request)
    assert name == f"cach-nop-{guide.reference}.pdf"
    assert codes_of(pdf, tmp_path) == [[guide.payment.payload]]
    assert "Chín trăm ba mươi sáu nghìn đồng" in text_of(pdf, tmp_path)


@pytest.mark.parametrize(
    ("method", "request_", "refusal"),
    [
        ("RenderStands", pb.RenderStandsRequest(), NothingToPrint),
        (
            "RenderStands",
            pb.RenderStandsRequest(stands=[pb.StandContent(**STAND | {"payload": ""})]),
            StandWithoutCode,
        ),
        ("RenderPack", pack_request(()), NothingToPrint),
        ("RenderPack", pack_request((*ROUND_AMOUNTS, 1_000_000)), TooManyPackCodes),
    ],
)
def test_what_cannot_be_printed_is_said(
    stub: pb_grpc.DocumentsServiceStub, method: str, request_: Any, refusal: type[Error]
) -> None:
    """Nothing, a stall without an account, more codes than a sheet holds."""
    with pytest.raises(Error) as refused:
        printed(getattr(stub, method), request_)
    assert refused.value.reason == refusal.reason


def test_only_the_gateway_prints(stub: pb_grpc.DocumentsServiceStub) -> None:
    """Another service may not."""
    with pytest.raises(PermissionDenied):
        printed(stub.RenderPack, pack_request(), "schools")
