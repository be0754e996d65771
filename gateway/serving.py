"""Serving an ASGI application: uvicorn with uvloop and httptools, and a drain on SIGTERM that loses no screen."""

from __future__ import annotations

import gc
import resource
import socket
from collections.abc import Callable

import uvicorn
from starlette.types import ASGIApp

GRACE_SECONDS = 20


class _Server(uvicorn.Server):
    """Says goodbye to live screens before it waits for requests to end."""

    def __init__(self, config: uvicorn.Config, before_stop: Callable[[], None]) -> None:
        super().__init__(config)
        self._before_stop = before_stop

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        # A line for each phone that listens: as many as the system lets a process have.
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        # What is loaded now stays; collecting it again and again would only cost pauses.
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 20, 100)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._before_stop()
        await super().shutdown(sockets)


def serve(
    app: ASGIApp,
    host: str,
    port: int,
    *,
    before_stop: Callable[[], None] = lambda: None,
    trusted_proxies: str = "127.0.0.1",
) -> None:
    """Serve `app` until SIGTERM or SIGINT; `before_stop` is called once, before open requests are waited for.

    `app` may be any ASGI callable, so that a process can put another endpoint in front of the gateway.
    """
    server(app, host, port, before_stop=before_stop, trusted_proxies=trusted_proxies).run()


def server(
    app: ASGIApp,
    host: str,
    port: int,
    *,
    before_stop: Callable[[], None] = lambda: None,
    trusted_proxies: str = "127.0.0.1",
) -> uvicorn.Server:
    """The server that `serve` runs; tests run it in a thread of theirs."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips=trusted_proxies,
        timeout_graceful_shutdown=GRACE_SECONDS,
        timeout_keep_alive=75,
    )
    return _Server(config, before_stop)
