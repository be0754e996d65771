"""The client side of gRPC for services (blocking): one channel per address, a deadline and a subject on every call."""

from __future__ import annotations

import threading
from typing import Any

import grpc

from kit import auth
from kit.auth import Subject
from kit.grpc_errors import from_rpc_error
from kit.grpc_server import MAX_MESSAGE_BYTES
from kit.settings import Settings

OPTIONS = [
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 2_000),
]


class Channels:
    """Channels to the other services, made when first used."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._channels: dict[str, grpc.Channel] = {}
        self._lock = threading.Lock()

    def to(self, service: str) -> grpc.Channel:
        """The channel to a service."""
        address = self._settings.address(service)
        with self._lock:
            if address not in self._channels:
                self._channels[address] = grpc.insecure_channel(address, options=OPTIONS)
            return self._channels[address]

    def metadata(self, subject: Subject) -> list[tuple[str, str]]:
        """Call metadata that says who asks."""
        token = auth.sign(subject, self._settings.subject_key.get_secret_value(), lifetime_seconds=60)
        return [("authorization", f"Bearer {token}")]

    def call(self, method: Any, request: Any, subject: Subject, *, timeout: float = 2.0) -> Any:
        """Call a unary method of a stub. Raises errors of ours."""
        try:
            return method(request, timeout=timeout, metadata=self.metadata(subject))
        except grpc.RpcError as error:
            raise from_rpc_error(error) from error

    def close(self) -> None:
        for channel in self._channels.values():
            channel.close()
