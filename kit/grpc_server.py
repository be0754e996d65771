"""The server side of gRPC: every call needs a signed subject, a permission entry and a deadline.

A servicer states `PERMISSIONS` (RPC name → Permission); an RPC without an entry stops the start of the process, so
forgetting is safe. Servicers work through an `Edge`, which opens the one transaction of the call.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol, TypeVar

import grpc
from google.protobuf.message import Message
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from sqlalchemy.orm import Session

from kit import auth, errors, idempotency, log, metrics
from kit.auth import Permission, Subject
from kit.db import Database
from kit.grpc_errors import abort
from kit.tenants import Tenants

MAX_MESSAGE_BYTES = 64 * 1024 * 1024
Reply = TypeVar("Reply", bound=Message)
T = TypeVar("T")

_log = log.get(__name__)


class Servicer(Protocol):
    """A generated servicer with its permission table."""

    PERMISSIONS: Mapping[str, Permission]


class Caller:
    """What the interceptor found out about a call, for the servicer."""

    def __init__(self, subject: Subject, tenants: Tenants | None) -> None:
        self.subject = subject
        self.tenants = tenants


class Edge:
    """Opens the transaction of a call under the caller's tenants; commands are idempotent by their request id."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def query(self, context: grpc.ServicerContext, function: Callable[[Session, Subject], T]) -> T:
        """Run a read in one transaction."""
        caller = caller_of(context)
        return self.database.run(lambda session: function(session, caller.subject), caller.tenants)

    def command(
        self,
        context: grpc.ServicerContext,
        request: Any,
        reply_type: type[Reply],
        function: Callable[[Session, Subject], Reply],
        *,
        shown_once: str = "",
    ) -> Reply:
        """Run a change once per request id, which the request must carry; a repeat gets the first answer.

        `shown_once` names a field with a secret: it is in the first answer only and is never stored.
        """
        caller = caller_of(context)
        secrets: list[str] = []

        def effect(session: Session) -> bytes:
            reply = function(session, caller.subject)
            if shown_once:
                secrets[:] = [getattr(reply, shown_once)]
                reply.ClearField(shown_once)
            return reply.SerializeToString()

        def transaction(session: Session) -> bytes:
            secrets.clear()
            return idempotency.once(
                session,
                caller=caller.subject.label,
                method=type(request).__name__,
                request_id=request.request_id,
                request=request.SerializeToString(deterministic=True),
                effect=lambda: effect(session),
            )

        reply = reply_type.FromString(self.database.run(transaction, caller.tenants))
        for secret in secrets:
            setattr(reply, shown_once, secret)
        return reply


def caller_of(context: grpc.ServicerContext) -> Caller:
    """The caller that the interceptor attached to the context."""
    caller = getattr(context, "xoai_caller", None)
    if caller is None:
        raise errors.Unauthenticated()
    assert isinstance(caller, Caller)
    return caller


class _Gate(grpc.ServerInterceptor):
    """Admits a call or refuses it, and turns errors of ours into rich statuses."""

    def __init__(self, subject_key: str) -> None:
        self._key = subject_key
        self._permissions: dict[str, Permission] = {}

    def allow(self, service_name: str, permissions: Mapping[str, Permission]) -> None:
        for method, permission in permissions.items():
            self._permissions[f"/{service_name}/{method}"] = permission

    def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], grpc.RpcMethodHandler[Any, Any] | None],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> grpc.RpcMethodHandler[Any, Any] | None:
        handler = continuation(handler_call_details)
        method = handler_call_details.method
        if handler is None or method.startswith("/grpc.health.v1.Health/"):
            return handler
        token = dict(handler_call_details.invocation_metadata or ()).get("authorization", "")
        permission = self._permissions.get(method)
        service_name = method.split("/")[1].split(".")[1]

        def admit(context: grpc.ServicerContext) -> None:
            if context.time_remaining() is None:
                raise errors.InvalidArgument(missing="deadline")
            subject = auth.verify(str(token).removeprefix("Bearer "), self._key)
            if permission is None:
                raise errors.PermissionDenied(permission=method)
            context.xoai_caller = Caller(subject, permission.admit(subject))  # type: ignore[attr-defined]

        if handler.response_streaming:
            return _replace_stream(handler, method, service_name, admit)
        return _replace_unary(handler, method, service_name, admit)


def _replace_unary(
    handler: Any, method: str, service_name: str, admit: Callable[[grpc.ServicerContext], None]
) -> grpc.RpcMethodHandler[Any, Any]:
    inner = handler.stream_unary if handler.request_streaming else handler.unary_unary

    def call(request: Any, context: grpc.ServicerContext) -> Any:
        with _Watch(method, service_name, context):
            admit(context)
            return inner(request, context)

    factory = (
        grpc.stream_unary_rpc_method_handler
        if handler.request_streaming
        else grpc.unary_unary_rpc_method_handler
    )
    return factory(call, handler.request_deserializer, handler.response_serializer)


def _replace_stream(
    handler: Any, method: str, service_name: str, admit: Callable[[grpc.ServicerContext], None]
) -> grpc.RpcMethodHandler[Any, Any]:
    inner = handler.stream_stream if handler.request_streaming else handler.unary_stream

    def call(request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        with _Watch(method, service_name, context):
            admit(context)
            yield from inner(request, context)

    factory = (
        grpc.stream_stream_rpc_method_handler
        if handler.request_streaming
        else grpc.unary_stream_rpc_method_handler
    )
    return factory(call, handler.request_deserializer, handler.response_serializer)


class _Watch:
    """Times a call, logs it in one line, and ends it with the right status if it raises."""

    def __init__(self, method: str, service_name: str, context: grpc.ServicerContext) -> None:
        self._method, self._service, self._context = method, service_name, context
        self._start = time.monotonic()

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        outcome = "OK"
        try:
            # context.abort raises a bare Exception of gRPC's own: the status is set already, it only has to pass.
            if isinstance(error, errors.Error):
                outcome = error.reason
                abort(self._context, error, f"{self._service}.xoai")
            elif isinstance(error, Exception) and self._context.code() is None:  # type: ignore[attr-defined]
                outcome = "INTERNAL"
                _log.error("rpc failed", method=self._method, exc_info=error)
                abort(self._context, errors.Error(), f"{self._service}.xoai")
        finally:
            seconds = time.monotonic() - self._start
            metrics.RPC_SECONDS.labels(self._method, outcome).observe(seconds)
            _log.debug("rpc", method=self._method, outcome=outcome, ms=round(seconds * 1000, 1))


class Server:
    """A gRPC server with health, deadlines, permissions and drain."""

    def __init__(self, listen: str, subject_key: str, *, threads: int = 16) -> None:
        self._gate = _Gate(subject_key)
        self._server = grpc.server(
            ThreadPoolExecutor(threads, thread_name_prefix="rpc"),
            interceptors=[self._gate],
            options=[
                ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
                ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
                ("grpc.so_reuseport", 0),
            ],
        )
        self._health = health.HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        self.port = self._server.add_insecure_port(listen)

    def add(self, descriptor: Any, servicer: Servicer, register: Callable[[Any, grpc.Server], None]) -> None:
        """Serve `servicer`. `descriptor` is the generated service descriptor; a missing permission entry raises."""
        declared = {method.name for method in descriptor.methods}
        if declared != set(servicer.PERMISSIONS):
            difference = sorted(declared ^ set(servicer.PERMISSIONS))
            raise LookupError(
                f"{descriptor.full_name}: permission entries differ from its RPCs: {difference}"
            )
        self._gate.allow(descriptor.full_name, servicer.PERMISSIONS)
        register(servicer, self._server)

    def start(self) -> None:
        self._server.start()
        self._health.set("", health_pb2.HealthCheckResponse.SERVING)

    def stop(self, grace: float = 20) -> None:
        """Say NOT_SERVING, let calls end, stop."""
        self._health.set("", health_pb2.HealthCheckResponse.NOT_SERVING)
        self._server.stop(grace).wait()
