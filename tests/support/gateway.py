"""A gateway of its own for a test: the real application on a real port, in front of the fake services."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gateway import rest, web
from gateway.access import Routes
from gateway.app import create_app, drain
from gateway.serving import server
from gateway.settings import GatewaySettings
from tests.support.fake_access import SUBJECT_KEY
from tests.support.fake_platform import FakePlatform


def settings_for(platform: FakePlatform, folder: Path, **overrides: Any) -> GatewaySettings:
    """Settings that lead to the fake services."""
    values: dict[str, Any] = {
        "mode": "test",
        "subject_key": SUBJECT_KEY,
        "grpc_addresses": platform.address,
        "demo_folder": folder,
        **overrides,
    }
    return GatewaySettings(**values)


@contextmanager
def running_gateway(settings: GatewaySettings, *, more: Sequence[Routes] = ()) -> Iterator[str]:
    """The address of a gateway that serves until the block ends, then drains."""
    app = create_app(settings, groups=(*web.GROUPS, *rest.GROUPS, *more))
    uvicorn_server = server(app, "127.0.0.1", 0, before_stop=lambda: drain(app))
    thread = threading.Thread(target=uvicorn_server.run, name="gateway", daemon=True)
    thread.start()
    until = time.monotonic() + 20
    while not uvicorn_server.started:
        if time.monotonic() > until or not thread.is_alive():
            raise TimeoutError("the gateway did not start")
        time.sleep(0.02)
    port = uvicorn_server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        uvicorn_server.should_exit = True
        thread.join(30)
        if thread.is_alive():
            raise TimeoutError("the gateway did not stop")
