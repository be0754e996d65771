"""What the gateway needs to know beyond the chassis: where it listens, its cookies, and the demo's own pages."""

from __future__ import annotations

from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import model_validator

from kit.settings import Settings


class GatewaySettings(Settings):
    """The gateway's settings; each field is the variable XOAI_<FIELD>."""

    gateway_listen: str = "127.0.0.1:8080"
    # None: as the public address says (https gives Secure cookies with the __Host- prefix).
    cookie_secure: bool | None = None
    # Addresses of the proxies whose X-Forwarded-For is believed; comma separated.
    trusted_proxies: str = "127.0.0.1"
    # Where the sandbox bank's page answers; only used in demo and tests.
    sandbox_url: str = ""
    # Holds summary.json (the ledger band of the first page) and doors.json (sample bill, sample logins).
    demo_folder: Path = Path(".run/demo")
    # Telephone of the city's help desk, shown where no biller is known; empty shows none.
    help_phone: str = ""

    @model_validator(mode="after")
    def _production_is_https(self) -> Self:
        if self.mode == "production" and not self.secure_cookies:
            raise ValueError("in production XOAI_PUBLIC_URL must be https, so that cookies are Secure")
        return self

    @property
    def secure_cookies(self) -> bool:
        """Whether cookies are sent over TLS only."""
        if self.cookie_secure is None:
            return urlsplit(self.public_url).scheme == "https"
        return self.cookie_secure

    @property
    def is_sandbox(self) -> bool:
        """True where no real money moves: in the demo and in tests."""
        return self.mode != "production"
