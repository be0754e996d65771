"""The embedded platform's second process: gateway and intake's callback endpoint behind one address.

Callbacks are looked at before anything of the gateway: a busy page never stands in their way.
"""

from __future__ import annotations

import argparse
import sys
import threading
import time
from pathlib import Path

from gateway.app import create_app, drain
from gateway.serving import server
from gateway.settings import GatewaySettings
from kit import log
from services.intake.http import CallbackEndpoint


def main() -> int:
    """Serve until SIGTERM; the ready file gets the port once pages are served."""
    parser = argparse.ArgumentParser(prog="cli.platform.web")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--ready-file", default="")
    arguments = parser.parse_args()
    settings = GatewaySettings()
    log.configure(settings.log_level, process="web")
    app = create_app(settings)
    web = server(
        CallbackEndpoint(app, settings),
        arguments.host,
        arguments.port,
        before_stop=lambda: drain(app),
        trusted_proxies=settings.trusted_proxies,
    )

    def tell_ready() -> None:
        while not web.started and not web.should_exit:
            time.sleep(0.01)
        if web.started and arguments.ready_file:
            Path(arguments.ready_file).write_text(str(arguments.port))

    threading.Thread(target=tell_ready, daemon=True).start()
    web.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
