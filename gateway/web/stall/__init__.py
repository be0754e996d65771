"""The stall's phone: pairing, and the screen that sells and listens."""

from __future__ import annotations

from typing import Final

from gateway.access import Routes
from gateway.web.stall import pairing, screen

GROUPS: Final[tuple[Routes, ...]] = (pairing.routes, screen.routes)
