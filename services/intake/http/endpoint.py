"""The callback endpoint: an ASGI callable in front of everything else of its process.

`POST /v1/callbacks/{provider}/{connection}`: limits, proof, reading, one shared commit, the provider's own answer.
Whatever is not a callback goes on to the application behind it. Nothing here waits for Kafka or another service.
"""

from __future__ import annotations

import asyncio
import secrets
from contextlib import suppress
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final
from uuid import UUID

import psycopg
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kit import clock, ids, log
from kit.errors import Error, NotFound, PermissionDenied
from kit.seal import Sealer
from kit.settings import Settings
from services.intake import arrival
from services.intake.adapters import vietqrvn
from services.intake.domain import Answer, BodyTooLarge, Headers, Outcome, Verified
from services.intake.http.collector import Busy, Collector
from services.intake.http.connections import Connections, Known
from services.intake.store.connections import ADD_TOKEN, TOKENS

PATH: Final = "/v1/callbacks/"
LARGEST_BODY: Final = 256 * 1024
_SECONDS: Final = 2.0  # for finding a connection that is not in memory
_RETRY_AFTER: Final = 5
_TOKEN_PATH: Final = "api/token_generate"
_SYNC_PATH: Final = "bank/api/transaction-sync"

_log = log.get(__name__)


class UnknownConnection(NotFound):
    reason = "UNKNOWN_CONNECTION"
    vi = "Không có kết nối này, hoặc kết nối đã ngừng."
    en = "There is no such connection, or it was stopped."


class AddressNotAllowed(PermissionDenied):
    reason = "ADDRESS_NOT_ALLOWED"
    vi = "Địa chỉ gửi không nằm trong danh sách của kết nối."
    en = "The sender's address is not in the connection's list."


class CallbackEndpoint:
    """Takes callbacks and passes everything else on to `application`."""

    def __init__(self, application: ASGIApp, settings: Settings) -> None:
        self._application = application
        self._url = settings.database("xoai_intake", "xoai_intake_worker")
        self._connections = Connections(self._url, Sealer(settings.data_key.get_secret_value()))
        self._collector = Collector(self._url)
        self._tasks: list[asyncio.Task[None]] = []
        self._trusts_forwarded = True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(scope, receive, send)
        elif scope["type"] == "http" and scope["path"].startswith(PATH) and scope["method"] == "POST":
            await self._callback(scope, receive, send)
        else:
            await self._application(scope, receive, send)

    async def _lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._tasks = [
            asyncio.create_task(self._connections.watch()),
            asyncio.create_task(self._collector.run()),
        ]
        try:
            await self._application(scope, receive, send)
        finally:
            for task in self._tasks:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
            await self._collector.close()

    async def _callback(self, scope: Scope, receive: Receive, send: Send) -> None:
        known: Known | None = None
        try:
            known, rest = await self._addressed(scope)
            body = await _body(scope, receive)
            headers = Headers(
                (name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]
            )
            if known.adapter.name == "vietqrvn":
                answer = await self._vietqrvn(known, rest, headers, body)
            else:
                answer = await self._accept(known, headers, body)
        except Error as error:
            answer = _answer(known, Outcome.refused(error))
        except (Busy, TimeoutError, psycopg.Error):
            answer = _answer(known, Outcome.unavailable(_RETRY_AFTER))
        await _respond(send, answer)

    async def _addressed(self, scope: Scope) -> tuple[Known, str]:
        provider, _, tail = scope["path"][len(PATH) :].partition("/")
        name, _, rest = tail.partition("/")
        known = self._connections.named(name)
        if known is None:
            try:
                id = ids.internal("con", name)
            except ids.BadId as error:
                raise UnknownConnection() from error
            async with asyncio.timeout(_SECONDS):
                known = await self._connections.get(id)
        if known is None or known.adapter.name != provider:
            raise UnknownConnection()
        client = scope.get("client")
        if known.allowed_addresses and (client is None or client[0] not in known.allowed_addresses):
            raise AddressNotAllowed()
        return known, rest

    async def _accept(self, known: Known, headers: Headers, body: bytes) -> Answer:
        now = clock.now()
        try:
            verified = known.adapter.verify(known.secrets, headers, body, int(now.timestamp()), known.auth)
        except Error as error:
            return self._refuse(known, error)
        return await self._store(known, verified, now)

    async def _store(self, known: Known, verified: Verified, now: datetime) -> Answer:
        found = arrival.of_callback(known.adapter, known.origin, verified, now)
        await self._collector.store(found)
        return known.adapter.answer(Outcome.accepted(found.id))

    async def _vietqrvn(self, known: Known, rest: str, headers: Headers, body: bytes) -> Answer:
        """Basic credentials for a token of five minutes, then transactions under that token."""
        try:
            if rest == _TOKEN_PATH:
                vietqrvn.verify_basic(known.secrets, headers)
                token = secrets.token_urlsafe(32)
                await self._keep_token(known.origin.connection_id, token)
                return vietqrvn.token_answer(token)
            if rest != _SYNC_PATH:
                raise UnknownConnection()
            digests = await self._tokens(known.origin.connection_id)
            verified = vietqrvn.verify_digests(digests, headers, body)
        except Error as error:
            return self._refuse(known, error)
        return await self._store(known, verified, clock.now())

    def _refuse(self, known: Known, error: Error) -> Answer:
        self._collector.count_refused((known.origin.connection_id, known.origin.organisation_id))
        _log.warning("callback refused", connection=str(known.origin.connection_id), reason=error.reason)
        return known.adapter.answer(Outcome.refused(error))

    async def _keep_token(self, connection_id: UUID, token: str) -> None:
        expires = clock.now() + timedelta(seconds=vietqrvn.TOKEN_SECONDS)
        async with await psycopg.AsyncConnection.connect(
            self._url, autocommit=True, connect_timeout=2
        ) as connection:
            await connection.execute(ADD_TOKEN, (vietqrvn.token_digest(token), connection_id, expires))

    async def _tokens(self, connection_id: UUID) -> list[str]:
        async with await psycopg.AsyncConnection.connect(
            self._url, autocommit=True, connect_timeout=2
        ) as connection:
            rows = await (await connection.execute(TOKENS, (connection_id, clock.now()))).fetchall()
        return [row[0] for row in rows]


async def _body(scope: Scope, receive: Receive) -> bytes:
    """The whole body, refused as soon as it is known to be too large."""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit() and int(value) > LARGEST_BODY:
            raise BodyTooLarge(size=int(value), limit=LARGEST_BODY)
    pieces: list[bytes] = []
    size = 0
    while True:
        message: Message = await receive()
        if message["type"] == "http.disconnect":
            raise BodyTooLarge(size=0, limit=LARGEST_BODY)
        piece = message.get("body", b"")
        size += len(piece)
        if size > LARGEST_BODY:
            raise BodyTooLarge(size=size, limit=LARGEST_BODY)
        pieces.append(piece)
        if not message.get("more_body", False):
            return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _answer(known: Known | None, outcome: Outcome) -> Answer:
    """The provider's own form, or a plain one where the provider is not known."""
    if known is not None:
        return known.adapter.answer(outcome)
    body = b'{"success":false,"reason":"' + outcome.reason.encode() + b'"}'
    headers: tuple[tuple[str, str], ...] = (("content-type", "application/json"),)
    if outcome.retry_after_seconds:
        headers = (*headers, ("retry-after", str(outcome.retry_after_seconds)))
    return Answer(outcome.http_status, headers, body)


@lru_cache(maxsize=64)
def _raw_headers(answer: Answer) -> list[tuple[bytes, bytes]]:
    """An answer's headers as they go over the wire; most providers get one and the same again and again."""
    return [
        *((name.lower().encode(), value.encode()) for name, value in answer.headers),
        (b"content-length", str(len(answer.body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]


async def _respond(send: Send, answer: Answer) -> None:
    await send({"type": "http.response.start", "status": answer.status, "headers": _raw_headers(answer)})
    await send({"type": "http.response.body", "body": answer.body})
