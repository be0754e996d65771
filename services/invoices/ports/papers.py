"""Receipts as PDF, from the documents service: blocking calls, never inside a transaction."""

from __future__ import annotations

import grpc

from kit import auth
from kit.grpc_client import Channels
from kit.grpc_errors import from_rpc_error
from kit.messages import timestamp
from services.invoices.domain.papers import Paper
from xoai.documents.v1 import documents_service_pb2 as pb
from xoai.documents.v1 import documents_service_pb2_grpc as pb_grpc

_SECONDS = 10.0


class Papers:
    """Calls to documents."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels
        self._subject = auth.service("invoices")

    def render(self, paper: Paper) -> tuple[bytes, bytes]:
        """The PDF of a paper, and the digest of all that its page shows. Raises errors of ours."""
        stub = pb_grpc.DocumentsServiceStub(self._channels.to("documents"))
        metadata = tuple(self._channels.metadata(self._subject))
        try:
            chunks = list(stub.RenderReceipt(_request(paper), timeout=_SECONDS, metadata=metadata))
        except grpc.RpcError as error:
            raise from_rpc_error(error) from error
        return b"".join(chunk.content for chunk in chunks), chunks[0].page_digest


def _request(paper: Paper) -> pb.RenderReceiptRequest:
    return pb.RenderReceiptRequest(
        unit_name=paper.biller.unit_name,
        book=paper.book,
        number=paper.number,
        issue_time=timestamp(paper.issue_time),
        rows=[pb.ReceiptRow(label=label, text=text) for label, text in paper.rows],
        amount=paper.amount,
        check_address=paper.biller.check_address,
        cancel_reason=paper.cancel_reason,
        trial=paper.biller.is_trial,
        chain_mark=paper.mark,
        previous_number=paper.number - 1,
        key_id=paper.key_id,
        attachment=paper.attachment,
    )
