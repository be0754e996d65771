"""Answers that last for hours, sent from the outermost layer.

A route that wants one returns a `Stream`, which sends nothing by itself: once the layers around the route (guards,
compression, validation) have unwound and given back what they held, the text is sent from here. A phone that listens
costs the process its connection, one waiting coroutine, and nothing of the request that opened it.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Final

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.live import Screen

_KEY: Final = "live_screen"
_HEADERS: Final = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
)


class Stream(Response):
    """The events of a screen as the answer to a request."""

    media_type = "text/event-stream"

    def __init__(self, screen: Screen, status_code: int = 200) -> None:
        super().__init__(status_code=status_code)
        self._screen = screen

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["state"][_KEY] = self._screen


class Streams:
    """The layer that sends them; outside of everything that would hold on to a request."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)
        screen: Screen | None = scope.get("state", {}).get(_KEY)
        if screen is not None:
            _let_go(scope)
            await _send(screen, receive, send)


def _let_go(scope: Scope) -> None:
    """Empty what nobody reads any more: viewer, cookies and other headers, the framework's own stacks."""
    trace_id = scope["state"].get("trace_id", "")
    scope["state"].clear()
    scope["state"]["trace_id"] = trace_id
    scope["headers"].clear()
    for key in [key for key in scope if key.startswith("fastapi")]:
        del scope[key]


async def _send(screen: Screen, receive: Receive, send: Send) -> None:
    gone = asyncio.ensure_future(_until_gone(receive))
    gone.add_done_callback(lambda _: screen.leave())
    try:
        await send({"type": "http.response.start", "status": 200, "headers": list(_HEADERS)})
        async with aclosing(screen.texts()) as texts:
            async for text in texts:
                await send({"type": "http.response.body", "body": text.encode(), "more_body": True})
        await send({"type": "http.response.body"})
    finally:
        gone.cancel()


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
