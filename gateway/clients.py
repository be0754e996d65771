"""The gateway's side of gRPC: one channel per service address, a deadline and a subject's token on every call."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final

import grpc
import grpc.aio
from google.protobuf.message import Message
from structlog.contextvars import get_contextvars

from kit import auth
from kit.auth import Subject
from kit.grpc_errors import from_rpc_error
from kit.settings import Settings
from xoai.common.v1.clock_service_pb2_grpc import ClockServiceStub
from xoai.directory.v1.directory_service_pb2_grpc import DirectoryServiceStub
from xoai.documents.v1.documents_service_pb2_grpc import DocumentsServiceStub
from xoai.intake.v1.intake_service_pb2_grpc import IntakeServiceStub
from xoai.invoices.v1.invoices_service_pb2_grpc import InvoicesServiceStub
from xoai.notifications.v1.notifications_service_pb2_grpc import NotificationsServiceStub
from xoai.pilots.v1.city_service_pb2_grpc import CityServiceStub
from xoai.pilots.v1.sales_service_pb2_grpc import SalesServiceStub
from xoai.pilots.v1.stalls_service_pb2_grpc import StallsServiceStub
from xoai.pilots.v1.trust_service_pb2_grpc import TrustServiceStub
from xoai.reconciliation.v1.reconciliation_service_pb2_grpc import ReconciliationServiceStub
from xoai.schools.v1.schools_service_pb2_grpc import SchoolsServiceStub
from xoai.vietqr.v1.vietqr_service_pb2_grpc import VietqrServiceStub

_MAX_MESSAGE_BYTES: Final = 64 * 1024 * 1024
_OPTIONS: Final = [
    ("grpc.max_receive_message_length", _MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", _MAX_MESSAGE_BYTES),
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 2_000),
]


class Clients:
    """Stubs of every service that the gateway calls. Make it inside the running event loop; close it at the end."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._channels: dict[str, grpc.aio.Channel] = {}
        self.clock = ClockServiceStub(self._to("directory"))
        self.directory = DirectoryServiceStub(self._to("directory"))
        self.invoices = InvoicesServiceStub(self._to("invoices"))
        self.vietqr = VietqrServiceStub(self._to("vietqr"))
        self.schools = SchoolsServiceStub(self._to("schools"))
        self.documents = DocumentsServiceStub(self._to("documents"))
        self.stalls = StallsServiceStub(self._to("pilots"))
        self.sales = SalesServiceStub(self._to("pilots"))
        self.trust = TrustServiceStub(self._to("pilots"))
        self.city = CityServiceStub(self._to("pilots"))
        self.documents = DocumentsServiceStub(self._to("documents"))
        self.reconciliation = ReconciliationServiceStub(self._to("reconciliation"))
        self.intake = IntakeServiceStub(self._to("intake"))
        self.notifications = NotificationsServiceStub(self._to("notifications"))

    def _to(self, service: str) -> grpc.aio.Channel:
        address = self._settings.address(service)
        if address not in self._channels:
            self._channels[address] = grpc.aio.insecure_channel(address, options=_OPTIONS)
        return self._channels[address]

    def sign(self, subject: Subject) -> str:
        """A short-lived token for a subject that the gateway itself vouches for: a visitor, or the gateway."""
        return auth.sign(subject, self._settings.subject_key.get_secret_value(), lifetime_seconds=120)

    async def call(self, method: Any, request: Message, token: str, *, timeout: float = 2.0) -> Any:
        """Call a unary method with a subject's token. Raises errors of ours. `timeout` in seconds."""
        try:
            return await method(request, timeout=timeout, metadata=_metadata(token))
        except grpc.RpcError as error:
            raise from_rpc_error(error) from error

    async def stream(
        self, method: Any, request: Message, token: str, *, timeout: float
    ) -> AsyncIterator[Any]:
        """The messages of a streaming method. Raises errors of ours. `timeout` (seconds) is for the whole stream."""
        call = method(request, timeout=timeout, metadata=_metadata(token))
        try:
            async for message in call:
                yield message
        except grpc.RpcError as error:
            raise from_rpc_error(error) from error
        finally:
            call.cancel()

    async def close(self) -> None:
        for channel in self._channels.values():
            await channel.close(None)


def _metadata(token: str) -> list[tuple[str, str]]:
    metadata = [("authorization", f"Bearer {token}")]
    trace_id = get_contextvars().get("trace_id")
    if trace_id:
        metadata.append(("traceparent", f"00-{trace_id}-{str(trace_id)[:16]}-01"))
    return metadata
