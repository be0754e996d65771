"""PrintReceipt: the paper is set twice, once to learn what its page shows, once with the statement about that inside."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Final

import grpc

from kit.grpc_server import Edge
from kit.signing import Signer
from services.invoices.domain.errors import PrintingBusy
from services.invoices.domain.papers import Biller
from services.invoices.flows import printing
from services.invoices.ports import Papers
from services.invoices.rpc.messages import uuid_in
from xoai.common.v1 import common_pb2 as common_pb
from xoai.invoices.v1 import invoices_service_pb2 as pb

_CHUNK_BYTES: Final = 256 * 1024
# Each holds a thread while documents sets the page: the others stay free for everything else.
_AT_ONCE: Final = 4
_WAIT_SECONDS: Final = 5.0


class Printer:
    """Prints receipts; without a signer they say that they are not signed."""

    def __init__(self, edge: Edge, papers: Papers, signer: Signer | None) -> None:
        self._edge = edge
        self._papers = papers
        self._signer = signer
        self._free = threading.BoundedSemaphore(_AT_ONCE)

    def print(
        self, request: pb.PrintReceiptRequest, context: grpc.ServicerContext
    ) -> Iterator[common_pb.FileChunk]:
        id = uuid_in("id", request.id)
        if not self._free.acquire(timeout=_WAIT_SECONDS):
            raise PrintingBusy()
        try:
            prepared = self._edge.query(
                context,
                lambda session, _: printing.prepare(
                    session,
                    id,
                    Biller(request.unit_name, request.school, request.check_address, request.trial),
                    is_masked=request.masked,
                    signer=self._signer,
                ),
            )
            pdf, page_digest = self._papers.render(prepared.paper)
            if self._signer is not None and prepared.paper.key_id:
                pdf, _ = self._papers.render(printing.signed(prepared, self._signer, page_digest))
        finally:
            self._free.release()
        for start in range(0, len(pdf), _CHUNK_BYTES):
            chunk = common_pb.FileChunk(content=pdf[start : start + _CHUNK_BYTES])
            if start == 0:
                chunk.file_name = f"bien-nhan-{prepared.paper.number:08d}.pdf"
                chunk.media_type, chunk.page_count = "application/pdf", 1
            yield chunk
