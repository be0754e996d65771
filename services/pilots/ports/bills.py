"""Whether a bill exists, from the invoices service: what anybody may ask, never inside a transaction."""

from __future__ import annotations

from kit import auth
from kit.errors import NotFound
from kit.grpc_client import Channels
from xoai.invoices.v1 import invoices_service_pb2 as pb
from xoai.invoices.v1 import invoices_service_pb2_grpc as pb_grpc


class Bills:
    """Calls to invoices."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels

    def exists(self, reference: str) -> bool:
        """True if a bill has this reference."""
        stub = pb_grpc.InvoicesServiceStub(self._channels.to("invoices"))
        try:
            self._channels.call(
                stub.GetPublicBill, pb.GetPublicBillRequest(reference=reference), auth.service("pilots")
            )
        except NotFound:
            return False
        return True
