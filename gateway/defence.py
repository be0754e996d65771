"""The outermost layer: security headers on every answer, a trace id, size limits, and no internals in a failure."""

from __future__ import annotations

import re
import secrets
from typing import Final

from prometheus_client import Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars

from gateway.problems import TooLarge
from gateway.settings import GatewaySettings
from kit import clock, log
from kit.errors import Error

# The largest upload is a supplier's bill file of 60 MB; everything that is not an upload is small.
UPLOAD_BYTES: Final = 62 * 1024 * 1024
BODY_BYTES: Final = 4 * 1024 * 1024

CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "media-src 'self'",
        "manifest-src 'self'",
        "worker-src 'self'",
        "base-uri 'none'",
        "form-action 'self' https://checkout.stripe.com",
        "frame-ancestors 'none'",
    )
)
PERMISSIONS_POLICY: Final = (
    "camera=(), microphone=(), geolocation=(), payment=(), usb=(), screen-wake-lock=(self)"
)
# Of the pages on which a person checks a code at a stall; no other page of the city may ask for the camera.
PERMISSIONS_POLICY_CAMERA: Final = PERMISSIONS_POLICY.replace("camera=()", "camera=(self)")
_HEADERS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    # same-origin and not no-referrer: the latter makes browsers send "Origin: null" with our own forms.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": PERMISSIONS_POLICY,
    "X-Frame-Options": "DENY",
}
_INDEXED: Final = ("/", "/mo")
_TRACE: Final = re.compile(r"00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")

REQUEST_SECONDS: Final = Histogram(
    "xoai_http_request_seconds",
    "Duration of HTTP requests by route, method and status",
    ["route", "method", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
_log = log.get(__name__)


class Defence:
    """Wraps the whole application."""

    def __init__(self, app: ASGIApp, settings: GatewaySettings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        trace_id = _trace_id(headers)
        bind_contextvars(trace_id=trace_id)
        scope.setdefault("state", {})["trace_id"] = trace_id
        answer = _Answer(scope, send, trace_id)
        try:
            await self._app(scope, _limited(headers, receive), answer.send)
        except Exception as error:
            known = error if isinstance(error, Error) else Error()
            if not isinstance(error, Error):
                _log.exception("request failed", path=scope["path"], method=scope["method"])
            if answer.started:
                # The head is gone already: an answer that breaks off is the only honest one.
                raise
            response = scope["app"].state.answer_error(scope, known)
            await response(scope, receive, answer.send)
        finally:
            answer.observe()


class _Answer:
    """Adds headers to an answer on its way out, and measures it."""

    def __init__(self, scope: Scope, send: Send, trace_id: str) -> None:
        self._scope, self._send, self._trace_id = scope, send, trace_id
        self._start = clock.monotonic()
        self.started = False
        self.status = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
            # Personal by default; what may be kept says so itself.
            headers.setdefault("Cache-Control", "no-store")
            headers.setdefault("X-Trace-Id", self._trace_id)
            if self._scope["path"] not in _INDEXED:
                headers.setdefault("X-Robots-Tag", "noindex, nofollow")
        await self._send(message)

    def observe(self) -> None:
        route = getattr(self._scope.get("route"), "path", "none")
        seconds = clock.monotonic() - self._start
        REQUEST_SECONDS.labels(route, self._scope["method"], str(self.status)).observe(seconds)
        _log.info(
            "request",
            route=route,
            method=self._scope["method"],
            status=self.status,
            ms=round(seconds * 1000, 1),
        )


def _trace_id(headers: Headers) -> str:
    match = _TRACE.fullmatch(headers.get("traceparent", ""))
    return match[1] if match and match[1] != "0" * 32 else secrets.token_hex(16)


def _limited(headers: Headers, receive: Receive) -> Receive:
    """Reading of a body that stops with TooLarge beyond the limit of its kind. Raises TooLarge at once if it is said."""
    is_upload = headers.get("content-type", "").startswith("multipart/form-data")
    limit = UPLOAD_BYTES if is_upload else BODY_BYTES
    too_large = TooLarge(limit=f"{limit // 1024 // 1024} MB")
    said = headers.get("content-length", "")
    if said.isdecimal() and int(said) > limit:
        raise too_large
    read = 0

    async def limited() -> Message:
        nonlocal read
        message = await receive()
        if message["type"] == "http.request":
            read += len(message.get("body", b""))
            if read > limit:
                raise too_large
        return message

    return limited
