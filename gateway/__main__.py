"""The gateway as a process of its own: `python -m gateway`."""

from __future__ import annotations

from gateway.app import create_app, drain
from gateway.serving import serve
from gateway.settings import GatewaySettings
from kit import log, metrics


def main() -> None:
    """Serve the gateway at XOAI_GATEWAY_LISTEN until SIGTERM."""
    settings = GatewaySettings()
    log.configure(settings.log_level, process="gateway")
    if settings.metrics_listen:
        metrics.listen(settings.metrics_listen)
    app = create_app(settings)
    host, _, port = settings.gateway_listen.rpartition(":")
    serve(
        app,
        host or "127.0.0.1",
        int(port),
        before_stop=lambda: drain(app),
        trusted_proxies=settings.trusted_proxies,
    )


if __name__ == "__main__":
    main()
